"""Take in the full table of GB/T 4754-2017: CSV or workbook, checked as a tree before it counts.

Nothing is mended on the way but a leading zero that the level of its row proves. What is wrong is reported with its line, and
a table with anything wrong is not taken at all: a firm would lose its industry by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.profiles.cells import plain
from subsidy_match.profiles.industries import table_text
from subsidy_match.profiles.layout import cell_name
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.readers import Row, open_sheets
from subsidy_match.rules.codes import industry_prefixes

__all__ = ["TableCounts", "import_industries"]

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "序号"),
    "code": ("code", "industry_id", "代码", "行业代码"),
    "name": ("name", "名称", "行业名称", "类别名称"),
    "parent": ("parent", "parent_id", "上级代码", "父级代码"),
    "level": ("level", "level_type", "级别", "层级"),
}
_NEEDED = ("code", "name", "parent", "level")
_LEVELS = ("门类", "大类", "中类", "小类")
_SECTIONS = "ABCDEFGHIJKLMNOPQRST"
_DIVISIONS = 97
_CODE = re.compile(r"[A-T]|[A-T]?(\d{1,4})")
_TOP = ("", "0")
# Misprints of copies in circulation, and the code of the standard: told to whoever imports, never put in.
_MISPRINTS = {("0711", "海洋石油开采"): "0712"}


@dataclass(frozen=True, slots=True)
class TableCounts:
    """What a table holds; ``zeros`` are the codes whose lost leading zero was put back.

    ``doubts`` are rows whose parent is another code than the one that their own code names: the code counts, for the parent
    is in its digits.
    """

    sections: int
    divisions: int
    groups: int
    classes: int
    zeros: int
    doubts: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    at: Location
    id: str
    code: str
    name: str
    parent: str
    level: int
    mended: bool


def import_industries(file: Path, home: Path) -> TableCounts:
    """Check a table and keep it for all imports to come.

    Args:
        file: CSV or workbook with the columns code (or industry_id), name, parent (or parent_id) and level (or level_type, 0
            to 3); parents may be codes or the numbers of an ``id`` column.
        home: the home folder.

    Raises:
        InputError: the file cannot be read, or the table has faults; each with its line or cell.
        RetryableError: an import is running.
    """
    findings: list[Finding] = []
    entries = list(_entries(file, findings))
    doubts = tuple(_parents(entries, findings))
    findings += [*_twice(entries), *_gaps(entries)]
    if findings:
        zh, en = "行业代码表有误,未采用", "the table has faults and was not taken"
        raise InputError("profiles.codes", zh, en, findings=tuple(sorted(findings, key=_place)))
    shelf = Shelf(home)
    with shelf.lock():
        shelf.keep_industries(table_text({entry.code: entry.name for entry in entries}))
    sections, divisions, groups, classes = (sum(e.level == level for e in entries) for level in range(len(_LEVELS)))
    return TableCounts(sections, divisions, groups, classes, sum(entry.mended for entry in entries), doubts)


def _entries(file: Path, findings: list[Finding]) -> Iterator[_Entry]:
    if not file.is_file():
        raise InputError("profiles.file.missing", "没有这个文件", "there is no such file", Location(str(file)))
    with open_sheets(file, file.name) as sheets:
        for sheet in sheets:
            columns: dict[str, int] = {}
            for number, row in enumerate(sheet.rows()):
                if not columns:
                    columns = _columns(row)
                elif any(text.strip() for text in row):
                    at = _location(file.name, sheet.name, number, columns["code"])
                    if entry := _entry(row, columns, at, findings):
                        yield entry
            if columns:
                return
    zh = "找不到表头:代码、名称、上级代码、级别(code,name,parent,level)"
    en = "no header found: code, name, parent, level"
    raise InputError("profiles.codes.header", zh, en, Location(file.name))


def _columns(row: Row) -> dict[str, int]:
    found = {plain(text).lower(): index for index, text in reversed(list(enumerate(row)))}
    columns = {part: found[name] for part, names in _HEADERS.items() for name in reversed(names) if name in found}
    return columns if all(part in columns for part in _NEEDED) else {}


def _location(file: str, sheet: str, row: int, column: int) -> Location:
    return Location(file, cell=f"{sheet}!{cell_name(row, column)}") if sheet else Location(file, line=row + 1)


def _entry(row: Row, columns: Mapping[str, int], at: Location, findings: list[Finding]) -> _Entry | None:
    cells = {part: plain(row[i]).removesuffix(".0") if i < len(row) else "" for part, i in columns.items()}
    found = _CODE.fullmatch(cells["code"].upper())
    if found is None or not cells["name"] or cells["level"] not in ("0", "1", "2", "3"):
        zh, en = f"代码、名称或级别有误:{cells['code']}", f"wrong code, name or level: {cells['code']!r}"
        findings.append(Finding("profiles.codes.row", zh, en, at))
        return None
    level = int(cells["level"])
    code = f"0{found[1]}" if found[1] and len(found[1]) == level else found[1] or found[0]
    if len(code) != level + 1 or code.isdigit() != (level > 0):
        zh, en = f"代码 {code} 不是{_LEVELS[level]}的写法", f"the code {code} is not one of level {level}"
        findings.append(Finding("profiles.codes.row", zh, en, at))
        return None
    name = " ".join(row[columns["name"]].split())
    parent = cells["parent"].upper()
    return _Entry(at, cells.get("id", ""), code, name, parent, level, code != found[1] and level > 0)


def _twice(entries: Sequence[_Entry]) -> Iterator[Finding]:
    first: dict[str, _Entry] = {}
    for entry in entries:
        known = first.setdefault(entry.code, entry)
        if known is not entry:
            right = _MISPRINTS.get((entry.code, entry.name))
            zh = f"代码 {entry.code} {entry.name} 重复,{known.at} 已有 {known.name}"
            en = f"the code {entry.code} stands twice, first at {known.at}"
            hint = f"{entry.name} 在国标中为 {right} / is {right} in the standard" if right else None
            yield Finding("profiles.codes.twice", zh, en, entry.at, hint)


def _parents(entries: Sequence[_Entry], findings: list[Finding]) -> Iterator[Finding]:
    """Yield parents that exist but are not those of the code; parents that do not exist are faults.

    Parents are codes or row numbers for the whole table, whichever leaves fewer doubts.
    """
    by_id = {entry.id: entry.code for entry in entries if entry.id}
    as_codes = [entry.parent.zfill(entry.level) if entry.level > 1 else entry.parent for entry in entries]
    as_ids = [by_id.get(entry.parent, "") for entry in entries]
    readings = min(as_codes, as_ids, key=lambda r: sum(_above(e) != p for e, p in zip(entries, r, strict=True)))
    known = {entry.code for entry in entries}
    for entry, parent in zip(entries, readings, strict=True):
        above = _above(entry)
        if entry.level == 0:
            if entry.parent not in _TOP:
                findings.append(_parent(entry, "门类没有上级", "a section has none"))
        elif above not in known or parent not in known:
            missing = above if above not in known else entry.parent
            findings.append(_parent(entry, f"表中没有 {missing}", f"{missing} is not in the table"))
        elif parent != above:
            yield _parent(
                entry, f"写作 {parent},按代码为 {above}", f"{parent} is written, its code says {above}", "warning"
            )


def _above(entry: _Entry) -> str:
    """The code that the parent of an entry has by the standard."""
    if entry.level != 1:
        return entry.code[:-1]
    return next((letter for letter in _SECTIONS if entry.code in industry_prefixes(letter)), "")


def _parent(entry: _Entry, zh: str, en: str, severity: str = "error") -> Finding:
    zh, en = f"{entry.code} {entry.name} 的上级有误:{zh}", f"the parent of {entry.code} is wrong: {en}"
    return Finding("profiles.codes.parent", zh, en, entry.at, severity=severity)


def _gaps(entries: Sequence[_Entry]) -> Iterator[Finding]:
    known = {entry.code for entry in entries}
    wanted = [*_SECTIONS, *(f"{n:02d}" for n in range(1, _DIVISIONS + 1))]
    if missing := [code for code in wanted if code not in known]:
        listed = "、".join(missing)
        yield Finding("profiles.codes.missing", f"缺少门类或大类:{listed}", f"missing sections or divisions: {listed}")
    parents = {code[:-1] for code in known}
    for entry in entries:
        if entry.level in (1, 2) and entry.code not in parents:
            zh, en = f"{entry.code} {entry.name} 没有下级", f"{entry.code} has nothing below it"
            yield Finding("profiles.codes.missing", zh, en, entry.at)


def _place(finding: Finding) -> tuple[int, str]:
    if finding.at is None:
        return 0, ""
    row = finding.at.line or int(re.sub(r".*\D", "", finding.at.cell or "0"))
    return row, finding.code
