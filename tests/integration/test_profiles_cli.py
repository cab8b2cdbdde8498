"""The commands: exit codes, data on stdout and nothing else, JSON, decisions that build again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from profile_files import POLICIES, broken, code, firm, write_penalties, write_register, write_tax
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.errors import InputError, NotFound


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    return tmp_path / "home"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def data(result: Result) -> object:
    return json.loads(result.stdout)


@pytest.fixture
def imported(tmp_path) -> Path:
    files = [
        write_register(tmp_path, [firm(1, "淮安云璟装备有限公司", 曾用名="淮安旧名装备有限公司"), firm(2)]),
        write_tax(tmp_path, [[code(1), "", 1, 2]]),
        write_penalties(tmp_path, [[broken(1), "某公司", "1号", "环境保护", "一般", "2025-01-01", "", "否"]]),
    ]
    assert call("import", *files).exit_code == 1
    return tmp_path


def test_a_clean_import_exits_0_and_tells_what_it_did(tmp_path):
    result = call("import", write_register(tmp_path, [firm(1)]))
    assert result.exit_code == 0
    assert "共 1 行 = 采用 1" in result.stdout
    assert result.stderr == ""


def test_an_import_with_rows_in_quarantine_exits_1(tmp_path):
    result = call("import", write_tax(tmp_path, [[code(1), "", 1, 2]]), "--lang", "en")
    assert result.exit_code == 1
    assert "1 quarantined" in result.stdout


def test_the_report_as_json_balances(tmp_path):
    report = data(call("import", write_register(tmp_path, [firm(1), firm(1)]), "--json"))
    (line,) = report["files"]
    assert line["rows_in"] == line["accepted"] + line["merged"] + line["quarantined"] + line["ignored"] == 2


def test_an_import_that_cannot_run_is_an_error(tmp_path):
    assert isinstance(call("import", tmp_path / "没有_20260531.csv").exception, InputError)


def test_a_dry_run_publishes_nothing(tmp_path, home):
    assert "试运行" in call("import", write_register(tmp_path, [firm(1)]), "--dry-run").stdout
    assert not home.exists()


def test_show_tells_values_sources_and_lists(imported):
    result = call("show", code(1))
    assert result.exit_code == 0
    for expected in (
        "淮安云璟装备有限公司",
        "淮安旧名装备有限公司",
        "2万元",
        "税务_20260531.xlsx!主要指标",
        "disputed",
    ):
        assert expected in result.stdout


def test_show_as_json_is_the_whole_document(imported):
    document = data(call("show", code(1), "--json", "--sources"))
    assert document["values"]["revenue_2025"]["value"] == 2_000_000
    assert document["values"]["founded_on"]["value"] == "2016-03-01"
    assert document["collections"]["penalties"]["disputed"] is True


def test_an_unknown_firm_is_an_error(imported):
    assert isinstance(call("show", code(9)).exception, NotFound)


def test_search_exits_1_when_nothing_is_found(imported):
    assert data(call("search", "云璟", "--json")) == [{"uscc": code(1), "name": "淮安云璟装备有限公司"}]
    assert call("search", "没有这家").exit_code == 1


def test_review_lists_decides_and_builds_again(imported):
    result = call("review", "--json")
    (item,) = data(result)
    assert result.exit_code == 1
    assert [candidate["uscc"] for candidate in item["candidates"]] == [code(1)]
    assert call("review", "--match", f"{item['id']}={code(1)}", "--by", "张三").exit_code == 0
    assert call("review").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [["--refuse", "x"], ["--match", "x", "--by", "张三"], ["--refuse", "x", "--by", "张三"]]
)
def test_a_decision_needs_a_name_a_firm_and_an_item(imported, arguments):
    assert isinstance(call("review", *arguments).exception, InputError)


def test_snapshots_mark_the_one_in_force(imported):
    call("import", write_tax(imported, [], day="20260630"))
    found = data(call("snapshots", "--json"))
    assert [entry["current"] for entry in found] == [False, True]
    assert (found[1]["firms"], found[1]["files"], found[1]["as_of"]) == (2, 4, "2026-06-30")
