"""The shipped mappings with the headers added that people gave a meaning; each is checked as hard as the shipped ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.profiles.catalogue import Catalogue
from subsidy_match.profiles.guesses import nearest
from subsidy_match.profiles.headers import YEAR, normal, patterns_of, without_units
from subsidy_match.profiles.mapping import Column, ListSpec, Mappings, column_faults
from subsidy_match.profiles.meanings import Remembered

__all__ = ["UNUSED", "with_remembered"]

UNUSED = "unused"
_THIS, _LAST = ("本年", "本年数", "本期"), ("上年", "上年数", "上期")


class _Doubt(Exception):
    """Why a header cannot mean what the file says, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def with_remembered(mappings: Mappings, remembered: Remembered, catalogue: Catalogue, path: Path) -> Mappings:
    """The mappings with the remembered headers added to their lists.

    Args:
        mappings: the shipped mappings.
        remembered: what people said.
        catalogue: the fact catalogue.
        path: the file, for messages.

    Raises:
        InputError: a list, header or meaning does not fit; all such are named at once.
    """
    if not remembered.lists:
        return mappings
    lists, findings = dict(mappings.lists), []
    for list_id, headers in remembered.lists.items():
        for header, meaning in headers.items():
            try:
                spec = _list(list_id, lists)
                lists[list_id] = _added(spec, header, meaning.means, mappings.departments[list_id], catalogue)
            except _Doubt as doubt:
                at = Location(str(path), cell=f"{list_id}/{header}")
                findings.append(Finding("profiles.headers", doubt.zh, doubt.en, at))
    if findings:
        first = findings[0]
        raise InputError(first.code, first.zh, first.en, first.at, findings=tuple(findings))
    # What was said counts, not who said it or when.
    pairs = sorted(
        (name, h, meaning.means) for name, headers in remembered.lists.items() for h, meaning in headers.items()
    )
    said = repr((mappings.digest, pairs))
    return mappings.model_copy(update={"lists": lists, "digest": hashlib.sha256(said.encode()).hexdigest()})


def _list(list_id: str, lists: Mapping[str, ListSpec]) -> ListSpec:
    if list_id in lists:
        return lists[list_id]
    near = nearest(list_id, lists)
    raise _Doubt(f"没有清单“{list_id}”{_like(near)}", f"there is no list {list_id!r}{_like(near, en=True)}")


def _added(spec: ListSpec, header: str, meaning: str, department: str, catalogue: Catalogue) -> ListSpec:
    bare = without_units(normal(header))
    if meaning == UNUSED:
        return spec.model_copy(update={"unused": (*spec.unused, bare)})
    wanted = _meant(spec, meaning)
    taken = [c for c in spec.columns if c not in wanted and _goes_by(c, bare)]
    if taken:
        zh, en = f"“{header}”已另有含义", f"{header!r} already means something else"
        raise _Doubt(f"{zh}({taken[0].header[0]})", f"{en}: {taken[0].header[0]}")
    if not wanted:
        new = _new_column(spec, header, meaning, department, catalogue)
        return spec.model_copy(update={"columns": (*spec.columns, new)})
    for column in wanted:
        _check_year(header, column)
    columns = tuple(_also(column, bare) if column in wanted else column for column in spec.columns)
    return spec.model_copy(update={"columns": columns})


def _meant(spec: ListSpec, meaning: str) -> list[Column]:
    """The columns that a meaning names by a header; else the only one that feeds it."""
    wanted = without_units(normal(meaning))
    by_header = [c for c in spec.columns if wanted in {without_units(normal(name)) for name in c.header}]
    if by_header:
        return by_header
    found = [column for column in spec.columns if meaning in (column.fact, column.field, column.role)]
    if len(found) > 1:
        names = "、".join(column.header[0] for column in found)
        raise _Doubt(
            f"“{meaning}”不止一列,请写其中一个表头:{names}", f"{meaning} has several columns, name one: {names}"
        )
    return found


def _goes_by(column: Column, bare: str) -> bool:
    return bare in {without_units(normal(name)) for name in column.header} or patterns_of(column.header).match(bare)[0]


def _also(column: Column, bare: str) -> Column:
    return column.model_copy(update={"header": (*column.header, bare)})


def _check_year(header: str, column: Column) -> None:
    if (YEAR in header) != (column.year == "header"):
        zh = "须含 {year}" if column.year == "header" else "不能含 {year}"
        en = "must hold {year}" if column.year == "header" else "cannot hold {year}"
        raise _Doubt(f"“{header}”{zh},与“{column.header[0]}”一样", f"{header!r} {en}, as in {column.header[0]!r}")


def _new_column(spec: ListSpec, header: str, meaning: str, department: str, catalogue: Catalogue) -> Column:
    fact = catalogue.facts.get(meaning) if spec.collection is None else None
    if fact is not None:
        column = Column(header=(header,), fact=meaning, year=_year(spec, header) if fact.yearly else None)
    elif spec.collection and meaning in catalogue.collections[spec.collection].fields:
        column = Column(header=(header,), field=meaning)
    else:
        near = nearest(meaning, _names(spec, catalogue))
        raise _Doubt(
            f"“{meaning}”既不是 {spec.id} 的表头,也不是指标{_like(near)}",
            f"{meaning!r} is neither a header of {spec.id} nor a fact{_like(near, en=True)}",
        )
    for zh, en in column_faults(department, spec, column, catalogue):
        raise _Doubt(zh, en)
    return column


def _year(spec: ListSpec, header: str) -> Literal["header", "title", "title - 1", "row"]:
    last = normal(header).rpartition("/")[2]
    if YEAR in header:
        return "header"
    if any(column.role == "year" for column in spec.columns):
        return "row"
    if last in (*_THIS, *_LAST):
        return "title" if last in _THIS else "title - 1"
    raise _Doubt(
        f"“{header}”没有说明年度:表头中用 {{year}},或以 /本年、/上年 结尾",
        f"{header!r} does not say which year: use {{year}} in it, or end it with /本年 or /上年",
    )


def _names(spec: ListSpec, catalogue: Catalogue) -> Sequence[str]:
    fields = catalogue.collections[spec.collection].fields if spec.collection else catalogue.facts
    return [*(name for column in spec.columns for name in column.header), *fields]


def _like(near: Sequence[str], *, en: bool = False) -> str:
    if not near:
        return ""
    return f"; near: {', '.join(near)}" if en else f";最接近:{'、'.join(near)}"
