"""Small department files for tests: valid invented codes, a register, CSV and workbooks as departments write them."""

from __future__ import annotations

import csv
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

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


XlsCell: TypeAlias = str | float | tuple[int, bytes]  # a pair is a record of its own kind, such as XLS_ERROR
XLS_ERROR = (0x0205, b"\x17\x01")  # #REF!


def xls_formula(result: bytes, flags: int = 0) -> tuple[int, bytes]:
    """A cell with a formula: eight bytes of its last result."""
    return 0x0006, struct.pack("<8sHIH", result, flags, 0, 0)


def write_xls(
    path: Path, name: str, rows: Sequence[Sequence[XlsCell]], merges: Sequence[tuple[int, int, int, int]] = ()
) -> Path:
    """Write one sheet in the old binary format."""
    return write_xls_book(path, {name: rows}, merges)


def write_xls_book(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[XlsCell]]],
    merges: Sequence[tuple[int, int, int, int]] = (),
    number_format: str = "",
) -> Path:
    """Write the old binary format (BIFF8 in a compound file), as far as a reader needs it; merges are of the first sheet.

    All cells have the number format, if one is given.
    """
    bodies = [_xls_sheet(rows, merges if n == 0 else ()) for n, rows in enumerate(sheets.values())]
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    if number_format:
        text = struct.pack("<HB", len(number_format), 1) + number_format.encode("utf-16-le")
        begin += _record(0x041E, struct.pack("<H", 164) + text) + _record(0x00E0, struct.pack("<HH16x", 0, 164))
    names = [_short(name) for name in sheets]
    at = len(begin) + sum(len(_record(0x0085, b"\0" * 6 + name)) for name in names) + 4
    book = begin
    for name, body in zip(names, bodies, strict=True):
        book += _record(0x0085, struct.pack("<IBB", at, 0, 0) + name)
        at += len(body)
    book += _record(0x000A) + b"".join(bodies)
    path.write_bytes(compound(book.ljust(4096, b"\0")))
    return path


def _xls_sheet(rows: Sequence[Sequence[XlsCell]], merges: Sequence[tuple[int, int, int, int]]) -> bytes:
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            place = struct.pack("<HHH", r, c, 0)
            if isinstance(cell, str):
                text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
                sheet += _record(0x0204, place + text) if cell else b""
            elif isinstance(cell, tuple):
                sheet += _record(cell[0], place + cell[1])
            else:
                sheet += _record(0x0203, place + struct.pack("<d", cell))
    areas = b"".join(struct.pack("<HHHH", top, bottom, left, right) for top, left, bottom, right in merges)
    return sheet + _record(0x00E5, struct.pack("<H", len(merges)) + areas) + _record(0x000A)


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _short(name: str) -> bytes:
    return struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file (OLE) with one stream."""
    sectors = -(-len(stream) // 512)
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    chain = [0xFFFFFFFD, end, *range(3, sectors + 2), end]  # the table itself, the directory, the stream
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    assert len(table) == 512, "one table sector is enough for tests"
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    root = _entry("Root Entry", 5, 1, end, 0)
    book = _entry(name, 2, free, 2, len(stream))
    return head + table + (root + book).ljust(512, b"\0") + stream.ljust(sectors * 512, b"\0")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text), kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
