"""A run made out of an earlier one is the run that matching everything gives, whatever moved in between."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from drawn_language import draw_policies, load_drawn, population
from incremental_world import base_of, opened, rows

from subsidy_match.matching.engines import Job
from subsidy_match.matching.history import Payment
from subsidy_match.matching.incremental import Base, moved
from subsidy_match.matching.running import run_match
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import PolicySet

AS_OF = date(2026, 6, 30)
FIRMS = 300


class World:
    """Drawn policies and firms as published snapshots."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rnd = random.Random(seed)
        self.folder = folder
        self.drawn = draw_policies(folder / "one", self.rnd, 20)
        self.policies = load_drawn(folder / "one", self.drawn)
        self.firms = population(self.rnd, FIRMS)

    @contextmanager
    def snapshot(self, firms: list[Enterprise]) -> Iterator[Snapshot]:
        home = self.folder / f"home{self.rnd.random()}"
        with opened(home, firms, self.policies) as snapshot:
            yield snapshot

    def other_policies(self) -> PolicySet:
        """One policy gone, one new, one drawn anew under its name."""
        fresh = draw_policies(self.folder / "two", self.rnd, 40)
        names, others = sorted(self.drawn), [tree for name, tree in fresh.items() if name not in self.drawn]
        changed = {name: self.drawn[name] for name in names[2:]}
        changed[names[1]] = {**fresh.get(names[1], self.drawn[names[1]])}
        changed["grant99"] = {**others[0], "id": "grant99"}
        return load_drawn(self.folder / "two", changed)

    def other_firms(self) -> list[Enterprise]:
        """Some gone, some new, some with another value or another list."""
        fresh = population(self.rnd, FIRMS)
        kept = list(self.firms[10:])
        for place in self.rnd.sample(range(len(kept)), 20):
            kept[place] = Enterprise(kept[place].uscc, "", fresh[place].values, kept[place].collections)
        for place in self.rnd.sample(range(len(kept)), 20):
            rows = {
                name: type(listed)(fresh[place].collections[name].rows, listed.loaded, self.rnd.random() < 0.5)
                for name, listed in kept[place].collections.items()
            }
            kept[place] = Enterprise(kept[place].uscc, "", kept[place].values, rows)
        new = [Enterprise(f"N{n:06d}", "", firm.values, kept[0].collections) for n, firm in enumerate(fresh[:10])]
        return [*kept, *new]


def check(world: World, before: Job, after: Job) -> None:
    engine = VectorEngine(block=64)
    base = run_match(before, world.folder / "base", engine)
    known = base_of(base, before)
    again = run_match(after, world.folder / "again", engine, since=(base, known))
    whole = run_match(after, world.folder / "whole", engine)
    assert rows(again) == rows(whole)
    assert again.manifest.counts == whole.manifest.counts
    assert again.manifest.rows == whole.manifest.rows
    assert again.manifest.taken_over == base.id


@pytest.mark.parametrize("seed", range(3))
def test_after_a_change_of_policies(tmp_path: Path, seed: int):
    world = World(tmp_path, seed)
    with world.snapshot(world.firms) as snapshot:
        after = Job(world.other_policies(), snapshot, AS_OF, unknowns=True)
        check(world, Job(world.policies, snapshot, AS_OF, unknowns=True), after)


@pytest.mark.parametrize("seed", range(3))
def test_after_an_import(tmp_path: Path, seed: int):
    world = World(tmp_path, seed)
    with world.snapshot(world.firms) as old, world.snapshot(world.other_firms()) as new:
        jobs = [Job(world.policies, snapshot, AS_OF, unknowns=True) for snapshot in (old, new)]
        base = Base(old, AS_OF, run_match(jobs[0], tmp_path / "first", VectorEngine()).signatures(), {})
        assert 0 < len(moved(jobs[1], base).firms) < FIRMS // 2
        check(world, *jobs)


@pytest.mark.parametrize("seed", range(3))
def test_after_payments_policies_and_an_import_at_once(tmp_path: Path, seed: int):
    world = World(tmp_path, seed)
    paid = {world.firms[20 + n].uscc: [Payment(f"C{n}", "grant1", None, 100 * n, date(2026, 3, 1))] for n in range(9)}
    more = {**paid, world.firms[50].uscc: [Payment("C99", "grant2", None, 5_000_000, date(2026, 4, 1))]}
    more.pop(world.firms[20].uscc)
    with world.snapshot(world.firms) as old, world.snapshot(world.other_firms()) as new:
        before = Job(world.policies, old, AS_OF, paid, unknowns=True)
        check(world, before, Job(world.other_policies(), new, AS_OF, more, unknowns=True))


