"""What a claim uses up: taken when it is drafted, and brought to the newest assessment when it is corrected."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Assessment
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimItem, ClaimRow
from subsidy_match.errors import Conflict

__all__ = ["insert_items", "item_used", "take_over_items", "wanted_items"]


def wanted_items(claim: ClaimRow, assessment: Assessment) -> list[tuple[str, str]]:
    """The (group, key) pairs that an assessment uses up."""
    groups = assessment.exclusive_groups or (f"{claim.policy_id}/{claim.period}",)
    return [(group, key) for key in sorted(set(assessment.item_keys)) for group in groups]


def insert_items(session: Session, claim: ClaimRow, wanted: list[tuple[str, str]]) -> None:
    """Take items for a claim.

    Raises:
        Conflict: ``item_already_used``.
    """
    for group, key in wanted:
        used = select(ClaimItem.claim_id).where(
            ClaimItem.group_id == group, ClaimItem.item_key == key, ClaimItem.occupies
        )
        if session.scalars(used).first() is not None:
            raise item_used(key)
        # A rival may have committed the same key since it was looked up; the unique index has the last word.
        session.add(ClaimItem(claim_id=claim.id, group_id=group, item_key=key, occupies=True))
        try:
            session.flush()
        except IntegrityError as clash:
            raise item_used(key) from clash


def take_over_items(occasion: Occasion) -> None:
    """Free what the claim no longer uses by its newest assessment, and take what it uses now."""
    session, claim = occasion.session, occasion.claim
    wanted = wanted_items(claim, occasion.require_assessment())
    mine = session.scalars(select(ClaimItem).where(ClaimItem.claim_id == claim.id)).all()
    for item in mine:
        if (item.group_id, item.item_key) not in wanted:
            session.delete(item)
    session.flush()
    has = {(item.group_id, item.item_key) for item in mine}
    insert_items(session, claim, [pair for pair in wanted if pair not in has])


def item_used(key: str) -> Conflict:
    """The refusal of an item that another claim has."""
    return Conflict("item_already_used", f"该事项已在其他申报中使用:{key}", f"used by another claim already: {key}")
