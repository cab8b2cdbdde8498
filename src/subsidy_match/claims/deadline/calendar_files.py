"""Reads a published calendar of working days: the YAML that is shipped, or CSV of two columns, a year or several."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.store.schema import canonical_json

__all__ = ["HOLIDAY", "WORKDAY", "YearTable", "check_year", "read_calendar"]

HOLIDAY, WORKDAY = "holiday", "workday"
_KINDS: Mapping[str, str] = {
    "holiday": HOLIDAY, "放假": HOLIDAY, "节假日": HOLIDAY, "休": HOLIDAY,
    "workday": WORKDAY, "上班": WORKDAY, "补班": WORKDAY, "调休上班": WORKDAY, "班": WORKDAY,
}  # fmt: skip
_HEADERS = (("date", "kind"), ("日期", "类型"))
_LARGEST = 1_000_000
_SATURDAY = 5
_YEARS = range(1990, 3000)


@dataclass(frozen=True, slots=True)
class YearTable:
    """What one year's notice says: days off, weekend days worked, and which notice it is."""

    year: int
    source: str
    holidays: frozenset[date]
    workdays: frozenset[date]

    @property
    def digest(self) -> str:
        """SHA-256 of the days, by which two tables are known to be the same."""
        content = {
            "year": self.year,
            HOLIDAY: sorted(day.isoformat() for day in self.holidays),
            WORKDAY: sorted(day.isoformat() for day in self.workdays),
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def read_calendar(content: bytes, *, name: str, source: str | None = None) -> tuple[YearTable, ...]:
    """Read a file; ``source`` names the notice where the file does not.

    Raises:
        InputError: ``calendar_invalid``, with a finding for every line that is wrong.
    """
    if len(content) > _LARGEST:
        raise _invalid([_finding(name, 1, "文件过大", "the file is too large")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _invalid([_finding(name, 1, "不是 UTF-8 文字", "not UTF-8 text")]) from None
    is_csv = name.lower().endswith(".csv")
    tables = _from_csv(text, name, source or "") if is_csv else (_from_yaml(text, name, source),)
    for table in tables:
        check_year(table, name)
    return tables


def check_year(table: YearTable, name: str = "calendar") -> None:
    """Refuse a table that no notice can have meant.

    Raises:
        InputError: ``calendar_invalid``.
    """
    if problems := [_finding(name, 1, zh, en) for zh, en in _problems(table)]:
        raise _invalid(problems)


def _problems(table: YearTable) -> Iterator[tuple[str, str]]:
    if table.year not in _YEARS:
        yield f"年份有误:{table.year}", f"no such year: {table.year}"
    if not table.source.strip() or not table.source.isprintable() or len(table.source) > 300:
        yield "须写明来源文件(300字以内)", "name the notice it comes from (up to 300 characters)"
    if not table.holidays:
        yield "没有放假日期", "there is no day off in it"
    for day in sorted(table.holidays | table.workdays):
        if day.year != table.year:
            yield f"{day}不在{table.year}年", f"{day} is not in {table.year}"
    for day in sorted(table.holidays & table.workdays):
        yield f"{day}既放假又上班", f"{day} is both off and worked"
    for day in sorted(table.workdays):
        if day.weekday() < _SATURDAY:
            yield f"补班日{day}不是周末", f"the make-up day {day} is no weekend day"


def _from_yaml(text: str, name: str, source: str | None) -> YearTable:
    try:
        table: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise _invalid([_finding(name, line, "日历无法读取", "not a calendar")]) from None
    if not isinstance(table, dict) or not isinstance(table.get("year"), int):
        raise _invalid([_finding(name, 1, "缺少 year", "year is missing")])
    days = {key: table.get(key, []) for key in ("holidays", "workdays")}
    for key, found in days.items():
        if not isinstance(found, list) or not all(type(day) is date for day in found) or len(set(found)) != len(found):
            zh, en = f"{key} 应为不重复的日期列表", f"{key} must be a list of dates, each once"
            raise _invalid([_finding(name, 1, zh, en)])
    named = source or str(table.get("source", ""))
    return YearTable(table["year"], named, frozenset(days["holidays"]), frozenset(days["workdays"]))


def _from_csv(text: str, name: str, source: str) -> tuple[YearTable, ...]:
    rows = list(csv.reader(io.StringIO(text)))
    header = tuple(cell.strip().lower() for cell in rows[0][:2]) if rows else ()
    if header not in _HEADERS:
        zh, en = "第一行应为 日期,类型", "the first line must be: date,kind"
        raise _invalid([_finding(name, 1, zh, en)])
    days: dict[date, str] = {}
    problems: list[Finding] = []
    for line, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            problems += _take_row(row, line, name, days)
    if problems or not days:
        raise _invalid(problems or [_finding(name, 1, "没有日期", "there are no dates in it")])
    return tuple(_year(year, source, days) for year in sorted({day.year for day in days}))


def _take_row(row: Sequence[str], line: int, name: str, days: dict[date, str]) -> list[Finding]:
    cells = [cell.strip() for cell in row]
    kind = _KINDS.get(cells[1].lower()) if len(cells) > 1 else None
    try:
        day = date.fromisoformat(cells[0].replace("/", "-"))
    except ValueError:
        return [_finding(name, line, f"不是日期:{cells[0][:40]}", f"not a date: {cells[0][:40]}")]
    if kind is None:
        known = "、".join(_KINDS)
        return [_finding(name, line, f"类型应为其一:{known}", "the kind must be holiday or workday")]
    if day in days:
        return [_finding(name, line, f"日期重复:{day}", f"{day} is there twice")]
    days[day] = kind
    return []


def _year(year: int, source: str, days: Mapping[date, str]) -> YearTable:
    of_kind = {kind: frozenset(day for day, k in days.items() if k == kind and day.year == year) for kind in
               (HOLIDAY, WORKDAY)}  # fmt: skip
    return YearTable(year, source, of_kind[HOLIDAY], of_kind[WORKDAY])


def _finding(name: str, line: int, zh: str, en: str) -> Finding:
    return Finding("calendar_invalid", zh, en, Location(name, line))


def _invalid(findings: list[Finding]) -> InputError:
    first = findings[0]
    return InputError("calendar_invalid", f"日历有误,未导入:{first.zh}", f"not imported: {first.en}", findings=findings)
