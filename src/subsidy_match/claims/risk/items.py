"""What a claim uses up (a filing number, a person's keyed hash), once in each exclusivity group across all firms.

Taken when the claim is submitted, and again when it is corrected: a draft bars nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Assessment
from subsidy_match.claims.evidence_records import ClaimUse
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimItem, ClaimRow
from subsidy_match.errors import Conflict

__all__ = ["check_items", "check_paid_items", "take_items"]

_AT_ONCE = 500


def check_items(occasion: Occasion) -> None:
    """Refuse what another claim uses already.

    Raises:
        Conflict: ``item_already_used``.
    """
    claim, wanted = occasion.claim, _wanted(occasion.claim, occasion.require_assessment())
    taken = _taken(occasion.session, claim.id, wanted)
    for group, key in sorted(wanted):
        if (group, key) in taken:
            raise _used(key)


def check_paid_items(occasion: Occasion) -> None:
    """Refuse what the firm was paid for beside this system.

    Raises:
        Conflict: ``item_already_used``.
    """
    for use in occasion.require_assessment().paid_items:
        zh = f"该事项已有财政拨付记录:{use.item_key}({use.ref},{use.policy_id})"
        en = f"it was paid for already: {use.item_key}, see the record {use.ref} ({use.policy_id})"
        raise Conflict("item_already_used", zh, en, hint=use.ref)


def take_items(occasion: Occasion) -> None:
    """Use up what the newest assessment names, and free what it no longer names."""
    session, claim, assessment = occasion.session, occasion.claim, occasion.require_assessment()
    session.flush()  # what fails from here on is about items
    wanted = _wanted(claim, assessment)
    mine = {(row.group_id, row.item_key): row for row in _of_claim(session, claim.id)}
    for place, row in mine.items():
        row.occupies = place in wanted
    _flush(session, claim)
    for group, key in sorted(wanted - mine.keys()):
        session.add(ClaimItem(claim_id=claim.id, group_id=group, item_key=key, occupies=True))
    _flush(session, claim)
    session.execute(delete(ClaimUse).where(ClaimUse.claim_id == claim.id))
    session.add_all(ClaimUse(claim_id=claim.id, kind=kind, item_key=key) for kind, key in _uses(claim, assessment))
    session.flush()


def _wanted(claim: ClaimRow, assessment: Assessment) -> set[tuple[str, str]]:
    groups = assessment.exclusive_groups or (f"{claim.policy_id}/{claim.period}",)
    return {(group, key) for group in groups for key in assessment.item_keys}


def _uses(claim: ClaimRow, assessment: Assessment) -> Iterable[tuple[str, str]]:
    return sorted({*assessment.uses, *((("subject", claim.subject),) if claim.subject else ())})


def _taken(session: Session, claim_id: int, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    groups, keys = {group for group, _ in wanted}, sorted({key for _, key in wanted})
    found: set[tuple[str, str]] = set()
    for start in range(0, len(keys), _AT_ONCE):
        query = select(ClaimItem.group_id, ClaimItem.item_key).where(
            ClaimItem.group_id.in_(groups),
            ClaimItem.item_key.in_(keys[start : start + _AT_ONCE]),
            ClaimItem.occupies,
            ClaimItem.claim_id != claim_id,
        )
        found.update((group, key) for group, key in session.execute(query))
    return found


def _of_claim(session: Session, claim_id: int) -> Sequence[ClaimItem]:
    return session.scalars(select(ClaimItem).where(ClaimItem.claim_id == claim_id)).all()


def _flush(session: Session, claim: ClaimRow) -> None:
    # A rival may have committed the same key since it was looked up; the unique index has the last word.
    number = claim.claim_no
    try:
        session.flush()
    except IntegrityError as clash:
        raise Conflict(
            "item_already_used", "该事项刚被其他申报使用", "another claim has just used this", hint=number
        ) from clash


def _used(key: str) -> Conflict:
    return Conflict("item_already_used", f"该事项已在其他申报中使用:{key}", f"used by another claim already: {key}")
