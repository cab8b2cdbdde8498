"""How far a regular sheet reaches, told from its bytes in bulk: parsing a large sheet takes as long as reading it.

Regular is what spreadsheets write: every cell and every row begins with its place, and there is no formula and no error. It
is checked, not supposed; what is not surely regular is left to :mod:`~subsidy_match.profiles.sheet_scan`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, TypeAlias

import numpy as np
import numpy.typing as npt

from subsidy_match.profiles.sheet_scan import COLUMNS, ROWS

__all__ = ["regular_area"]

_Bytes: TypeAlias = npt.NDArray[np.uint8]
_Numbers: TypeAlias = npt.NDArray[np.int64]

_CHUNK = 1 << 20
_LONGEST_PLACE = 10  # XFD1048576, and below any number that a sum could lose
_IRREGULAR = (b"\0", b"<f", b'"e"', b"'e'", b"<!D")
_PREFIXED = re.compile(rb":(?:c|row|f)[\s/>]")
_NAME_ENDS = np.frombuffer(b" \t\r\n/>", np.uint8)


def regular_area(sheet: IO[bytes]) -> int | None:
    """The cells of the rectangle from A1 that holds all cells, blank ones too; ``None`` where the sheet is not regular."""
    rows = columns = 0
    for piece in _pieces(sheet):
        reach = _reach(piece)
        if reach is None:
            return None
        rows, columns = max(rows, reach[0]), max(columns, reach[1])
    return rows * columns if rows <= ROWS and columns <= COLUMNS else None


def _pieces(sheet: IO[bytes]) -> Iterator[bytes]:
    """The text, cut only where a tag begins."""
    left = b""
    while chunk := sheet.read(_CHUNK):
        text = left + chunk
        cut = text.rfind(b"<")
        yield text[:cut] if cut > 0 else b"\0"  # so long a tag or text is not regular
        left = text[cut:]
    yield left


def _reach(piece: bytes) -> tuple[int, int] | None:
    if any(mark in piece for mark in _IRREGULAR) or _PREFIXED.search(piece):
        return None
    data = np.frombuffer(piece + b"\0" * 24, np.uint8)
    tags = np.flatnonzero(data == ord("<"))
    found = [_places(data, _named(data, tags, name), len(name)) for name in (b"c", b"row")]
    reaches = [reach for reach in found if reach is not None]
    if len(reaches) < len(found):
        return None
    return max(rows for rows, _ in reaches), max(columns for _, columns in reaches)


def _named(data: _Bytes, tags: _Numbers, name: bytes) -> _Numbers:
    for offset, letter in enumerate(name, 1):
        tags = tags[data[tags + offset] == letter]
    return tags[np.isin(data[tags + len(name) + 1], _NAME_ENDS)]


def _places(data: _Bytes, tags: _Numbers, length: int) -> tuple[int, int] | None:
    """The greatest row and column that tags name; ``None`` where one does not begin with its place."""
    at = tags + length + 1
    for letter in b' r="':
        if (data[at] != letter).any():
            return None
        at = at + 1
    rows, columns = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for _ in range(_LONGEST_PLACE + 1):
        character = data[at].astype(np.int64)
        letter_, digit = (character >= 65) & (character <= 90) & (rows == 0), (character >= 48) & (character <= 57)
        columns = np.where(letter_, columns * 26 + character - 64, columns)
        rows = np.where(digit, rows * 10 + character - 48, rows)
        at = at + (letter_ | digit)
    if (data[at] != ord('"')).any():
        return None
    return int(rows.max(initial=0)), int(columns.max(initial=0))
