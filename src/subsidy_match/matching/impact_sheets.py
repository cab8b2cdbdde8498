"""The impact report as a workbook: numbers as numbers, text as text (never a formula), heads that stay in sight."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any, assert_never

import xlsxwriter

from subsidy_match.matching.impact_report import Report
from subsidy_match.matching.impact_tables import (
    Cell,
    Table,
    Yuan,
    change_rows,
    changes,
    demands,
    distribution,
    example_lines,
    summary,
)

__all__ = ["write_workbook"]

_MOST_ROWS = 1_000_000  # a sheet has 1,048,576
_MOST_TEXT = 32_767  # characters of a cell
_SAMPLE = 300  # rows that decide on the width of a column
_WIDEST = 60


def write_workbook(path: Path, report: Report, lang: str = "zh") -> None:
    """Write the sheets 汇总, 变化清单, 分布, 资金分摊 and 示例.

    Raises:
        OSError: the file cannot be written.
    """
    # the file is opened first and rows wait in a folder of our own: where anything fails, nothing is left lying about
    with path.open("wb") as file, tempfile.TemporaryDirectory(prefix="subsidy-impact-") as scratch:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "tmpdir": scratch})
        try:
            _write_sheets(_Sheets(book), report, lang)
        finally:
            try:
                book.close()
            except xlsxwriter.exceptions.FileCreateError as error:
                raise OSError(None, str(error)) from error


def _write_sheets(sheets: _Sheets, report: Report, lang: str) -> None:
    sheets.add("汇总", summary(report))
    sheets.add("变化清单", [changes()], change_rows(report))
    sheets.add("分布", [distribution(report)])
    sheets.add("资金分摊", [demands(report)])
    sheets.add("示例", [Table(("类别 / side", "说明 / explanation"))], example_lines(report, lang))


class _Sheets:
    def __init__(self, book: Any) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._money = book.add_format({"num_format": "#,##0.00"})
        self._count = book.add_format({"num_format": "#,##0"})

    def add(self, name: str, tables: list[Table], more: Iterable[tuple[Cell, ...]] = ()) -> None:
        """One sheet: tables below each other, the last one going on with ``more``."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        rest = iter(more)
        sample = list(islice(rest, _SAMPLE))
        for column, width in enumerate(_widths(tables, sample)):
            sheet.set_column(column, column, width)
        at = 0
        for table in tables:
            self._write_head(sheet, at, table)
            more_here = chain(sample, rest) if table is tables[-1] else ()
            at = self._write_rows(sheet, at + 1, chain(table.rows, more_here)) + 1

    def _write_head(self, sheet: Any, at: int, table: Table) -> None:
        for column, text in enumerate(table.columns):
            sheet.write_string(at, column, text, self._head)

    def _write_rows(self, sheet: Any, at: int, rows: Iterable[tuple[Cell, ...]]) -> int:
        """Write rows from ``at`` on; the row after them."""
        for row in rows:
            if at >= _MOST_ROWS:
                sheet.write_string(at, 0, "行数超限,其余见 JSON / too many rows for a sheet, the rest is in the JSON")
                break
            self._write(sheet, at, row)
            at += 1
        return at

    def _write(self, sheet: Any, at: int, row: tuple[Cell, ...]) -> None:
        for column, cell in enumerate(row):
            match cell:
                case None:
                    continue
                case str():
                    sheet.write_string(at, column, cell[:_MOST_TEXT])
                case int():
                    sheet.write_number(at, column, cell, self._count)
                case Yuan(fen=fen):
                    sheet.write_number(at, column, fen / 100, self._money)
                case _:
                    assert_never(cell)


def _widths(tables: list[Table], sample: list[tuple[Cell, ...]]) -> list[int]:
    rows = [row for table in tables for row in (table.columns, *table.rows[:_SAMPLE])] + sample
    widest = [0] * max(len(row) for row in rows)
    for row in rows:
        for column, cell in enumerate(row):
            widest[column] = max(widest[column], _width(cell))
    return [min(width, _WIDEST) + 2 for width in widest]


def _width(cell: Cell) -> int:
    if isinstance(cell, Yuan):
        return len(f"{cell.fen / 100:,.2f}")
    text = "" if cell is None else str(cell)
    return sum(1 if character.isascii() else 2 for character in text)
