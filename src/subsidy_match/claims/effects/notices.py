"""Put into a public notice, and cleared for payment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event

__all__ = ["FIELDS"]


def _publish(occasion: Occasion) -> None:
    claim = occasion.claim
    claim.notice_until = occasion.calendar.add_working_days(occasion.on, claim.notice_days).on


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.PUBLISH: _publish,
    Event.CLEAR: nothing_more,
}
