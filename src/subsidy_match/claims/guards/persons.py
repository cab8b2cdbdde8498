"""Who may not decide because of an earlier part in the claim, beyond what the duties table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Select, or_

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.occasion import Occasion, past_duties
from subsidy_match.claims.people.parties import not_filer, steps_of_people
from subsidy_match.claims.records import ClaimStep
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import EVENT_NAMES, Event
from subsidy_match.claims.transition import Guard

__all__ = ["DECISIONS", "GUARDS", "PERSONAL", "steps_by"]

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


def steps_by(occasion: Occasion) -> Select[ClaimStep]:
    """The steps of the claim by whoever acts now, under any of their logins, or taken by another in their place."""
    return steps_of_people(occasion.session, occasion.people).where(ClaimStep.claim_id == occasion.claim.id)


def _not_filer(occasion: Occasion) -> None:
    if occasion.actor.is_machine:
        return
    persons = {someone.person for someone in occasion.people}
    history = past_duties(occasion.session, occasion.claim.id)
    if any(past.duty is Duty.FILER and past.person in persons for past in history):
        raise not_filer(occasion.actor)


def _new_decider(occasion: Occasion) -> None:
    decided = ClaimStep.event.in_([str(event) for event in DECISIONS])
    mine = steps_by(occasion).where(or_(ClaimStep.duty.is_not(None), decided))
    earlier = occasion.session.scalars(mine.order_by(ClaimStep.version).limit(1)).first()
    if earlier is not None:
        zh, en = EVENT_NAMES[Event(earlier.event)]
        raise Forbidden(
            "not_new_decider",
            f"须由未经办本件的人员决定:{occasion.actor.id}曾办理{zh}",
            f"somebody new to this claim must decide: {occasion.actor.id} did this before: {en}",
        )


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NOT_FILER: _not_filer,
    Guard.NEW_DECIDER: _new_decider,
}
PERSONAL: Mapping[Guard, Callable[[Occasion], None]] = {Guard.NOT_FILER: _not_filer, Guard.NEW_DECIDER: _new_decider}
