"""Pairs as Arrow tables: numbers stay numbers, texts become numbers into short lists of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from subsidy_match.matching.results import SCHEMA, BlockResult
from subsidy_match.matching.vector.blocks import Block
from subsidy_match.matching.vector.evaluation import Compiled, evaluate
from subsidy_match.matching.vector.pairs import CODES, Pairs, Tally
from subsidy_match.matching.vector.sources import subjects_of
from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.matching.vector.texts import Texts
from subsidy_match.rules.truth import Verdict

__all__ = ["block_result", "counts_of", "tables_of"]

_NAMES = tuple(verdict.value for verdict in CODES)
_VERDICTS = pa.array(_NAMES)


def tables_of(compiled: Compiled, uscc: pa.Array, block: Block, parts: Sequence[Pairs]) -> tuple[pa.Table, pa.Table]:
    """The favourable pairs and those that data leave open, as tables of the columns of ``SCHEMA``."""
    words = _Words(uscc, compiled.texts)
    found: dict[bool, list[pa.Table]] = {True: [], False: []}
    for pairs in parts:
        is_open = pairs.verdicts == CODES[Verdict.UNKNOWN]
        for favourable, chosen in ((True, ~is_open), (False, is_open)):
            some = pairs if chosen.all() else pairs.only(chosen)
            if len(some):
                found[favourable].append(words.table(some, _subjects(compiled, block, some)))
    favourable, unknown = (
        pa.concat_tables(found[kind]) if found[kind] else SCHEMA.empty_table() for kind in (True, False)
    )
    return favourable, unknown


def block_result(compiled: Compiled, number: int, uscc: pa.Array, block: Block, *, unknowns: bool) -> BlockResult:
    """Match one block."""
    pairs, tally = evaluate(compiled, block, unknowns=unknowns)
    favourable, unknown = tables_of(compiled, uscc, block, pairs)
    return BlockResult(number, block.size, favourable, unknown, counts_of(compiled, tally))


def counts_of(compiled: Compiled, tally: Tally) -> Mapping[str, Mapping[str, int]]:
    """How many matches of every verdict each policy has."""
    rows = tally.closed().tolist()  # columns in the order of CODES, which is that of the names
    return {
        one.policy.id: dict(zip(_NAMES, counts, strict=True))
        for one, counts in zip(compiled.plan.lowered, rows, strict=True)
    }


@dataclass(frozen=True, slots=True)
class _Words:
    """The texts that rows of the tables point to."""

    uscc: pa.Array
    texts: Texts

    def table(self, pairs: Pairs, subjects: pa.Array) -> pa.Table:
        """Rows for pairs."""
        policies = pa.array(pairs.policies, pa.int32())
        exact = pairs.has_low & pairs.has_high & (pairs.low == pairs.high)
        columns = {
            "uscc": pa.DictionaryArray.from_arrays(pa.array(pairs.firms, pa.int32()), self.uscc),
            "policy_id": pa.DictionaryArray.from_arrays(policies, self.texts.ids),
            "policy_version": self.texts.starts.take(policies),
            "period": pa.DictionaryArray.from_arrays(policies, self.texts.periods),
            "subject": subjects,
            "verdict": pa.DictionaryArray.from_arrays(pa.array(pairs.verdicts, pa.int8()), _VERDICTS),
            "amount_min": _amounts(pairs.low, pairs.has_low),
            "amount_max": _amounts(pairs.high, pairs.has_high),
            "automatic": pa.array(exact & (pairs.verdicts == CODES[Verdict.ELIGIBLE])),
        }
        return pa.table(columns)


def _amounts(values: Ints, known: Bools) -> pa.Array:
    return pa.array(values, pa.int64(), mask=None if known.all() else ~known)


def _subjects(compiled: Compiled, block: Block, pairs: Pairs) -> pa.Array:
    """The key of the row that each pair is for; pairs with rows are all of one policy."""
    if not pairs.is_by_row:
        return pa.nulls(len(pairs), pa.string())
    return subjects_of(compiled.plan.lowered[int(pairs.policies[0])].policy, block, pairs.rows)
