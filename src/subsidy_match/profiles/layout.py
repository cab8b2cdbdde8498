"""Where the header of a sheet is and what each of its columns is bound to, with its year and its unit.

Titles, unit rows and two-level merged headers are part of the layout. Units are read in this order: the header itself, the
unit row or title, the mapping; an amount of money with no unit anywhere is refused, because 元 for 万元 is the error that
costs most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from rapidfuzz import fuzz, process

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.catalogue import Catalogue, ValueType
from subsidy_match.profiles.cells import MONEY_UNITS
from subsidy_match.profiles.mapping import Column, ListSpec
from subsidy_match.profiles.readers import Merge, Row, Sheet

__all__ = ["Bound", "Layout", "cell_name", "find_layout", "guess_headers"]

_HEAD_ROWS = 30
_BRACKETS = re.compile(r"\(([^()]*)\)")
_PARTS = re.compile(r"[,;、/]")
_UNIT_ROW = re.compile(r"单位[:]?[^()]*?((?:百|千|十|万|百万|千万|亿)?元|万?美元|万?欧元)")
_YEARS = (re.compile(r"(20\d{2})年度"), re.compile(r"(20\d{2})年"))  # a title may also carry the day it was made
_COUNT_UNITS = frozenset({"人", "件", "个", "名", "项", "台", "月", "个月"})
_FOREIGN_UNITS = frozenset({"美元", "万美元", "欧元", "万欧元", "港元", "万港元", "日元"})


@dataclass(frozen=True, slots=True)
class Bound:
    """A column of a sheet with what it feeds: ``target`` is ``revenue_2025`` for a yearly fact, else fact, field or role."""

    index: int
    column: Column
    target: str
    type: ValueType | None
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one sheet; rows count from 0, ``first_row`` is the first below the header."""

    spec: ListSpec
    first_row: int
    headers: Mapping[int, str]
    bound: tuple[Bound, ...]
    unknown: tuple[str, ...]

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
    head = list(islice(sheet.rows(), _HEAD_ROWS))
    found = [(_fit(headers, spec), row, headers, spec) for row, headers in _candidates(head, sheet.merged) for spec in specs]
    fits = [(len(matches), row, headers, spec, matches) for matches, row, headers, spec in found if matches is not None]
    if not fits:
        return None
    most = max(fit[0] for fit in fits)
    best = [fit for fit in fits if fit[0] == most]
    if len({fit[3].id for fit in best}) > 1:
        names = "、".join(sorted(fit[3].id for fit in best))
        raise _refusal(title, sheet, "ambiguous", f"表头同时符合:{names},请用 --source 指明部门", f"the headers fit several lists: {names}")
    _, row, headers, spec, matches = best[0]
    return _bind(_Head(sheet, title, row, head), headers, spec, matches, catalogue)


def guess_headers(sheet: Sheet, specs: Sequence[ListSpec]) -> tuple[str, list[tuple[str, str | None]]] | None:
    """For a sheet that no list fits: the list that comes nearest, and its required headers with the nearest header found."""
    head = list(islice(sheet.rows(), _HEAD_ROWS))
    best: tuple[int, ListSpec, Mapping[int, str]] | None = None
    for _, headers in _candidates(head, sheet.merged):
        for spec in specs:
            known = sum(any(_matches(pattern, h) for c in spec.columns for pattern in c.header) for h in headers.values())
            if known and (best is None or known > best[0]):
                best = (known, spec, headers)
    if best is None:
        return None
    _, spec, headers = best
    missing = [c for c in spec.columns if c.required and not any(_matches(p, h) for p in c.header for h in headers.values())]
    return spec.id, [(c.header[0], _nearest(c.header[0], headers.values())) for c in missing]


@dataclass(frozen=True, slots=True)
class _Head:
    sheet: Sheet
    title: str
    row: int
    rows: Sequence[Row]

    @property
    def above(self) -> list[str]:
        """What stands above the header: titles and units."""
        return [_normal(text) for row in self.rows[: self.row] for text in row if text]


def _candidates(head: Sequence[Row], merged: Sequence[Merge]) -> Iterable[tuple[int, Mapping[int, str]]]:
    filled = _fill_merged(head, merged)
    for number, row in enumerate(filled):
        texts = {i: _normal(text) for i, text in enumerate(row) if text.strip()}
        if len(texts) < 2 or len(set(texts.values())) < 2:
            continue
        yield number, texts
        if number + 1 < len(filled):
            yield number + 1, _two_levels(row, filled[number + 1])


def _two_levels(above: Row, below: Row) -> dict[int, str]:
    headers, group = {}, ""
    for i in range(max(len(above), len(below))):
        upper, lower = (_normal(row[i]) if i < len(row) else "" for row in (above, below))
        group = upper or (group if lower else "")
        parts = [group, lower] if lower and lower != group else [group]
        if text := "/".join(part for part in parts if part):
            headers[i] = text
    return headers


def _fill_merged(head: Sequence[Row], merged: Sequence[Merge]) -> list[list[str]]:
    rows = [list(row) for row in head]
    for (top, left), (bottom, right) in merged:
        for r in range(top, min(bottom + 1, len(rows))):
            for c in range(left, min(right + 1, len(rows[r]))):
                rows[r][c] = head[top][left] if left < len(head[top]) else ""
    return rows


def _fit(headers: Mapping[int, str], spec: ListSpec) -> list[tuple[int, Column, str | None]] | None:
    matches = [(i, c, year) for i, h in headers.items() for c in spec.columns for fits, year in [_match(c, h)] if fits]
    bound = {id(column) for _, column, _ in matches}
    return matches if all(id(c) in bound for c in spec.columns if c.required) else None


