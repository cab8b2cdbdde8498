"""``make demo`` as a newcomer runs it, and the README's excerpt of its output."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_city import ROOT

# the whole city is imported and matched: minutes where the machine is busy
pytestmark = [pytest.mark.slow, pytest.mark.timeout(960)]

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def printed(home: Path) -> str:
    command = [sys.executable, "-m", "subsidy_match.cli", "demo", "--home", str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_excerpt_in_the_readme_is_real(printed: str):
    excerpt = README.split("```text\n")[1].split("```")[0]
    lines = [line.strip() for line in excerpt.splitlines() if line.strip()]
    assert len(lines) >= 8
    assert [line for line in lines if line not in printed] == []


def test_the_demo_walks_a_claim_to_completed_within_ten_working_days(printed: str):
    assert re.search(r"COMPLETED\s+\d\n", printed)
    used = re.search(r"已用 (\d+)", printed)
    assert used is not None
    assert int(used[1]) < 10


def test_the_demo_says_that_its_data_is_synthetic_and_how_to_look_further(printed: str):
    assert "合成" in printed.splitlines()[0]
    assert "make serve" in printed


@pytest.mark.usefixtures("printed")
def test_after_the_demo_the_doctor_finds_nothing_wrong(home: Path):
    command = [sys.executable, "-m", "subsidy_match.cli", "doctor"]
    env = {**os.environ, "SUBSIDY_HOME": str(home)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, "healthy" in done.stdout) == (0, True), done.stdout


def test_the_demo_never_empties_a_folder_that_is_not_its_own(tmp_path: Path):
    (tmp_path / "precious").touch()
    command = [sys.executable, "-m", "subsidy_match.cli", "demo", "--home", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 2
    assert "not_a_demo" in done.stderr
    assert (tmp_path / "precious").exists()
