"""Laws of the sweep: its order, its zone, how often and how late it comes by change nothing that counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import chinese_calendar
import pytest
from claims_world import CALENDAR, World, build_world
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from subsidy_match.claims.deadline.breaches import levels
from subsidy_match.claims.deadline.sweeper import plan, sweep
from subsidy_match.claims.deadline.sweeps import SWEEPS
from subsidy_match.claims.states import State
from subsidy_match.store.engine import open_engine

STATES = [State.DRAFT, State.SUBMITTED, State.ACCEPTED, State.IN_REVIEW, State.PUBLISHED, State.CORRECTION]
_COUNTS = "SELECT stage, level, count(*) FROM breaches GROUP BY stage, level ORDER BY stage, level"
_STEPS = "SELECT claim_id, event, to_state FROM claim_steps ORDER BY claim_id, version"


def populate(world: World, kinds: list[State]) -> None:
    # those that are approved come first: whoever waits for money cannot be
    for number, kind in enumerate(sorted(kinds, key=lambda kind: kind is not State.PUBLISHED)):
        claim = world.walk(State.ACCEPTED if kind is State.CORRECTION else kind, period=str(2000 + number))
        if kind is State.CORRECTION:
            world.fire(claim, "request_correction", "clerk", items=["发票"], due_on=date(2026, 6, 12))


def outcome(world: World) -> tuple[Any, ...]:
    claims = [
        (c.id, c.state, c.version, c.is_waiting, c.accepted_on, c.notice_until, tuple(c.funds))
        for c in world.desk.list_claims()
    ]
    with world.engine.connect() as connection:
        rows = [tuple(map(tuple, connection.execute(text(query)))) for query in (_COUNTS, _STEPS)]
    return claims, *rows, world.fund()


def in_fresh(fresh: Callable[[], str], kinds: list[State], act: Callable[[World], None]) -> tuple[Any, ...]:
    with TemporaryDirectory() as folder:
        world = build_world(open_engine(fresh()), Path(folder), allocated=35_000_00)
        populate(world, kinds)
        act(world)
        try:
            return outcome(world)
        finally:
            world.engine.dispose()


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(
    kinds=st.lists(st.sampled_from(STATES), min_size=2, max_size=4).filter(
        lambda kinds: kinds.count(State.PUBLISHED) < 4
    ),
    order=st.permutations(list(SWEEPS)),
    hours=st.integers(-12, 14),
    waited=st.integers(5, 60),
)
def test_order_zone_and_repetition_change_nothing(
    fresh_store: Callable[[], str], kinds: list[State], order: list[str], hours: int, waited: int
):
    def plainly(world: World) -> None:
        sweep(world.desk, at=world.now + timedelta(days=waited))

    def otherwise(world: World) -> None:
        at = (world.now + timedelta(days=waited)).astimezone(timezone(timedelta(hours=hours)))
        permuted = {name: SWEEPS[name] for name in order}
        sweep(world.desk, at=at, sweeps=permuted)
        assert sweep(world.desk, at=at, sweeps=permuted).done == plan(world.desk, at=at) == ()

    assert in_fresh(fresh_store, kinds, plainly) == in_fresh(fresh_store, kinds, otherwise)


@given(counted=st.integers(1, 100), limit=st.integers(1, 50))
def test_a_level_once_reached_is_never_left(counted: int, limit: int):
    assert set(levels(counted, limit)) <= set(levels(counted + 1, limit))


@given(day=st.dates(date(2023, 1, 1), date(2026, 12, 31)))
def test_the_shipped_calendar_is_that_of_an_independent_table(day: date):
    assert CALENDAR.is_working_day(day) == chinese_calendar.is_workday(day)
