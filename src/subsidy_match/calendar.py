"""Working days over a dated table of holidays and make-up days.

Day 0 is the day of the event and the n-th following working day is the limit (domain: 工作日). A year without a published
calendar counts Monday to Friday and marks what it yields as provisional.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from subsidy_match.errors import AuthorError, Location

__all__ = ["DueDate", "WorkingCalendar", "load_calendar"]

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DueDate:
    """A limit, and whether a calendar not yet published may still move it."""

    on: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked: ``exceptions`` maps a day to True (make-up day) or False (holiday)."""

    exceptions: Mapping[date, bool]
    years: frozenset[int]

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is worked."""
        return self.exceptions.get(day, day.weekday() < _SATURDAY)

    def add_working_days(self, start: date, days: int) -> DueDate:
        """The ``days``-th working day after ``start``; with 0 the next working day on or after it."""
        current, left = start, days
        if days == 0:
            while not self.is_working_day(current):
                current += _DAY
        while left > 0:
            current += _DAY
            left -= self.is_working_day(current)
        return DueDate(current, provisional=self._is_provisional(start, current))

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and including ``end``; 0 where ``end`` is not after ``start``."""
        span = (end - start).days
        return sum(self.is_working_day(start + _DAY * n) for n in range(1, span + 1))

    def _is_provisional(self, start: date, end: date) -> bool:
        return any(year not in self.years for year in range(start.year, end.year + 1))


def load_calendar(folder: Path) -> WorkingCalendar:
    """Read every ``<year>.yml`` of ``folder``: ``year``, ``source``, ``holidays`` and ``workdays`` (lists of dates).

    Raises:
        AuthorError: a table without its year or lists, or a date that is misplaced or repeated.
    """
    exceptions: dict[date, bool] = {}
    years: set[int] = set()
    for path in sorted(folder.glob("*.yml")):
        table = _table(path)
        for key, worked in (("holidays", False), ("workdays", True)):
            for day in table[key]:
                if not isinstance(day, date) or day in exceptions or day.year != table["year"]:
                    raise AuthorError(
                        "P090", f"日历中的日期有误:{day}", f"misplaced or repeated date {day}", Location(str(path))
                    )
                exceptions[day] = worked
        years.add(table["year"])
    return WorkingCalendar(exceptions, frozenset(years))


def _table(path: Path) -> dict[str, Any]:
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AuthorError("P090", "日历无法读取", f"not a calendar: {error}", Location(str(path))) from error
    if not isinstance(table, dict):
        table = {}
    whole = all(isinstance(table.get(key), list) for key in ("holidays", "workdays"))
    if whole and isinstance(table.get("year"), int):
        return table
    raise AuthorError(
        "P090", "日历需要 year、holidays、workdays", "a calendar has year, holidays and workdays", Location(str(path))
    )
