"""Put into a public notice and taken out of it, cleared for payment and recalled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event

__all__ = ["FIELDS"]


def _publish(occasion: Occasion) -> None:
    occasion.claim.notice_until = occasion.payload["notice_until"]


def _unpublish(occasion: Occasion) -> None:
    occasion.claim.notice_until = None


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.PUBLISH: _publish,
    Event.UNPUBLISH: _unpublish,
    Event.CLEAR: nothing_more,
    Event.RECALL: nothing_more,
}
