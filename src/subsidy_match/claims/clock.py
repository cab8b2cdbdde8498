"""The total clock of a claim: working days from acceptance, stopped while others are at work.

Day 0 is the day of acceptance. It stops in correction and public notice; elapsed and counted days are both told.
A moment falls on the day it has in China, whichever zone the server is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

from subsidy_match.calendar import DueDate, WorkingCalendar
from subsidy_match.errors import Conflict
from subsidy_match.store.schema import require_utc

__all__ = ["TOLERANCE", "ClockReading", "Light", "Pause", "business_day", "check_order", "light_of", "read_clock"]

# China has had one zone and no summer time since 1992.
_CHINA = timezone(timedelta(hours=8))
_DAY = timedelta(days=1)
_WARN_PERCENT = 80

TOLERANCE = timedelta(seconds=3)
"""By how much a moment may lie before the last step: requests cross, and the clocks of two servers differ a little."""


class Light(StrEnum):
    """The traffic light: yellow from 80 % of the limit, red beyond it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count: those after ``start`` up to and including ``end``, which may be a day to come.

    It is open while ``end`` is ``None``.
    """

    start: date
    end: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What the clock shows on one day; ``due`` of a stopped clock is what it would be if it ran again that day."""

    elapsed: int
    counted: int
    limit: int
    due: DueDate
    is_stopped: bool

    @property
    def left(self) -> int:
        """Working days left; negative once overdue."""
        return self.limit - self.counted

    @property
    def light(self) -> Light:
        """Green, yellow or red."""
        return light_of(self.counted, self.limit)


def light_of(counted: int, limit: int) -> Light:
    """Yellow from 80 % of the limit on, red past it."""
    if counted > limit:
        return Light.RED
    return Light.YELLOW if counted * 100 >= limit * _WARN_PERCENT else Light.GREEN


def business_day(moment: datetime) -> date:
    """The day in China on which ``moment`` falls.

    Raises:
        InputError: ``S001``, the moment has no time zone.
    """
    return require_utc(moment).astimezone(_CHINA).date()


def check_order(at: datetime, last: datetime | None, tolerance: timedelta) -> datetime:
    """Give the moment at which a step is written down: ``at``, or that of the last step where ``at`` is just before it.

    Days must only ever grow, so a moment well before the last step means that some clock is wrong.

    Raises:
        Conflict: ``clock_skew``.
    """
    if last is None or at >= last:
        return at
    if last - at <= tolerance:
        return last
    then = f"{last.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}"
    zh = f"办理时间早于上一步({then}),请核对时钟后再办"
    raise Conflict("clock_skew", zh, f"the time given lies before the last step ({then} in China): check the clock")


def read_clock(
    calendar: WorkingCalendar, *, accepted: date, limit: int, pauses: Sequence[Pause], on: date
) -> ClockReading:
    """Read the clock on day ``on``.

    Args:
        calendar: which days are worked.
        accepted: the day of acceptance, day 0.
        limit: working days promised.
        pauses: when the clock stood still, in any order; they may overlap.
        on: the day of reading, or the day the claim ended.
    """
    closed = [(p.start, on if p.end is None else p.end) for p in pauses]
    return ClockReading(
        elapsed=calendar.working_days_between(accepted, on),
        counted=_counted(calendar, accepted, on, closed),
        limit=limit,
        due=_due(calendar, accepted, limit, closed),
        is_stopped=any(p.start <= on and (p.end is None or on < p.end) for p in pauses),
    )


def _counted(calendar: WorkingCalendar, start: date, end: date, paused: Sequence[tuple[date, date]]) -> int:
    days = (start + _DAY * n for n in range(1, (end - start).days + 1))
    return sum(calendar.is_working_day(day) and not _is_paused(day, paused) for day in days)


def _due(calendar: WorkingCalendar, start: date, limit: int, paused: Sequence[tuple[date, date]]) -> DueDate:
    if limit == 0:
        return calendar.add_working_days(start, 0)
    current, stepped, left = start, 0, limit
    while left > 0:
        current += _DAY
        if calendar.is_working_day(current):
            stepped += 1
            left -= not _is_paused(current, paused)
    # Asked of the calendar again, so that it also says whether the date is provisional.
    return calendar.add_working_days(start, stepped)


def _is_paused(day: date, paused: Sequence[tuple[date, date]]) -> bool:
    return any(start < day <= end for start, end in paused)
