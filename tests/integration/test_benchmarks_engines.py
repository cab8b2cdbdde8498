"""The benchmark of engines: on a tiny workload every engine at hand finds the same pairs with the same amounts."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from subsidy_match.money import Rounding, round_to
from subsidy_match.rules.library import load_policies

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ENGINES = ["ours", "duckdb_sql", "compiled"]  # the last where there is a C compiler


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("bench")
    out = folder / "results.jsonl"
    command = [
        sys.executable,
        str(BENCHMARKS / "match_engines.py"),
        "--small",
        "--data",
        str(folder),
        "--json",
        str(out),
    ]
    run = subprocess.run([*command, "--only", *ENGINES], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run, [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Modules of the benchmark by name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield lambda name: importlib.import_module(f"engine.{name}")
    for name in [name for name in sys.modules if name == "engine" or name.startswith("engine.")]:
        del sys.modules[name]


def test_engines_find_the_same_pairs_with_the_same_amounts(told):
    _, (_, *results) = told
    found = {(one["engine"], one["written"]): one for one in results}
    ours, duckdb = found["ours", False], found["duckdb_sql", False]
    assert ours["pairs"] > 500
    assert ours["unknown"] > 500
    assert ours["verdicts"] is not None
    for name in ("pairs", "unknown", "unknown_of_each", "amount", "verdicts", "amounts"):
        assert duckdb[name] == ours[name], name


def test_what_is_written_is_what_was_found(told):
    _, (_, *results) = told
    by_engine = {(one["engine"], one["written"]): one for one in results}
    for name in ("pairs", "unknown", "unknown_of_each", "amount"):
        assert len({by_engine[engine, written][name] for engine in ENGINES[:2] for written in (False, True)}) == 1


def test_results_name_the_machine_and_have_a_table(told):
    run, (first, *results) = told
    assert first["machine"]["versions"].keys() >= {"numpy", "duckdb"}
    rows = [line for line in run.stdout.splitlines() if line.startswith("| 3,000 × 60 |")]
    assert len(rows) == len(results)


@pytest.mark.parametrize("name", ["pairs", "unknown_of_each", "amount", "amounts"])
def test_a_disagreement_is_named(told, bench, name):
    _, (_, *results) = told
    assert bench("telling").disagreements(results) == []
    changed = [{**one, name: -1} if one["engine"] == "duckdb_sql" and not one["written"] else one for one in results]
    (text,) = bench("telling").disagreements(changed)
    assert "duckdb_sql" in text
    assert name in text


def test_what_an_engine_cannot_say_is_no_disagreement(told, bench):
    _, (_, *results) = told
    silent = [{**one, "unknown": None, "amount": None} if one["engine"] == "duckdb_sql" else one for one in results]
    assert bench("telling").disagreements(silent) == []


def test_peers_round_as_the_product_does(bench):
    values, step = np.arange(0, 4_000, 7, dtype=np.int64), 100
    for factor in (Fraction(1, 50), Fraction(1, 20), Fraction(1, 7), Fraction(50_000)):
        rounded = bench("paying").half_up(values, factor.numerator, factor.denominator, step)
        assert rounded.tolist() == [round_to(int(value) * factor, step, Rounding.HALF_UP) for value in values]


def test_what_peers_cannot_answer_is_refused(bench, tmp_path):
    policies = bench("policies")
    amount, flag = ("fixed", 5), ("flag", "green")
    policies.write_policies(tmp_path, [policies.Drawn(("all", [flag, ("graduates", 2)]), amount)])
    with pytest.raises(TypeError, match="not of the flat workload"):
        bench("plain").plain_policies(load_policies(tmp_path))


def test_policies_are_drawn_the_same_and_of_the_wanted_share(bench):
    policies, sample = bench("policies"), bench("sampling").draw_sample()
    some, more = policies.draw_policies(5, sample), policies.draw_policies(9, sample)
    assert some == more[:5]
    assert all(0.0005 <= sample.share(one.tree) <= 0.03 for one in more)


def test_one_firm_is_measured_beside_the_reference_evaluator(tmp_path: Path):
    out = tmp_path / "results.jsonl"
    sizes = ("--policies", "40", "--population", "300", "--firms", "5", "--compared", "3")
    command = [sys.executable, str(BENCHMARKS / "one_firm.py"), *sizes, "--data", str(tmp_path), "--json", str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    machine, *results = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert machine["machine"]["versions"].keys() >= {"numpy", "duckdb"}
    assert [one["workload"] for one in results] == ["300 × 40", "300 × 40 rich"]
    assert all(one["compared"] >= 3 * 40 for one in results)
    assert all(one["http"].keys() == {"p50", "p99"} for one in results)


def test_runs_made_out_of_an_earlier_one_are_measured_and_compared_with_full_ones(tmp_path: Path):
    out = tmp_path / "moved.jsonl"
    command = [sys.executable, str(BENCHMARKS / "match_engines.py"), "--small", "--only", "incremental"]
    run = subprocess.run(
        [*command, "--data", str(tmp_path), "--json", str(out)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    _, *results = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    by_case = {one["case"]: one for one in results}
    assert list(by_case) == ["full", "one policy", "one per cent", "next night"]
    assert by_case["one policy"]["moved_policies"] == 1
    assert by_case["one per cent"]["moved_data"] == 30
    assert by_case["next night"]["moved_policies"] == 0
