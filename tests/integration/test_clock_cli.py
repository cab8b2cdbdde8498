"""Calendar, limits, sweep and doctor at the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from claims_world import World, build_world

from subsidy_match.claims.states import State
from subsidy_match.settings import Settings
from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import upgrade

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A store with one claim that was submitted and forgotten."""
    url = Settings(home=tmp_path).url
    upgrade(url)
    engine = open_engine(url)
    world: World = build_world(engine, tmp_path)
    world.now = datetime.now(UTC) - timedelta(days=40)
    world.walk(State.SUBMITTED)
    engine.dispose()
    return tmp_path


def run(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SUBSIDY_HOME": str(home), "SUBSIDY_POLICIES": str(ROOT / "policies"), **more}
    command = [sys.executable, "-m", "subsidy_match.cli", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)


def test_a_forgotten_claim_is_told_by_doctor_previewed_and_swept_once(home: Path):
    assert "claims sweep" in run(home, "doctor").stdout
    preview = json.loads(run(home, "claims", "sweep", "--dry-run", "--json").stdout)
    assert "deem_accept" in {task["what"] for task in preview}
    swept = run(home, "claims", "sweep")
    assert swept.returncode == 0
    assert "视为受理1" in swept.stderr
    assert "deemed accepted 1" in swept.stderr
    assert json.loads(run(home, "claims", "sweep", "--json").stdout) == []
    assert "claims sweep" not in run(home, "doctor").stdout


def test_the_future_is_previewed_and_not_swept(home: Path):
    done = run(home, "claims", "sweep", "--at", "2999-01-01T09:00")
    assert (done.returncode, "sweep_in_future" in done.stderr) == (2, True)
    assert run(home, "claims", "sweep", "--at", "2999-01-01T09:00", "--dry-run").returncode == 0


def test_a_calendar_is_imported_and_listed_and_a_wrong_one_names_its_line(home: Path, tmp_path: Path):
    assert run(home, "db", "upgrade").returncode == 0
    good, wrong = tmp_path / "2027.csv", tmp_path / "wrong.csv"
    good.write_text("日期,类型\n2027-01-01,放假\n", encoding="utf-8")
    wrong.write_text("日期,类型\n2027-01-01,放假\n2027-13-01,放假\n", encoding="utf-8")
    done = run(home, "calendar", "import", str(good), "--as", "lead", "--source", "示例通知")
    assert (done.returncode, "2027" in done.stdout) == (0, True)
    listed = run(home, "calendar", "list").stdout
    assert "2026" in listed
    assert "示例通知" in listed
    refused = run(home, "calendar", "import", str(wrong), "--as", "lead", "--source", "示例")
    assert refused.returncode == 2
    assert "wrong.csv:3" in refused.stderr


def test_a_limit_is_set_from_a_day_on(home: Path):
    words = ("IN_REVIEW", "7", "--as", "lead", "--source", "示例办法", "--from", "2026-07-01")
    assert run(home, "calendar", "limit", *words).returncode == 0
    assert "2026-07-01" in run(home, "calendar", "limits").stdout
    again = run(home, "calendar", "limit", *words)
    assert (again.returncode, "limit_known" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SUBSIDY_QA_PERCENT": "x"}, "SUBSIDY_QA_PERCENT"),
        ({"SUBSIDY_QA_PERCENTS": "x"}, "qa_percents"),
        ({"SUBSIDY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "the store cannot be used"),
        ({}, "store_missing"),
    ],
)
def test_what_cannot_run_says_so_with_2_and_makes_no_store(tmp_path: Path, settings: dict[str, str], told: str):
    done = run(tmp_path / "mistyped", "doctor", **settings)
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert not (tmp_path / "mistyped").exists()


def test_the_store_is_for_its_owner_only(home: Path):
    (home / "subsidy.sqlite3").chmod(0o644)
    upgrade(Settings(home=home).url)
    engine = open_engine(Settings(home=home).url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM claims")
        modes = {path.name: path.stat().st_mode & 0o777 for path in home.glob("subsidy.sqlite3*")}
    engine.dispose()
    assert set(modes.values()) == {0o600}
