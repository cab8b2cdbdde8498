"""The sheet of values that contradict each other: out with their readings in a dropdown, back with the one that holds."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from subsidy_match.errors import Finding, Location
from subsidy_match.profiles.decisions import Decisions
from subsidy_match.profiles.layout import cell_name
from subsidy_match.profiles.reading import ReviewItem
from subsidy_match.profiles.workbook import Book

__all__ = ["VALUE_SHEET", "read_rulings", "write_ties"]

VALUE_SHEET = "数值不一致"
_OPTIONS = "数值选项"
_HEAD = (
    "编号 / id", "部门 / department", "统一社会信用代码 / USCC", "指标 / fact", "数值 / values", "位置 / place",
    "决定 / decision",
)  # fmt: skip
_WIDTHS = (15, 18, 24, 26, 50, 44, 30)
_READ = (0, 2, 3, 4, 6)  # id, code, fact, values, decision
_NOBODY = "未知 / unknown"


def write_ties(book: Book, items: Sequence[ReviewItem]) -> None:
    """Write the sheet; the choices of each line stand in a hidden one."""
    sheet = book.sheet(VALUE_SHEET, _WIDTHS)
    book.table(sheet, 0, _HEAD, [(*_told(item), item.place) for item in items])
    sheet.freeze_panes(1, 1)
    options = book.sheet(_OPTIONS, (30,))
    options.hide()
    column = len(_HEAD) - 1
    for row, item in enumerate(items, start=1):
        choices = [*item.values, _NOBODY]
        for place, choice in enumerate(choices):
            options.write_string(row, place, choice)
        last = cell_name(row, len(choices) - 1).rstrip("0123456789")
        source = f"='{_OPTIONS}'!$A${row + 1}:${last}${row + 1}"
        sheet.data_validation(row, column, row, column, {"validate": "list", "source": source})


def read_rulings(
    rows: Sequence[Sequence[Any]], file: str, waiting: Mapping[str, ReviewItem], known: Decisions
) -> tuple[dict[str, str | None], list[Finding]]:
    """Read the sheet back.

    Args:
        rows: all its rows, the header first.
        file: the name of the workbook, for messages.
        waiting: the contradictions of the snapshot in force, by id.
        known: what is decided already; a line that says the same again is passed over.

    Returns:
        The reading that holds by id, ``None`` where nobody can say, and every line that cannot be believed.
    """
    chosen: dict[str, str | None] = {}
    findings: list[Finding] = []
    head = [_text(cell) for cell in rows[0]] if rows else []
    if not all(_HEAD[place] in head for place in _READ):
        return chosen, findings  # a workbook of before there were decisions on values
    places = [head.index(_HEAD[place]) for place in _READ]
    for number, row in enumerate(rows[1:], start=1):
        id_, *told, decision = (_text(row[place]) if place < len(row) else "" for place in places)
        if not decision:
            continue
        fault = _take(id_, told, decision, waiting, known, chosen)
        if fault:
            at = Location(file, cell=f"{VALUE_SHEET}!{cell_name(number, places[-1])}")
            findings.append(Finding(f"profiles.review.{fault[0]}", fault[1], fault[2], at, decision))
    return chosen, findings


def _take(
    id_: str,
    told: Sequence[str],
    decision: str,
    waiting: Mapping[str, ReviewItem],
    known: Decisions,
    chosen: dict[str, str | None],
) -> tuple[str, str, str] | None:
    """Take in a line, or say why it cannot be believed."""
    item, before = waiting.get(id_), known.rulings_in_force.get(id_)
    readings = item.values if item else before.readings if before else ()
    said = _reading(decision, readings)
    if item is None:
        same = before is not None and [before.uscc, before.target, _joined(before.readings)] == list(told)
        if before is not None and same and said == (before.chosen or _NOBODY):
            return None
        return (
            "stale",
            "此事项已不在待核对之列,或已另作决定",
            "this no longer waits for anybody, or was decided otherwise",
        )
    if [item.uscc or "", item.target or "", _joined(item.values)] != list(told):
        return "moved", "编号与代码、指标、数值不是同一行的内容", "id, code, fact and values are not of one line"
    if said is None:
        return "reading", "不在待选数值之中", "none of the readings"
    value = None if said == _NOBODY else said
    if chosen.setdefault(id_, value) != value:
        return "contradiction", "与另一行的决定相矛盾", "contradicts the decision in another line"
    return None


def _told(item: ReviewItem) -> tuple[str | None, ...]:
    return item.id, item.department, item.uscc, item.target, " | ".join(item.values)


def _joined(readings: Sequence[str]) -> str:
    return _text(" | ".join(readings))


def _reading(decision: str, readings: Sequence[str]) -> str | None:
    """The reading that a cell means: spreadsheets turn texts into numbers, days and truths."""
    if decision.startswith(("未知", "unknown")):
        return _NOBODY
    plain = decision.removesuffix(".0").removesuffix(" 00:00:00").casefold()
    found = [reading for reading in readings if _text(reading).casefold() in (plain, decision.casefold())]
    return found[0] if len(found) == 1 else None


def _text(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()
