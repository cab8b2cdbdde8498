"""The data-quality report: coverage counted anew from the documents, and every planted fault found under its department."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from profile_files import POLICIES, code, firm, take_in, write_csv, write_penalties, write_register, write_tax
from typer.testing import CliRunner

from subsidy_match.cli.profiles import app
from subsidy_match.errors import InputError, NotFound
from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.quality import Doubt, Quality, measure_quality
from subsidy_match.rules.catalogue import load_catalogue

CATALOGUE = load_catalogue(POLICIES / "facts.yml")
DAY = date(2026, 6, 1)
YEARBOOK = ("统一社会信用代码", "单位名称", "年度", "年平均在职职工数", "年平均残疾职工数")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("quality")
    firms = [
        firm(n, 登记状态="注销" if n == 9 else "存续", 注册资本="" if n == 2 else "500万人民币") for n in range(1, 10)
    ]
    accounts = [
        [code(1), "", 100, 1_000_000],  # 万元 for 元
        [code(2), "", 1_500_000, 100],  # and the other way round, with some growth
        [code(3), "", 10, 200],  # a jump
        [code(4), "", 10, 100],  # exactly tenfold is none
        [code(5), "", "", 7],
        [code(6), "", 0, 7],
        [code(7), "", 5, 7],
        [code(9), "", 1, 10_000],  # no active firm
    ]
    tie = write_tax(folder, [[code(8), "", 1, 2]])
    tie = tie.rename(tie.with_name("税务甲_20260531.xlsx"))
    files = [
        write_register(folder, firms),
        tie,
        write_tax(folder, [*accounts, [code(8), "", 1, 3]]),
        write_penalties(folder, [[code(1), "", "1号", "环境保护", "一般", "2025-01-01", "", "否"]], "20260301"),
        write_csv(folder / "残联_20260531.csv", YEARBOOK, [[code(1), "", "2025", "99999999", "1"]]),
    ]
    take_in(folder / "home", *files)
    return folder / "home"


@pytest.fixture(scope="module")
def report(home) -> Quality:
    return measure_quality(home, CATALOGUE, DAY)


def doubts(report: Quality, doubt: Doubt) -> dict[tuple[str, str], int]:
    return {(d.department, d.target): d.count for d in report.doubts if d.doubt is doubt}


def test_coverage_is_what_the_documents_of_active_firms_say(home, report):
    with open_snapshot(home) as snapshot:
        active = [f for f in snapshot.enterprises() if f.values["reg_status"].value == "active"]
    assert report.firms == len(active) == 8
    for entry in report.coverage:
        name = entry.fact if entry.year is None else f"{entry.fact}_{entry.year}"
        sources = [f.values[name].source for f in active if name in f.values]
        mine = sum(source is not None and source.department == entry.department for source in sources)
        assert (entry.known, entry.elsewhere) == (mine, len(sources) - mine), entry
    revenue = {entry.year: entry for entry in report.coverage if (entry.fact, entry.department) == ("revenue", "tax")}
    assert (revenue[2025].share, revenue[2024].share) == (7 / 8, 7 / 8)


def test_every_fact_that_a_department_owes_has_a_line_also_without_any_value(report):
    owed = {(d, fact.name) for fact in CATALOGUE.facts.values() for d in fact.sources}
    assert {(entry.department, entry.fact) for entry in report.coverage} == owed


def test_units_and_jumps_are_told_apart_with_their_amounts(report):
    assert doubts(report, Doubt.UNIT) == {("tax", "revenue_2025"): 2}
    assert doubts(report, Doubt.JUMP) == {("tax", "revenue_2025"): 1}
    (jump,) = [d for d in report.doubts if d.doubt is Doubt.JUMP]
    assert jump.examples == (f"{code(3)} 10万元 → 200万元",)


def test_out_of_range_and_contradictory_values_are_counted(report):
    assert doubts(report, Doubt.OUT_OF_RANGE) == {("disabled_federation", "staff_avg_2025"): 1}
    assert doubts(report, Doubt.CONTRADICTION) == {("tax", "revenue_2025"): 1}


def test_a_list_is_stale_missing_or_fresh(report):
    state = {(s.collection, s.department): s for s in report.lists}
    assert state["penalties", "credit"].stale
    assert state["prizes", "science"].as_of is None
    assert not state["prizes", "science"].stale


def test_values_grow_stale_as_the_catalogue_says(home, tmp_path):
    text = (POLICIES / "facts.yml").read_text("utf-8")
    aged = text.replace("name: {zh: 企业名称,", "name: {stale_after: 30天, zh: 企业名称,")
    (tmp_path / "facts.yml").write_text(aged, "utf-8")
    catalogue = load_catalogue(tmp_path / "facts.yml")
    for day, stale in ((date(2026, 6, 30), 0), (date(2026, 7, 1), 8)):
        (entry,) = [e for e in measure_quality(home, catalogue, day).coverage if e.fact == "name"]
        assert (entry.stale, entry.share) == (stale, 1 - stale / 8)


@pytest.fixture
def call(home, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(home))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    return lambda *arguments: CliRunner().invoke(app, ["quality", "--as-of", "2026-06-01", *arguments])


def test_the_command_prints_one_department_and_exits_1_on_doubts(call):
    result = call("--department", "税务局")
    assert result.exit_code == 1
    for expected in ("市税务局", "2025年营业收入", "87.5%", "疑似单位差一万倍", "没有数据"):
        assert expected in result.stdout
    assert "市科学技术局" not in result.stdout
    assert "unit suspected" in call("--department", "tax", "--lang", "en").stdout


def test_nothing_to_mend_exits_0(call):
    result = call("--department", "ip", "--json")
    assert result.exit_code == 0
    assert {entry["department"] for entry in json.loads(result.stdout)["coverage"]} == {"ip"}


def test_the_whole_report_as_json(call):
    found = json.loads(call("--json").stdout)
    assert found["firms"] == 8
    assert {d["doubt"] for d in found["doubts"]} >= {"unit", "jump", "out_of_range", "contradiction"}


def test_no_such_department_and_no_snapshot_are_errors(call, tmp_path, monkeypatch):
    assert isinstance(call("--department", "没有").exception, InputError)
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path))
    assert isinstance(call().exception, NotFound)
