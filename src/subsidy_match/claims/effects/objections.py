"""Under objection: the notice goes on where it stood, or the approval is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.effects.moving import committed, move
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.official.listings import leave_documents
from subsidy_match.claims.official.notice_records import ObjectionRow
from subsidy_match.claims.risk.exclusive import release_caps
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect

__all__ = ["FIELDS", "MONEY"]


def _dismiss(occasion: Occasion) -> None:
    """The notice runs on for the days that were left of it when the objection came."""
    objection = occasion.session.get_one(ObjectionRow, occasion.payload["objection"])
    occasion.claim.notice_until = occasion.calendar.add_working_days(occasion.on, objection.days_left).on


def _uphold(occasion: Occasion) -> None:
    """The approval no longer holds; that it was given stays in the steps. What was proposed is looked at again."""
    claim = occasion.claim
    claim.amount_approved = claim.notice_until = None
    leave_documents(occasion.session, claim.id)
    release_caps(occasion.session, claim.id)


def _reopen(occasion: Occasion) -> Mapping[str, int]:
    return move(occasion, (Op.REOPEN, committed(occasion)))


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.OBJECT: nothing_more,
    Event.ANSWER_OBJECTION: nothing_more,
    Event.DISMISS_OBJECTION: _dismiss,
    Event.UPHOLD_OBJECTION: _uphold,
}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.REOPEN: _reopen}
