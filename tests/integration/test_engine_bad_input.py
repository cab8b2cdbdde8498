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


def renamed(path: Path) -> None:
    """One bit of the footer: a column under another name."""
    head, name, tail = path.read_bytes().partition(b"amount_max")
    path.write_bytes(head + bytes([name[0] ^ 1]) + name[1:] + tail)


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


@pytest.mark.parametrize("harm", [cut, scratched, renamed, Path.unlink])
def test_a_damaged_run_is_told_and_not_read(tmp_path: Path, harm: Callable[[Path], None]):
    policies = drawn(tmp_path)
    with open_snapshot(tmp_path / "home") as snapshot:
        run = run_match(Job(policies, snapshot, AS_OF), tmp_path / "run", VectorEngine())
    uscc = run.table()["uscc"][0].as_py()
    harm(run.files("matches")[0])
    for read in (run.table, lambda: run.table(uscc=uscc)):
        with pytest.raises(InputError) as told:
            read()
        assert (told.value.code, "匹配结果损坏" in told.value.zh) == ("run_broken", True)


def test_one_flipped_bit_of_a_result_is_told_or_changes_nothing(tmp_path: Path):
    policies = drawn(tmp_path)
    with open_snapshot(tmp_path / "home") as snapshot:
        run = run_match(Job(policies, snapshot, AS_OF), tmp_path / "run", VectorEngine())
    file, whole = run.files("matches")[0], run.table()
    content, rnd = file.read_bytes(), random.Random(7)
    told = 0
    for place in rnd.sample(range(len(content)), 200):
        flipped = bytearray(content)
        flipped[place] ^= 1 << rnd.randrange(8)
        file.write_bytes(flipped)
        try:
            assert run.table().equals(whole), place
        except InputError as error:
            told += error.code == "run_broken"
    assert told > 100


def test_what_the_next_run_needs_is_told_as_well_where_it_is_damaged(tmp_path: Path):
    policies = drawn(tmp_path)
    with open_snapshot(tmp_path / "home") as snapshot:
        run = run_match(Job(policies, snapshot, AS_OF), tmp_path / "run", VectorEngine())
    reads = {"next_dates.parquet": run.next_dates, "signatures.json": run.signatures}
    for name, read in reads.items():
        cut(run.folder / name)
        with pytest.raises(InputError, match="run_broken"):
            read()
