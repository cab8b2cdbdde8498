"""Where the header of a sheet is and what each of its columns is bound to, with its year and its unit.

Titles, unit rows and two-level merged headers are part of the layout. Units are read in this order: the header itself, the
unit row or title, the mapping; an amount of money with no unit anywhere is refused, because 元 for 万元 is the error that
costs most. For the same reason the mapping is not asked where the file speaks of a unit in words that are not understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TypeAlias

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.above import Head, dates_above, unit_mention, units_above, years_named
from subsidy_match.profiles.catalogue import Catalogue, ValueType
from subsidy_match.profiles.cells import MONEY_UNITS, RATIO_UNITS, parse_date
from subsidy_match.profiles.headers import (
    HEAD_ROWS,
    find_headers,
    normal,
    patterns_of,
    stated_unit,
    without_units,
)
from subsidy_match.profiles.mapping import Column, ListSpec
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.readers import Sheet

__all__ = ["Bound", "Layout", "cell_name", "find_layout"]

_Stated: TypeAlias = tuple[int, int, str]  # row, column and text of a date above the header


@dataclass(frozen=True, slots=True)
class Bound:
    """A column of a sheet with what it feeds: ``target`` is ``revenue_2025`` for a yearly fact, else fact, field or role."""

    index: int
    column: Column
    target: str
    type: ValueType | None
    scale: int | None = 1  # None: only the cell itself can say


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one sheet; rows count from 0, ``first_row`` is the first below the header.

    ``stated`` are dates that stand above the header and hold for every row.
    """

    spec: ListSpec
    first_row: int
    headers: Mapping[int, str]
    bound: tuple[Bound, ...]
    unknown: tuple[str, ...]
    stated: Mapping[str, date] = field(default_factory=dict)

    def role(self, name: str) -> Bound | None:
        """The column with a role such as uscc or name, if the sheet has one."""
        return next((b for b in self.bound if b.column.role == name), None)

    @property
    def values(self) -> tuple[Bound, ...]:
        """The columns that feed facts or fields."""
        return tuple(b for b in self.bound if b.column.role is None)


