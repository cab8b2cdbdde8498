from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from claims_world import CALENDAR, World

from subsidy_match.claims.clock import ClockReading, Light, Pause, business_day, read_clock
from subsidy_match.claims.states import State
from subsidy_match.errors import InputError


def read(accepted: date, on: date, *pauses: Pause, limit: int = 10) -> ClockReading:
    return read_clock(CALENDAR, accepted=accepted, limit=limit, pauses=pauses, on=on)


@pytest.mark.parametrize(
    ("accepted", "limit", "due"),
    [
        (date(2026, 2, 12), 10, date(2026, 3, 4)),
        (date(2026, 4, 30), 5, date(2026, 5, 11)),
        (date(2026, 9, 24), 10, date(2026, 10, 15)),
        (date(2026, 9, 30), 7, date(2026, 10, 15)),
        (date(2025, 12, 29), 5, date(2026, 1, 6)),
    ],
)
def test_limits_fall_where_the_published_calendar_puts_them(accepted: date, limit: int, due: date):
    reading = read(accepted, accepted, limit=limit)
    assert (reading.due.on, reading.due.provisional) == (due, False)
    assert read(accepted, due, limit=limit).left == 0


def test_a_limit_in_a_year_without_calendar_is_provisional():
    assert read(date(2026, 12, 28), date(2026, 12, 28)).due.provisional


def test_a_stop_moves_the_due_date_by_the_working_days_it_took():
    monday = date(2026, 6, 1)
    stop = Pause(date(2026, 6, 3), date(2026, 6, 8), "CORRECTION")
    reading = read(monday, date(2026, 6, 9), stop)
    assert (reading.elapsed, reading.counted) == (6, 3)
    assert reading.due.on == CALENDAR.add_working_days(monday, 13).on


def test_while_stopped_nothing_counts_and_the_due_date_moves_on():
    monday, open_stop = date(2026, 6, 1), Pause(date(2026, 6, 2), None, "CORRECTION")
    early, late = read(monday, date(2026, 6, 4), open_stop), read(monday, date(2026, 6, 12), open_stop)
    assert early.counted == late.counted == 1
    assert early.is_stopped
    assert late.due.on > early.due.on


def test_overlapping_stops_are_not_counted_twice():
    monday = date(2026, 6, 1)
    one = Pause(date(2026, 6, 1), date(2026, 6, 4), "PUBLISHED")
    two = Pause(date(2026, 6, 2), date(2026, 6, 5), "OBJECTION")
    assert read(monday, date(2026, 6, 8), one, two).counted == 1


def test_a_stop_after_the_due_date_does_not_excuse_the_delay():
    monday = date(2026, 6, 1)
    late = Pause(date(2026, 6, 25), date(2026, 6, 30), "CORRECTION")
    assert read(monday, date(2026, 6, 30), late).due == read(monday, date(2026, 6, 24)).due


@pytest.mark.parametrize(
    ("counted", "light"), [(7, Light.GREEN), (8, Light.YELLOW), (10, Light.YELLOW), (11, Light.RED)]
)
def test_the_light_turns_yellow_at_eighty_percent_and_red_beyond(counted: int, light: Light):
    start = date(2026, 6, 1)
    assert read(start, CALENDAR.add_working_days(start, counted).on).light is light


def test_a_moment_falls_on_its_day_in_china_whichever_zone_it_is_given_in():
    late = datetime(2026, 6, 1, 16, 30, tzinfo=UTC)
    assert business_day(late) == business_day(late.astimezone(timezone(-timedelta(hours=7)))) == date(2026, 6, 2)
    with pytest.raises(InputError, match="S001"):
        business_day(datetime(2026, 6, 1))  # noqa: DTZ001


def test_clearing_late_is_on_our_time_not_on_the_notices(world: World):
    claim = world.walk(State.PUBLISHED)
    world.wait(14)
    world.clear(claim)
    reading = world.desk.due_date(claim.id, on=business_day(world.now))
    assert reading is not None
    assert (reading.elapsed, reading.counted) == (10, 5)


def test_a_notice_counts_where_the_policy_says_so(world: World):
    world.assume(notice_counts=True)
    claim = world.walk(State.PAYABLE)
    reading = world.desk.due_date(claim.id, on=business_day(world.now))
    assert reading is not None
    assert reading.counted == reading.elapsed == 6


def test_the_clock_starts_with_acceptance_and_ends_with_the_claim(world: World):
    claim = world.walk(State.SUBMITTED)
    assert world.desk.due_date(claim.id, on=business_day(world.now)) is None
    done = world.walk(State.COMPLETED, period="2025")
    later = business_day(world.now + timedelta(days=90))
    assert world.desk.due_date(done.id, on=later) == world.desk.due_date(done.id, on=business_day(world.now))
