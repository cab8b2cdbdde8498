"""The benchmark of imports in its small form, so that it cannot rot; no test asks how long anything takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from subsidy_match.profiles.uscc import check_uscc

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def population_files(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return __import__("population_files")


def test_importing_a_small_population_prints_the_numbers():
    command = [sys.executable, str(BENCHMARKS / "import_population.py"), "--firms", "300", "--repeat", "1"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert 290 <= result["firms"] <= 300
    assert result["facts"] == 42
    assert result["set_aside"] > 0
    assert min(result["import_over_load"], result["peak_mib"], result["stages_s"]["read"]) > 0


def test_the_population_is_the_same_in_every_encoding_and_its_codes_are_valid(population_files, tmp_path):
    texts = []
    for encoding in ("utf-8", "gb18030"):
        (tmp_path / encoding).mkdir()
        files = population_files.write_files(tmp_path / encoding, 60, encoding=encoding)
        texts.append([path.read_text(encoding) for path in files])
    assert texts[0] == texts[1]
    codes = population_files.usccs(500).to_pylist()
    assert len(set(codes)) == 500
    assert all(check_uscc(code).is_valid for code in codes)


@pytest.mark.slow
def test_the_load_of_claims_in_small_prints_the_numbers():
    command = [sys.executable, "-W", "ignore", str(BENCHMARKS / "claims_load.py"), "--claims", "4", "--clients", "2"]
    done = subprocess.run([*command, "--store", "sqlite"], check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    measured = result["sqlite"]
    assert result["events"] == 20
    assert min(measured[way]["events_per_s"] for way in ("in_process", "bound", "http")) > 0
    assert measured["bound"]["statements_per_event"] > 10
