"""A claim that lives again sits down again in its groups: on its old place if that is free, else on any other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Limit
from subsidy_match.claims.evidence_records import ExclusiveSlot
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.risk.exclusive import free_seat, places_taken, sitting
from subsidy_match.errors import RetryableError

__all__ = ["check_places_back", "take_places_back"]


def check_places_back(session: Session, claim: ClaimRow) -> None:
    """Refuse where other claims of the firm have all the places of a group by now.

    Raises:
        Conflict: ``exclusive_taken``.
    """
    for mine in _left(session, claim):
        others = sitting(session, claim.uscc, mine.group_id, mine.scope)
        if len(others) >= mine.places:
            raise places_taken(session, Limit(mine.group_id, mine.places), mine.scope, others)


def take_places_back(session: Session, claim: ClaimRow) -> None:
    """Sit down in every group in which the claim sat before."""
    for mine in _left(session, claim):
        others = sitting(session, claim.uscc, mine.group_id, mine.scope)
        mine.slot, mine.occupies = free_seat(others, mine.places, wish=mine.slot), True
    try:
        session.flush()
    except IntegrityError as clash:  # a rival sat down since: look again
        raise RetryableError("store_busy", "系统繁忙,请稍后重试", "the store is busy, try again") from clash


def _left(session: Session, claim: ClaimRow) -> Sequence[ExclusiveSlot]:
    query = select(ExclusiveSlot).where(ExclusiveSlot.claim_id == claim.id, ExclusiveSlot.occupies.is_(False))
    return session.scalars(query.order_by(ExclusiveSlot.group_id, ExclusiveSlot.scope)).all()
