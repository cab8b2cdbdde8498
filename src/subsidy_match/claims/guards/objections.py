"""Who may decide an objection, and whether others are still open."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import func, or_, select

from subsidy_match.claims.guards.persons import DECISIONS, steps_by
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.official.listings import open_objections
from subsidy_match.claims.records import ClaimStep
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict
from subsidy_match.store.users import logins_of

__all__ = ["GUARDS", "PERSONAL"]


def _decider_new(occasion: Occasion) -> None:
    """Whoever decides took no part in the claim before it came under objection, and filed none of the objections."""
    session, claim_id = occasion.session, occasion.claim.id
    began = select(func.max(ClaimStep.version)).where(
        ClaimStep.claim_id == claim_id,
        ClaimStep.event == str(Event.OBJECT),
        ClaimStep.from_state == str(State.PUBLISHED),
    )
    decided = or_(ClaimStep.duty.is_not(None), ClaimStep.event.in_([str(event) for event in DECISIONS]))
    earlier = steps_by(occasion).where(decided, ClaimStep.version < began.scalar_subquery())
    mine = logins_of(session, occasion.people)
    filed = any(row.filed_by in mine for row in open_objections(session, claim_id))
    if filed or session.scalars(earlier.limit(1)).first() is not None:
        zh = "曾参与该件办理或提出该异议的人员不得处理异议"
        raise Forbidden("decider_not_new", zh, "whoever took part in this claim before cannot decide the objection")


def _last(occasion: Occasion) -> None:
    if len(open_objections(occasion.session, occasion.claim.id)) > 1:
        raise Conflict("objections_open", "还有其他异议未处理", "other objections to the claim are still open")


def _others(occasion: Occasion) -> None:
    if len(open_objections(occasion.session, occasion.claim.id)) < 2:  # this one and another
        raise Conflict("objection_is_last", "没有其他未处理的异议", "no other objection to the claim is open")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.OBJECTION_DECIDER_NEW: _decider_new,
    Guard.LAST_OBJECTION: _last,
    Guard.OTHER_OBJECTIONS: _others,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.OBJECTION_DECIDER_NEW: _decider_new}
