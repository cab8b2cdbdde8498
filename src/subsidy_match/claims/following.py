"""Steps that the machine takes by itself right after another, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.payload import parse_payload
from subsidy_match.claims.recovery import live_recovery
from subsidy_match.claims.states import Event
from subsidy_match.claims.steps import choose_row, take_step
from subsidy_match.claims.transition import Door
from subsidy_match.store.users import SYSTEM

__all__ = ["FOLLOWING", "take_following"]


def _recovered_in_full(occasion: Occasion) -> Event | None:
    recovery = live_recovery(occasion.session, occasion.claim.id)
    settled = recovery is not None and recovery.recovered == recovery.amount
    return Event.CLOSE_RECOVERY if settled else None


FOLLOWING: Mapping[Event, Callable[[Occasion], Event | None]] = {Event.RECEIVE_RECOVERY: _recovered_in_full}
"""After which event to look, and what then happens, if anything."""


def take_following(occasion: Occasion) -> None:
    """Take the step that follows from the one just taken, if one does."""
    look = FOLLOWING.get(occasion.transition.event)
    event = None if look is None else look(occasion)
    if event is None:
        return
    occasion.session.flush()
    row = choose_row(occasion.claim, event, Door.DESK)
    take_step(replace(occasion, transition=row, actor=SYSTEM, payload=parse_payload(row, {}), assessment=None, told={}))
