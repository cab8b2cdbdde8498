"""What an import did, for the officer who handed over the files: every row accounted for, every reason with its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from subsidy_match.errors import Finding, Location, SubsidyError
from subsidy_match.profiles.outcomes import Outcomes, read_outcomes
from subsidy_match.profiles.persons import masked

__all__ = ["FileLine", "ImportReport", "read_report"]


@dataclass(frozen=True, slots=True)
class FileLine:
    """The counts of one sheet; ``bad_cells`` are cells of accepted rows that could not be read and are unknown now."""

    file: str
    sheet: str
    list_id: str
    department: str
    as_of: str
    rows_in: int
    accepted: int
    merged: int
    quarantined: int
    ignored: int
    bad_cells: int
    new: bool = True

    @property
    def balances(self) -> bool:
        """Whether every row is accounted for."""
        return self.rows_in == self.accepted + self.merged + self.quarantined + self.ignored


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of one import: the snapshot it made and what became of every row of every file in force.

    ``published`` is false for a dry run; ``unchanged`` says that the very same snapshot was in force already.
    """

    snapshot_id: str
    firms: int
    lines: tuple[FileLine, ...]
    rejects: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    open_reviews: int
    ties: int
    published: bool = True
    unchanged: bool = False
    outcomes: Outcomes = field(default_factory=Outcomes)  # the rows behind the counts, for the workbook

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left for a person to look at."""
        return not (self.rejects or self.notes or self.open_reviews or self.ties)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "snapshot": self.snapshot_id,
            "published": self.published,
            "unchanged": self.unchanged,
            "firms": self.firms,
            "open_reviews": self.open_reviews,
            "ties": self.ties,
            "files": [{name: getattr(line, name) for name in FileLine.__slots__} for line in self.lines],
            "rejects": [finding.to_dict() for finding in self.rejects],
            "notes": [finding.to_dict() for finding in self.notes],
        }

    def text(self, lang: str = "zh") -> str:
        """The report to read, in Chinese or English."""
        pick = _ZH if lang == "zh" else _EN
        lines = [pick["head"].format(id=self.snapshot_id, firms=self.firms)]
        if not self.published:
            lines.append(pick["dry"])
        if self.unchanged:
            lines.append(pick["unchanged"])
        lines += [pick["line"].format(title=_title(line), **_numbers(line)) for line in self.lines]
        lines.append(pick["sum"].format(**_total(self.lines)))
        lines += _reasons(self.rejects, pick, lang)
        lines += [f"  {note.at}  {note.zh if lang == 'zh' else note.en}" for note in self.notes]
        if self.open_reviews or self.ties:
            lines.append(pick["review"].format(open=self.open_reviews, ties=self.ties))
        return "\n".join(lines)


_ZH = {
    "head": "快照 {id}:{firms} 家企业",
    "dry": "试运行,未发布",
    "unchanged": "内容与现行快照相同,无需重建",
    "line": "{title}:共 {rows_in} 行 = 采用 {accepted} + 合并 {merged} + 隔离 {quarantined} + 忽略 {ignored};无法识读的单元格 {bad_cells}",
    "sum": "合计:共 {rows_in} 行 = 采用 {accepted} + 合并 {merged} + 隔离 {quarantined} + 忽略 {ignored}",
    "reasons": "需要处理:",
    "reason": "  {reason}:{count} 处,如 {places}",
    "review": "待人工核对:企业身份 {open} 项,数值不一致 {ties} 项(subsidy-match profiles review)",
}
_EN = {
    "head": "snapshot {id}: {firms} firms",
    "dry": "dry run, not published",
    "unchanged": "the same as the snapshot in force, nothing rebuilt",
    "line": "{title}: {rows_in} rows = {accepted} accepted + {merged} merged + {quarantined} quarantined + {ignored} ignored;"
    " {bad_cells} cells unreadable",
    "sum": "total: {rows_in} rows = {accepted} accepted + {merged} merged + {quarantined} quarantined + {ignored} ignored",
    "reasons": "to be dealt with:",
    "reason": "  {reason}: {count}, such as {places}",
    "review": "waiting for a person: {open} identities, {ties} values that differ (subsidy-match profiles review)",
}


def read_report(path: Path, snapshot_id: str, new: Iterable[str] = (), *, published: bool = True) -> ImportReport:
    """Read the report out of a snapshot file.

    Args:
        path: the snapshot file.
        snapshot_id: its id.
        new: hashes of the files that this import brought.
        published: false for a dry run.

    Raises:
        SubsidyError: the rows of a file do not balance.
    """
    fresh = frozenset(new)
    with duckdb.connect(str(path), read_only=True) as con:
        report = ImportReport(
            snapshot_id=snapshot_id,
            firms=_number(con, "SELECT count(*) FROM firm"),
            lines=tuple(_lines(con, fresh)),
            rejects=tuple(_rejects(con)),
            notes=tuple(_notes(con)),
            open_reviews=_number(con, "SELECT count(DISTINCT id) FROM review WHERE kind = 'identity'"),
            ties=_number(con, "SELECT count(DISTINCT id) FROM review WHERE kind = 'value'"),
            published=published,
            outcomes=read_outcomes(con),
        )
    for line in report.lines:
        if not line.balances:
            zh, en = f"{_title(line)} 的行数不平", f"the rows of {_title(line)} do not balance"
            raise SubsidyError("profiles.unbalanced", zh, en, Location(_title(line)))
    return report


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])


def _lines(con: duckdb.DuckDBPyConnection, fresh: frozenset[str]) -> Iterable[FileLine]:
    query = (
        "SELECT file, sheet, list AS list_id, department, as_of::VARCHAR, rows_in, accepted, merged, quarantined, ignored, bad_cells, sha256"
        " FROM batch ORDER BY number"
    )
    for row in con.execute(query).fetchall():
        values = dict(zip(FileLine.__slots__, row, strict=False))
        yield FileLine(**{**values, "new": row[-1] in fresh})


def _rejects(con: duckdb.DuckDBPyConnection) -> Iterable[Finding]:
    query = (
        "SELECT r.code, r.zh, r.en, b.file, b.sheet, r.cell, r.value FROM reject r JOIN batch b ON b.number = r.batch"
        ' ORDER BY r.batch, r."row", r.cell, r.target'
    )
    for code, zh, en, file, sheet, cell, value in con.execute(query).fetchall():
        place = Location(file, cell=f"{sheet}!{cell}" if sheet else cell)
        yield Finding(f"profiles.{code}", zh, en, place, hint=masked(value or "") or None)


def _notes(con: duckdb.DuckDBPyConnection) -> Iterable[Finding]:
    for file, sheet, code, zh, en in con.execute(
        "SELECT file, sheet, code, zh, en FROM finding ORDER BY ALL"
    ).fetchall():
        yield Finding(f"profiles.{code}", zh, en, Location(file, cell=sheet or None), severity="warning")


def _title(line: FileLine) -> str:
    return f"{line.file}!{line.sheet}" if line.sheet else line.file


def _numbers(line: FileLine) -> dict[str, int]:
    return {
        name: getattr(line, name) for name in ("rows_in", "accepted", "merged", "quarantined", "ignored", "bad_cells")
    }


def _total(lines: Iterable[FileLine]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for line in lines:
        total.update(_numbers(line))
    return {name: total[name] for name in ("rows_in", "accepted", "merged", "quarantined", "ignored", "bad_cells")}


def _reasons(rejects: Iterable[Finding], pick: dict[str, str], lang: str) -> list[str]:
    grouped: dict[str, list[str]] = {}
    for found in rejects:
        written = f" “{found.hint}”" if found.hint else ""
        grouped.setdefault(found.zh if lang == "zh" else found.en, []).append(f"{found.at}{written}")
    if not grouped:
        return []
    order = sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        pick["reasons"],
        *(
            pick["reason"].format(reason=reason, count=len(places), places=" | ".join(places[:3]))
            for reason, places in order
        ),
    ]
