"""Rows that every test begins with, made once a process by the product and poured into each further store as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, exists, insert, or_, select, text

from subsidy_match.store.schema import Base

_COUNTERS = text("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
_SET = text("SELECT setval(:name, :value)")


@dataclass(frozen=True, slots=True)
class KeptRows:
    """All rows of a store, in the order of their foreign keys, and where its counters stood."""

    rows: Sequence[tuple[Table, Sequence[dict[str, Any]]]]
    counters: Sequence[dict[str, Any]]

    def pour(self, engine: Engine) -> None:
        """Put the rows into a store that has none."""
        with engine.begin() as connection:
            for table, rows in self.rows:
                connection.execute(insert(table), rows)
            for counter in self.counters:
                connection.execute(_SET, counter)


_KEPT: dict[tuple[str, str], tuple[KeptRows, Any]] = {}


def keep_or_pour(engine: Engine, name: str, make: Callable[[], Any]) -> Any:
    """Let ``make`` fill the store, or pour what it filled another with; gives what ``make`` gave.

    A store that has any row already is left to ``make``: what is kept must be of its making alone.
    """
    with engine.connect() as connection:
        is_empty = not connection.scalar(select(or_(*(exists().select_from(t) for t in Base.metadata.sorted_tables))))
    key = (engine.dialect.name, name)
    if is_empty and key in _KEPT:
        rows, made = _KEPT[key]
        rows.pour(engine)
        return made
    made = make()
    if is_empty:
        with engine.connect() as connection:
            _KEPT[key] = (_read(connection), made)
    return made


def _read(connection: Connection) -> KeptRows:
    tables = [(table, connection.execute(select(table)).mappings().all()) for table in Base.metadata.sorted_tables]
    rows = [(table, [dict(row) for row in found]) for table, found in tables if found]
    if connection.dialect.name == "sqlite":  # counts on from the highest
        return KeptRows(rows, ())
    counters = [{"name": name, "value": value} for name, value in connection.execute(_COUNTERS)]
    return KeptRows(rows, counters)


__all__ = ["KeptRows", "keep_or_pour"]
