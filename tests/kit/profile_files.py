"""Small department files for tests: valid invented codes, a register, CSV and workbooks as departments write them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from subsidy_match.profiles import ImportReport, import_files
from subsidy_match.profiles.uscc import Grade, check_uscc

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "policies"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
REGISTER = (
    "统一社会信用代码",
    "企业名称",
    "曾用名",
    "市场主体类型",
    "登记状态",
    "成立日期",
    "注册资本",
    "所在区县",
    "行业代码",
)
TAX = ("纳税人识别号", "纳税人名称", "营业收入/上年", "营业收入/本年")
PENALTIES = ("统一社会信用代码", "主体名称", "文书号", "失信类别", "等级", "认定日期", "移出日期", "是否修复")


def code(number: int) -> str:
    """The n-th invented code, valid in both check characters."""
    stem = f"91320812MA{number:06d}"
    stem = next(stem + c for c in "0123456789X" if check_uscc(stem + c + "0").grade is not Grade.ORGANISATION)
    return next(stem + c for c in ALPHABET if check_uscc(stem + c).is_valid)


def broken(number: int) -> str:
    """The n-th code with a wrong last character."""
    good = code(number)
    return good[:-1] + ("0" if good[-1] != "0" else "1")


def firm(number: int, name: str = "", **changes: str) -> list[str]:
    """A row of the register."""
    row = {
        "统一社会信用代码": code(number),
        "企业名称": name or f"淮安合成{number:03d}科技有限公司",
        "曾用名": "",
        "市场主体类型": "有限责任公司(自然人投资或控股)",
        "登记状态": "存续",
        "成立日期": "2016-03-01",
        "注册资本": "500万人民币",
        "所在区县": "清江浦区",
        "行业代码": "C3491",
    }
    return list((row | changes).values())


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_register(folder: Path, rows: Sequence[Sequence[str]], day: str = "20260531", part: str = "") -> Path:
    return write_csv(folder / f"登记{part}_{day}.csv", REGISTER, rows, "gb18030")


def write_penalties(folder: Path, rows: Sequence[Sequence[str]], day: str = "20260531") -> Path:
    return write_csv(folder / f"失信_{day}.csv", PENALTIES, rows)


def write_book(
    path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], merges: Sequence[tuple[int, int, int, int]] = ()
) -> Path:
    """Write a workbook; merges (first row, first column, last row, last column) apply to the first sheet."""
    with xlsxwriter.Workbook(path) as book:
        for position, (name, rows) in enumerate(sheets.items()):
            sheet = book.add_worksheet(name)
            for top, left, bottom, right in merges if position == 0 else ():
                sheet.merge_range(top, left, bottom, right, "")
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, row)
    return path


def write_tax(
    folder: Path, rows: Sequence[Sequence[Any]], *, unit: str = "万元", day: str = "20260531", year: int = 2025
) -> Path:
    """A tax workbook: title, unit row and header on two levels, with merged cells."""
    head = [
        [f"{year}年度企业主要指标"],
        [f"单位:{unit}"],
        ["纳税人识别号", "纳税人名称", "营业收入", ""],
        ["", "", "上年", "本年"],
    ]
    merges = [(0, 0, 0, 3), (1, 0, 1, 3), (2, 0, 3, 0), (2, 1, 3, 1), (2, 2, 2, 3)]
    return write_book(folder / f"税务_{day}.xlsx", {"主要指标": [*head, *rows]}, merges)


def take_in(home: Path, *files: Path, **options: Any) -> ImportReport:
    """Import with the shipped policies and a fixed key."""
    return import_files(files, home=home, policies=POLICIES, **{"person_key": "a key for tests", **options})
