"""What became of the rows and cells that were not simply taken: one line each, for the workbook of an import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from subsidy_match.profiles.persons import masked

__all__ = ["MergedRow", "Outcomes", "QuarantinedRow", "UnreadCell", "read_outcomes"]


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be used: the first cell that is to blame, all reasons, and what stands there."""

    file: str
    sheet: str
    row: int
    cell: str
    zh: str
    en: str
    value: str


@dataclass(frozen=True, slots=True)
class MergedRow:
    """A row that says of the same firm and item what row ``into`` says, or completes it."""

    file: str
    sheet: str
    row: int
    into: int
    uscc: str
    name: str


@dataclass(frozen=True, slots=True)
class UnreadCell:
    """A cell that could not be read: its fact, or field of a list, is unknown now."""

    file: str
    sheet: str
    cell: str
    target: str
    zh: str
    en: str
    value: str


@dataclass(frozen=True, slots=True)
class Outcomes:
    """All of them, in the order of files and rows; as many as the counts of the report say."""

    quarantined: tuple[QuarantinedRow, ...] = ()
    merged: tuple[MergedRow, ...] = ()
    unread: tuple[UnreadCell, ...] = ()


def read_outcomes(con: duckdb.DuckDBPyConnection) -> Outcomes:
    """Read them out of a snapshot file; what looks like a person number is masked."""
    return Outcomes(
        tuple(_quarantined(*row) for row in con.execute(_QUARANTINED).fetchall()),
        tuple(MergedRow(*row) for row in con.execute(_MERGED).fetchall()),
        tuple(_unread(*row) for row in con.execute(_UNREAD).fetchall()),
    )


# A row that falls with the unreadable cell of a key has no reason of its own: that of the cell counts.
_QUARANTINED = """
WITH lost AS (SELECT batch, "row" FROM set_aside WHERE outcome = 'quarantined'),
why AS (SELECT r.*, bool_or(r.target = '') OVER (PARTITION BY r.batch, r."row") AS whole
    FROM reject r SEMI JOIN lost USING (batch, "row"))
SELECT any_value(b.file), any_value(b.sheet), l."row",
    list({'cell': w.cell, 'zh': w.zh, 'en': w.en, 'value': w.value} ORDER BY length(w.cell), w.cell, w.code)
        FILTER (w.target = '' OR NOT w.whole)
FROM lost l JOIN batch b ON b.number = l.batch LEFT JOIN why w ON w.batch = l.batch AND w."row" = l."row"
GROUP BY l.batch, l."row" ORDER BY l.batch, l."row"
"""
_MERGED = """
SELECT b.file, b.sheet, s."row", s."into", s.uscc, coalesce(f.name, '')
FROM set_aside s JOIN batch b ON b.number = s.batch LEFT JOIN firm f USING (uscc)
WHERE s.outcome = 'merged' ORDER BY s.batch, s."row"
"""
_UNREAD = """
SELECT b.file, b.sheet, r.cell, r.target, r.zh, r.en, r.value FROM reject r JOIN batch b ON b.number = r.batch
WHERE r.target <> '' ORDER BY r.batch, r."row", r.cell, r.target
"""


def _quarantined(file: str, sheet: str, row: int, found: list[dict[str, Any]] | None) -> QuarantinedRow:
    reasons = found or []
    zh, en, values = (list(dict.fromkeys(r[part] or "" for r in reasons)) for part in ("zh", "en", "value"))
    cell = reasons[0]["cell"] if reasons else f"A{row}"
    return QuarantinedRow(file, sheet, row, cell, ";".join(zh), "; ".join(en), masked(" | ".join(filter(None, values))))


def _unread(file: str, sheet: str, cell: str, target: str, zh: str, en: str, value: str | None) -> UnreadCell:
    return UnreadCell(file, sheet, cell, target, zh, en, masked(value or ""))
