"""Industry codes through the command line: the table comes in once, and from then on firms are held against it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from profile_files import REGISTER, ROOT, code, firm, write_csv, write_register
from typer.testing import CliRunner

from subsidy_match.cli import app

PUBLISHED = ROOT.parent / "shared" / "data" / "gbt4754-2017.csv"
HEADER = [*REGISTER, "行业名称"]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["profiles", *map(str, arguments)])


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    made = tmp_path / "home"
    monkeypatch.setenv("SUBSIDY_HOME", str(made))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(ROOT / "policies"))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    return made


def industry(number: int) -> str | None:
    value = json.loads(call("show", code(number), "--json").stdout)["values"].get("industry_code")
    return value["value"] if value else None


def test_without_the_full_table_a_name_of_a_division_puts_the_zero_back(tmp_path):
    rows = [[*firm(1, 行业代码="111"), "农业"], [*firm(2, 行业代码="111"), ""], [*firm(3, 行业代码="C3491"), "制造业"]]
    result = call("import", write_csv(tmp_path / "登记_20260531.csv", HEADER, rows), "--json")
    assert [industry(number) for number in (1, 2, 3)] == ["0111", None, "3491"]
    (reject,) = json.loads(result.stdout)["rejects"]
    assert (reject["code"], reject["cell"]) == ("profiles.cell.industry_zero", "I3")


def test_a_code_is_shown_with_its_name(tmp_path):
    call("import", write_register(tmp_path, [firm(1)]))
    assert "3491 工业机器人制造" in call("show", code(1)).stdout


def test_the_full_table_decides_and_a_new_table_is_a_new_snapshot(tmp_path):
    if not PUBLISHED.exists():
        pytest.skip("the full table is not part of the product: put gbt4754-2017.csv in ../shared/data to test it")
    rows = [firm(1, 行业代码="610"), firm(2, 行业代码="111"), firm(3, 行业代码="3999"), firm(4, 行业代码="3911")]
    register = write_register(tmp_path, rows)
    call("import", register)
    assert [industry(number) for number in range(1, 5)] == [None, None, "3999", "3911"]
    counts = json.loads(call("codes", "import", PUBLISHED, "--json").stdout)
    assert (counts["sections"], counts["divisions"], counts["groups"], counts["classes"]) == (20, 97, 473, 1381)
    report = json.loads(call("import", register, "--json").stdout)
    assert not report["unchanged"]
    assert [industry(number) for number in range(1, 5)] == ["0610", None, None, "3911"]
    assert sorted(r["code"] for r in report["rejects"]) == ["profiles.cell.industry", "profiles.cell.industry_zero"]


def test_a_table_with_faults_is_an_error_and_nothing_is_kept(tmp_path, home):
    rows = [["A", "农业", "", "0"], ["A", "农业", "", "0"]]
    result = call("codes", "import", write_csv(tmp_path / "行业.csv", ["code", "name", "parent", "level"], rows))
    assert "profiles.codes.twice" in str(result.exception)
    assert not home.exists()
