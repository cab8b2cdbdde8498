# ruff: noqa: RUF001 - full-width characters are what is tested
"""What is read in bulk is what is read cell by cell: rows, names, codes and numbers."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from profile_files import POLICIES, broken, code

from subsidy_match.profiles import bulk
from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.cells import MONEY_UNITS, is_empty, parse_number
from subsidy_match.profiles.chunk_rows import read_records
from subsidy_match.profiles.columns import Cells
from subsidy_match.profiles.layout import find_layout
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.profiles.names import display_name, name_key
from subsidy_match.profiles.plain_numbers import PlainNumbers
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.readers import open_sheets
from subsidy_match.profiles.rows import read_blocks
from subsidy_match.profiles.uscc import check_uscc, normalise_uscc
from subsidy_match.profiles.uscc_bulk import valid_codes

CATALOGUE = fact_columns(POLICIES)
SPECS = load_mappings(CATALOGUE).of(None)
HEADER = ["统一社会信用代码", "企业名称", "标准号", "标准级别", "发布日期"]
odd_texts = st.text(alphabet="甲计会注合:：（）() \u3000aÅﬁⅣ〔·-无1", max_size=6)
words = st.sampled_from(
    [
        "",
        "合计",
        "本页合 计",
        "小计:",
        "合计(元)",
        "注:合成",
        "说明：无",
        "甲会计师事务所",
        "合计科技",
        "统一社会信用代码",
        "企业名称",
        " ",
    ]
)
cells = st.one_of(words, odd_texts, st.just(code(1)))
levels = st.sampled_from(["国家标准", "团体标准", " 企业标准", "标准级别", ""])
records = st.lists(
    st.one_of(
        st.tuples(cells, cells, cells, levels, cells).map(list),
        st.lists(cells, max_size=7),
        st.just([code(1), "甲公司", "1号", "国家标准", "2025-01-01"]),
        st.just(HEADER),
    ),
    max_size=14,
)
names = st.one_of(
    odd_texts, st.text(max_size=8), st.sampled_from(["淮安甲公司", "（甲）ABC公司", "abc", "（ABC）", "无", "未填报"])
)
digits = st.from_regex(r"\A-?[0-9]{1,20}(\.[0-9]{1,9})?\Z")
numbers = st.one_of(
    digits,
    st.sampled_from(
        [
            "",
            "-",
            "1,234.5",
            "(3)",
            "３",
            "1e5",
            "+1",
            "1.",
            ".5",
            "-0",
            "007.10",
            "5万元",
            "无",
            "1 234",
            "1 2",
            " 12\n",
            "12\n34",
        ]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=records)
@example(
    rows=[
        ["", "合计", "", "", ""],
        ["", "", "合计", "", ""],
        ["x", "小 计", "1", "", ""],
        [code(1), "甲", "1", "", "", "", "多"],
    ]
)
def test_records_told_by_columns_are_those_told_row_by_row(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "标准_20260531.csv"
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([["主导标准"], HEADER, *rows])
        with open_sheets(path, path.name) as (sheet,):
            layout = find_layout(sheet, path.name, SPECS, CATALOGUE)
            (before,) = read_blocks(sheet, layout)
            (now,) = read_records(sheet, layout)
    assert now == before


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(names, min_size=1, max_size=8))
def test_names_and_keys_in_bulk(texts):
    shown = [None if is_empty(display_name(text)) else display_name(text) for text in texts]
    column = bulk.names(pa.array(texts, pa.string()))
    assert column.to_pylist() == shown
    assert bulk.keys(column).to_pylist() == [name_key(name) if name else "" for name in shown]
    assert bulk.empties(pa.array(texts, pa.string())).to_pylist() == [is_empty(text) for text in texts]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), number=st.integers(1, 9999))
def test_codes_in_bulk(data, number):
    given_code = data.draw(
        st.sampled_from([code(number), broken(number), code(number).lower(), f" {code(number)}", "", "-"])
    )
    place, letter = data.draw(st.integers(0, 17)), data.draw(st.sampled_from("0AXOIZ９é"))
    texts = [given_code, code(number)[:place] + letter + code(number)[place + 1 :], code(number)[:place]]
    wanted = ["" if is_empty(text) else normalise_uscc(text) for text in texts]
    assert bulk.codes(pa.array(texts, pa.string())).to_pylist() == wanted
    assert valid_codes(pa.array(texts, pa.string())).to_pylist() == [check_uscc(text).is_valid for text in texts]


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(numbers, min_size=1, max_size=8), scale=st.sampled_from([1, 10**4, *MONEY_UNITS.values()]))
@example(texts=["999999999999999999", "-1", "0.01"], scale=100)
def test_plain_numbers_in_bulk(texts, scale):
    low, high = -(10**15), 10**15

    def parse(text: str) -> int:
        value = parse_number(text, scale, MONEY_UNITS, money=True)
        if not low <= value <= high:
            raise CellProblem("cell.range", "超出合理范围", "out of range")
        return value

    column = pa.array(texts, pa.string())
    before, now = (
        Cells(parse, pa.int64()).clean(column),
        Cells(parse, pa.int64(), PlainNumbers.of(scale, low, high)).clean(column),
    )
    assert now.values.to_pylist() == before.values.to_pylist()
    assert now.problems == before.problems
