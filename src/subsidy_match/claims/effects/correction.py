"""Asked for a correction, corrected, lapsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.evidence import take_at_correction
from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event, State

__all__ = ["FIELDS"]

_BEFORE_PASS = frozenset({State.SUBMITTED, State.ACCEPTED, State.IN_REVIEW})


def _request_correction(occasion: Occasion) -> None:
    claim, due = occasion.claim, occasion.payload["due_on"]
    # A limit that ends on a day off goes on to the next working day (民法典 203).
    claim.asked_in, claim.correction_due = claim.state, occasion.calendar.add_working_days(due, 0).on
    claim.corrections += 1


def _resubmit(occasion: Occasion) -> None:
    claim = occasion.claim
    claim.asked_in = claim.correction_due = None
    claim.amount_claimed = occasion.payload.get("amount", claim.amount_claimed)
    if occasion.transition.target in _BEFORE_PASS:
        claim.amount_proposed = None  # the pass that proposed it is void
    take_at_correction(occasion)


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.REQUEST_CORRECTION: _request_correction,
    Event.RESUBMIT: _resubmit,
    Event.LAPSE: nothing_more,
}