def _match(column: Column, header: str) -> tuple[bool, str | None]:
    for pattern in column.header:
        if found := _matches(pattern, header):
            return True, found.groupdict().get("year")
    return False, None


def _matches(pattern: str, header: str) -> re.Match[str] | None:
    wanted = re.escape(_without_units(_normal(pattern))).replace(r"\{year\}", r"(?P<year>20\d{2})")
    return re.fullmatch(wanted, _without_units(header))


def _normal(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).strip("*:")


def _without_units(header: str) -> str:
    return _BRACKETS.sub(lambda found: _brackets_without_units(found[1]), header)


def _brackets_without_units(inside: str) -> str:
    kept = [part for part in _PARTS.split(inside) if not _is_unit(part)]
    return f"({','.join(kept)})" if kept else ""


def _is_unit(part: str) -> bool:
    return part in MONEY_UNITS or part in _COUNT_UNITS or part in _FOREIGN_UNITS or part in ("%", "人民币")


def _unit_of(header: str) -> str | None:
    return next((p for inside in _BRACKETS.findall(header) for p in _PARTS.split(inside) if _is_unit(p) and p != "人民币"), None)


def _bind(
    head: _Head, headers: Mapping[int, str], spec: ListSpec, matches: list[tuple[int, Column, str | None]], catalogue: Catalogue
) -> Layout:
    bound = tuple(_bound(head, headers[i], spec, i, column, year, catalogue) for i, column, year in matches)
    seen: dict[str, int] = {}
    for b in bound:
        if seen.setdefault(b.target, b.index) != b.index:
            first, second = (cell_name(head.row, i) for i in (seen[b.target], b.index))
            zh, en = f"{first} 与 {second} 两列含义相同({b.target})", f"{first} and {second} mean the same ({b.target})"
            raise _refusal(head.title, head.sheet, "twice", zh, en, cell=second)
    known = {b.index for b in bound}
    ignored = {_normal(text) for text in spec.unused}
    unknown = tuple(h for i, h in headers.items() if i not in known and _without_units(h) not in ignored)
    return Layout(spec, head.row + 1, headers, bound, unknown)


def _bound(
    head: _Head, header: str, spec: ListSpec, index: int, column: Column, year: str | None, catalogue: Catalogue
) -> Bound:
    if column.role is not None:
        return Bound(index, column, column.role, None)
    if column.fact is not None:
        type_ = catalogue.facts[column.fact].type
        target = column.fact + _year_suffix(head, column, year)
    else:
        type_ = catalogue.collections[spec.collection or ""].fields[column.field or ""]
        target = column.field or ""
    return Bound(index, column, target, type_, _scale(head, header, index, column, type_))


def _year_suffix(head: _Head, column: Column, year: str | None) -> str:
    if column.year in (None, "row"):
        return ""
    if column.year == "header":
        return f"_{year}"
    texts = (*head.above, _normal(head.sheet.name), _normal(head.title))
    stated = next((found[1] for form in _YEARS for text in texts if (found := form.search(text))), None)
    if stated is None:
        zh, en = "标题和文件名都没有写明年度,“本年”指哪一年?", "neither title nor file name says which year 本年 is"
        raise _refusal(head.title, head.sheet, "no_year", zh, en, cell=cell_name(head.row, 0))
    return f"_{int(stated) - (column.year == 'title - 1')}"


def _scale(head: _Head, header: str, index: int, column: Column, type_: ValueType) -> int:
    unit = _unit_of(header)
    place = cell_name(head.row, index)
    if type_.kind == "money":
        unit = unit or _sheet_unit(head) or column.unit
        if unit is None:
            zh, en = f"“{header}”没有写明单位(元、千元、万元)", f"{header!r} has no unit (元, 千元 or 万元)"
            raise _refusal(head.title, head.sheet, "no_unit", zh, en, cell=place)
        if unit not in MONEY_UNITS:
            zh, en = f"“{header}”的单位“{unit}”不是人民币单位", f"{header!r}: {unit} is not a unit of yuan"
            raise _refusal(head.title, head.sheet, "wrong_unit", zh, en, cell=place)
        return MONEY_UNITS[unit]
    if unit is not None and type_.kind == "count" and not _same_count(unit, type_.unit):
        zh, en = f"“{header}”的单位“{unit}”应为“{type_.unit}”", f"{header!r}: the unit should be {type_.unit}, not {unit}"
        raise _refusal(head.title, head.sheet, "wrong_unit", zh, en, cell=place)
    return {"ratio": 10**4 if unit == "%" else 10**6}.get(type_.kind, 1)


def _same_count(written: str, wanted: str | None) -> bool:
    return written == wanted or {written, wanted} == {"月", "个月"} or (written == "个" and wanted != "人")


def _sheet_unit(head: _Head) -> str | None:
    return next((found[1] for text in head.above if (found := _UNIT_ROW.search(text))), None)


def _nearest(wanted: str, headers: Iterable[str]) -> str | None:
    found = process.extractOne(wanted, sorted(set(headers)), scorer=fuzz.ratio, score_cutoff=40)
    return found[0] if found else None


def _refusal(title: str, sheet: Sheet, code: str, zh: str, en: str, *, cell: str | None = None) -> InputError:
    place = "!".join(part for part in (sheet.name, cell) if part) or None
    return InputError(f"profiles.header.{code}", zh, en, Location(title, cell=place))
