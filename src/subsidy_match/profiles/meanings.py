"""Headers that people said the meaning of, once and for all, per list: ``SUBSIDY_HOME/profiles/headers.yml``.

The file may be edited by hand; it is checked as hard as the shipped mappings, and what it says is part of the snapshot's id::

    headers:
      tax-accounts:
        销售收入/本年: {means: 营业收入/本年, by: 数据科, day: 2026-06-01}   # two levels, joined by a slash; a known header of the list …
        "{year}年实缴税额": tax_paid       # … or a fact or field; {year} stands for a year; by hand also without who and when
        备注: unused                       # a column that nobody needs
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from subsidy_match.errors import InputError, Location

__all__ = ["Meaning", "Remembered", "load_remembered", "save_remembered"]

_HEAD = "# 由人指定的表头含义 / headers that people gave a meaning; see `subsidy-match profiles headers --help`\n"


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
