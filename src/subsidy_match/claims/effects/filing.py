"""Drafted, submitted, accepted or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.evidence import take_at_submission
from subsidy_match.claims.effects.fields import nothing_more, take_account
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event

__all__ = ["FIELDS"]


def _submit(occasion: Occasion) -> None:
    take_account(occasion)
    occasion.claim.amount_claimed = occasion.payload.get("amount", occasion.claim.amount_claimed)
    take_at_submission(occasion)


def _accept(occasion: Occasion) -> None:
    occasion.claim.accepted_at, occasion.claim.accepted_on = occasion.at, occasion.on


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.DRAFT: nothing_more,
    Event.SUBMIT: _submit,
    Event.ACCEPT: _accept,
    Event.REFUSE: nothing_more,
}
