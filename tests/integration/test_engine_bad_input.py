"""Snapshots and runs that are not whole: a clear error, and no run that looks like one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from drawn_language import draw_policies, load_drawn, population
from snapshots import write_snapshot

from subsidy_match.errors import InputError
from subsidy_match.matching.engines import Job, ReferenceEngine
from subsidy_match.matching.incremental import Base
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import latest_run
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.reading import open_snapshot
from subsidy_match.rules.policy import PolicySet

AS_OF = date(2026, 6, 30)


def drawn(folder: Path, firms: int = 400) -> PolicySet:
    rnd = random.Random(11)
    policies = load_drawn(folder, draw_policies(folder, rnd, 15))
    write_snapshot(folder / "home", population(rnd, firms), policies.catalogue)
    return policies


def altered(folder: Path, *statements: str) -> None:
    shelf = Shelf(folder / "home")
    with duckdb.connect(str(shelf.file(shelf.find(None)))) as con:
        for statement in statements:
            con.execute(statement)


def test_a_missing_column_is_unknown_for_everybody(tmp_path: Path):
    policies = drawn(tmp_path)
    altered(tmp_path, "ALTER TABLE firm DROP COLUMN green", "ALTER TABLE firm_batch DROP COLUMN green")
    with open_snapshot(tmp_path / "home") as snapshot:
        job = Job(policies, snapshot, AS_OF, unknowns=True)
        runs = [run_match(job, tmp_path / engine.name[:3], engine) for engine in (VectorEngine(), ReferenceEngine())]
        assert all("green" not in firm.values for firm in snapshot.enterprises())
    assert runs[0].manifest.counts == runs[1].manifest.counts
    assert runs[0].manifest.enterprises == 400


@pytest.mark.parametrize("type_", ["VARCHAR", "DOUBLE"])
def test_a_column_of_another_type_is_named(tmp_path: Path, type_: str):
    policies = drawn(tmp_path)
    altered(tmp_path, f"ALTER TABLE firm ALTER COLUMN revenue_2025 TYPE {type_}")
    with open_snapshot(tmp_path / "home") as snapshot, pytest.raises(InputError, match="revenue_2025") as told:
        run_match(Job(policies, snapshot, AS_OF), tmp_path / "run", VectorEngine())
    assert told.value.code == "engine.column_type"
    assert latest_run(tmp_path) is None


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scratched(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content) - 4096, 97):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("harm", [cut, scratched])
def test_a_damaged_snapshot_gives_no_run(tmp_path: Path, harm: Callable[[Path], None]):
    policies = drawn(tmp_path, 4000)
    shelf = Shelf(tmp_path / "home")
    harm(shelf.file(shelf.find(None)))
    with pytest.raises(InputError, match="snapshot_damaged"), open_snapshot(tmp_path / "home") as snapshot:
        run_match(Job(policies, snapshot, AS_OF), tmp_path / "run", VectorEngine())
    assert latest_run(tmp_path) is None


@pytest.mark.parametrize("harm", [cut, scratched])
def test_a_damaged_earlier_run_is_not_taken_over(tmp_path: Path, harm: Callable[[Path], None]):
    policies = drawn(tmp_path)
    with open_snapshot(tmp_path / "home") as snapshot:
        job = Job(policies, snapshot, AS_OF)
        run = run_match(job, tmp_path / "base", VectorEngine())
        harm(run.files("matches")[0])
        base = Base(snapshot, AS_OF, run.signatures(), {})
        with pytest.raises(InputError, match="run_broken"):
            run_match(job, tmp_path / "again", VectorEngine(), since=(run, base))
    assert not (tmp_path / "again").exists()
