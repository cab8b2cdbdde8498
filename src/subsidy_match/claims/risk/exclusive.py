"""What policies say of a firm's other claims, kept across claims: at most so many a year or policy, and caps.

A claim takes a slot of its group when it is submitted and keeps it until it ends unpaid; a unique index lets nobody sit
where somebody sits. A cap is used up at approval, by a guarded update that a CHECK stands behind. What the finance bureau
paid beside this system counts wherever it is looked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Limit, PastUse
from subsidy_match.claims.evidence_records import CapPart, ExclusiveCap, ExclusiveSlot
from subsidy_match.claims.occasion import Occasion, current_amount
from subsidy_match.claims.records import ClaimRow
from subsidy_match.errors import Conflict, RetryableError
from subsidy_match.money import yuan_text

__all__ = [
    "check_cap",
    "check_slots",
    "free_seat",
    "places_taken",
    "release_caps",
    "release_exclusive",
    "sitting",
    "take_cap",
    "take_slots",
]


def check_slots(occasion: Occasion) -> None:
    """Refuse a claim whose group has no place left for this firm, naming the claims and payments that have the places.

    A claim that sits keeps its place, unless the history says by now that the firm was paid beside this system.

    Raises:
        Conflict: ``exclusive_taken``; ``cap_exhausted``, nothing is left of a cap.
    """
    seated = _seated(occasion) if occasion.require_assessment().limits else set()
    for limit, scope, most in _numbered(occasion):
        others = [slot for slot in _sitting(occasion, limit, scope) if slot.claim_id != occasion.claim.id]
        is_settled = limit.group in seated and not limit.paid
        if not is_settled and len(others) + len(limit.paid) >= most:
            raise places_taken(occasion.session, limit, scope, others)
    for limit, scope, cap in _caps(occasion):
        if _used(occasion, limit, scope) >= cap:
            raise _exceeded(occasion, "cap_exhausted", limit, scope, cap)


def take_slots(occasion: Occasion) -> None:
    """Sit down in every group of the policy in which the claim does not sit yet."""
    claim, session = occasion.claim, occasion.session
    seated = _seated(occasion) if occasion.require_assessment().limits else set()
    for limit, scope, most in _numbered(occasion):
        if limit.group in seated:
            continue
        seat = {"slot": free_seat(_sitting(occasion, limit, scope), most), "places": most}
        session.flush()
        place = {"claim_id": claim.id, "group_id": limit.group, "scope": scope}
        try:
            session.merge(ExclusiveSlot(**place, **seat, uscc=claim.uscc, occupies=True))
            session.flush()
        except IntegrityError as clash:  # a rival sat down since: look again, and say who it is
            raise RetryableError("store_busy", "系统繁忙,请稍后重试", "the store is busy, try again") from clash


def check_cap(occasion: Occasion) -> None:
    """Refuse an approval that goes beyond what is left of a cap.

    Raises:
        Conflict: ``cap_exceeded``.
    """
    amount = occasion.payload.get("amount", current_amount(occasion.claim))
    for limit, scope, cap in _caps(occasion):
        if _used(occasion, limit, scope) + amount > cap:
            raise _exceeded(occasion, "cap_exceeded", limit, scope, cap)


def take_cap(occasion: Occasion) -> None:
    """Use up the approved amount of every cap of the policy."""
    amount = current_amount(occasion.claim)
    for limit, scope, cap in _caps(occasion):
        _open_cap(occasion, limit, scope, cap)
        row = _cap_row(occasion, limit, scope)
        left = cap - _paid_beside(limit)
        mine = row.where(ExclusiveCap.used + amount <= left).values(cap=cap, used=ExclusiveCap.used + amount)
        if occasion.session.execute(mine.returning(ExclusiveCap.used)).one_or_none() is None:
            raise _exceeded(occasion, "cap_exceeded", limit, scope, cap)
        part = {"claim_id": occasion.claim.id, "group_id": limit.group, "scope": scope}
        occasion.session.merge(CapPart(**part, uscc=occasion.claim.uscc, amount=amount))


def release_exclusive(session: Session, claim_id: int) -> None:
    """Give back slots and caps of a claim that ended unpaid."""
    mine = update(ExclusiveSlot).where(ExclusiveSlot.claim_id == claim_id)
    session.execute(mine.values(occupies=False).execution_options(synchronize_session="fetch"))
    release_caps(session, claim_id)


def release_caps(session: Session, claim_id: int) -> None:
    """Give back what a claim used up of caps, once its approval no longer holds: another one takes it anew."""
    query = select(CapPart).where(CapPart.claim_id == claim_id, CapPart.amount > 0)
    for part in session.scalars(query.order_by(CapPart.group_id, CapPart.scope)).all():
        place = (part.uscc, part.group_id, part.scope)
        cap = session.get_one(ExclusiveCap, place, with_for_update=True, populate_existing=True)
        cap.used -= part.amount
        part.amount = 0
        session.flush()


# --- at most ---


def sitting(session: Session, uscc: str, group: str, scope: str) -> Sequence[ExclusiveSlot]:
    """The places of a firm that are taken."""
    query = select(ExclusiveSlot).where(
        ExclusiveSlot.uscc == uscc,
        ExclusiveSlot.group_id == group,
        ExclusiveSlot.scope == scope,
        ExclusiveSlot.occupies,
    )
    return session.scalars(query.order_by(ExclusiveSlot.slot)).all()


def free_seat(others: Sequence[ExclusiveSlot], most: int, *, wish: int = 1) -> int:
    """A place where nobody sits, ``wish`` if it is one of them; whoever asks has seen that fewer than ``most`` sit."""
    free = set(range(1, most + 1)) - {slot.slot for slot in others}
    return wish if wish in free else min(free)


def _seated(occasion: Occasion) -> set[str]:
    """The groups in which this claim sits."""
    query = select(ExclusiveSlot.group_id).where(ExclusiveSlot.claim_id == occasion.claim.id, ExclusiveSlot.occupies)
    return set(occasion.session.scalars(query))


def _numbered(occasion: Occasion) -> Iterator[tuple[Limit, str, int]]:
    """Limits with numbered places, with scope and number."""
    for limit in occasion.require_assessment().limits:
        if limit.at_most is not None:
            yield limit, _scope(occasion, limit.per), limit.at_most


def _scope(occasion: Occasion, per: str) -> str:
    claim = occasion.claim
    match per:
        case "year":
            return claim.period if claim.period.isdecimal() else str(occasion.on.year)
        case "policy":
            return claim.policy_id
        case _:
            return ""


def _sitting(occasion: Occasion, limit: Limit, scope: str) -> Sequence[ExclusiveSlot]:
    return sitting(occasion.session, occasion.claim.uscc, limit.group, scope)


# --- caps ---


def _caps(occasion: Occasion) -> Iterator[tuple[Limit, str, int]]:
    for limit in sorted(occasion.require_assessment().limits, key=lambda limit: limit.group):
        if limit.cap is not None:
            yield limit, _scope(occasion, "year"), limit.cap


def _used(occasion: Occasion, limit: Limit, scope: str) -> int:
    row = occasion.session.get(ExclusiveCap, (occasion.claim.uscc, limit.group, scope), populate_existing=True)
    return _paid_beside(limit) + (0 if row is None else row.used)


def _paid_beside(limit: Limit) -> int:
    return sum(use.amount or 0 for use in limit.paid)


def _open_cap(occasion: Occasion, limit: Limit, scope: str, cap: int) -> None:
    values = {"uscc": occasion.claim.uscc, "group_id": limit.group, "scope": scope, "cap": cap, "used": 0}
    match occasion.session.get_bind().dialect.name:
        case "sqlite":
            occasion.session.execute(sqlite.insert(ExclusiveCap).values(values).on_conflict_do_nothing())
        case _:
            occasion.session.execute(postgresql.insert(ExclusiveCap).values(values).on_conflict_do_nothing())


def _cap_row(occasion: Occasion, limit: Limit, scope: str):  # type: ignore[no-untyped-def]  # the generic is SQLAlchemy's
    return (
        update(ExclusiveCap)
        .where(
            ExclusiveCap.uscc == occasion.claim.uscc, ExclusiveCap.group_id == limit.group, ExclusiveCap.scope == scope
        )
        .execution_options(synchronize_session=False)
    )


# --- refusals ---


def places_taken(session: Session, limit: Limit, scope: str, others: Sequence[ExclusiveSlot]) -> Conflict:
    """The refusal of a claim for which no place is left, with the claims and records that have them."""
    names = _names(session, [slot.claim_id for slot in others], limit.paid)
    zh = f"同类政策({limit.group}{'·' + scope if scope else ''})最多享受{limit.at_most}项,已有办件或拨付:{names}"
    en = f"at most {limit.at_most} of the group {limit.group} {scope}".rstrip() + f": there is {names} already"
    return Conflict("exclusive_taken", zh, en, hint=names)


def _exceeded(occasion: Occasion, code: str, limit: Limit, scope: str, cap: int) -> Conflict:
    query = select(CapPart.claim_id).where(
        CapPart.uscc == occasion.claim.uscc, CapPart.group_id == limit.group, CapPart.scope == scope, CapPart.amount > 0
    )
    names = _names(occasion.session, list(occasion.session.scalars(query)), limit.paid)
    left = max(cap - _used(occasion, limit, scope), 0)
    zh = f"同类政策({limit.group}·{scope})合计上限{yuan_text(cap)},余{yuan_text(left)},已用于:{names or '—'}"
    of, rest = yuan_text(cap, lang="en"), yuan_text(left, lang="en")
    en = f"the group {limit.group} has a cap of {of} in {scope}: {rest} left, used by {names or '—'}"
    return Conflict(code, zh, en, hint=f"left {left}")


def _names(session: Session, claim_ids: Sequence[int], paid: Sequence[PastUse]) -> str:
    query = select(ClaimRow.claim_no, ClaimRow.policy_zh).where(ClaimRow.id.in_(claim_ids)).order_by(ClaimRow.id)
    claims = [f"{number}《{title}》" for number, title in session.execute(query)]
    return ", ".join([*claims, *(f"{use.ref} ({use.policy_id})" for use in paid)])
