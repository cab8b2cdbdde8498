"""Anchoring, exporting, verifying and trimming on the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from claims_world import build_world
from profile_files import POLICIES
from typer.testing import CliRunner, Result

from subsidy_match.claims.states import State
from subsidy_match.cli import app
from subsidy_match.store.engine import open_engine


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "subsidy.sqlite3")
    engine = open_engine(f"sqlite:///{home / 'subsidy.sqlite3'}")
    build_world(engine, tmp_path).walk(State.ACCEPTED)
    engine.dispose()
    return home


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"SUBSIDY_HOME": str(home), "SUBSIDY_POLICIES": str(POLICIES)})


def test_an_export_is_verified_without_the_store_and_against_the_printed_digest(home: Path, tmp_path: Path):
    made = run(home, "audit", "anchor")
    assert made.exit_code == 0, made.output
    digest, file = made.output.split()[-1], tmp_path / "out" / "audit.jsonl"
    assert run(home, "audit", "export", str(file)).exit_code == 0
    assert run(home, "audit", "verify", "--digest", digest).exit_code == 0
    shutil.rmtree(home)
    assert run(home, "audit", "verify", "--file", str(file), "--digest", digest).exit_code == 0
    assert run(home, "audit", "verify", "--file", str(file), "--digest", "0" * 64).exit_code == 1
    file.write_text(
        file.read_text(encoding="utf-8").replace('"action":"accept"', '"action":"refuse"'), encoding="utf-8"
    )
    changed = run(home, "audit", "verify", "--file", str(file))
    assert (changed.exit_code, "A002" in changed.output) == (1, True)
    assert not home.exists()


def test_lists_and_trimming_work_on_the_store(home: Path):
    for words in (("audit", "reads"), ("claims", "deferred"), ("db", "trim")):
        result = run(home, *words)
        assert result.exit_code == 0, result.output
