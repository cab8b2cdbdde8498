"""Days that move with the day of evaluation, and when they get past a day that stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from subsidy_match.matching.vector.spans import ANY_DAY, Ints
from subsidy_match.units import Duration

__all__ = ["NEVER", "Clock", "Hand"]

NEVER = ANY_DAY  # the ordinal of a day that does not come
_AHEAD = 36_525  # days: what lies further ahead is looked at again by then
_EPOCH = date(1970, 1, 1).toordinal()
_NO_TIME = Duration()


@dataclass(frozen=True, slots=True)
class Clock:
    """``years`` after the day of evaluation (before it where negative), then ``back`` before that; it never goes backwards."""

    years: int = 0
    back: Duration = _NO_TIME

    def hand(self, as_of: date) -> Hand:
        """What it shows from a day on."""
        days = np.datetime64(as_of, "D") + np.arange(_AHEAD + 1)
        shown = _months_on(_months_on(days, 12 * self.years), -12 * self.back.years - self.back.months) - self.back.days
        return Hand(as_of.toordinal(), shown.astype(np.int64) + _EPOCH)


@dataclass(frozen=True, slots=True)
class Hand:
    """What a clock shows on a day and on each one after it, as ordinals."""

    first: int
    shown: Ints

    def next_days(self, limits: Ints, *, strict: bool) -> Ints:
        """The first later day on which it has reached each limit (``strict``: is past it); ``NEVER`` where it is there already."""
        places = np.searchsorted(self.shown, limits, side="right" if strict else "left")
        found = self.first + np.minimum(places, len(self.shown))  # what lies beyond is looked at again on the day after
        days: Ints = np.where((places == 0) | (limits >= ANY_DAY // 2), NEVER, found)
        return days


def _months_on(days: Ints, months: int) -> Ints:
    """Months later, on the corresponding day or the month's last (as ``Duration`` has it)."""
    if not months:
        return days
    month = days.astype("datetime64[M]")
    shifted = month + months
    last = (shifted + 1).astype("datetime64[D]") - shifted.astype("datetime64[D]") - np.timedelta64(1, "D")
    found: Ints = shifted.astype("datetime64[D]") + np.minimum(days - month.astype("datetime64[D]"), last)
    return found
