"""Days that go with the day of evaluation: what they show, when they get past a day, and what of a policy they move."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from policy_world import FACTS, load, policy_text

from subsidy_match.matching.vector.clocks import NEVER, Clock
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.matching.vector.spans import ANY_DAY
from subsidy_match.rules.policy import PolicySet
from subsidy_match.units import Duration

DAYS = [date(2026, 6, 30), date(2028, 2, 29), date(2027, 12, 31), date(2026, 1, 31)]
LENGTHS = [Duration(), Duration(months=1), Duration(years=3), Duration(months=13, days=2), Duration(days=365)]
ONE, NEXT = date(2026, 6, 30), date(2026, 7, 1)


@pytest.mark.parametrize("years", [-1, 0, 2])
@pytest.mark.parametrize("back", LENGTHS, ids=str)
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_clock_shows_what_the_reference_evaluator_works_out(day: date, back: Duration, years: int):
    shown = Clock(years, back).hand(day).shown
    later = [day + timedelta(n) for n in range(1500)]
    apart = Duration(years=abs(years))
    moved = [apart.before(one) if years < 0 else apart.after(one) for one in later]
    assert shown[:1500].tolist() == [back.before(one).toordinal() for one in moved]
    assert (np.diff(shown) >= 0).all()


@pytest.mark.parametrize("strict", [True, False])
def test_the_next_day_is_the_first_on_which_the_clock_is_there(strict: bool):
    hand = Clock(back=Duration(months=1)).hand(date(2028, 3, 30))  # shows 29 February on 29, 30 and 31 March
    limits = np.arange(date(2028, 2, 20).toordinal(), date(2028, 4, 10).toordinal())
    found = hand.next_days(limits, strict=strict)
    for limit, day in zip(limits, found, strict=True):
        there = hand.shown > limit if strict else hand.shown >= limit
        assert day == (NEVER if there[0] else hand.first + int(np.argmax(there)))


def test_a_day_that_never_is_does_not_come_and_one_far_ahead_is_looked_at_in_time():
    hand = Clock().hand(ONE)
    never, far = hand.next_days(np.array([ANY_DAY, date(9999, 12, 31).toordinal()]), strict=True).tolist()
    assert never == NEVER
    assert ONE.toordinal() < far <= date(9999, 12, 31).toordinal()


def signature(policies: PolicySet, day: date) -> str:
    return make_plan(policies, day).signatures()["grant"]


@pytest.mark.parametrize(
    "condition",
    [
        "value: founded_on, within_last: 36月, before: as_of",
        "value: {days: [founded_on, as_of]}, at_least: 365天",
        "some: {in: honors, where: {value: valid_to, on_or_after: as_of}}",
        "value: {latest: {in: honors, take: issued_on}}, before: as_of@-1",
        "value: patents, at_least: 1件",
    ],
)
def test_what_dates_of_a_firm_can_move_means_the_same_on_the_next_day(tmp_path: Path, condition: str):
    policies = load(tmp_path, eligible_if=f"{{all: [{{id: c, basis: art1, {condition}}}]}}")
    assert signature(policies, ONE) == signature(policies, NEXT)


@pytest.mark.parametrize(
    "condition",
    [
        "value: {later_of: [founded_on, as_of]}, before: 2026-08-01",
        "value: as_of, on_or_after: as_of@-1",
        "value: {multiply: [{days: [founded_on, as_of]}, 2]}, at_least: 365天",
    ],
)
def test_what_moves_every_day_means_something_else_on_the_next_day(tmp_path: Path, condition: str):
    policies = load(tmp_path, eligible_if=f"{{all: [{{id: c, basis: art1, {condition}}}]}}")
    assert signature(policies, ONE) != signature(policies, NEXT)


def test_a_look_back_is_not_taken_for_the_day_that_it_comes_to(tmp_path: Path):
    words = ("value: founded_on, on_or_after: as_of@-1", "value: founded_on, on_or_after: 2025-06-30")
    names = [
        signature(load(tmp_path / str(n), eligible_if=f"{{all: [{{id: c, basis: art1, {one}}}]}}"), ONE)
        for n, one in enumerate(words)
    ]
    assert names[0] != names[1]


def test_a_list_with_another_greatest_age_is_another_meaning(tmp_path: Path):
    text = policy_text(eligible_if="{all: [{id: c, basis: art1, none: {in: honors}}]}")
    names = []
    for age in ("400天", "100天"):
        facts = FACTS.replace("stale_after: 400天", f"stale_after: {age}")
        policies = load(tmp_path / age, {"facts.yml": facts, "grant@2026-01-01.yml": text})
        names.append(signature(policies, ONE))
    assert names[0] != names[1]
