"""Polars: the columns that are asked for in memory, verdicts selected lazily in batches of policies, exact integers throughout."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import assert_never

import duckdb
import numpy as np
import polars as pl

from engine.paying import Ints, amounts
from engine.plain import Atom, Flag, Formula, From, Inside, Leaf, OneOf, Plain, Share, columns_of, plain_policies
from engine.results import Piece, Tally, Task, Unknown

MONEY = "Int64 分"
_AT_ONCE = 100  # policies in one plan


def run(task: Task, tally: Tally) -> Unknown:
    """Match everything; with ``out``, one Parquet file a batch of policies. Its threads are set from outside."""
    policies = plain_policies(task.policies)
    unknown: dict[str, int] = {}
    frame = _frame(task, columns_of(policies))
    if task.out is not None:
        task.out.mkdir(parents=True)
    for start in range(0, len(policies), _AT_ONCE):
        some = policies[start : start + _AT_ONCE]
        verdicts = frame.lazy().select([_formula(one.condition).alias(one.id) for one in some]).collect()
        unknown |= {one.id: verdicts[one.id].null_count() for one in some}
        found = [_found(frame, one, verdicts[one.id]) for one in some]
        if task.out is None:
            _hand_in(some, found, tally)
        else:
            _write(some, found, tally, task.out / f"{start:05d}.parquet")
    return unknown


def _frame(task: Task, columns: list[str]) -> pl.DataFrame:
    with duckdb.connect(str(task.snapshot), read_only=True, config={"threads": task.threads}) as con:
        table = con.sql(f"SELECT uscc, {', '.join(columns)} FROM firm").to_arrow_table()
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table was expected")
    return frame


def _found(frame: pl.DataFrame, policy: Plain, verdicts: pl.Series) -> tuple[pl.Series, Ints]:
    met = verdicts.arg_true()

    def column(name: str) -> Ints:
        return frame[name].gather(met).fill_null(0).to_numpy()

    return frame["uscc"].gather(met), amounts(policy, column, len(met))


def _hand_in(policies: list[Plain], found: list[tuple[pl.Series, Ints]], tally: Tally) -> None:
    for policy, (uscc, fen) in zip(policies, found, strict=True):
        tally.take(Piece(uscc.to_arrow(), policy.id, pl.Series(fen).to_arrow()))


def _write(policies: list[Plain], found: list[tuple[pl.Series, Ints]], tally: Tally, path: Path) -> None:
    sizes = [len(fen) for _, fen in found]
    names = pl.Series([policy.id for policy in policies], dtype=pl.Categorical)
    whole = pl.DataFrame(
        {
            "uscc": pl.concat([uscc for uscc, _ in found]),
            "policy_id": names.gather(np.repeat(np.arange(len(policies)), sizes)),
            "amount": np.concatenate([fen for _, fen in found]),
        }
    )
    whole.write_parquet(path, compression="zstd")
    tally.add(whole.height, int(whole["amount"].sum()))


def _formula(formula: Formula) -> pl.Expr:
    if isinstance(formula, Leaf):
        return ~_atom(formula.atom) if formula.negated else _atom(formula.atom)
    return reduce(and_ if formula.every else or_, map(_formula, formula.of))


def _atom(atom: Atom) -> pl.Expr:
    column = pl.col(atom.column)
    match atom:
        case Flag():
            return column
        case From(limit=limit):
            return column >= limit
        case Share(whole=whole, least=least):
            return column * least.denominator >= pl.col(whole) * least.numerator
        case Inside(prefixes=prefixes):
            return reduce(or_, (column.str.starts_with(prefix) for prefix in prefixes))
        case OneOf(codes=codes):
            return column.is_in(list(codes))
        case _:
            assert_never(atom)
