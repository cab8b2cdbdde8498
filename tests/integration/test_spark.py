"""Matching through Spark gives the run that one machine gives; a local session with two workers stands for a cluster."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from exports import AS_OF, DrawnExport, drawn_export, rewrite, rows
from small_city import City
from spark_ready import needs_spark
from typer.testing import CliRunner

from subsidy_match.cli import app
from subsidy_match.errors import Conflict, InputError, RetryableError
from subsidy_match.matching.engines import Job
from subsidy_match.matching.incremental import Base
from subsidy_match.matching.results import SCHEMA, BlockResult
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import open_run
from subsidy_match.matching.spark.engine import SparkEngine
from subsidy_match.matching.spark.session import spark_session
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.exporting import export_parquet

pytestmark = needs_spark


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with spark_session("local[2]") as started:
        yield started


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnExport]:
    with drawn_export(tmp_path_factory.mktemp("drawn"), 5, policies=40, firms=600, size=90) as made:
        yield made


def job(drawn: DrawnExport, **more: Any) -> Job:
    return Job(drawn.policies, drawn.snapshot, AS_OF, **more)


def test_the_run_is_that_of_one_machine(session: Any, drawn: DrawnExport, tmp_path: Path):
    wanted = job(drawn, payments=drawn.payments, unknowns=True)
    reached: list[int] = []
    one = run_match(wanted, tmp_path / "one", VectorEngine(block=90))
    many = run_match(
        wanted, tmp_path / "many", SparkEngine(session, drawn.exported), lambda done, _total: reached.append(done)
    )
    assert rows(many) == rows(one)
    assert any(row["subject"] for row in many.table().to_pylist())
    assert many.unknown().num_rows > 0
    plain, other = (json.loads(run.manifest.to_json()) for run in (one, many))
    assert plain.pop("engine") == "vector/90"
    assert other.pop("engine") == "spark/90"
    assert plain == other
    assert reached == [0, 90, 180, 270, 360, 450, 540, 600]


def test_the_folder_is_that_of_one_machine(session: Any, drawn: DrawnExport, tmp_path: Path):
    one = run_match(job(drawn), tmp_path / "one", VectorEngine(block=90))
    many = run_match(job(drawn), tmp_path / "many", SparkEngine(session, drawn.exported))
    names = [sorted(str(path.relative_to(run.folder)) for path in run.folder.rglob("*")) for run in (one, many)]
    assert names[0] == names[1]
    assert pq.read_schema(many.files("matches")[0]).names == SCHEMA.names
    assert many.unknown().num_rows == 0
    assert (many.signatures(), many.paid()) == (one.signatures(), one.paid())


def test_a_snapshot_that_lies_elsewhere_is_refused(session: Any, drawn: DrawnExport, tmp_path: Path):
    with drawn_export(tmp_path, 6, policies=2, firms=20) as other, pytest.raises(Conflict, match="other_snapshot"):
        run_match(job(drawn), tmp_path / "run", SparkEngine(session, other.exported))
    assert not (tmp_path / "run").exists()


def test_a_harmed_file_is_told_as_it_is_and_the_rest_is_kept(session: Any, drawn: DrawnExport, tmp_path: Path):
    exported = export_parquet(drawn.snapshot, tmp_path / "export", firms_a_file=90)
    path = exported.folder / exported.files[6].name
    whole = path.read_bytes()
    harmed = rewrite(exported, lambda table: table.drop_columns(["district_code"]), 6)
    with pytest.raises(InputError) as told:
        run_match(job(drawn), tmp_path / "run", SparkEngine(session, harmed))
    assert (told.value.code, told.value.at and told.value.at.path) == ("export.column_missing", str(path))
    assert not (tmp_path / "run").exists()
    path.write_bytes(whole)
    reached: list[int] = []
    mended = run_match(
        job(drawn), tmp_path / "run", SparkEngine(session, exported), lambda done, _total: reached.append(done)
    )
    assert reached[0] == 540
    assert rows(mended) == rows(run_match(job(drawn), tmp_path / "fresh", VectorEngine()))


def test_what_fails_on_the_workers_may_be_tried_again(session: Any, drawn: DrawnExport):
    def full(_block: BlockResult) -> int:
        raise OSError("No space left on device")

    with pytest.raises(RetryableError, match="No space left on device") as told:
        list(SparkEngine(session, drawn.exported).run(job(drawn), full))
    assert told.value.code == "spark.task_failed"


def test_only_what_moved_is_matched_by_the_workers(session: Any, drawn: DrawnExport, tmp_path: Path):
    engine = SparkEngine(session, drawn.exported)
    base = run_match(job(drawn, unknowns=True), tmp_path / "base", engine)
    known = Base(drawn.snapshot, AS_OF, {**base.signatures(), "grant3": "changed"}, base.paid())
    after = job(drawn, payments=drawn.payments, unknowns=True)
    again = run_match(after, tmp_path / "again", engine, since=(base, known))
    whole = run_match(after, tmp_path / "whole", VectorEngine())
    assert again.manifest.taken_over == base.id
    assert rows(again) == rows(whole)
    assert again.manifest.counts == whole.manifest.counts


def test_the_commands(session: Any, city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in city.env.items():
        monkeypatch.setenv(name, value)
    export, run, alone = tmp_path / "export", tmp_path / "run", tmp_path / "alone"

    def call(*arguments: object) -> Any:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    day = ("--as-of", AS_OF)
    assert call("profiles", "export", "--parquet", export, "--firms-a-file", "25").exit_code == 0
    done = call("match", "--all", *day, "--out", run, "--engine", "spark", "--parquet", export, "--unknowns", "--json")
    assert done.exit_code == 0, done.stderr
    assert call("match", "--all", *day, "--out", alone, "--unknowns").exit_code == 0
    assert json.loads(done.stdout)["counts"] == json.loads(open_run(alone).manifest.to_json())["counts"]
    assert rows(open_run(run)) == rows(open_run(alone)) != []
    assert session.range(3).count() == 3  # a session that was there is left running


def test_a_worker_sees_nothing_but_what_it_was_given(drawn: DrawnExport, session: Any):
    """Processes of the workers are others than ours, and results come back in order."""

    def where(block: BlockResult) -> tuple[int, int]:
        return block.number, os.getpid()

    found = list(SparkEngine(session, drawn.exported).run(job(drawn), where))
    assert [number for number, _ in found] == list(range(7))
    assert os.getpid() not in {process for _, process in found}
    assert pickle.loads(pickle.dumps(drawn.exported)) == drawn.exported