def test_nothing_is_matched_again_where_nothing_moved(tmp_path: Path):
    world = World(tmp_path, 7)
    with world.snapshot(world.firms) as snapshot:
        job = Job(world.policies, snapshot, AS_OF)
        run = run_match(job, tmp_path / "first", VectorEngine())
        what = moved(job, base_of(run, job))
        assert (what.policies, what.firms) == (frozenset(), frozenset())
        assert what.others == {policy.id for policy in world.policies.in_force(AS_OF)}


def test_a_file_of_which_everything_holds_is_kept_as_it_is_and_outlives_its_run(tmp_path: Path):
    world = World(tmp_path, 7)
    with world.snapshot(world.firms) as snapshot:
        job = Job(world.policies, snapshot, AS_OF)
        first = run_match(job, tmp_path / "first", VectorEngine())
        again = run_match(job, tmp_path / "again", VectorEngine(), since=(first, base_of(first, job)))
        (kept,), (old,) = again.files("matches"), first.files("matches")
        assert kept.samefile(old)
        before = rows(first)
        shutil.rmtree(first.folder)
        assert rows(again) == before


def test_nothing_is_taken_over_from_a_run_of_another_version(tmp_path: Path):
    world = World(tmp_path, 7)
    with world.snapshot(world.firms) as snapshot:
        job = Job(world.policies, snapshot, AS_OF)
        run = run_match(job, tmp_path / "first", VectorEngine())
        older = replace(run, manifest=replace(run.manifest, version="0.0.1"))
        since = older, base_of(run, job)
        again = run_match(job, tmp_path / "again", VectorEngine(), since=since)
        assert again.manifest.taken_over == ""
        assert again.table().equals(run.table())


def a_day_later(world: World) -> tuple[PolicySet, date]:
    return world.policies, date(2026, 7, 1)


def a_year_later(world: World) -> tuple[PolicySet, date]:
    return world.policies, date(2026, 12, 31)


@pytest.mark.parametrize("when", [a_day_later, a_year_later])
def test_on_a_later_day(tmp_path: Path, when: Callable[[World], tuple[PolicySet, date]]):
    world = World(tmp_path, 3)
    policies, day = when(world)
    with world.snapshot(world.firms) as snapshot:
        engine = VectorEngine()
        job = Job(world.policies, snapshot, AS_OF, unknowns=True)
        base = run_match(job, tmp_path / "base", engine)
        since = base, base_of(base, job)
        later = Job(policies, snapshot, day, unknowns=True)
        again = run_match(later, tmp_path / "again", engine, since=since)
        whole = run_match(later, tmp_path / "whole", engine)
        assert rows(again) == rows(whole)
        assert again.manifest.counts == whole.manifest.counts


def test_a_value_that_grew_too_old_moves_its_firm_and_no_other(tmp_path: Path):
    world = World(tmp_path, 5)
    with world.snapshot(world.firms) as snapshot:
        job = Job(world.policies, snapshot, AS_OF, unknowns=True)
        run = run_match(job, tmp_path / "base", VectorEngine())
        assert run.ageing()["patents"] == date(2026, 7, 1)  # 200 days after the oldest that counts
        after = moved(Job(world.policies, snapshot, date(2026, 7, 1), unknowns=True), base_of(run, job))
        known = {firm.uscc: firm.values.get("patents") for firm in world.firms}
        old = {u for u, k in known.items() if k and k.source and k.source.as_of == date(2025, 12, 12)}
        assert after.data == old
        assert 0 < len(old) < FIRMS // 2


def test_an_earlier_day_is_matched_as_a_whole(tmp_path: Path):
    world = World(tmp_path, 5)
    with world.snapshot(world.firms) as snapshot:
        job = Job(world.policies, snapshot, AS_OF)
        run = run_match(job, tmp_path / "base", VectorEngine())
        assert moved(replace(job, as_of=date(2026, 6, 29)), base_of(run, job)).others == frozenset()


def test_a_run_that_kept_no_dates_serves_its_own_day_only(tmp_path: Path):
    world = World(tmp_path, 5)
    with world.snapshot(world.firms) as snapshot:
        job = Job(world.policies, snapshot, AS_OF)
        run = run_match(job, tmp_path / "base", VectorEngine())
        base = replace(base_of(run, job), next_dates=None)
        assert moved(job, base).others == set(run.signatures())
        assert moved(replace(job, as_of=date(2026, 7, 1)), base).others == frozenset()
