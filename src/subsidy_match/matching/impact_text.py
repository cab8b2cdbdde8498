"""Tables of the impact report for a terminal: one language, and no column in which nothing happened."""

from __future__ import annotations

from dataclasses import replace

from subsidy_match.matching.impact_tables import Cell, Table, Yuan
from subsidy_match.money import yuan_text

__all__ = ["in_one_language", "shown", "without_empty_columns"]

_BETWEEN = " / "  # the report writes every term of its own as "中文 / English"


def in_one_language(table: Table, lang: str) -> Table:
    """The same table with the terms of one language only; what the data say stays as it is."""
    rows = [
        tuple(cell if n in table.verbatim else _said(cell, lang) for n, cell in enumerate(row)) for row in table.rows
    ]
    return replace(table, columns=tuple(_part(name, lang) for name in table.columns), rows=rows)


def without_empty_columns(table: Table) -> Table:
    """The same table less the columns of numbers that hold nothing but zeros."""
    numbers = {n for n in table.right if all(_is_nothing(row[n]) for row in table.rows)}
    kept = [n for n in range(len(table.columns)) if n not in numbers]
    right, verbatim = (frozenset(at for at, n in enumerate(kept) if n in own) for own in (table.right, table.verbatim))
    rows = [tuple(row[n] for n in kept) for row in table.rows]
    return Table(tuple(table.columns[n] for n in kept), rows, right, verbatim)


def shown(cell: Cell, lang: str) -> str:
    """A cell as text."""
    match cell:
        case None:
            return ""
        case Yuan(fen=fen):
            return yuan_text(fen, lang=lang)
        case _:
            return str(cell)


def _said(cell: Cell, lang: str) -> Cell:
    return _part(cell, lang) if isinstance(cell, str) else cell


def _part(text: str, lang: str) -> str:
    zh, found, en = text.partition(_BETWEEN)
    if not found or _BETWEEN in en:
        return text
    return zh if lang == "zh" else en


def _is_nothing(cell: Cell) -> bool:
    return cell is None or cell in (0, Yuan(0))
