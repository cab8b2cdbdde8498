"""The report of an import as a workbook: every count has its lines, text stays text, no person is named by number."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from profile_files import POLICIES, broken, code, firm, write_csv, write_penalties, write_register, write_tax
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from subsidy_match.cli.profiles import app
from subsidy_match.errors import InputError
from subsidy_match.profiles.persons import masked, person_free

PERSON = "32081219900101123X"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SUBSIDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBSIDY_POLICIES", str(POLICIES))
    monkeypatch.setenv("SUBSIDY_PERSON_KEY", "a key for tests")
    return tmp_path / "home"


@pytest.fixture
def files(tmp_path) -> list[Path]:
    return [
        write_register(tmp_path, [firm(1), firm(1), firm(2, 注册资本="=1+1")]),
        write_tax(
            tmp_path, [[code(1), "", 1, "约3"], [code(1), "", 1, ""], [broken(2), "某公司", 1, 2], ["", "", 1, 2]]
        ),
        write_penalties(
            tmp_path,
            [
                [code(1), "", "1号", "环境保护", "一般", "不详", "", "否"],
                [PERSON, "某个体户", "2号", "环境保护", "一般", "2025-01-01", "", "否"],
                [code(2), "", "3号", f"见 {PERSON}", "一般", "2025-01-01", "", "否"],
            ],
        ),
    ]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def sheets(path: Path) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {
        name: [[str(c) for c in row] for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
    }


def counts(rows: list[list[str]]) -> dict[str, list[int]]:
    """The counts of each file, and of the total, from the first sheet."""
    start = next(i for i, row in enumerate(rows) if row[1].startswith("工作表"))
    end = next(i for i, row in enumerate(rows) if row[0].startswith("合计"))
    return {row[0]: [int(float(cell)) for cell in row[6:12]] for row in rows[start + 1 : end + 1]}


def test_the_lines_of_each_sheet_are_as_many_as_the_counts(tmp_path, files):
    out = tmp_path / "报告.xlsx"
    assert call("import", *files, "--report", out).exit_code == 1
    told = sheets(out)
    assert list(told) == ["汇总", "原因", "隔离", "合并", "识读问题"]
    assert sum(int(float(row[2])) for row in told["原因"][1:]) >= len(told["识读问题"]) - 1
    by_file = counts(told["汇总"])
    total = by_file.pop("合计 / total")
    for name, (rows_in, accepted, merged, quarantined, ignored, unread) in by_file.items():
        assert rows_in == accepted + merged + quarantined + ignored
        assert [Counter(row[0] for row in told[s][1:])[name] for s in ("隔离", "合并", "识读问题")] == [
            quarantined,
            merged,
            unread,
        ]
    assert [sum(column) for column in zip(*by_file.values(), strict=True)] == total
    assert total[2] == 2
    assert total[3] == 3
    assert "=1+1" in {row[-1] for row in told["识读问题"]}  # as text, not as 2


def test_lists_departments_and_facts_have_the_names_that_officers_use(tmp_path, files):
    out = tmp_path / "报告.xlsx"
    call("import", *files, "--report", out)
    told = sheets(out)
    of_tax = next(row for row in told["汇总"] if row[0].startswith("税务"))
    assert of_tax[1:4] == ["主要指标", "年度主要指标 / Yearly accounts", "市税务局 / Tax Bureau"]
    assert {row[2] for row in told["识读问题"][1:]} == {
        "注册资本 / Registered capital",
        "营业收入 / Revenue (2025)",
        "认定日期 / Date",
        "类别 / Kind",
    }


def test_notes_have_a_sheet_of_their_own(tmp_path):
    out, path = tmp_path / "报告.xlsx", tmp_path / "登记_20260531.csv"
    write_csv(path, ["统一社会信用代码", "企业名称", "登记状态", "吉祥物"], [[code(1), "甲", "存续", "熊"]])
    call("import", path, "--report", out)
    assert sheets(out)["提示"][1][:2] == ["登记_20260531.csv", "未识别的列“吉祥物”未导入"]


def test_a_quarantined_row_has_its_cell_reasons_and_text(tmp_path, files):
    out = tmp_path / "报告.xlsx"
    call("import", *files, "--dry-run", "--report", out)
    lines = {row[1]: row[2:] for row in sheets(out)["隔离"][1:]}
    assert lines["主要指标!A7"][:2] == ["统一社会信用代码校验位不符", "the check character of the code is wrong"]
    assert lines["主要指标!A7"][2] == f"{broken(2)} 某公司"
    assert lines["A3"][2] == "****** 某个体户"


def test_the_merged_row_names_the_row_it_went_into(tmp_path, files):
    out = tmp_path / "报告.xlsx"
    call("import", *files, "--report", out)
    assert ["登记_20260531.csv", "3", "2", code(1), "淮安合成001科技有限公司"] in sheets(out)["合并"]


def test_no_person_number_is_in_it_wherever_it_was_written(tmp_path, files):
    out = tmp_path / "报告.xlsx"
    shown = call("import", *files, "--report", out, "--json").stdout
    text = repr(sheets(out))
    assert PERSON not in text + shown
    assert "****** 某个体户" in text


def test_a_report_that_cannot_be_written_is_said_before_the_work(tmp_path, files, home):
    result = call("import", *files, "--report", tmp_path / "没有" / "报告.xlsx")
    assert isinstance(result.exception, InputError)
    assert not home.exists()


def test_the_report_is_the_same_when_nothing_is_rebuilt(tmp_path, files):
    first, second = tmp_path / "一.xlsx", tmp_path / "二.xlsx"
    call("import", *files, "--report", first)
    call("import", *files, "--report", second)
    assert {n: r for n, r in sheets(first).items() if n != "汇总"} == {
        n: r for n, r in sheets(second).items() if n != "汇总"
    }
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "written",
    [
        PERSON,
        PERSON.lower(),
        "320812 19900101 1234",
        "".join(chr(ord(digit) + 0xFEE0) for digit in "320812199001011234"),
        "320812900101123",
        "3.20812199001011E+17",
        "320812_19900101_1234",
    ],
)
def test_person_numbers_are_blotted_out(written):
    assert masked(f"见{written}号") == "见******号"
    assert masked(person_free(f"见{written}号", b"k")) == "见******号"


@pytest.mark.parametrize(
    "written",
    [
        code(1),
        f"X{code(1)}",
        f"代码{code(1)}号",
        "ID320812199001011234",
        "ID320812199002301239",
        "1234567890",
        "淮合成信〔2025〕1号",
        "3208122025",
        "500万元",
        "2026-05-31",
    ],
)
def test_other_numbers_stay(written):
    assert masked(written) == written
