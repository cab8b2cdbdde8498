"""Workbooks for officers: written complete or not at all, text as text and never a formula, heads that stay in sight."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import xlsxwriter

from subsidy_match.errors import InputError, Location

__all__ = ["Book", "Cell", "check_out", "workbook"]

Cell: TypeAlias = str | int | None

_A4 = 9
_MOST_ROWS = 1_000_000  # a sheet has 1,048,576
_MOST_TEXT = 32_767  # characters of a cell
_FULL = "行数超限,其余见 JSON / too many rows for a sheet, the rest is in the JSON"


class Book:
    """A workbook that is being written; sheets are written row by row, from the top."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8EEF4"}
        )
        self._text = book.add_format({"text_wrap": True, "valign": "top"})
        self.text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})  # stays as it is typed
        self._count = book.add_format({"num_format": "#,##0", "valign": "top"})

    def sheet(self, name: str, widths: Sequence[int]) -> Any:
        """A new sheet with columns of these widths, in characters."""
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F  &A&R&P / &N")
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        return sheet

    def listing(self, name: str, widths: Sequence[int], columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """A sheet with one table: its head stays in sight, also on paper, and every column can be filtered."""
        sheet = self.sheet(name, widths)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        end = self.table(sheet, 0, columns, rows)
        sheet.autofilter(0, 0, max(end - 1, 1), len(columns) - 1)

    def table(self, sheet: Any, at: int, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
        """Write a table from row ``at`` on (counted from 0); the row after it."""
        for column, text in enumerate(columns):
            sheet.write_string(at, column, text, self._head)
        for row in rows:
            at += 1
            if at >= _MOST_ROWS:
                sheet.write_string(at, 0, _FULL)
                break
            self._row(sheet, at, row)
        return at + 1

    def _row(self, sheet: Any, at: int, row: Sequence[Cell]) -> None:
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(at, column, cell, self._count)
            elif cell:
                sheet.write_string(at, column, cell[:_MOST_TEXT], self._text)


def check_out(out: Path) -> None:
    """Say before the work what the operating system would say after it.

    Raises:
        InputError: no file can be written there.
    """
    if out.is_dir() or not out.parent.is_dir():
        raise _unwritable(out, os.strerror(errno.EISDIR if out.is_dir() else errno.ENOENT))


@contextmanager
def workbook(out: Path) -> Iterator[Book]:
    """Write a workbook; where anything fails, a file that was there before stays, and nothing is left lying about.

    Raises:
        InputError: the file cannot be written.
    """
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file, tempfile.TemporaryDirectory(prefix="subsidy-report-") as scratch:
            options = {"constant_memory": True, "strings_to_formulas": False, "tmpdir": scratch}
            with xlsxwriter.Workbook(file, options) as book:
                yield Book(book)
        partial.replace(out)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise _unwritable(out, getattr(error, "strerror", None) or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _unwritable(out: Path, why: str) -> InputError:
    zh, en = f"文件无法写入:{why}", f"the file cannot be written: {why}"
    return InputError("cannot_write", zh, en, Location(str(out)))
