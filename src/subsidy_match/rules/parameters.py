"""Dated tables: rates, limits and amounts that change by date, kept apart from the policies that use them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from subsidy_match.errors import AuthorError
from subsidy_match.rules.fields import Fields, Findings
from subsidy_match.rules.source import Scalar, read_yaml
from subsidy_match.rules.tree import DayName, Kind, Label, Num, Type
from subsidy_match.units import LiteralError, Unit, parse_date, parse_quantity

__all__ = ["Parameter", "ParameterRow", "load_parameters"]

_LATEST = date.max


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """What holds from one day to another, both included: one number, or one for each key."""

    start: date
    end: date
    values: Mapping[str | None, Num]
    document: str
    provenance: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One dated table. ``by`` names the code list of its keys; ``picked_by`` the date that picks the row."""

    name: str
    label: Label
    type: Type
    by: str | None
    picked_by: DayName
    rows: tuple[ParameterRow, ...]

    def row(self, on: date) -> ParameterRow | None:
        """The row in force on a day."""
        return next((row for row in self.rows if row.start <= on <= row.end), None)


def load_parameters(folder: Path, findings: Findings, root: Path) -> dict[str, Parameter]:
    """Read every ``*.yml`` of ``folder``; names are ``<file>.<table>``."""
    found: dict[str, Parameter] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            top = Fields.of(read_yaml(path, name=str(path.relative_to(root.parent))), findings)
        except AuthorError as error:
            findings.append(error.as_finding())
            continue
        if "tables" not in top:  # regions.yml and the like are read by those who use them
            continue
        top.allow("title", "note", "tables")
        for name, item in top.each("tables"):
            full = f"{path.stem}.{name}"
            found[full] = _parameter(full, item)
    return found


def _parameter(name: str, item: Fields) -> Parameter:
    item.allow("zh", "en", "unit", "by", "picked_by", "rows")
    unit_text = item.text("unit", default=None)
    try:
        unit = Unit.of(unit_text or "")
    except LiteralError as error:
        item.wrong("unit", error.zh, error.en)
        unit = Unit()
    picked_by = item.choice("picked_by", tuple(DayName)) or DayName.AS_OF
    type_ = Type(Kind.NUMBER, unit)
    rows = [_row(Fields.of(node, item.findings), type_) for node in getattr(item.entries.get("rows"), "items", ())]
    _refuse_overlap(item, rows)
    label = Label(item.text("zh") or "", item.text("en") or "")
    return Parameter(name, label, type_, item.text("by", default=None), DayName(picked_by), tuple(rows))


def _row(row: Fields, type_: Type) -> ParameterRow:
    row.allow("from", "to", "value", "values", "document", "provenance")
    start, end = _date(row, "from", None), _date(row, "to", _LATEST)
    values: dict[str | None, Num] = {}
    if "value" in row:
        values[None] = _number(row, "value", row.text("value") or "", type_)
    for key, node in (
        (row.fields("values") or Fields.of(row.node, row.findings)).entries.items() if "values" in row else ()
    ):
        values[key] = _number(row, "values", node.text if isinstance(node, Scalar) else "", type_)
    if not values:
        row.wrong("value", "缺少数值", "missing value or values")
    provenance = row.choice("provenance", ("official", "sourced", "representative")) or "representative"
    return ParameterRow(start, end, values, row.text("document") or "", provenance)


def _number(row: Fields, key: str, text: str, type_: Type) -> Num:
    try:
        quantity = parse_quantity(text)
    except LiteralError as error:
        row.wrong(key, error.zh, error.en, code="P006", hint=error.hint)
        return Fraction(0)
    if quantity.unit != type_.unit:
        row.wrong(key, f"单位应为{type_.unit}", f"the unit should be {type_.unit}, not {quantity.unit}", code="P006")
    return quantity.value


def _date(row: Fields, key: str, default: date | None) -> date:
    if key not in row and default is not None:
        return default
    try:
        return parse_date(row.text(key) or "")
    except LiteralError as error:
        row.wrong(key, error.zh, error.en, hint=error.hint)
        return date.min


def _refuse_overlap(item: Fields, rows: list[ParameterRow]) -> None:
    ordered = sorted(rows, key=lambda row: row.start)
    for before, after in itertools.pairwise(ordered):
        if after.start <= before.end:
            item.wrong("rows", "生效期重叠", f"rows overlap on {after.start}", code="P009")
