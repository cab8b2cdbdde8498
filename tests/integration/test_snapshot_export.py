"""An exported snapshot says what the snapshot says, is complete or absent, and tells when it is not what was written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from exports import AS_OF, DrawnExport, drawn_export, edited, rewrite, rows, scratch, vouch
from typer.testing import CliRunner

from subsidy_match.cli.profiles import app
from subsidy_match.errors import Conflict, InputError, NotFound, RetryableError
from subsidy_match.matching.engines import Job
from subsidy_match.matching.running import run_match
from subsidy_match.matching.spark.work import Order, Worker
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.exported import DISPUTED, Exported, open_exported
from subsidy_match.profiles.exporting import export_parquet


@dataclass(frozen=True)
class FromFiles:
    """What the workers of a cluster do, one file after another in this process."""

    exported: Exported
    name: str = "files"

    def run(self, job: Job, work: Callable[[Any], Any]) -> Iterator[Any]:
        order = Order(job.policies, job.as_of, self.exported, work, job.payments, job.unknowns, job.only)
        worker = Worker(order)
        yield from (worker.match(number) for number in range(len(self.exported.files)))


@pytest.fixture
def drawn(tmp_path: Path) -> Iterator[DrawnExport]:
    with drawn_export(tmp_path) as made:
        yield made


@pytest.mark.parametrize("seed", range(2))
def test_matching_the_files_is_matching_the_snapshot(tmp_path: Path, seed: int):
    with drawn_export(tmp_path, seed, policies=60, firms=300, size=77) as drawn:
        job = Job(drawn.policies, drawn.snapshot, AS_OF, drawn.payments, unknowns=True)
        one = run_match(job, tmp_path / "one", VectorEngine())
        other = run_match(job, tmp_path / "other", FromFiles(drawn.exported))
    assert rows(one) == rows(other) != []
    assert one.manifest.counts == other.manifest.counts
    assert any(row["subject"] for row in one.table().to_pylist())


def test_the_columns_are_those_of_the_snapshot(drawn: DrawnExport):
    told = {name for firm in drawn.firms for name in firm.values if "@" in name}
    facts = [*drawn.snapshot.facts, *told, *(f"{name}@tax" for name in drawn.snapshot.facts), "revenue_2025@nobody"]
    columns = [*facts, *drawn.snapshot.lists, "nothing"]
    whole = pa.concat_tables(drawn.snapshot.tables(columns, facts, 1000)).to_pylist()
    parts = [drawn.exported.table(n, columns, facts) for n in range(len(drawn.exported.files))]
    found = pa.concat_tables(parts).to_pylist()
    assert told
    assert len(found) == drawn.exported.firms == len(drawn.firms)
    for row, expected in zip(found, whole, strict=True):
        lists = row.pop(DISPUTED) or ()
        assert set(lists) == {name for name, uscc in drawn.snapshot.disputed if uscc == row["uscc"]}
        assert {n: v for n, v in expected.items() if v is not None} == {n: v for n, v in row.items() if v is not None}


def test_the_manifest_is_read_back(drawn: DrawnExport):
    assert open_exported(drawn.exported.folder) == drawn.exported
    assert [file.firms for file in drawn.exported.files] == [128, 128, 128, 116]
    assert drawn.exported.loaded == drawn.snapshot.loaded
    assert not [path for path in drawn.exported.folder.parent.iterdir() if path.name.startswith(".")]


def test_money_stays_whole_fen(drawn: DrawnExport):
    assert {drawn.exported.columns[f"revenue_{year}"] for year in (2024, 2025, 2026)} == {"int64"}


def test_an_existing_folder_is_not_overwritten(drawn: DrawnExport):
    before = {path.name: path.read_bytes() for path in drawn.exported.folder.iterdir()}
    with pytest.raises(Conflict, match=r"export\.exists"):
        export_parquet(drawn.snapshot, drawn.exported.folder)
    assert {path.name: path.read_bytes() for path in drawn.exported.folder.iterdir()} == before


def test_an_export_that_fails_leaves_nothing(drawn: DrawnExport, tmp_path: Path):
    def full(done: int, _total: int) -> None:
        if done:
            raise OSError("No space left on device")

    (tmp_path / "there").mkdir()
    with pytest.raises(OSError, match="No space"):
        export_parquet(drawn.snapshot, tmp_path / "there" / "export", progress=full)
    assert list((tmp_path / "there").iterdir()) == []


def test_two_exports_into_one_folder_do_not_mix(drawn: DrawnExport, tmp_path: Path):
    def meanwhile(done: int, _total: int) -> None:
        if done == 0:
            with pytest.raises(RetryableError, match=r"export\.locked"):
                export_parquet(drawn.snapshot, tmp_path / "two")

    export_parquet(drawn.snapshot, tmp_path / "two", progress=meanwhile)
    assert open_exported(tmp_path / "two").firms == len(drawn.firms)


def test_a_killed_export_is_absent_and_the_next_one_succeeds(drawn: DrawnExport, tmp_path: Path):
    code = (
        "import time\nfrom pathlib import Path\n"
        "from subsidy_match.profiles.exporting import export_parquet\n"
        "from subsidy_match.profiles.reading import open_snapshot\n"
        "def slow(done, total):\n    done and (print('file', flush=True), time.sleep(60))\n"
        f"export_parquet(open_snapshot(Path({str(tmp_path / 'home')!r})), Path({str(tmp_path / 'two')!r}), progress=slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"file\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with pytest.raises(NotFound, match=r"export\.not_found"):
        open_exported(tmp_path / "two")
    again = export_parquet(drawn.snapshot, tmp_path / "two", firms_a_file=128)
    assert again.files == drawn.exported.files
    assert sorted(path.name for path in again.folder.iterdir()) == sorted(
        path.name for path in drawn.exported.folder.iterdir()
    )


def gone(exported: Exported) -> Exported:
    (exported.folder / exported.files[1].name).unlink()
    return exported


def touched(exported: Exported) -> Exported:
    path = exported.folder / exported.files[1].name
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    return exported


def another(exported: Exported) -> Exported:
    first, second = (exported.folder / file.name for file in exported.files[:2])
    second.write_bytes(first.read_bytes())
    return exported


def scratched(exported: Exported) -> Exported:
    scratch(exported.folder / exported.files[1].name)
    return vouch(exported)


def cut(exported: Exported) -> Exported:
    path = exported.folder / exported.files[1].name
    path.write_bytes(path.read_bytes()[:-500])
    return vouch(exported)


def without_column(exported: Exported) -> Exported:
    return rewrite(exported, lambda table: table.drop_columns(["revenue_2025"]))


def other_type(exported: Exported) -> Exported:
    def as_float(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index("revenue_2025")
        return table.set_column(place, "revenue_2025", table.column(place).cast(pa.float64(), safe=False))

    return rewrite(exported, as_float)


def fewer_firms(exported: Exported) -> Exported:
    return rewrite(exported, lambda table: table.slice(1))


HARMS = [
    (gone, "export.file_missing"),
    (touched, "export.file_altered"),
    (another, "export.file_altered"),
    (fewer_firms, "export.file_altered"),
    (scratched, "export.file_damaged"),
    (cut, "export.file_damaged"),
    (without_column, "export.column_missing"),
    (other_type, "export.column_type"),
]


@pytest.mark.parametrize(("harm", "code"), HARMS, ids=[harm.__name__ for harm, _ in HARMS])
def test_a_file_that_is_not_what_was_written_gives_no_run(
    drawn: DrawnExport, tmp_path: Path, harm: Callable[[Exported], Exported], code: str
):
    exported = harm(drawn.exported)
    with pytest.raises(InputError) as told:
        run_match(Job(drawn.policies, drawn.snapshot, AS_OF), tmp_path / "run", FromFiles(exported))
    assert told.value.code == code
    assert told.value.at is not None
    assert told.value.at.path.endswith(exported.files[1].name)
    assert told.value.zh
    assert told.value.en
    assert not (tmp_path / "run").exists()


def test_a_column_that_a_whole_export_has_in_another_type_is_named(drawn: DrawnExport, tmp_path: Path):
    exported = other_type(drawn.exported)

    def own(node: dict[str, Any]) -> None:
        node["columns"]["revenue_2025"] = "double"
        node["files"] = node["files"][1:2]

    with pytest.raises(InputError, match="revenue_2025") as told:
        run_match(Job(drawn.policies, drawn.snapshot, AS_OF), tmp_path / "run", FromFiles(edited(exported, own)))
    assert told.value.code == "engine.column_type"


def test_manifests_that_cannot_be_used_are_told(drawn: DrawnExport, tmp_path: Path):
    def older(node: dict[str, Any]) -> None:
        node["schema_version"] -= 1

    def shortened(node: dict[str, Any]) -> None:
        node["format"] = 1
        node["schema_version"] += 1
        del node["files"][0]["sha256"]

    with pytest.raises(NotFound, match=r"export\.not_found"):
        open_exported(tmp_path / "none")
    with pytest.raises(InputError, match=r"export\.version"):
        edited(drawn.exported, older)
    with pytest.raises(InputError, match=r"export\.manifest"):
        edited(drawn.exported, shortened)


def test_workers_of_another_version_are_refused(drawn: DrawnExport):
    order = Order(drawn.policies, AS_OF, drawn.exported, len, {}, version="0.0.1")
    with pytest.raises(InputError, match=r"spark\.version"):
        Worker(order)


def test_the_command_exports_the_snapshot_in_force(drawn: DrawnExport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    target = tmp_path / "by-command"
    done = CliRunner().invoke(app, ["export", "--parquet", str(target), "--firms-a-file", "128", "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told == {"snapshot": drawn.snapshot.id, "firms": 500, "files": 4, "folder": str(target)}
    assert open_exported(target).files == drawn.exported.files
    assert isinstance(CliRunner().invoke(app, ["export", "--parquet", str(target)]).exception, Conflict)
