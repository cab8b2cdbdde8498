"""Assigned, passed, returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.occasion import Occasion, current_amount
from subsidy_match.claims.states import Event, State

__all__ = ["FIELDS"]


def _assign(occasion: Occasion) -> None:
    occasion.claim.assignee = occasion.payload.get("assignee", occasion.actor.id)


def _pass(occasion: Occasion) -> None:
    claim = occasion.claim
    if claim.state in (State.IN_REVIEW, State.ACCEPTED):
        claim.amount_proposed = occasion.payload.get("amount", current_amount(claim))


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.ASSIGN: _assign,
    Event.PASS: _pass,
    Event.RETURN: nothing_more,
}
