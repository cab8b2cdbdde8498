"""Laws of shares and of the clock."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from claims_world import CALENDAR
from hypothesis import given
from hypothesis import strategies as st

from subsidy_match.claims.clock import Pause, read_clock
from subsidy_match.claims.fund.shares import split

DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 1))
WEIGHTS = st.lists(st.integers(1, 1000), min_size=1, max_size=5)
LENGTHS = st.integers(0, 30)


@st.composite
def pauses(draw: st.DrawFn, start: date) -> list[Pause]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + timedelta(days=draw(LENGTHS))
        end = None if draw(st.booleans()) else begin + timedelta(days=draw(LENGTHS))
        found.append(Pause(begin, end, "CORRECTION"))
    return found


@given(amount=st.integers(0, 10**13), weights=WEIGHTS)
def test_parts_add_up_exactly_and_each_is_within_one_fen_of_its_share(amount: int, weights: list[int]):
    shares = {f"fund{n}": Fraction(weight, sum(weights)) for n, weight in enumerate(weights)}
    parts = split(amount, shares)
    assert sum(parts.values()) == amount
    assert all(abs(parts[fund] - amount * share) < 1 for fund, share in shares.items())
    assert parts == split(amount, dict(reversed(shares.items())))


@given(data=st.data(), start=DAYS, limit=st.integers(1, 20), waited=st.integers(0, 60))
def test_the_clock_never_runs_backwards_and_stands_still_when_it_should(data, start: date, limit: int, waited: int):
    stops = data.draw(pauses(start))
    today = start + timedelta(days=waited)
    now, next_day = (
        read_clock(CALENDAR, accepted=start, limit=limit, pauses=stops, on=day)
        for day in (today, today + timedelta(days=1))
    )
    assert 0 <= now.counted <= now.elapsed
    assert now.elapsed <= next_day.elapsed <= now.elapsed + 1
    if not CALENDAR.is_working_day(today + timedelta(days=1)):
        assert (next_day.elapsed, next_day.counted) == (now.elapsed, now.counted)


@given(data=st.data(), start=DAYS, limit=st.integers(1, 20))
def test_on_the_due_date_the_limit_is_used_up_and_not_before(data, start: date, limit: int):
    stops = [stop for stop in data.draw(pauses(start)) if stop.end is not None]
    due = read_clock(CALENDAR, accepted=start, limit=limit, pauses=stops, on=start).due.on
    at_due, day_before = (
        read_clock(CALENDAR, accepted=start, limit=limit, pauses=stops, on=day).counted
        for day in (due, due - timedelta(days=1))
    )
    assert (at_due, day_before) == (limit, limit - 1)


@given(data=st.data(), start=DAYS, waited=st.integers(0, 60))
def test_a_stop_never_brings_the_due_date_forward(data, start: date, waited: int):
    stops, today = data.draw(pauses(start)), start + timedelta(days=waited)
    without = read_clock(CALENDAR, accepted=start, limit=10, pauses=[], on=today).due.on
    assert read_clock(CALENDAR, accepted=start, limit=10, pauses=stops, on=today).due.on >= without