def cell_name(row: int, column: int) -> str:
    """Name a cell as the spreadsheet does, both counted from 0: ``(4, 2)`` is ``C5``."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def find_layout(sheet: Sheet, title: str, specs: Iterable[ListSpec], catalogue: Catalogue) -> Layout | None:
    """Find the list that a sheet is, by its headers.

    Args:
        sheet: the sheet.
        title: the name of the file, for messages and for the year of 本年.
        specs: the lists that it may be.
        catalogue: the fact catalogue.

    Returns:
        The layout with the most known columns, or ``None`` where no list has all its required headers.

    Raises:
        InputError: two lists fit equally well, two columns mean the same, or a unit is missing or impossible.
    """
    head = list(islice(sheet.rows(), HEAD_ROWS))
    found = [
        (_fit(headers, spec, _stated(Head(sheet, title, row, head), spec)), row, headers, spec)
        for row, headers in find_headers(head, sheet.merged)
        for spec in specs
    ]
    fits = [(len(matches), row, headers, spec, matches) for matches, row, headers, spec in found if matches is not None]
    if not fits:
        return None
    most = max(fit[0] for fit in fits)
    best = [fit for fit in fits if fit[0] == most]
    if len({fit[3].id for fit in best}) > 1:
        names = "、".join(sorted(fit[3].id for fit in best))
        raise _refusal(
            title,
            sheet,
            "ambiguous",
            f"表头同时符合:{names},请用 --source 指明部门",
            f"the headers fit several lists: {names}",
        )
    _, row, headers, spec, matches = best[0]
    return _bind(Head(sheet, title, row, head), headers, spec, matches, catalogue)


def _stated(head: Head, spec: ListSpec) -> dict[str, list[_Stated]]:
    """Dates above the header, where what stands there also says which list it is: a few columns alone would not tell."""
    if not spec.stated or not any(normal(spec.title["zh"]) in text for text in head.around):
        return {}
    found = {name: dates_above(head, stated.words) for name, stated in spec.stated.items()}
    return {name: dates for name, dates in found.items() if dates}


def _only_day(head: Head, dates: Iterable[_Stated]) -> date:
    """The one day that these dates state."""
    days: dict[date, _Stated] = {}
    for row, column, text in dates:
        try:
            days.setdefault(parse_date(text), (row, column, text))
        except CellProblem as error:
            zh, en = f"“{text}”不是日期", f"{text!r} is no date"
            raise _refusal(head.title, head.sheet, "stated", zh, en, cell=cell_name(row, column)) from error
    if len(days) > 1:
        (_, _, first), (row, column, second) = list(days.values())[:2]
        zh, en = f"写有两个不同日期:{first}、{second}", f"two different dates are stated: {first} and {second}"
        raise _refusal(head.title, head.sheet, "stated", zh, en, cell=cell_name(row, column))
    return next(iter(days))


def _fit(
    headers: Mapping[int, str], spec: ListSpec, stated: Mapping[str, object]
) -> list[tuple[int, Column, str | None]] | None:
    required = (c for c in spec.columns if c.required and c.field not in stated)
    if not all(any(_match(c, h)[0] for h in headers.values()) for c in required):
        return None
    return [(i, c, year) for i, h in headers.items() for c in spec.columns for fits, year in [_match(c, h)] if fits]


def _match(column: Column, header: str) -> tuple[bool, str | None]:
    return patterns_of(column.header).match(header)


def _bind(
    head: Head,
    headers: Mapping[int, str],
    spec: ListSpec,
    matches: list[tuple[int, Column, str | None]],
    catalogue: Catalogue,
) -> Layout:
    bound = tuple(_bound(head, headers[i], spec, i, column, year, catalogue) for i, column, year in matches)
    seen: dict[str, int] = {}
    for b in bound:
        if seen.setdefault(b.target, b.index) != b.index:
            first, second = (cell_name(head.row, i) for i in (seen[b.target], b.index))
            zh, en = f"{first} 与 {second} 两列含义相同({b.target})", f"{first} and {second} mean the same ({b.target})"
            raise _refusal(head.title, head.sheet, "twice", zh, en, cell=second)
    known = {b.index for b in bound}
    ignored = {normal(text) for text in spec.unused}
    unknown = tuple(h for i, h in headers.items() if i not in known and without_units(h) not in ignored)
    own = {name: _only_day(head, dates) for name, dates in _stated(head, spec).items() if name not in seen}
    return Layout(spec, head.row + 1, headers, bound, unknown, own)


def _bound(
    head: Head, header: str, spec: ListSpec, index: int, column: Column, year: str | None, catalogue: Catalogue
) -> Bound:
    if column.role is not None:
        return Bound(index, column, column.role, None)
    if column.fact is not None:
        type_ = catalogue.facts[column.fact].type
        target = column.fact + _year_suffix(head, index, column, year)
    else:
        type_ = catalogue.collections[spec.collection or ""].fields[column.field or ""]
        target = column.field or ""
    return Bound(index, column, target, type_, _scale(head, header, index, column, type_))


def _year_suffix(head: Head, index: int, column: Column, year: str | None) -> str:
    if column.year in (None, "row"):
        return ""
    if column.year == "header":
        return f"_{year}"
    years = years_named(head)
    place = cell_name(head.row, index)
    if not years:
        zh, en = "标题和文件名都没有写明年度,“本年”指哪一年?", "neither title nor file name says which year 本年 is"
        raise _refusal(head.title, head.sheet, "no_year", zh, en, cell=place)
    if len(years) > 1:
        zh = f"标题、表名和文件名写有不同年度({'、'.join(years)}),“本年”指哪一年?"
        en = f"title, sheet and file name say different years ({', '.join(years)}): which of them is 本年?"
        raise _refusal(head.title, head.sheet, "two_years", zh, en, cell=place)
    return f"_{int(years[0]) - (column.year == 'title - 1')}"


def _money_unit(head: Head, header: str, column: Column, place: str) -> str:
    """The unit of a column of money whose header states none."""
    units = units_above(head)
    if len(units) > 1:
        zh = f"表头上方写有不同单位({'、'.join(units)}),“{header}”是哪一个?"
        en = f"different units stand above the header ({', '.join(units)}): which is that of {header!r}?"
        raise _refusal(head.title, head.sheet, "two_units", zh, en, cell=place)
    if units:
        return units[0]
    mention = unit_mention(head)
    if column.unit is not None and mention is None:
        return column.unit
    zh, en = f"“{header}”没有写明单位(元、千元、万元)", f"{header!r} has no unit (元, 千元 or 万元)"
    if mention is not None:
        zh += f";“{mention}”看不出是哪个单位,请写成“单位:万元”"
        en += f"; {mention!r} does not say which, write 单位:万元 instead"
    raise _refusal(head.title, head.sheet, "no_unit", zh, en, cell=place)


def _scale(head: Head, header: str, index: int, column: Column, type_: ValueType) -> int | None:
    unit = stated_unit(header)
    place = cell_name(head.row, index)
    if type_.kind == "money":
        unit = unit or _money_unit(head, header, column, place)
        if unit not in MONEY_UNITS:
            zh, en = f"“{header}”的单位“{unit}”不是人民币单位", f"{header!r}: {unit} is not a unit of yuan"
            raise _refusal(head.title, head.sheet, "wrong_unit", zh, en, cell=place)
        return MONEY_UNITS[unit]
    if unit is not None and type_.kind == "count" and not _same_count(unit, type_.unit):
        zh, en = (
            f"“{header}”的单位“{unit}”应为“{type_.unit}”",
            f"{header!r}: the unit should be {type_.unit}, not {unit}",
        )
        raise _refusal(head.title, head.sheet, "wrong_unit", zh, en, cell=place)
    return RATIO_UNITS.get(unit or column.unit or "") if type_.kind == "ratio" else 1


def _same_count(written: str, wanted: str | None) -> bool:
    return written == wanted or {written, wanted} == {"月", "个月"} or (written == "个" and wanted != "人")


def _refusal(title: str, sheet: Sheet, code: str, zh: str, en: str, *, cell: str | None = None) -> InputError:
    place = "!".join(part for part in (sheet.name, cell) if part) or None
    return InputError(f"profiles.header.{code}", zh, en, Location(title, cell=place))
