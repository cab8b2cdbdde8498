"""The lines of a small table that came as CSV or as a workbook, each with its place; the first sheet that shows counts."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.readers import open_sheets

__all__ = ["Line", "read_lines"]

_WORKBOOKS = (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"))


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one line, without blanks around them."""

    cells: list[str]
    at: Location


def read_lines(content: bytes, name: str) -> Sequence[Line]:
    """Read all lines that are not blank.

    Raises:
        InputError: ``receipts_unreadable``, neither UTF-8 CSV nor a workbook that can be read.
    """
    lines = _workbook(content, name) if content.startswith(_WORKBOOKS) else _text(content, name)
    return [line for line in lines if any(line.cells)]


def _text(content: bytes, name: str) -> list[Line]:
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        return [Line(_stripped(cells), Location(name, reader.line_num)) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("receipts_unreadable", "文件无法读取", "not a UTF-8 CSV file", Location(name)) from error


def _workbook(content: bytes, name: str) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="subsidy-bank-") as folder:
        path = Path(folder) / "book"
        path.write_bytes(content)
        try:
            with open_sheets(path, name) as sheets:
                shown = next((sheet for sheet in sheets if not sheet.hidden), None)
                rows = [] if shown is None else list(shown.rows())
        except InputError as error:
            raise InputError("receipts_unreadable", error.zh, error.en, Location(name)) from error
    width = len(rows[0]) if rows else 0
    while width and not rows[0][width - 1].strip():
        width -= 1
    # Cells beyond the header that hold nothing are no columns.
    return [Line(_narrowed(_stripped(row), width), Location(name, cell=f"A{n}")) for n, row in enumerate(rows, 1)]


def _narrowed(cells: list[str], width: int) -> list[str]:
    return cells if any(cells[width:]) else cells[:width]


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]
