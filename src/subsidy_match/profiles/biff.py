"""Old workbooks (BIFF5 and BIFF8): cells whose formula gave no value, and numbers shown as per cent."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from subsidy_match.profiles.compound import streams
from subsidy_match.profiles.marks import UNTOLD, SheetMarks, Unsure, is_percent

__all__ = ["book_marks"]

_Record: TypeAlias = tuple[int, bytes]

_BEGIN, _END = 0x0809, 0x000A
_SHEET, _CODEPAGE, _FORMAT, _STYLE = 0x0085, 0x0042, 0x041E, 0x00E0
_FORMULA, _TEXT, _BOOL_OR_ERROR, _NUMBER, _SHORT, _SHORTS = 0x0006, 0x0207, 0x0205, 0x0203, 0x027E, 0x00BD
_BETWEEN = frozenset({0x04BC, 0x0221, 0x0236, 0x003C})  # what may stand between a formula and its text
_BIFF5, _BIFF8 = 0x0500, 0x0600
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_NO_NUMBER = b"\xff\xff"
_RESULT_TEXT, _RESULT_ERROR, _RESULT_EMPTY = 0, 2, 3
_NOT_WORKED_OUT = 2  # calculate on load: so mark those who write formulas and cannot calculate


def book_marks(path: Path) -> Mapping[str, SheetMarks]:
    """The marks of each sheet by its name.

    Raises:
        Unsure: the file is damaged or older than BIFF5.
    """
    found = streams(path.read_bytes())
    stream = found.get("Workbook", found.get("Book"))
    if stream is None:
        raise Unsure("no workbook")
    try:
        book = _globals(stream)
        return {name: _marks(stream, at, book.percent) for at, name in book.sheets}
    except (struct.error, IndexError, LookupError, UnicodeDecodeError) as error:
        raise Unsure(str(error)) from error


@dataclass(slots=True)
class _Book:
    wide: bool
    codepage: int = 1252
    formats: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)
    sheets: list[tuple[int, str]] = field(default_factory=list)

    @property
    def percent(self) -> frozenset[int]:
        """The styles that show per cent."""
        return frozenset(n for n, code in enumerate(self.styles) if is_percent(code, self.formats.get(code)))

    def text(self, body: bytes, *, long: bool = False) -> str:
        """A text with its length before it."""
        start = 2 if long and self.wide else 1
        length = int.from_bytes(body[:start], "little")
        if not self.wide:
            return body[start : start + length].decode(f"cp{self.codepage}")
        if body[start] & 1:
            return body[start + 1 : start + 1 + 2 * length].decode("utf-16-le")
        return body[start + 1 : start + 1 + length].decode("latin-1")


def _globals(stream: bytes) -> _Book:
    kind, size, version = struct.unpack_from("<HHH", stream)
    if kind != _BEGIN or version not in (_BIFF5, _BIFF8):
        raise Unsure(f"version {version:#x}")
    book = _Book(wide=version == _BIFF8)
    for kind, body in _records(stream, 4 + size):
        if kind == _CODEPAGE:
            (book.codepage,) = struct.unpack_from("<H", body)
        elif kind == _FORMAT:
            book.formats[struct.unpack_from("<H", body)[0]] = book.text(body[2:], long=True)
        elif kind == _STYLE:
            book.styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _SHEET:
            book.sheets.append((struct.unpack_from("<I", body)[0], book.text(body[6:])))
    return book


def _records(stream: bytes, at: int) -> Iterator[_Record]:
    """The records of one part of the stream, without those of charts within it."""
    depth = 1
    while depth:
        kind, size = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + size]
        at += 4 + size
        depth += (kind == _BEGIN) - (kind == _END)
        if depth == 1 and kind != _END:
            yield kind, body


def _marks(stream: bytes, at: int, percent: frozenset[int]) -> SheetMarks:
    kind, size = struct.unpack_from("<HH", stream, at)
    if kind != _BEGIN:
        raise Unsure("no sheet where one should be")
    marks = SheetMarks()
    waiting: tuple[int, int] | None = None  # a formula whose text is to follow
    telling = {_FORMULA, _BOOL_OR_ERROR} | ({_NUMBER, _SHORT, _SHORTS} if percent else set())
    for kind, body in _records(stream, at + 4 + size):
        if not waiting and kind not in telling:  # nearly every cell
            continue
        if waiting and kind not in _BETWEEN:
            if kind != _TEXT:
                marks.failed[waiting] = UNTOLD
            waiting = None
        if kind == _FORMULA and body[6] == _RESULT_TEXT and body[12:14] == _NO_NUMBER:
            waiting = _place(body)
        if mark := _failure(kind, body):
            marks.failed[_place(body)] = mark
        if percent:
            marks.percent.update(_shown_as_percent(kind, body, percent))
    return marks


def _place(body: bytes) -> tuple[int, int]:
    row, column = struct.unpack_from("<HH", body)
    return row, column


def _failure(kind: int, body: bytes) -> str | None:
    """What stands for the value of a cell that has none."""
    if kind == _BOOL_OR_ERROR:
        return _ERRORS.get(body[6], "#VALUE!") if body[7] else None
    if kind != _FORMULA:
        return None
    if body[14] & _NOT_WORKED_OUT:
        return UNTOLD
    if body[12:14] != _NO_NUMBER:
        return None
    if body[6] == _RESULT_ERROR:
        return _ERRORS.get(body[8], "#VALUE!")
    # An empty text: the result of a formula, or the sign of a program that cannot calculate. This format does not tell.
    return UNTOLD if body[6] == _RESULT_EMPTY else None


def _shown_as_percent(kind: int, body: bytes, percent: frozenset[int]) -> Iterator[tuple[int, int]]:
    if kind in (_NUMBER, _SHORT, _FORMULA):
        if struct.unpack_from("<H", body, 4)[0] in percent:
            yield _place(body)
    elif kind == _SHORTS:
        row, column = _place(body)
        styles = (struct.unpack_from("<H", body, at)[0] for at in range(4, len(body) - 2, 6))
        yield from ((row, column + n) for n, style in enumerate(styles) if style in percent)
