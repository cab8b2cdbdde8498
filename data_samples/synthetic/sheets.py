"""Writes CSV and XLSX files so that the same rows give the same bytes, and tells the truth where each row ended up."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias

import xlsxwriter

from .model import City

__all__ = ["NOTE", "Cell", "Row", "Table", "Workbook", "write_csv"]

Cell: TypeAlias = str | int | float | Decimal | date | None
NOTE = "注：本表为合成数据(synthetic)，企业、代码、人员、金额均为虚构，仅供软件测试。"
_STAMP = datetime(2026, 5, 31, 9, 0, 0)  # noqa: DTZ001 (XLSX has no zones)


@dataclass(slots=True)
class Row:
    """One line of a file with what was planted in it."""

    cells: list[Cell]
    marks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def mark(self, case: str, **details: Any) -> None:
        """Say that this row carries a piece of dirt."""
        self.marks.append((case, details))


@dataclass(slots=True)
class Table:
    """One sheet: lines above the header, the header, rows, and the note below."""

    name: str
    headers: Sequence[str]
    rows: list[Row]
    above: Sequence[str] = ()
    merge: int | None = None  # column whose equal neighbours are merged
    header: Callable[[Any, Any, int], int] | None = None  # draws a header of its own, returns its height
    below: Sequence[Sequence[Cell]] = ()


def write_csv(city: City, path: Path, table: Table, *, encoding: str, newline: str = "\n") -> None:
    """Write a table as CSV and record its planted rows by line number."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator=newline)
    writer.writerow(table.headers)
    writer.writerows([["" if c is None else c for c in row.cells] for row in table.rows])
    path.write_bytes(buffer.getvalue().encode(encoding))
    _report(city, path.name, None, table.rows, first=2)


def _report(city: City, file: str, sheet: str | None, rows: list[Row], *, first: int) -> None:
    where: dict[str, Any] = {"file": file} | ({"sheet": sheet} if sheet else {})
    for number, row in enumerate(rows, start=first):
        for case, details in row.marks:
            city.truth.plant(case, **where, row=number, **details)
    city.truth.rows[file if sheet is None else f"{file}#{sheet}"] = len(rows)


class Workbook:
    """An XLSX file with a fixed time stamp."""

    def __init__(self, city: City, path: Path) -> None:
        self._city, self._path = city, path
        self._book = xlsxwriter.Workbook(str(path), {"strings_to_urls": False, "default_date_format": "yyyy/m/d"})
        self._book.set_properties({"title": path.stem, "comments": "合成数据 synthetic", "created": _STAMP})
        self._bold = self._book.add_format({"bold": True, "border": 1, "align": "center", "valign": "vcenter"})
        self._title = self._book.add_format({"bold": True, "font_size": 14, "align": "center"})
        self._middle = self._book.add_format({"align": "center", "valign": "vcenter"})

    def add(self, table: Table) -> None:
        """Add a sheet."""
        sheet = self._book.add_worksheet(table.name)
        width = max(len(table.headers), 2)
        sheet.set_column(0, width - 1, 20)
        for line, text in enumerate(table.above):
            sheet.merge_range(line, 0, line, width - 1, text, self._title if line == 0 else self._middle)
        top = len(table.above)
        top += table.header(sheet, self._bold, top) if table.header else self._plain_header(sheet, table, top)
        for line, row in enumerate(table.rows, start=top):
            self._write(sheet, line, row.cells)
        self._merge(sheet, table, top)
        bottom = top + len(table.rows)
        for line, cells in enumerate([*table.below, [NOTE]], start=bottom):
            self._write(sheet, line, cells)
        _report(self._city, self._path.name, table.name, table.rows, first=top + 1)

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def _plain_header(self, sheet: Any, table: Table, top: int) -> int:
        for column, text in enumerate(table.headers):
            sheet.write_string(top, column, text, self._bold)
        return 1

    def _write(self, sheet: Any, line: int, cells: Sequence[Cell]) -> None:
        for column, cell in enumerate(cells):
            match cell:
                case None:
                    continue
                case str():
                    sheet.write_string(line, column, cell)
                case date():
                    sheet.write_datetime(line, column, datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001
                case _:
                    sheet.write_number(line, column, cell)

    def _merge(self, sheet: Any, table: Table, top: int) -> None:
        if table.merge is None:
            return
        start = 0
        for end in range(1, len(table.rows) + 1):
            value = table.rows[start].cells[table.merge]
            if end < len(table.rows) and table.rows[end].cells[table.merge] == value:
                continue
            if end - start > 1:
                sheet.merge_range(top + start, table.merge, top + end - 1, table.merge, str(value), self._middle)
            start = end
