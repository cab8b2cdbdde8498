"""DuckDB alone, in the best plain form that was found: one query a policy over what may be eligible.

The filter is two-valued: every leaf "or its column is unknown", NOT at the leaves, so that pushing down, short-circuits and zone
maps stay; the exact verdict is worked out on the few rows that are left.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import assert_never

import duckdb

from engine.plain import (
    Atom,
    Fixed,
    Flag,
    Formula,
    From,
    Inside,
    Leaf,
    OneOf,
    Plain,
    Share,
    Steps,
    Times,
    columns_of,
    plain_policies,
)
from engine.results import Piece, Tally, Task, Unknown

MONEY = "BIGINT 分"


def run(task: Task, tally: Tally) -> Unknown:
    """Match everything, policy by policy; with ``out``, one Parquet file a policy."""
    policies, unknown = plain_policies(task.policies), {}
    with duckdb.connect(str(task.snapshot), read_only=True, config={"threads": task.threads}) as con:
        con.execute("SET enable_progress_bar = false")
        gaps = _with_gaps(con, columns_of(policies))
        if task.out is not None:
            task.out.mkdir(parents=True)
        for policy in policies:
            query = _query(policy, gaps)
            if task.out is None:
                unknown[policy.id] = _handed_in(con, policy, query, tally)
            else:
                unknown[policy.id] = _written(con, query, tally, task.out / f"{policy.id}.parquet")
    return unknown


def _handed_in(con: duckdb.DuckDBPyConnection, policy: Plain, query: str, tally: Tally) -> int:
    found = con.sql(query).to_arrow_table().combine_chunks()
    verdicts = found.column("verdict")
    met = found.filter(verdicts)
    for part in met.to_batches():
        tally.take(Piece(part.column("uscc"), policy.id, part.column("amount")))
    return int(verdicts.null_count)


def _written(con: duckdb.DuckDBPyConnection, query: str, tally: Tally, path: Path) -> int:
    con.execute(f"CREATE OR REPLACE TEMP TABLE found AS {query}")
    con.execute(f"COPY (SELECT uscc, amount FROM found WHERE verdict) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    totals = "count(*) FILTER (verdict), (coalesce(sum(amount) FILTER (verdict), 0))::BIGINT, count(*) - count(verdict)"
    ((pairs, amount, left_open),) = con.execute(f"SELECT {totals} FROM found").fetchall()
    tally.add(pairs, amount)
    return int(left_open)


def _with_gaps(con: duckdb.DuckDBPyConnection, columns: list[str]) -> frozenset[str]:
    """The columns that are unknown for some firm: only they need a guard."""
    counts = ", ".join(f"count(*) - count({name})" for name in columns)
    (missing,) = con.execute(f"SELECT {counts} FROM firm").fetchall()
    return frozenset(name for name, count in zip(columns, missing, strict=True) if count)


# --- text ---


def _query(policy: Plain, gaps: Collection[str]) -> str:
    exact, maybe = _formula(policy.condition, None), _formula(policy.condition, gaps)
    return f"SELECT uscc, {exact} AS verdict, {_amount(policy)} AS amount FROM firm WHERE {maybe}"


def _formula(formula: Formula, gaps: Collection[str] | None) -> str:
    """The verdict; with ``gaps``, what may be true whatever the values that are not known."""
    if isinstance(formula, Leaf):
        text = f"NOT {_atom(formula.atom)}" if formula.negated else _atom(formula.atom)
        guards = "".join(f" OR {name} IS NULL" for name in formula.columns if gaps is not None and name in gaps)
        return f"({text}{guards})"
    return "(" + (" AND " if formula.every else " OR ").join(_formula(part, gaps) for part in formula.of) + ")"


def _atom(atom: Atom) -> str:
    match atom:
        case Flag(column=column):
            return column
        case From(column=column, limit=limit):
            return f"{column} >= DATE '{limit}'" if isinstance(limit, date) else f"{column} >= {limit}"
        case Share(column=column, whole=whole, least=least):
            return f"{column} * {least.denominator} >= {whole} * {least.numerator}"
        case Inside(column=column, prefixes=prefixes):
            return "(" + " OR ".join(f"starts_with({column}, '{prefix}')" for prefix in prefixes) + ")"
        case OneOf(column=column, codes=codes):
            return f"{column} IN (" + ", ".join(f"'{code}'" for code in codes) + ")"
        case _:
            assert_never(atom)


def _amount(policy: Plain) -> str:
    match policy.pays:
        case Fixed(fen=fen):
            return f"{fen}::BIGINT"
        case Times(column=name, factor=factor, cap=cap):
            top, bottom = 2 * factor.numerator, 2 * factor.denominator * policy.step
            part = f"({_known(name)} * {top} + {bottom // 2}) // {bottom} * {policy.step}"
            return f"least({cap}::BIGINT, {part})"
        case Steps(column=name, steps=steps, otherwise=rest):
            arms = " ".join(f"WHEN {_known(name)} >= {edge} THEN {fen}::BIGINT" for edge, fen in steps)
            return f"CASE {arms} ELSE {rest}::BIGINT END"
        case _:
            assert_never(policy.pays)


def _known(column: str) -> str:
    return f"coalesce({column}, 0)"
