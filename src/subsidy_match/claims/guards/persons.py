"""Who may not decide because of an earlier part in the claim, beyond what the duties table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import or_, select

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimStep
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import EVENT_NAMES, Event
from subsidy_match.claims.transition import Guard

__all__ = ["DECISIONS", "GUARDS"]

DECISIONS = frozenset(
    {
        Event.REFUSE,
        Event.REJECT,
        Event.APPROVE,
        Event.REVOKE,
        Event.ANSWER_OBJECTION,
        Event.DISMISS_OBJECTION,
        Event.UPHOLD_OBJECTION,
        Event.UPHOLD_APPEAL,
        Event.DISMISS_APPEAL,
        Event.CONSENT_WITHDRAWAL,
        Event.REFUSE_WITHDRAWAL,
        Event.PROPOSE_RECOVERY,
        Event.APPROVE_RECOVERY,
        Event.PROPOSE_WRITE_OFF,
        Event.APPROVE_WRITE_OFF,
    }
)
"""Events that decide on a claim; whoever did one, or had any duty in it, is not new to it."""


def _not_filer(occasion: Occasion) -> None:
    mine = select(ClaimStep.version).where(
        ClaimStep.claim_id == occasion.claim.id,
        ClaimStep.actor == occasion.actor.id,
        ClaimStep.duty == str(Duty.FILER),
    )
    if occasion.session.scalars(mine.limit(1)).first() is not None:
        zh = f"职责不相容:{occasion.actor.id}为本件申报人"
        raise Forbidden("duty_conflict", zh, f"{occasion.actor.id} filed this claim and cannot decide on it")


def _new_decider(occasion: Occasion) -> None:
    decided = ClaimStep.event.in_([str(event) for event in DECISIONS])
    mine = select(ClaimStep.event).where(
        ClaimStep.claim_id == occasion.claim.id,
        ClaimStep.actor == occasion.actor.id,
        or_(ClaimStep.duty.is_not(None), decided),
    )
    earlier = occasion.session.scalars(mine.order_by(ClaimStep.version).limit(1)).first()
    if earlier is not None:
        zh, en = EVENT_NAMES[Event(earlier)]
        raise Forbidden(
            "not_new_decider",
            f"须由未经办本件的人员决定:{occasion.actor.id}曾办理{zh}",
            f"somebody new to this claim must decide: {occasion.actor.id} did this before: {en}",
        )


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NOT_FILER: _not_filer,
    Guard.NEW_DECIDER: _new_decider,
}
