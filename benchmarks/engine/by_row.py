"""What the engines that look at one firm after another share: rows as plain dictionaries, and what becomes of their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from engine.firms import DAYS
from engine.plain import Plain, columns_of, plain_policies
from engine.results import Piece, Tally, Task

Decide = Callable[[dict[str, Any]], Sequence[Any]]  # the verdict of every policy on one firm


def run_by_row(task: Task, tally: Tally, compile_all: Callable[[list[Plain]], Decide]) -> None:
    """Decide firm by firm on one thread; verdicts only, no amounts, and no pairs that data leave open."""
    policies = plain_policies(task.policies)
    decide = compile_all(policies)
    for row in _rows(task, columns_of(policies)):
        met = [policy.id for policy, verdict in zip(policies, decide(row), strict=True) if verdict]
        tally.take(Piece(pa.array([row["uscc"]] * len(met), pa.string()), pa.array(met, pa.string()), None))


def _rows(task: Task, columns: list[str]) -> list[dict[str, Any]]:
    parts = [f"{name} - DATE '1970-01-01' AS {name}" if name in DAYS else name for name in ["uscc", *columns]]
    with duckdb.connect(str(task.snapshot), read_only=True, config={"threads": task.threads}) as con:
        rows = con.sql(f"SELECT {', '.join(parts)} FROM firm").to_arrow_table().to_pylist()
    return list(rows)
