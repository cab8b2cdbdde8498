"""The sheet of values that contradict each other: out with their readings in a dropdown, back with the one that holds.

Readings stand there as people write them, see :mod:`~subsidy_match.profiles.shown_readings`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.profiles.decisions import Decisions
from subsidy_match.profiles.layout import cell_name
from subsidy_match.profiles.reading import ReviewItem
from subsidy_match.profiles.shown_readings import ReadingForms
from subsidy_match.profiles.workbook import Book

__all__ = ["VALUE_SHEET", "chosen_readings", "read_rulings", "write_ties"]

VALUE_SHEET = "数值不一致"
_OPTIONS = "数值选项"
_HEAD = (
    "编号 / id", "部门 / department", "统一社会信用代码 / USCC", "指标 / fact", "数值 / values",
    "来源 / sources", "位置 / place", "决定 / decision",
)  # fmt: skip
_WIDTHS = (15, 18, 24, 26, 30, 60, 44, 30)
_READ = (0, 2, 3, 4, 5, 7)  # id, code, fact, values, sources, decision
_NOBODY = "未知 / unknown"


def write_ties(book: Book, items: Sequence[ReviewItem], forms: ReadingForms) -> None:
    """Write the sheet; the choices of each line stand in a hidden one."""
    sheet = book.sheet(VALUE_SHEET, _WIDTHS)
    book.table(sheet, 0, _HEAD, [_line(item, forms) for item in items])
    sheet.freeze_panes(1, 1)
    options = book.sheet(_OPTIONS, (30,))
    options.hide()
    column = len(_HEAD) - 1
    sheet.set_column(column, column, _WIDTHS[column], book.text)  # else 5% would come back as 0.05
    for row, item in enumerate(items, start=1):
        choices = [*(forms.shown(item.target or "", reading) for reading in item.values), _NOBODY]
        for place, choice in enumerate(choices):
            options.write_string(row, place, choice)
        last = cell_name(row, len(choices) - 1).rstrip("0123456789")
        source = f"='{_OPTIONS}'!$A${row + 1}:${last}${row + 1}"
        sheet.data_validation(row, column, row, column, {"validate": "list", "source": source})


def read_rulings(
    rows: Sequence[Sequence[Any]], file: str, waiting: Mapping[str, ReviewItem], known: Decisions, forms: ReadingForms
) -> tuple[dict[str, str | None], list[Finding]]:
    """Read the sheet back.

    Args:
        rows: all its rows, the header first.
        file: the name of the workbook, for messages.
        waiting: the contradictions of the snapshot in force, by id.
        known: what is decided already; a line that says the same again is passed over.
        forms: how readings are shown.

    Returns:
        The reading that holds by id, ``None`` where nobody can say, and every line that cannot be believed.

    Raises:
        InputError: there are decisions, but not the columns that say on what.
    """
    chosen: dict[str, str | None] = {}
    findings: list[Finding] = []
    head = [_text(cell) for cell in rows[0]] if rows else []
    if _HEAD[-1] not in head:
        return chosen, findings  # a workbook of before there were decisions on values
    _check_columns(head, file)
    places = [head.index(_HEAD[place]) for place in _READ]
    for number, row in enumerate(rows[1:], start=1):
        id_, *told, decision = (_text(row[place]) if place < len(row) else "" for place in places)
        if not decision:
            continue
        fault = _take(id_, told, decision, waiting, known, chosen, forms)
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
    forms: ReadingForms,
) -> tuple[str, str, str] | None:
    """Take in a line, or say why it cannot be believed."""
    item, before = waiting.get(id_), known.rulings_in_force.get(id_)
    readings = item.values if item else before.readings if before else ()
    meant = item or before
    target = (meant and meant.target) or ""  # not as the line has it: lines are mixed up
    said = _reading(decision, target, readings, forms)
    if item is None:
        same = before is not None and _about(before.uscc, before.target, before.readings, forms) == list(told[:-1])
        if before is not None and same and said == (before.chosen or _NOBODY):
            return None
        return (
            "stale",
            "此事项已不在待核对之列,或已另作决定",
            "this no longer waits for anybody, or was decided otherwise",
        )
    about = _about(item.uscc or "", item.target or "", item.values, forms)
    if [*about, _text(forms.sources(item))] != list(told):
        return (
            "moved",
            "编号与代码、指标、数值、来源不是同一行的内容",
            "id, code, fact, values and sources are not of one line",
        )
    if said is None:
        return "reading", "不在待选数值之中", "none of the readings"
    value = None if said == _NOBODY else said
    if chosen.setdefault(id_, value) != value:
        return "contradiction", "与另一行的决定相矛盾", "contradicts the decision in another line"
    return None


def chosen_readings(
    pairs: Iterable[tuple[str, str | None]], items: Sequence[ReviewItem], known: Decisions, forms: ReadingForms
) -> list[tuple[str, str | None]]:
    """The stored readings that people mean by what they wrote, of what waits and of what is decided already.

    Raises:
        InputError: somebody wrote none of the readings.
    """
    about = {id_: (ruling.target, ruling.readings) for id_, ruling in known.rulings_in_force.items()}
    about |= {item.id: (item.target or "", item.values) for item in items if item.kind == "value"}
    return [
        (id_, written and _chosen(written, *about[id_], forms) if id_ in about else written) for id_, written in pairs
    ]


def _chosen(written: str, target: str, readings: Sequence[str], forms: ReadingForms) -> str:
    if found := forms.meant(target, written, readings):
        return found
    zh, en = (
        f"“{written}”不在待选数值之中(金额、比例须带单位)",
        f"{written!r} is none of the readings (money and ratios need a unit)",
    )
    raise InputError("profiles.ruling", zh, en, hint=forms.values(target, readings))


def _check_columns(head: Sequence[str], file: str) -> None:
    missing = [_HEAD[place] for place in _READ if _HEAD[place] not in head]
    if missing:
        zh, en = f"缺少列:{'、'.join(missing)}", f"columns are missing: {', '.join(missing)}"
        raise InputError("profiles.review.columns", zh, en, Location(file, cell=VALUE_SHEET))


def _line(item: ReviewItem, forms: ReadingForms) -> tuple[str | None, ...]:
    values = forms.values(item.target or "", item.values)
    return item.id, item.department, item.uscc, item.target, values, forms.sources(item), item.place


def _about(uscc: str, target: str, readings: Sequence[str], forms: ReadingForms) -> list[str]:
    return [uscc, target, _text(forms.values(target, readings))]


def _reading(decision: str, target: str, readings: Sequence[str], forms: ReadingForms) -> str | None:
    """The reading that a cell means, or that nobody can say."""
    if decision.startswith(("未知", "unknown")):
        return _NOBODY
    return forms.meant(target, decision, readings)


def _text(cell: object) -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()
