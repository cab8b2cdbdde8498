"""The steps that the system takes in the transaction of a submission, where channel or chain leave them to it."""

from __future__ import annotations

from dataclasses import replace

from subsidy_match.claims.handling.channels import accepts_by_itself, passes_by_itself
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event
from subsidy_match.claims.steps import choose_row, take_step
from subsidy_match.claims.transition import Door
from subsidy_match.store.users import SYSTEM

__all__ = ["carry_on"]


def carry_on(submitted: Occasion) -> None:
    """Accept, and pass, a claim that a person has just submitted, as far as its channel and chain say."""
    session, claim = submitted.session, submitted.claim
    if submitted.transition.event is not Event.SUBMIT or submitted.actor.is_machine or claim.held:
        return
    if accepts_by_itself(session, claim):
        _step(submitted, Event.ACCEPT)
        if passes_by_itself(session, claim, submitted.on):
            _step(submitted, Event.PASS)


def _step(submitted: Occasion, event: Event) -> None:
    row = choose_row(submitted.claim, event, Door.DESK)
    step = replace(submitted, transition=row, actor=SYSTEM, payload={}, assessment=None, stand_in=None)
    take_step(step)
    submitted.session.flush()
