"""The public notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.redating import notice_end
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _notice_over(occasion: Occasion) -> None:
    until = notice_end(occasion.session, occasion.claim, occasion.calendar)
    if until is None or occasion.on <= until:
        raise Conflict("notice_running", f"公示至{until},尚未届满", f"the public notice runs until {until}")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.NOTICE_OVER: _notice_over,
}
