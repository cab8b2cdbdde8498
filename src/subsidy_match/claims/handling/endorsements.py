"""Approval by several: how many have endorsed a claim since it came to approval, and who."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.claims.handling.records import EndorsementRow
from subsidy_match.claims.handling.rules import Band, place_of, rule_for
from subsidy_match.claims.occasion import Occasion, current_amount
from subsidy_match.claims.records import ClaimStep
from subsidy_match.claims.states import State
from subsidy_match.store.users import Role

__all__ = ["band_of", "endorsed", "endorsers", "level_of", "since"]


def band_of(occasion: Occasion) -> Band:
    """How many must approve this claim, and at which level."""
    return rule_for(occasion.session, occasion.claim, occasion.on).band(current_amount(occasion.claim))


def level_of(occasion: Occasion) -> int:
    """The level of whoever approves, on every fund of the claim."""
    place = place_of(occasion.session, occasion.claim, occasion.on)
    return occasion.rights.level_of(Role.APPROVER, place.department, place.funds)


def since(session: Session, claim_id: int) -> int:
    """The version with which the claim came to approval, the last time: endorsements from before it are void."""
    came = select(func.max(ClaimStep.version)).where(
        ClaimStep.claim_id == claim_id,
        ClaimStep.to_state == str(State.IN_APPROVAL),
        ClaimStep.from_state != str(State.IN_APPROVAL),
    )
    return session.scalars(came).one() or 0


def endorsed(session: Session, claim_id: int) -> int:
    """How many endorsements stand."""
    mine = _standing(session, claim_id, func.count(EndorsementRow.version.distinct()))
    return int(session.scalars(mine).one())


def endorsers(session: Session, claim_id: int) -> Collection[str]:
    """The persons whose endorsements stand, with those in whose place it was done."""
    return set(session.scalars(_standing(session, claim_id, EndorsementRow.person)))


def _standing(session: Session, claim_id: int, what: object):  # type: ignore[no-untyped-def]
    query = select(what).where(EndorsementRow.claim_id == claim_id)  # type: ignore[call-overload]
    return query.where(EndorsementRow.since == since(session, claim_id))
