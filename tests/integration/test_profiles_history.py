"""Taking a file out, going back, and keeping only so many snapshots: what is in force is always one whole snapshot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from profile_files import POLICIES, code, firm, take_in, write_register, write_tax
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.errors import Conflict, InputError, NotFound, RetryableError
from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.rollback import roll_back
from subsidy_match.profiles.withdrawal import Withdrawal, withdraw

KEY = "a key for tests"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", KEY)
    return tmp_path / "home"


@pytest.fixture
def two(home, tmp_path) -> tuple[str, str]:
    first = take_in(home, write_register(tmp_path, [firm(1)]))
    second = take_in(home, write_tax(tmp_path, [[code(1), "", 1, 2]]))
    return first.snapshot_id, second.snapshot_id


def take_out(home: Path, wanted: str, **options: Any) -> Withdrawal:
    given = {"by": "张三", "reason": "误交", "on": date(2026, 7, 1), "person_key": KEY} | options
    return withdraw(wanted, home=home, policies=POLICIES, **given)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def revenue(home: Path) -> object:
    with open_snapshot(home) as snapshot:
        known = snapshot.enterprise(code(1)).values.get("revenue_2025")
    return known.value if known else None


def test_a_withdrawn_file_counts_no_more_and_who_did_it_is_kept(home, two, tmp_path):
    done = take_out(home, "税务_20260531.xlsx")
    assert revenue(home) is None
    assert (done.counts.values, done.report.published) == (2, True)
    assert done.report.snapshot_id == two[0]
    take_in(home, write_tax(tmp_path, [], day="20260630"))
    shelf = Shelf(home)
    (entry,) = shelf.manifest(shelf.find(None))["withdrawn"]
    assert (entry["name"], entry["by"], entry["reason"], entry["on"]) == (
        "税务_20260531.xlsx",
        "张三",
        "误交",
        "2026-07-01",
    )


def test_withdrawn_by_hash_and_imported_again_it_is_the_same_snapshot(home, two, tmp_path):
    (file,) = (f for f in Shelf(home).manifest(two[1])["files"] if f["name"].startswith("税务"))
    take_out(home, file["sha256"][:8])
    assert take_in(home, tmp_path / file["name"]).snapshot_id == two[1]
    assert revenue(home) == 2_000_000


@pytest.mark.parametrize("wanted", ["别的_20260531.xlsx", "ffffffffff", "税务", ""])
def test_what_is_not_in_force_cannot_be_withdrawn(home, two, wanted):
    with pytest.raises(NotFound, match="is in force"):
        take_out(home, wanted)
    assert Shelf(home).current() == two[1]


def test_a_file_is_withdrawn_once(home, two):
    take_out(home, "税务_20260531.xlsx")
    with pytest.raises(NotFound):
        take_out(home, "税务_20260531.xlsx")


def test_one_name_for_two_files_is_asked_about(home, two, tmp_path):
    take_in(home, write_tax(tmp_path, [[code(1), "", 1, 9]]), as_of=date(2026, 6, 30))
    with pytest.raises(Conflict) as caught:
        take_out(home, "税务_20260531.xlsx")
    assert len(caught.value.findings) == 2
    take_out(home, "税务_20260531.xlsx", as_of=date(2026, 6, 30))
    assert revenue(home) == 2_000_000


@pytest.mark.parametrize("missing", ["by", "reason"])
def test_a_withdrawal_needs_a_name_and_a_reason(home, two, missing):
    with pytest.raises(InputError, match="who withdraws"):
        take_out(home, "税务_20260531.xlsx", **{missing: " "})


def test_a_dry_withdrawal_changes_nothing(home, two):
    done = take_out(home, "税务_20260531.xlsx", dry_run=True)
    assert (done.counts.values, done.report.published) == (2, False)
    assert Shelf(home).current() == two[1]
    assert revenue(home) == 2_000_000


def test_the_only_file_can_be_withdrawn_too(home, tmp_path):
    take_in(home, write_register(tmp_path, [firm(1)]))
    assert take_out(home, "登记_20260531.csv").report.firms == 0
    assert take_in(home, write_register(tmp_path, [firm(1)])).firms == 1


def test_a_rollback_moves_the_pointer_and_nothing_else(home, two):
    snapshots = home / "profiles" / "snapshots"
    before = {path.name: path.stat().st_mtime_ns for path in snapshots.iterdir()}
    done = roll_back(home)
    assert (done.before, done.after, done.counts.values) == (two[1], two[0], 2)
    assert {path.name: path.stat().st_mtime_ns for path in snapshots.iterdir()} == before
    assert revenue(home) is None
    assert roll_back(home, two[1]).after == two[1]
    assert revenue(home) == 2_000_000


def test_an_import_after_a_rollback_builds_on_the_files_of_what_is_in_force(home, two, tmp_path):
    roll_back(home)
    take_in(home, write_register(tmp_path, [firm(2)], part="新"))
    assert revenue(home) is None
    with open_snapshot(home) as snapshot:
        assert snapshot.count() == 2


@pytest.mark.parametrize(("which", "kind"), [("none", NotFound), ("first", NotFound), ("current", Conflict)])
def test_no_rollback_to_nowhere(home, two, which, kind):
    if which == "first":
        roll_back(home)
    wanted = {"none": "f" * 16, "first": None, "current": two[1]}[which]
    with pytest.raises(kind):
        roll_back(home, wanted)


def test_neither_runs_beside_an_import(home, two):
    with Shelf(home).lock():
        with pytest.raises(RetryableError):
            roll_back(home)
        with pytest.raises(RetryableError):
            take_out(home, "税务_20260531.xlsx")
        assert roll_back(home, dry_run=True).counts.values == 2


def test_only_the_newest_snapshots_stay_and_originals_go_with_the_last_that_needs_them(home, two, tmp_path):
    take_out(home, "税务_20260531.xlsx")  # the snapshot of the register alone, now the newest
    landed = home / "profiles" / "landed"
    assert len(list(landed.iterdir())) == 2
    assert json.loads(call("prune", "--keep", 1, "--dry-run", "--json").stdout) == [two[1]]
    assert call("prune", "--keep", 1).stdout == f"{two[1]}\n"
    assert Shelf(home).ids() == [two[0]]
    assert [path.suffix for path in landed.iterdir()] == [".csv"]
    assert {path.suffix for path in (home / "profiles" / "snapshots").iterdir()} == {".duckdb", ".json"}


def test_the_snapshot_in_force_is_never_deleted(home, two):
    roll_back(home)
    assert call("prune", "--keep", 1).stdout == ""
    assert Shelf(home).ids() == list(two)
    with open_snapshot(home) as snapshot:
        assert snapshot.id == two[0]


def test_an_import_keeps_as_many_as_it_is_told(home, two, tmp_path):
    assert call("import", write_tax(tmp_path, [], day="20260630"), "--keep", 2).exit_code == 0
    assert len(Shelf(home).ids()) == 2
    assert two[0] not in Shelf(home).ids()
    with pytest.raises(InputError, match="one snapshot"):
        Shelf(home).surplus(0)


def test_the_commands_say_what_changes(home, two):
    told = call("rollback", "--dry-run")
    assert "试运行" in told.stdout
    assert "revenue_2025" in told.stdout
    told = call("withdraw", "税务_20260531.xlsx", "--by", "张三", "--reason", "误交", "--dry-run", "--json")
    assert (told.exit_code, json.loads(told.stdout)["counts"]["values"]) == (0, 2)
    told = call("withdraw", "税务_20260531.xlsx", "--by", "张三", "--reason", "误交")
    assert "撤回 / withdrawn: 税务_20260531.xlsx" in told.stdout
    assert json.loads(call("rollback", two[1], "--json").stdout)["after"] == two[1]


@pytest.fixture
def overtaken(home, two, monkeypatch):
    """Just after a reader asked for a file of that number of times, an import that keeps one snapshot deletes it."""

    def arrange(calls: int) -> str:
        shelf, file = Shelf(home), Shelf.file
        left = [calls]

        def asked(self: Shelf, snapshot_id: str) -> Path:
            left[0] -= 1
            if left[0] == 0:
                monkeypatch.setattr(Shelf, "file", file)
                found = file(self, snapshot_id)
                shelf.point(two[0])
                found.unlink()
                return found
            return file(self, snapshot_id)

        monkeypatch.setattr(Shelf, "file", asked)
        return two[0]

    return arrange


@pytest.mark.parametrize("calls", [1, 2])
def test_a_reader_that_an_import_overtakes_looks_again(home, overtaken, calls):
    expected = overtaken(calls)
    with open_snapshot(home) as snapshot:
        assert snapshot.id == expected


@pytest.mark.parametrize("calls", [1, 2])
def test_a_named_snapshot_that_goes_meanwhile_is_not_found(home, overtaken, two, calls):
    overtaken(calls)
    with pytest.raises(NotFound):
        open_snapshot(home, two[1])
