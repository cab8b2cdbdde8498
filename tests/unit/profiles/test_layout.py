"""Layouts: headers on one level or two, titles, units and years; a missing or wrong unit stops the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from profile_files import POLICIES, write_book, write_csv, write_tax

from subsidy_match.errors import AuthorError, InputError
from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.guesses import guess_headers
from subsidy_match.profiles.layout import Layout, cell_name, find_layout
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.profiles.readers import open_sheets

CATALOGUE = fact_columns(POLICIES)
MAPPINGS = load_mappings(CATALOGUE)


def layout(path: Path, department: str | None = None) -> Layout | None:
    with open_sheets(path, path.name) as sheets:
        return find_layout(sheets[0], path.name, MAPPINGS.of(department), CATALOGUE)


def targets(found: Layout | None) -> dict[str, int]:
    assert found is not None
    return {bound.target: bound.scale for bound in found.values}


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        layout(path)
    return caught.value.code


def test_cells_are_named_as_in_a_spreadsheet():
    assert [cell_name(0, 0), cell_name(4, 25), cell_name(9, 26), cell_name(0, 702)] == ["A1", "Z5", "AA10", "AAA1"]


@pytest.mark.parametrize(("unit", "scale"), [("元", 100), ("千元", 10**5), ("万元", 10**6)])
def test_two_levels_a_title_and_a_unit_row(tmp_path, unit, scale):
    found = layout(write_tax(tmp_path, [], unit=unit))
    assert targets(found) == {"revenue_2024": scale, "revenue_2025": scale}
    assert found.first_row == 4


def test_two_levels_without_merged_cells(tmp_path):
    rows = [["单位:万元", "", "", ""], ["税号", "企业名称", "营业收入", ""], ["", "", "上年", "本年"]]
    assert targets(layout(write_csv(tmp_path / "税务2025年_20260531.csv", rows[0], rows[1:]))) == {
        "revenue_2024": 10**6,
        "revenue_2025": 10**6,
    }


def test_the_unit_of_a_header_wins_over_the_unit_row(tmp_path):
    head = ["企业名称", "备案证号", "总投资（千元）", "设备发票金额(不含税,万元)", "软件投资"]
    found = layout(write_book(tmp_path / "a.xlsx", {"表": [["单位：元", "", ""], head]}))
    assert targets(found) == {
        "filing_no": 1,
        "total_invest": 10**5,
        "equipment_invoiced": 10**6,
        "software_invest": 100,
    }


def test_the_year_of_a_header_makes_the_column(tmp_path):
    head = ["单位名称", "2023年失业保险实缴金额(元)", "2024年失业保险实缴金额(万元)", "2024年末参保人数(人)"]
    assert targets(layout(write_csv(tmp_path / "a.csv", head, []))) == {
        "unemployment_premium_paid_2023": 100,
        "unemployment_premium_paid_2024": 10**6,
        "insured_end_2024": 1,
    }


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (["企业名称", "备案证号", "设备发票金额"], "no_unit"),
        (["企业名称", "备案证号", "设备发票金额(万美元)"], "wrong_unit"),
        (["单位名称", "2024年失业保险实缴金额(元)", "2024年末参保人数(件)"], "wrong_unit"),
        (["统一社会信用代码", "信用代码", "企业名称", "登记状态"], "twice"),
        (["税号", "营业收入/本年(元)"], "no_year"),
    ],
)
def test_what_could_be_misread_is_refused(tmp_path, head, code):
    assert refused(write_csv(tmp_path / "a.csv", head, [])) == f"profiles.header.{code}"


def test_columns_that_nobody_knows_are_named(tmp_path):
    found = layout(
        write_csv(tmp_path / "a.csv", ["统一社会信用代码", "企业名称", "登记状态", "经营范围", "吉祥物"], [])
    )
    assert found is not None
    assert found.unknown == ("吉祥物",)


def test_another_department_is_not_asked(tmp_path):
    path = write_csv(tmp_path / "a.csv", ["统一社会信用代码", "企业名称", "登记状态"], [])
    assert layout(path, "tax") is None
    assert layout(path, "market_regulation") is not None


def test_a_nearly_known_header_is_guessed(tmp_path):
    path = write_csv(tmp_path / "a.csv", ["统一社会信用代码", "企业名称", "登记的状态"], [])
    with open_sheets(path, path.name) as sheets:
        guess = guess_headers(sheets[0], MAPPINGS.of("market_regulation"))
    assert guess == ("market-register", [("登记状态", "登记的状态")])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{department: tax, lists: [{id: a, title: {zh: a}, columns: [{header: [x], fact: nonsense}]}]}", "nonsense"),
        ("{department: tax, lists: [{id: a, title: {zh: a}, columns: [{header: [x], fact: ip_design}]}]}", "ip_design"),
        ("{department: tax, lists: [{id: a, title: {zh: a}, columns: [{header: [x], fact: revenue}]}]}", "year"),
        ("{department: nobody, lists: [{id: a, title: {zh: a}, columns: []}]}", "nobody"),
        ("{department: tax, lists: [{id: a, title: {zh: a}, collection: nope, columns: []}]}", "nope"),
        ("{department: credit, lists: [{id: a, title: {zh: a}, collection: penalties, columns: []}]}", "document_no"),
        ("{department: tax, lists: [{id: a, colour: red}]}", "colour"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path, text, message):
    (tmp_path / "m.yml").write_text(text, "utf-8")
    with pytest.raises(AuthorError, match=message):
        load_mappings(CATALOGUE, tmp_path)


HEADS = {
    "statistics": ["统一社会信用代码", "单位详细名称", "营业收入"],
    "certificates": ["企业名称", "证书编号"],
}


def statistics(folder: Path, *above: str, name: str = "规上2025年_20260531.csv") -> Path:
    return write_csv(folder / name, [above[0], "", ""], [*([text, "", ""] for text in above[1:]), HEADS["statistics"]])


@pytest.mark.parametrize(
    ("above", "scale"),
    [
        ("单位：家、万元", 10**6),
        ("（万元）", 10**6),
        ("计量单位 万元", 10**6),
        ("金额单位:人民币元", 100),
        ("四上企业名录 单位：万元 填报日期：2026年5月31日", 10**6),
        ("填报单位：淮安市亿元局 单位:元", 100),
        ("币种:人民币 单位(千元)", 10**5),
        ("填报单位：淮安市统计局", 10**5),  # no word of a unit: the survey counts in 千元
        ("营业收入2000万元以上企业名录", 10**5),
        ("规上单位名录", 10**5),
    ],
)
def test_the_unit_above_a_header_wins_over_that_of_the_mapping(tmp_path, above, scale):
    assert targets(layout(statistics(tmp_path, above))) == {"revenue_2025": scale}


def test_a_unit_beside_its_word_is_read(tmp_path):
    path = write_csv(tmp_path / "规上2025年_20260531.csv", ["", "单位：", "万元"], [HEADS["statistics"]])
    assert targets(layout(path)) == {"revenue_2025": 10**6}


@pytest.mark.parametrize(
    "above", ["单位:万", "单位:家", "计量单位", "单位:人民币", "规上企业营业收入(万元)", "以万元计", "亿元企业名录"]
)
def test_words_about_a_unit_that_say_none_are_refused_and_named(tmp_path, above):
    with pytest.raises(InputError) as caught:
        layout(statistics(tmp_path, above))
    assert caught.value.code == "profiles.header.no_unit"
    assert above in caught.value.zh
    assert above in caught.value.en


@pytest.mark.parametrize("above", [("单位:元", "单位:万元"), ("单位:元、万元",), ("(元)", "计量单位:千元")])
def test_two_units_are_refused(tmp_path, above):
    assert refused(statistics(tmp_path, *above)) == "profiles.header.two_units"


@pytest.mark.parametrize(
    ("above", "name"),
    [
        ("填报日期:2026年5月31日", "规上_20260531.csv"),
        ("名录", "规上2026年5月_20260531.csv"),
        ("2026年1-5月", "规上_20260531.csv"),
        ("2026年度1月至5月", "规上_20260531.csv"),
        ("2026年五月", "规上_20260531.csv"),
    ],
)
def test_a_month_is_not_the_year_of_this_year(tmp_path, above, name):
    assert refused(statistics(tmp_path, above, name=name)) == "profiles.header.no_year"


def test_the_day_of_a_report_leaves_the_year_of_its_title(tmp_path):
    path = statistics(tmp_path, "2025年度名录", "填报日期:2026年5月31日", name="规上2026年5月_20260531.csv")
    assert targets(layout(path)) == {"revenue_2025": 10**5}


@pytest.mark.parametrize("above", ["2024年度名录", "2024年名录"])
def test_two_years_are_refused(tmp_path, above):
    assert refused(statistics(tmp_path, above)) == "profiles.header.two_years"


def certificates(folder: Path, *above: str) -> Path:
    rows = [*([text, ""] for text in above), HEADS["certificates"]]
    return write_csv(folder / "a.csv", ["高新技术企业名单", ""], rows)


def test_a_date_that_stands_above_twice_is_one_date(tmp_path):
    found = layout(certificates(tmp_path, "发证日期:2025年11月18日", "认定日期:2025-11-18"))
    assert found is not None
    assert [day.isoformat() for day in found.stated.values()] == ["2025-11-18"]


@pytest.mark.parametrize(
    ("above", "cell"),
    [
        (("发证日期:2025年11月38日",), "A2"),
        (("发证日期:2025年11月121日",), "A2"),
        (("发证日期:2025年11月18日", "认定日期:2025年11月19日"), "A3"),
        (("发证日期:2025年11月18日,认定日期:2025年11月19日",), "A2"),
    ],
)
def test_an_impossible_date_and_two_dates_above_a_header_are_refused(tmp_path, above, cell):
    with pytest.raises(InputError) as caught:
        layout(certificates(tmp_path, *above))
    assert caught.value.code == "profiles.header.stated"
    assert caught.value.at is not None
    assert caught.value.at.cell == cell
