"""Review as a workbook, out and in again: decisions are remembered, and a line that is not believed stops the whole file."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from profile_files import POLICIES, broken, code, firm, write_penalties, write_register
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.errors import InputError
from subsidy_match.profiles import open_snapshot
from subsidy_match.profiles.decisions import load_decisions
from subsidy_match.profiles.publishing import Shelf

FIRST, SECOND = "淮安云璟装备有限公司", "淮安合成002科技有限公司"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    files = [
        write_register(tmp_path, [firm(1, FIRST), firm(2)]),
        write_penalties(
            tmp_path,
            [
                [broken(1), "=某公司", "1号", "环境保护", "一般", "2025-01-01", "", "否"],
                ["", "淮安云璟设备有限公司", "2号", "环境保护", "一般", "2025-01-01", "", "否"],
            ],
        ),
    ]
    assert call("import", *files).exit_code == 1
    return tmp_path / "home"


@pytest.fixture
def book(home, tmp_path) -> Path:
    out = tmp_path / "核对.xlsx"
    assert call("review", "--out", out).exit_code == 1
    return out


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines(path: Path) -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name("待核对").to_python(skip_empty_area=False)


def fill(book: Path, *decisions: str, rows: list[list[object]] | None = None) -> Path:
    """The workbook as an officer hands it back."""
    filled = book.with_name("已填.xlsx")
    head, *body = rows or lines(book)
    with xlsxwriter.Workbook(filled) as out:
        sheet = out.add_worksheet("待核对")
        sheet.write_row(0, 0, head)
        for number, (row, decision) in enumerate(zip(body, decisions, strict=True), start=1):
            for column, cell in enumerate([*row[:-1], decision] if decision is not None else row):
                sheet.write(number, column, cell) if not isinstance(cell, str) else sheet.write_string(
                    number, column, cell
                )
    return filled


def refused(path: Path) -> list[tuple[str, str]]:
    error = call("review", "--in", path, "--by", "张三").exception
    assert isinstance(error, InputError)
    return [(finding.code.removeprefix("profiles.review."), str(finding.at)) for finding in error.findings]


def test_open_items_go_out_with_candidates_and_an_empty_decision(book):
    head, *body = lines(book)
    assert head[-1] == "决定 / decision"
    assert [row[-1] for row in body] == ["", ""]
    (line,) = (row for row in body if row[2] == broken(1))
    assert line[3] == "=某公司"
    assert line[9] == f"{code(1)} {FIRST} (95)"
    options = CalamineWorkbook.from_path(str(book)).get_sheet_by_name("选项").to_python()
    assert [f"{code(1)} {FIRST}", "都不是 / none of our firms", "认可此代码 / accept this code"] in options


def test_decisions_come_back_and_are_remembered(home, book):
    filled = fill(book, f"{code(1)} {FIRST}", "都不是 / none of our firms")
    call("review", "--in", filled, "--by", "张三")
    taken = load_decisions(Shelf(home).decisions).taken
    assert {d.firm for d in taken} == {code(1), None}
    assert {d.by for d in taken} == {"张三"}
    with open_snapshot(home) as snapshot:
        assert snapshot.reviews() == []
    assert call("review", "--in", filled, "--by", "李四").exit_code == 0  # once more does no harm
    assert load_decisions(Shelf(home).decisions).taken == taken


def test_lines_without_a_decision_wait_on(home, book):
    call("review", "--in", fill(book, "", code(2)), "--by", "张三")
    with open_snapshot(home) as snapshot:
        assert len(snapshot.reviews()) == 1


def test_what_cannot_be_believed_is_refused_with_its_cell_and_nothing_counts(home, book):
    assert refused(fill(book, code(1), code(9))) == [("no_firm", "已填.xlsx:待核对!M3")]
    assert refused(fill(book, f"{code(1)} 别的名称", f"{code(2)} {SECOND}")) == [("stale", "已填.xlsx:待核对!M2")]
    head, one, two = lines(book)
    assert refused(fill(book, code(1), code(2), rows=[head, one, one])) == [("contradiction", "已填.xlsx:待核对!M3")]
    swapped = [head, [two[0], *one[1:]], [one[0], *two[1:]]]  # sorted by one column alone
    assert [code_ for code_, _ in refused(fill(book, code(1), code(2), rows=swapped))] == ["moved", "moved"]
    assert load_decisions(Shelf(home).decisions).taken == ()


def test_a_line_that_was_decided_otherwise_meanwhile_is_stale(home, book):
    filled = fill(book, code(1), code(1))
    item = lines(book)[1][0]
    call("review", "--refuse", item, "--by", "李四")
    assert refused(filled) == [("stale", "已填.xlsx:待核对!M2")]


def test_a_code_in_use_can_be_accepted(home, book):
    decisions = ["认可此代码 / accept this code" if row[2] == broken(1) else "" for row in lines(book)[1:]]
    call("review", "--in", fill(book, *decisions), "--by", "张三")
    assert load_decisions(Shelf(home).decisions).accepted_codes == {broken(1)}


def test_another_workbook_and_a_missing_name_are_refused(home, book, tmp_path):
    assert isinstance(call("review", "--in", book).exception, InputError)
    (tmp_path / "x.xlsx").write_text("no workbook")
    assert isinstance(call("review", "--in", tmp_path / "x.xlsx", "--by", "张三").exception, InputError)
    both = call("review", "--in", book, "--by", "张三", "--refuse", "x")
    assert isinstance(both.exception, InputError)
