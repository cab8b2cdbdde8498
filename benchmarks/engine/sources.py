"""Where each value of a made-up population is from, which reading one firm's document needs and matching populations does not."""

from __future__ import annotations

from pathlib import Path

import duckdb

__all__ = ["add_sources"]


def add_sources(snapshot: Path) -> None:
    """Give a snapshot its tables of batches: every value is of the one batch there is, and nobody told another one."""
    with duckdb.connect(str(snapshot)) as con:
        con.execute("SET enable_progress_bar = false")
        kinds = con.execute(
            "SELECT column_name, column_type FROM (DESCRIBE firm) WHERE column_name <> 'uscc'"
        ).fetchall()
        batches = ", ".join(f"{_batch(name, kind)} AS {name}" for name, kind in kinds)
        con.execute(f"CREATE TABLE firm_batch AS SELECT uscc, {batches} FROM firm")
        con.execute(
            "CREATE TABLE firm_told AS SELECT uscc,"
            " []::STRUCT(target VARCHAR, department VARCHAR, value VARCHAR, batch INTEGER)[] AS told FROM firm"
        )


def _batch(name: str, kind: str) -> str:
    return f"list_transform({name}, lambda x: 1)" if kind.endswith("[]") else f"CASE WHEN {name} IS NOT NULL THEN 1 END"
