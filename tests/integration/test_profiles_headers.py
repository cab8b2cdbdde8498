"""Headers that nobody knows: told with the nearest known ones, given a meaning once, remembered for every import to come."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from profile_files import POLICIES, code, firm, take_in, write_book, write_csv, write_register
from typer.testing import CliRunner, Result

from subsidy_match.cli.context import business_today
from subsidy_match.cli.profiles import app
from subsidy_match.errors import InputError, NotFound
from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.publishing import Shelf


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    take_in(tmp_path / "home", write_register(tmp_path, [firm(1)]))
    return tmp_path / "home"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def say(*arguments: object) -> Result:
    return call("headers", "map", *arguments, "--by", "数据科")


def values(home: Path) -> dict[str, object]:
    with open_snapshot(home) as snapshot:
        return {name: known.value for name, known in snapshot.enterprise(code(1)).values.items()}


def tax_file(folder: Path, *headers: str) -> Path:
    row = [code(1), *(str(n + 1) for n in range(len(headers)))]
    return write_csv(folder / "税务2025年_20260601.csv", ["纳税人识别号", *headers], [row])


def write_yaml(home: Path, text: str) -> None:
    Shelf(home).headers.write_text(text, "utf-8")


def test_an_unknown_column_is_told_with_the_nearest_headers_and_how_to_map_it(home, tmp_path):
    report = take_in(home, tax_file(tmp_path, "营业收入/本年(元)", "研究开发费/本年(元)"))
    (note,) = report.notes
    assert note.code == "profiles.column.unknown"
    assert "最接近:研究开发费用/本年" in note.zh
    assert "profiles headers map tax-accounts '研究开发费/本年(元)' '研究开发费用/本年'" in note.en


def test_a_column_like_nothing_known_has_no_guess(home, tmp_path):
    (note,) = take_in(home, tax_file(tmp_path, "营业收入/本年(元)", "吉祥物")).notes
    assert note.zh == "未识别的列“吉祥物”未导入"


def test_a_header_is_mapped_once_and_read_from_then_on(home, tmp_path):
    path = tax_file(tmp_path, "营业收入/本年(元)", "研究开发费/本年(元)")
    before = take_in(home, path)
    assert say("tax-accounts", "研究开发费/本年", "研究开发费用/本年").exit_code == 0
    after = take_in(home, path)
    assert after.snapshot_id != before.snapshot_id, "what headers mean is part of a snapshot's inputs"
    assert after.is_clean
    assert values(home)["rd_expense_2025"] == 200
    assert take_in(home, path).unchanged


def test_a_file_that_no_list_fits_is_read_after_mapping_what_the_message_names(home, tmp_path):
    path = tax_file(tmp_path, "营业总收入/本年(万元)", "净利润/本年(元)")
    refused = call("import", path)
    assert isinstance(refused.exception, InputError)
    assert "profiles headers map tax-accounts '营业总收入/本年(万元)' '营业收入/本年'" in refused.exception.zh
    assert say("tax-accounts", "营业总收入/本年(万元)", "营业收入/本年").exit_code == 0
    assert call("import", path).exit_code == 0
    assert values(home)["revenue_2025"] == 1_000_000


def test_two_levels_and_years_can_be_mapped(home, tmp_path):
    book = write_book(
        tmp_path / "人社_20260601.xlsx",
        {"表": [["单位名称", "失业保险(元)", ""], ["", "2024年实缴", "2025年实缴"], ["淮安合成001科技有限公司", 3, 4]]},
    )
    say("hrss-insurance", "失业保险/{year}年实缴", "{year}年失业保险实缴金额")
    assert take_in(home, book).is_clean
    assert {"unemployment_premium_paid_2024": 300, "unemployment_premium_paid_2025": 400}.items() <= values(
        home
    ).items()


def test_a_fact_that_the_list_never_had_and_a_column_that_nobody_needs(home, tmp_path):
    for header, meaning in (("{year}年实缴税额", "tax_paid"), ("增值税/本年", "vat_paid"), ("备注", "unused")):
        assert say("tax-accounts", header, meaning).exit_code == 0
    assert take_in(
        home, tax_file(tmp_path, "营业收入/本年(元)", "2024年实缴税额(元)", "增值税/本年(元)", "备注")
    ).is_clean
    assert {"tax_paid_2024": 200, "vat_paid_2025": 300}.items() <= values(home).items()


def test_the_file_may_be_written_by_hand(home, tmp_path):
    write_yaml(home, "# 手工\nheaders:\n  tax-accounts:\n    销售收入/本年: 营业收入/本年\n")
    assert take_in(home, tax_file(tmp_path, "销售收入/本年(元)")).is_clean
    assert values(home)["revenue_2025"] == 100
    assert json.loads(call("headers", "list", "--json").stdout) == {
        "tax-accounts": {"销售收入/本年": {"means": "营业收入/本年", "by": None, "day": None}}
    }
    assert "销售收入/本年" in call("headers", "known", "tax-accounts").stdout


def test_who_said_it_and_when_is_kept_and_shown(home):
    assert say("tax-accounts", "甲", "unused").exit_code == 0
    today = business_today()
    (kept,) = yaml.safe_load(Shelf(home).headers.read_text("utf-8"))["headers"]["tax-accounts"].items()
    assert kept == ("甲", {"means": "unused", "by": "数据科", "day": today})
    assert json.loads(call("headers", "list", "--json").stdout) == {
        "tax-accounts": {"甲": {"means": "unused", "by": "数据科", "day": today.isoformat()}}
    }
    shown = call("headers", "list").stdout
    assert "数据科" in shown
    assert today.isoformat() in shown


@pytest.mark.parametrize("by", [(), ("--by", ""), ("--by", " ")])
def test_a_meaning_that_nobody_answers_for_is_not_kept(home, by):
    refused = call("headers", "map", "tax-accounts", "甲", "unused", *by).exception
    assert isinstance(refused, InputError)
    assert refused.code == "profiles.by"
    assert not Shelf(home).headers.exists()


def test_the_help_says_that_landed_files_are_read_again():
    shown = call("headers", "map", "--help").stdout
    assert "landed" in shown
    assert "重读" in shown


def test_who_said_it_does_not_make_another_snapshot(home, tmp_path):
    path = tax_file(tmp_path, "营业收入/本年(元)", "吉祥物")
    write_yaml(home, "headers: {tax-accounts: {吉祥物: unused}}")
    take_in(home, path)
    write_yaml(home, "headers: {tax-accounts: {吉祥物: {means: unused, by: 数据科, day: 2026-06-01}}}")
    assert take_in(home, path).unchanged


def test_what_was_said_can_be_forgotten_even_when_it_no_longer_fits(home):
    write_yaml(home, "headers: {tax-accounts: {甲: nonsense}}")
    assert call("headers", "forget", "tax-accounts", "甲").exit_code == 0
    assert "甲" not in call("headers", "list").stdout
    assert isinstance(call("headers", "forget", "tax-accounts", "甲").exception, NotFound)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("headers: {tax-account: {甲: revenue}}", "tax-accounts"),
        ("headers: {tax-accounts: {甲: revenue}}", "several columns"),
        ("headers: {tax-accounts: {甲: 营业收人}}", "neither a header"),
        ("headers: {tax-accounts: {甲: ip_design}}", "not taken from this department"),
        ("headers: {tax-accounts: {甲: tax_paid}}", "which year"),
        ("headers: {tax-accounts: {净利润/本年: 营业收入/本年}}", "already means"),
        ("headers: {tax-accounts: {'{year}年甲': 营业收入/本年}}", "cannot hold"),
        ("headers: {hrss-insurance: {甲: '{year}年失业保险实缴金额'}}", "must hold"),
        ("headers: {tax-accounts: {1: 营业收入/本年}}", "must be a text"),
        ("headers: {tax-accounts: {甲: {means: 1}}}", "must be a text"),
        ("headers: {tax-accounts: {甲: {means: unused, by: ''}}}", "must be a text"),
        ("headers: {tax-accounts: {甲: {means: unused, day: yesterday}}}", "must be a date"),
        ("headers: {tax-accounts: {甲: {meaning: unused}}}", "cannot be read"),
        ("headers: {tax-accounts: [甲]}", "cannot be read"),
        ("header: {}", "unknown: header"),
        ("headers: {", "cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_stops_the_import_and_says_why(home, tmp_path, said, message):
    old = Shelf(home).current()
    write_yaml(home, said)
    with pytest.raises(InputError, match=message) as caught:
        take_in(home, tax_file(tmp_path, "营业收入/本年(元)"))
    assert "headers.yml" in str(caught.value.at)
    assert caught.value.zh
    assert Shelf(home).current() == old


def test_all_faults_are_told_at_once_and_a_wrong_mapping_is_not_kept(home):
    write_yaml(home, "headers: {tax-accounts: {甲: 乙, 丙: 丁}, nobody: {甲: 乙}}")
    result = call("headers", "known")
    assert isinstance(result.exception, InputError)
    assert len(result.exception.findings) == 3
    Shelf(home).headers.unlink()
    assert isinstance(say("tax-accounts", "甲", "乙").exception, InputError)
    assert not Shelf(home).headers.exists()
