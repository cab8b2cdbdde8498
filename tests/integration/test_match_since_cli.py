"""`match --all --since latest` night after night: what is matched again is told, and the run is what matching everything gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_city import ROOT, City

from subsidy_match.matching.runs import open_run


@pytest.fixture
def ask(city: City, tmp_path: Path):
    """A command on a copy of the city; tells what it wrote and what it noted."""
    home = shutil.copytree(city.settings.home, tmp_path / "home")

    def command(*words: str) -> tuple[str, str]:
        whole = [sys.executable, "-m", "subsidy_match.cli", "match", *words]
        env = {**os.environ, **city.env, "SUBSIDY_HOME": str(home), "COLUMNS": "400"}
        run = subprocess.run(whole, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        return run.stdout, " ".join(run.stderr.split())

    return command


def test_a_later_night_tells_what_is_matched_again(ask, tmp_path: Path):
    ask("--all", "--as-of", "2026-06-30", "--unknowns")
    shown, noted = ask(
        "--all", "--as-of", "2026-07-20", "--unknowns", "--since", "latest", "--out", str(tmp_path / "again")
    )
    assert "重新匹配" in noted
    assert "a date that came" in noted
    assert "下一次日期届至 / next date that comes: 2026-" in shown
    ask("--all", "--as-of", "2026-07-20", "--unknowns", "--out", str(tmp_path / "whole"))
    again, whole = open_run(tmp_path / "again"), open_run(tmp_path / "whole")
    assert again.manifest.counts == whole.manifest.counts
    told = again.manifest.again
    assert told["policies"] + told["others"] == len(whole.manifest.counts)
    assert told["policies"] < told["others"]  # only a few pay by the day
    assert told["firms"] < whole.manifest.enterprises


def test_an_earlier_day_is_told_as_matched_again_as_a_whole(ask):
    ask("--all", "--as-of", "2026-06-30")
    shown, noted = ask("--all", "--as-of", "2026-06-29", "--since", "latest", "--json")
    assert "the day is before that of the run" in noted
    assert json.loads(shown)["taken_over"] == ""
