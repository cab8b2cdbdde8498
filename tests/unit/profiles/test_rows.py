"""Rows: what is a record and what is a total, a note, a repeated header or somebody else's business."""

from __future__ import annotations

from pathlib import Path

import pytest
from profile_files import PENALTIES, POLICIES, code, write_book, write_csv, write_tax

from subsidy_match.profiles.catalogue import fact_columns
from subsidy_match.profiles.layout import find_layout
from subsidy_match.profiles.mapping import load_mappings
from subsidy_match.profiles.readers import open_sheets
from subsidy_match.profiles.regions import load_regions
from subsidy_match.profiles.staging import Staged, Staging, stage_sheet

CATALOGUE = fact_columns(POLICIES)
STAGING = Staging(CATALOGUE, load_regions(POLICIES), b"key")
SPECS = load_mappings(CATALOGUE).of(None)


def staged(path: Path) -> Staged:
    with open_sheets(path, path.name) as sheets:
        layout = find_layout(sheets[0], path.name, SPECS, CATALOGUE)
        assert layout is not None
        (block,) = stage_sheet(sheets[0], layout, STAGING)
    return block


def test_totals_notes_and_blank_rows_are_no_records(tmp_path):
    rows = [
        [code(1), "甲", 1, 2],
        ["", "", "", ""],
        ["合  计", "", 1, 2],
        ["", "小计", 1, 2],
        ["注：本表为合成数据", "", "", ""],
    ]
    block = staged(write_tax(tmp_path, rows))
    assert block.table["row"].to_pylist() == [5]
    assert [reason for _, reason in block.ignored] == ["total", "total", "note"]
    assert block.seen == 4


def test_a_firm_whose_name_begins_like_a_note_is_a_record(tmp_path):
    block = staged(write_tax(tmp_path, [[code(1), "合计科技有限公司", 1, 2], [code(2), "说明书印刷有限公司", 1, 2]]))
    assert block.table["row"].to_pylist() == [5, 6]


def test_a_repeated_header_is_no_record(tmp_path):
    block = staged(
        write_csv(
            tmp_path / "a.csv",
            PENALTIES,
            [PENALTIES, [code(1), "甲", "1号", "环境保护", "一般", "2025-01-01", "", "否"]],
        )
    )
    assert block.ignored == [(2, "header")]


def test_a_row_with_more_cells_than_headers_is_quarantined(tmp_path):
    row = [code(1), "甲", "1号", "环境保护", "一般", "2025-01-01", "", "否", "多出"]
    block = staged(write_csv(tmp_path / "a.csv", PENALTIES, [row]))
    assert block.table["fault"].to_pylist() == ["row.ragged"]


def test_a_row_without_its_key_is_quarantined_with_the_cell(tmp_path):
    block = staged(
        write_csv(tmp_path / "a.csv", PENALTIES, [[code(1), "甲", "", "环境保护", "一般", "2025-01-01", "", "否"]])
    )
    assert block.table["fault"].to_pylist() == ["row.key"]
    assert [(r.cell, r.problem.code) for r in block.rejects] == [("C2", "row.key")]


def test_merged_names_are_filled_down_and_merged_amounts_are_not(tmp_path):
    head = ["企业名称", "备案证号", "设备发票金额(万元)"]
    rows = [head, ["甲", "A1", 100], ["", "A2", ""]]
    block = staged(write_book(tmp_path / "a.xlsx", {"表": rows}, [(1, 0, 2, 0), (1, 2, 2, 2)]))
    assert block.table["name"].to_pylist() == ["甲", "甲"]
    assert block.table["equipment_invoiced"].to_pylist() == [None, None]
    assert {r.problem.code for r in block.rejects} == {"cell.merged"}


def test_a_year_column_makes_yearly_facts(tmp_path):
    head = ["统一社会信用代码", "单位名称", "年度", "年平均在职职工数", "年平均残疾职工数"]
    rows = [[code(1), "甲", "2024", "10", "1"], [code(1), "甲", "2025年", "12", "x"], [code(2), "乙", "今年", "1", "0"]]
    table = (block := staged(write_csv(tmp_path / "a.csv", head, rows))).table
    assert table["staff_avg_2024"].to_pylist() == [10, None, None]
    assert table["staff_avg_2025"].to_pylist() == [None, 12, None]
    assert table["fault"].to_pylist() == [None, None, "row.year"]
    assert ("E3", "staff_disabled_avg_2025") in {(r.cell, r.target) for r in block.rejects}


def test_out_of_range_is_a_problem_of_the_cell(tmp_path):
    block = staged(write_tax(tmp_path, [[code(1), "甲", -1, "99999999999999"]]))
    assert [(r.cell, r.problem.code) for r in block.rejects] == [("C5", "cell.range"), ("D5", "cell.range")]


@pytest.mark.parametrize("number", ["00000019990101123", "12"])
def test_person_numbers_are_masked_even_where_they_are_wrong(tmp_path, number):
    head = ["单位名称", "证件号码", "合同起始日期"]
    block = staged(write_csv(tmp_path / "a.csv", head, [["甲", number, "不知道"], ["乙", "x-y", "2025-01-01"]]))
    assert number not in str(block.table.to_pylist())
    assert "x-y" not in str(block.rejects)
