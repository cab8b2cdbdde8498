"""What the reader of workbooks does not tell about cells: formulas that gave no value, and numbers shown as per cent.

It shows a failed formula as an empty cell, and empty may mean "for ever". So a workbook in which this cannot be found out is
refused: not knowing is never taken for "there are none".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["UNTOLD", "SheetMarks", "Unsure", "is_percent", "marked"]

UNTOLD = "=?"  # stands for a formula without a result whose text is not at hand

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LITERAL = re.compile(r'"[^"]*"|[\\_*].')  # what a number format shows as it is
_BUILT_IN = frozenset({9, 10})  # 0% and 0.00%


class Unsure(Exception):
    """The workbook is put together in a way in which its formulas cannot be found."""


@dataclass(slots=True)
class SheetMarks:
    """Cells of one sheet, counted from 0: what stands for the value of a failed formula, and those shown as per cent."""

    failed: dict[tuple[int, int], str] = field(default_factory=dict)
    percent: set[tuple[int, int]] = field(default_factory=set)


def is_percent(number: int, code: str | None) -> bool:
    """Whether a number format multiplies by a hundred: ``0%`` does, a sign in quotes does not."""
    return number in _BUILT_IN if code is None else "%" in _LITERAL.sub("", code)


def marked(rows: list[list[str]], marks: SheetMarks) -> None:
    """Put the marks where the reader left blanks and bare fractions."""
    for row, column in marks.percent:
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = _as_shown(rows[row][column])
    for (row, column), text in marks.failed.items():
        rows.extend([] for _ in range(len(rows), row + 1))  # the reader ends where the last value is
        rows[row].extend("" for _ in range(len(rows[row]), column + 1))
        rows[row][column] = text


def _as_shown(text: str) -> str:
    return f"{(Decimal(text) * 100).normalize():f}%" if _NUMBER.fullmatch(text) else text
