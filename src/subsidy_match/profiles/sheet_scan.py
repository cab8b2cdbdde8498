"""One pass over the XML of a sheet before the reader of workbooks sees it: how far it reaches, and what formulas left.

The reader lays a sheet out as a full rectangle, so one cell in the far corner of a file of a few KB takes all the memory.
Here nothing is kept but the reach and the marks, and the time is that of the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO
from xml.parsers import expat

from subsidy_match.profiles.marks import SheetMarks

__all__ = ["COLUMNS", "ROWS", "Scan", "scan_sheet"]

_CHUNK = 1 << 20
ROWS, COLUMNS = 1 << 20, 1 << 14  # of a spreadsheet
_PLACE = re.compile(r"([A-Za-z]{1,7})(\d{1,20})")


class Scan:
    """What the pass has found; a class because a parser calls it back, element by element.

    Attributes:
        marks: cells whose formula failed or was never worked out, and those of a style that shows them as per cent.
    """

    def __init__(self, parser: expat.XMLParserType, percent: frozenset[str]) -> None:
        self.marks = SheetMarks()
        self._percent, self._shown = percent, False
        self._parser = parser
        self._parts: dict[str, Callable[[dict[str, str]], None]] = {
            "row": self._at_row, "c": self._at_cell, "v": self._at_value, "f": self._at_formula, "is": self._at_filled,
        }  # fmt: skip
        self._row, self._column = -1, -1
        self._rows = self._columns = 0  # how many the filled cells reach over
        self._formula: list[str] | None = None
        self._value: list[str] | None = None
        self._kind: str | None = None
        parser.StartElementHandler = self._begin
        parser.StartDoctypeDeclHandler = _refuse_doctype

    @property
    def area(self) -> int:
        """The cells of the rectangle from A1 that holds all filled ones."""
        return self._rows * self._columns

    @property
    def fits(self) -> bool:
        """Whether a spreadsheet has such cells at all."""
        return self._rows <= ROWS and self._columns <= COLUMNS

    def finish(self) -> None:
        """The text has ended."""
        self._leave_cell()

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        part = self._parts.get(name) or self._parts.get(name.rpartition(":")[2])
        if part is not None:
            part(attributes)

    def _at_row(self, attributes: dict[str, str]) -> None:
        self._leave_cell()
        self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
        self._column = -1

    def _at_cell(self, attributes: dict[str, str]) -> None:
        self._leave_cell()
        self._kind = attributes.get("t")
        self._shown = attributes.get("s") in self._percent and self._kind in (None, "n")
        if "r" in attributes:
            self._row, self._column = _place(attributes["r"])
        else:
            self._column += 1

    def _at_filled(self, _attributes: dict[str, str]) -> None:
        if self._row >= self._rows:
            self._rows = self._row + 1
        if self._column >= self._columns:
            self._columns = self._column + 1

    def _at_formula(self, attributes: dict[str, str]) -> None:
        self._at_filled(attributes)
        self._formula = self._collect()

    def _at_value(self, attributes: dict[str, str]) -> None:
        self._at_filled(attributes)
        if self._shown:
            self.marks.percent.add((self._row, self._column))
        if self._formula is not None or self._kind == "e":
            self._value = self._collect()

    def _collect(self) -> list[str]:
        texts: list[str] = []
        self._parser.CharacterDataHandler = texts.append
        return texts

    def _leave_cell(self) -> None:
        if (mark := self._mark()) is not None:
            self.marks.failed[self._row, self._column] = mark
            self.marks.percent.discard((self._row, self._column))
        if self._formula is not None or self._value is not None:
            self._parser.CharacterDataHandler = None
        self._formula = self._value = self._kind = None

    def _mark(self) -> str | None:
        value = "".join(self._value or ()).strip()
        if self._kind == "e":
            return value or "#VALUE!"
        if self._formula is None or value or self._kind == "str":  # an empty text is a result
            return None
        return f"={''.join(self._formula).strip()}"


def scan_sheet(sheet: IO[bytes], largest: int, percent: frozenset[str] = frozenset()) -> Scan:
    """Go over a sheet; it stops where more than ``largest`` cells would be needed, or where no spreadsheet reaches.

    Raises:
        expat.ExpatError: it is no XML.
        ValueError: a cell has no place, or there are declarations that no sheet has.
    """
    parser = expat.ParserCreate()
    found = Scan(parser, percent)
    while chunk := sheet.read(_CHUNK):
        parser.Parse(chunk, False)
        if found.area > largest or not found.fits:
            return found
    parser.Parse(b"", True)
    found.finish()
    return found


def _place(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError(f"no cell: {text[:40]}")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type in a sheet")
