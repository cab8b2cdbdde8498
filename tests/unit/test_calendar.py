"""Working days: our table against an independent one, day by day, and the limits of domain vectors."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from subsidy_match.calendar import WorkingCalendar, load_calendar
from subsidy_match.errors import AuthorError

SHIPPED = Path(__file__).parents[2] / "policies" / "parameters" / "calendar"


@pytest.fixture(scope="module")
def working() -> WorkingCalendar:
    return load_calendar(SHIPPED)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_agrees_with_an_independent_calendar(working: WorkingCalendar, year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year, 12, 31) - date(year, 1, 1)).days + 1)]
    assert [d for d in days if working.is_working_day(d) != chinese_calendar.is_workday(d)] == []


@pytest.mark.parametrize(
    ("start", "days", "limit"),
    [
        (date(2026, 2, 12), 10, date(2026, 3, 4)),
        (date(2026, 4, 30), 5, date(2026, 5, 11)),
        (date(2026, 9, 24), 10, date(2026, 10, 15)),
        (date(2026, 9, 30), 7, date(2026, 10, 15)),
        (date(2025, 12, 29), 5, date(2026, 1, 6)),
    ],
)
def test_limits(working: WorkingCalendar, start: date, days: int, limit: date) -> None:
    due = working.add_working_days(start, days)
    assert (due.on, due.provisional) == (limit, False)
    assert working.working_days_between(start, limit) == days


def test_a_limit_in_a_year_without_calendar_is_provisional(working: WorkingCalendar) -> None:
    assert working.add_working_days(date(2026, 12, 28), 10).provisional


def test_zero_days_is_the_next_working_day_on_or_after(working: WorkingCalendar) -> None:
    assert working.add_working_days(date(2026, 10, 1), 0).on == date(2026, 10, 8)
    assert working.add_working_days(date(2026, 10, 10), 0).on == date(2026, 10, 10)  # a Saturday that is worked


def test_nothing_lies_between_a_day_and_an_earlier_one(working: WorkingCalendar) -> None:
    assert working.working_days_between(date(2026, 3, 4), date(2026, 3, 4)) == 0
    assert working.working_days_between(date(2026, 3, 4), date(2026, 1, 4)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "year: 2026\nholidays: [2025-01-01]\nworkdays: []\n",
        "year: 2026\nholidays: [2026-01-01]\nworkdays: [2026-01-01]\n",
        "year: 2026\nholidays: [2026-01-01]\n",
        "year: 2026\nholidays: [soon]\nworkdays: []\n",
        "- 1\n",
    ],
)
def test_a_broken_calendar_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "2026.yml").write_text(text, encoding="utf-8")
    with pytest.raises(AuthorError) as caught:
        load_calendar(tmp_path)
    assert caught.value.code == "P090"
