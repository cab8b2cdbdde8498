"""Headers that people said the meaning of, once and for all, per list: ``SUBSIDY_HOME/profiles/headers.yml``.

The file may be edited by hand; it is checked as hard as the shipped mappings, and what it says is part of the snapshot's id::

    headers:
      tax-accounts:
        销售收入/本年: {means: 营业收入/本年, by: 张工, day: 2026-06-01}   # two levels, joined by a slash; a known header of the list …
        "{year}年实缴税额": tax_paid       # … or a fact or field; {year} stands for a year; by hand also without who and when
        备注: unused                       # a column that nobody needs
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.profiles.catalogue import Catalogue
from subsidy_match.profiles.guesses import nearest
from subsidy_match.profiles.headers import YEAR, normal, patterns_of, without_units
from subsidy_match.profiles.mapping import Column, ListSpec, Mappings, column_faults

__all__ = ["UNUSED", "Meaning", "Remembered", "load_remembered", "save_remembered", "with_remembered"]

UNUSED = "unused"
_HEAD = "# 由人指定的表头含义 / headers that people gave a meaning; see `subsidy-match profiles headers --help`\n"
_THIS, _LAST = ("本年", "本年数", "本期"), ("上年", "上年数", "上期")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one header means, and who said so when; nobody where the file was written by hand without it."""

    means: str
    by: str | None = None
    day: date | None = None  # not "on": YAML reads that as a truth value

    def to_dict(self) -> dict[str, str | None]:
        """As told outside."""
        return {"means": self.means, "by": self.by, "day": self.day.isoformat() if self.day else None}


@dataclass(frozen=True, slots=True)
class Remembered:
    """What headers mean, by list and header as written."""

    lists: Mapping[str, Mapping[str, Meaning]] = field(default_factory=dict)

    def saying(self, list_id: str, header: str, meaning: Meaning | None) -> Remembered:
        """The same with one header said anew, or forgotten where the meaning is ``None``."""
        said = {name: dict(headers) for name, headers in self.lists.items()}
        of_list = said.setdefault(list_id, {})
        of_list.pop(header, None)
        if meaning is not None:
            of_list[header] = meaning
        return Remembered({name: headers for name, headers in said.items() if headers})


class _Doubt(Exception):
    """Why a header cannot mean what the file says, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def load_remembered(path: Path) -> Remembered:
    """Read the file; none is as good as an empty one.

    Raises:
        InputError: it is not lists of headers with a meaning each.
    """
    if not path.exists():
        return Remembered()
    try:
        return Remembered(_lists(yaml.safe_load(path.read_text("utf-8")) or {}))
    except (OSError, yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        zh, en = f"表头记忆文件无法读取:{error}", f"the file of remembered headers cannot be read: {error}"
        raise InputError("profiles.headers", zh, en, Location(str(path))) from error


def save_remembered(path: Path, remembered: Remembered) -> None:
    """Write the file in one step, so that a crash leaves the old one."""
    node = {
        "headers": {
            name: {header: _written(meaning) for header, meaning in headers.items()}
            for name, headers in sorted(remembered.lists.items())
        }
    }
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    waiting.write_text(_HEAD + yaml.safe_dump(node, allow_unicode=True, sort_keys=False), "utf-8")
    waiting.replace(path)


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


def _lists(node: Any) -> dict[str, dict[str, Meaning]]:
    if strange := sorted(set(node) - {"headers"}):
        raise ValueError(f"unknown: {', '.join(map(str, strange))}")
    lists = {
        list_id: {header: _meaning(said) for header, said in dict(headers or {}).items()}
        for list_id, headers in (node.get("headers") or {}).items()
    }
    for text in (*lists, *(header for headers in lists.values() for header in headers)):
        _check_text(text)
    return lists


def _meaning(said: Any) -> Meaning:
    meaning = Meaning(**said) if isinstance(said, dict) else Meaning(said)
    _check_text(meaning.means)
    if meaning.by is not None:
        _check_text(meaning.by)
    if meaning.day is not None and type(meaning.day) is not date:
        raise ValueError("day 须是日期 / day must be a date: 2026-06-01")
    return meaning


def _check_text(text: object) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError("每个表头和含义都须是文字 / every header and meaning must be a text")


def _written(meaning: Meaning) -> str | dict[str, str | date]:
    said = {"means": meaning.means, "by": meaning.by, "day": meaning.day}
    told = {name: value for name, value in said.items() if value is not None}
    return told if len(told) > 1 else meaning.means


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
