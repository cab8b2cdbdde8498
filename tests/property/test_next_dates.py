"""What is kept of a run about time is true: nothing changes before a firm's next date, and what is matched after it is what all gives.

How many pairs are drawn is a matter of ``DRAWN_DAYS``, which ones of ``DRAWN_SEED``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from drawn_days import BASES, draw_day_policies, people_of_days
from incremental_world import base_of, opened, rows

from subsidy_match.matching.engines import Job
from subsidy_match.matching.incremental import moved
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import Run
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import PolicySet

SEED = int(os.environ.get("DRAWN_SEED", 20261126))
PAIRS = int(os.environ.get("DRAWN_DAYS", 4_000))
POLICIES, FIRMS = 25, 25
STEPS = [1, 1, 2, 3, 28, 31, 59, 90, 184, 365, 366, 731]
LAST = date(2031, 12, 31)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("base", BASES, ids=str)
def test_nothing_changes_before_its_next_date(base: date, tmp_path: Path):
    compared = 0
    for draw in range(10**6):
        if compared >= PAIRS // len(BASES):
            break
        rnd = random.Random(f"{SEED}/{base}/{draw}")
        _, policies = draw_day_policies(tmp_path, rnd, POLICIES)
        firms = people_of_days(rnd, FIRMS, base)
        with opened(tmp_path / f"home{draw}", firms, policies) as snapshot:
            run = run_match(Job(policies, snapshot, base), tmp_path / f"run{draw}", VectorEngine())
        compared += _check(run, policies, firms, base, (rnd, f"DRAWN_SEED={SEED} base {base} draw {draw}"))
    assert compared >= PAIRS // len(BASES)


def _check(run: Run, policies: PolicySet, firms: list[Enterprise], base: date, drawn: tuple[random.Random, str]) -> int:
    rnd, place = drawn
    dates = run.next_dates()
    assert dates is not None
    known = {row["uscc"]: row["next_date"] for row in dates.to_pylist()}
    everybody = min(run.ageing().values(), default=LAST)
    compared = 0
    for firm in firms:
        end = min(known.get(firm.uscc, LAST), everybody)
        assert end > base
        for day in _probes(rnd, base, end):
            compared += _same(policies, firm, (base, day), f"{place} {firm.uscc} until {end}")
    return compared


def _probes(rnd: random.Random, base: date, end: date) -> Iterator[date]:
    """The last day before the date, and one in between."""
    if (days := (end - base).days) > 1:
        yield end - timedelta(1)
        yield base + timedelta(rnd.randint(1, days - 1))


def _same(policies: PolicySet, firm: Enterprise, days: tuple[date, date], place: str) -> int:
    """Compare all policies that mean the same on both days."""
    then, now = (_signatures(policies, day) for day in days)
    mean = [policy for policy in then if then[policy] == now.get(policy)]
    for policy in mean:
        one, other = (_said(policies, firm, day, policy) for day in days)
        assert one == other, f"{place} {policy} {days}"
    return len(mean)


@lru_cache(maxsize=512)
def _signatures(policies: PolicySet, day: date) -> dict[str, str]:
    return make_plan(policies, day).signatures()


def _said(policies: PolicySet, firm: Enterprise, day: date, policy: str) -> list[tuple[object, ...]]:
    matches = Evaluator(policies, firm, day).match(policies.get(policy, day))
    return [
        (m.subject, m.verdict, m.period.id, None if m.amount is None else (m.amount.lo, m.amount.hi)) for m in matches
    ]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("base", BASES, ids=str)
def test_night_after_night_a_run_is_what_matching_everything_gives(base: date, tmp_path: Path):
    """Each run is made out of the one before, over steps of a day to two years."""
    rnd, engine = random.Random(f"{SEED}/{base}"), VectorEngine(block=64)
    _, policies = draw_day_policies(tmp_path, rnd, 20)
    firms, day, kept = people_of_days(rnd, 150, base), base, 0
    with opened(tmp_path / "home", firms, policies) as snapshot:
        job = Job(policies, snapshot, day, unknowns=True)
        last = run_match(job, tmp_path / f"run {day}", engine)
        for _ in range(5):
            known = base_of(last, job)
            day += timedelta(rnd.choice(STEPS))
            job = Job(policies, snapshot, day, unknowns=True)
            kept += len(moved(job, known).others)
            last = run_match(job, tmp_path / f"run {day}", engine, since=(last, known))
            whole = run_match(job, tmp_path / f"whole {day}", engine)
            assert rows(last) == rows(whole), f"DRAWN_SEED={SEED} {day}"
            assert last.manifest.counts == whole.manifest.counts
    assert kept > 0
