"""The table of industries: checked as a tree when it is imported, and what a code means with it and without it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profile_files import ROOT, write_book, write_csv

from subsidy_match.errors import InputError, RetryableError
from subsidy_match.profiles.industries import Industries, load_industries, shipped_industries
from subsidy_match.profiles.industry import parse_industry, with_name
from subsidy_match.profiles.industry_import import TableCounts, import_industries
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.rules.codes import industry_prefixes

HEADER = ["code", "name", "parent", "level"]
OFFICIAL = ["id", "industry_id", "name", "parent_id", "level_type", "description"]
PUBLISHED = ROOT.parent / "shared" / "data" / "gbt4754-2017.csv"
LETTERS = "ABCDEFGHIJKLMNOPQRST"


def section_of(division: str) -> str:
    return next(letter for letter in LETTERS if division in industry_prefixes(letter))


def table(*more: list[str]) -> list[list[str]]:
    """A whole tree, one invented group and class in each division, and ``more`` at the end."""
    rows = [[letter, f"门类{letter}", "", "0"] for letter in LETTERS]
    for number in range(1, 98):
        code = f"{number:02d}"
        rows += [
            [code, f"大类{code}", section_of(code), "1"],
            [f"{code}1", f"中类{code}", code, "2"],
            [f"{code}10", f"小类{code}", f"{code}1", "3"],
        ]
    return [*rows, *more]


def official(rows: list[list[str]], *, by_id: bool) -> list[list[str]]:
    """The same rows as the workbooks that go round: numbered, with parents by number or by code."""
    ids = {code: str(position + 1) for position, (code, *_) in enumerate(rows)}
    return [
        [str(i + 1), code, name, (ids[parent] if parent else "0") if by_id else parent, level, ""]
        for i, (code, name, parent, level) in enumerate(rows)
    ]


def faults(caught: pytest.ExceptionInfo[InputError]) -> list[tuple[str, int | None]]:
    return [
        (finding.code.rpartition(".")[2], finding.at.line if finding.at else None) for finding in caught.value.findings
    ]


def take(tmp_path: Path, rows: list[list[str]]) -> TableCounts:
    return import_industries(write_csv(tmp_path / "行业.csv", HEADER, rows), tmp_path / "home")


def kept(tmp_path: Path) -> Industries:
    return load_industries(Shelf(tmp_path / "home").industries)


def reading(text: str, industries: Industries) -> str:
    """The code that a text is read as, or why it is not."""
    try:
        return parse_industry(text, industries)
    except CellProblem as found:
        return found.problem.code


def problem(text: str, industries: Industries | None = None) -> str:
    with pytest.raises(CellProblem) as caught:
        parse_industry(text, industries)
    return caught.value.problem.code


def test_a_table_that_hangs_together_is_kept(tmp_path):
    counts = take(tmp_path, table())
    assert (counts.sections, counts.divisions, counts.groups, counts.classes, counts.zeros) == (20, 97, 97, 97, 0)
    assert kept(tmp_path).complete
    assert kept(tmp_path).names["3910"] == "小类39"


@pytest.mark.parametrize("by_id", [True, False])
def test_the_official_workbook_gives_the_same_table_as_the_csv(tmp_path, by_id):
    take(tmp_path, table())
    first = kept(tmp_path).digest
    book = write_book(tmp_path / "行业.xlsx", {"Sheet1": [OFFICIAL, *official(table(), by_id=by_id)]})
    import_industries(book, tmp_path / "home")
    assert kept(tmp_path).digest == first


def test_a_zero_that_the_level_proves_is_put_back_and_counted(tmp_path):
    numbers = [[code.lstrip("0"), name, parent.lstrip("0"), level] for code, name, parent, level in table()]
    assert take(tmp_path, numbers).zeros == 27
    assert kept(tmp_path).names["0110"] == "小类01"


def test_a_code_that_stands_twice_is_reported_with_both_lines_and_not_mended(tmp_path):
    more = [["071", "石油开采", "07", "2"], ["0711", "陆地石油开采", "071", "3"], ["0711", "海洋石油开采", "071", "3"]]
    rows = [row for row in table() if row[0] not in ("071", "0710")]
    with pytest.raises(InputError) as caught:
        take(tmp_path, [*rows, *more])
    (finding,) = caught.value.findings
    assert finding.at is not None
    assert finding.at.line == len(rows) + 4
    assert "行业.csv" in finding.zh
    assert "0712" in (finding.hint or "")
    assert not Shelf(tmp_path / "home").industries.exists()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["9820", "无上级", "982", "3"], "parent"),
        (["3919", "上级没有", "399", "3"], "parent"),
        (["39", "级别不对", "C", "3"], "row"),
        (["3999", "无级别", "391", ""], "row"),
        (["3919", "", "391", "3"], "row"),
        (["39199", "太长", "3919", "4"], "row"),
        (["392", "没有下级", "39", "2"], "missing"),
        (["U", "没有的门类", "", "0"], "row"),
    ],
)
def test_every_fault_is_told_with_its_line(tmp_path, row, code):
    with pytest.raises(InputError) as caught:
        take(tmp_path, table(row))
    assert (code, len(table()) + 2) in faults(caught)


def test_a_parent_that_is_another_code_is_a_doubt_and_the_code_counts(tmp_path):
    counts = take(tmp_path, table(["3919", "上级另有其人", "381", "3"]))
    (doubt,) = counts.doubts
    assert doubt.at is not None
    assert (doubt.severity, doubt.at.line) == ("warning", len(table()) + 2)
    assert kept(tmp_path).names["3919"] == "上级另有其人"


def test_a_missing_division_is_told(tmp_path):
    with pytest.raises(InputError) as caught:
        take(tmp_path, [row for row in table() if not row[0].startswith("45")])
    assert caught.value.findings[0].zh.endswith("45")


def test_a_fault_of_a_workbook_has_its_cell(tmp_path):
    rows = official(table(["3919", "重复", "391", "3"], ["3919", "重复", "391", "3"]), by_id=False)
    with pytest.raises(InputError) as caught:
        import_industries(write_book(tmp_path / "行业.xlsx", {"全表": [OFFICIAL, *rows]}), tmp_path / "home")
    (finding,) = caught.value.findings
    assert str(finding.at) == f"行业.xlsx:全表!B{len(rows) + 1}"


def test_another_kind_of_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="header"):
        import_industries(write_csv(tmp_path / "别的.csv", ["甲", "乙"], [["1", "2"]]), tmp_path / "home")


def test_no_table_is_replaced_while_an_import_runs(tmp_path):
    with Shelf(tmp_path / "home").lock(), pytest.raises(RetryableError):
        take(tmp_path, table())


def test_a_damaged_table_is_not_taken_for_none(tmp_path):
    take(tmp_path, table())
    Shelf(tmp_path / "home").industries.write_text("code,name\n39\n", "utf-8")
    with pytest.raises(InputError, match="damaged"):
        kept(tmp_path)


WHOLE = Industries(
    {"01": "农业", "011": "谷物种植", "0111": "稻谷种植", "06": "煤炭开采和洗选业", "0610": "烟煤和无烟煤开采洗选", "061": "烟煤和无烟煤开采洗选",
     "11": "开采专业及辅助性活动", "111": "煤炭开采和洗选专业及辅助性活动", "1110": "煤炭开采和洗选专业及辅助性活动", "61": "住宿业", "39": "计算机制造业",
     "391": "计算机制造", "3911": "计算机整机制造"},
    complete=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("610", "0610"),
        ("391", "391"),
        ("C391", "391"),
        ("111 稻谷种植", "0111"),
        (with_name("111", "稻谷种植"), "0111"),
        (with_name("111", "农业"), "0111"),
        (with_name("111", "煤炭开采和洗选专业及辅助性活动"), "111"),
        (with_name("3911", "从未听说的叫法"), "3911"),
        (with_name("39", "计算机整机制造"), "39"),
    ],
)
def test_a_zero_is_put_back_where_the_table_or_the_name_decides(written, code):
    assert parse_industry(written, WHOLE) == code


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("111", "cell.industry_zero"),
        (with_name("111", "从未听说的叫法"), "cell.industry_zero"),
        ("3919", "cell.industry"),
        ("392", "cell.industry"),
        ("3911 从未听说的叫法", "cell.industry"),
        (with_name("3911", "稻谷种植"), "cell.industry_name"),
        (with_name("111", "计算机整机制造"), "cell.industry_name"),
    ],
)
def test_what_neither_decides_stays_unknown_with_its_reason(written, reason):
    assert problem(written, WHOLE) == reason


def test_the_shipped_table_is_small_and_lets_every_class_of_its_divisions_through():
    shipped = shipped_industries()
    assert not shipped.complete
    assert sum(code.isalpha() for code in shipped.names) == 20
    assert sum(len(code) == 2 for code in shipped.names) == 97
    assert parse_industry("3999") == "3999"
    assert problem("111") == "cell.industry_zero"


@given(st.sampled_from(sorted(code for code in WHOLE.names if len(code) > 1)))
def test_a_code_as_the_table_writes_it_is_itself_or_doubtful_but_never_another(code):
    assert reading(code, WHOLE) in (code, "cell.industry_zero")
    assert parse_industry(with_name(code, WHOLE.names[code]), WHOLE) == code


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Industries:
    if not PUBLISHED.exists():
        pytest.skip(
            f"the full table is not part of the product: put it at {PUBLISHED.name} in ../shared/data to test it"
        )
    home = tmp_path_factory.mktemp("home")
    import_industries(PUBLISHED, home)
    return load_industries(Shelf(home).industries)


def test_the_published_table_is_taken_in_whole(published):
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        assert len(published.names) == sum(1 for _ in csv.DictReader(file))


def test_the_shipped_names_are_those_of_the_published_table(published):
    shipped = shipped_industries().names
    assert shipped == {code: published.names[code] for code in shipped}


def test_in_the_published_table_a_lost_zero_is_put_back_or_doubtful_but_never_wrong(published):
    lost = [code for code in published.names if len(code) == 4 and code.startswith("0")]
    read = {code: reading(code[1:], published) for code in lost}
    assert all(found in (code, "cell.industry_zero") for code, found in read.items())
    assert 0 < sum(found == code for code, found in read.items()) < len(lost)
    assert all(parse_industry(with_name(code[1:], published.names[code]), published) == code for code in lost)
