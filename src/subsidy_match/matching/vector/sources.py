"""Blocks of firms out of a snapshot, with only the columns that a plan looks at, and with our own payments in the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.matching.history import Payment, history_row
from subsidy_match.matching.vector.blocks import Block, Dictionaries, Listed
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.spans import Bools
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Collection

__all__ = ["BLOCK", "Source", "blocks_of"]

BLOCK = 122_880  # rows of a row group of DuckDB
_HISTORY = "subsidy_history"


@dataclass(frozen=True, slots=True)
class Source:
    """What turns tables of a snapshot into blocks for one plan."""

    plan: Plan
    loaded: Mapping[str, Mapping[str, date]]
    disputed: Mapping[str, pa.Array]
    payments: Mapping[str, Sequence[Payment]] = field(default_factory=dict)
    dictionaries: Dictionaries = field(default_factory=Dictionaries)

    def block(self, table: pa.Table) -> Block:
        """One block; ``table`` has ``uscc``, facts, lists, and the days of facts that age as ``as_of fact``."""
        columns = {name: whole(table.column(name)) for name in table.column_names}
        uscc = columns["uscc"]
        lists = {name: _listed(columns[name]) for name in self.plan.lists if name in columns}
        if self.payments and _HISTORY in self.plan.lists:
            lists[_HISTORY] = _with_payments(lists.get(_HISTORY), uscc, self.payments)
        facts = {name: columns[name] for name in self.plan.facts if name in columns}
        days = {name: columns[f"as_of {name}"] for name in self.plan.aging if f"as_of {name}" in columns}
        opened = {name: self._open(name, uscc) for name in self.plan.lists}
        return Block(len(uscc), facts, lists, opened, days, self.dictionaries)

    def _open(self, collection: str, uscc: pa.Array) -> Bools:
        spec = self.plan.policies.catalogue.collections[collection]
        loaded = Collection(loaded=self.loaded.get(collection, {}))
        if not spec.is_complete(loaded, self.plan.as_of):
            return np.array([True])
        if collection not in self.disputed:
            return np.array([False])
        found: Bools = pc.is_in(uscc, self.disputed[collection]).to_numpy(zero_copy_only=False)
        return found


def source_of(snapshot: Snapshot, plan: Plan, payments: Mapping[str, Sequence[Payment]]) -> Source:
    """What a snapshot says of its lists as a whole."""
    disputed: dict[str, list[str]] = {}
    for collection, uscc in snapshot.disputed:
        disputed.setdefault(collection, []).append(uscc)
    arrays = {name: pa.array(sorted(codes), pa.string()) for name, codes in disputed.items()}
    return Source(plan, snapshot.loaded, arrays, payments)


def blocks_of(snapshot: Snapshot, source: Source, size: int = BLOCK) -> Iterator[tuple[pa.Array, Block]]:
    """The codes and the block of firms after firms, in the order of the snapshot."""
    plan = source.plan
    for table in snapshot.tables(sorted(plan.facts | plan.lists), sorted(plan.aging), size):
        yield whole(table.column("uscc")), source.block(table)


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, without copying what is in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _listed(array: pa.ListArray) -> Listed:
    starts = array.offsets.to_numpy()
    values = array.values.slice(int(starts[0]), int(starts[-1] - starts[0]))
    names = [values.type.field(place).name for place in range(values.type.num_fields)]
    fields = dict(zip(names, values.flatten(), strict=True))
    return Listed((starts - starts[0]).astype(np.int64), fields)


def _with_payments(known: Listed | None, uscc: pa.Array, payments: Mapping[str, Sequence[Payment]]) -> Listed:
    """The history with our own payments; the few firms that have some are worked out one by one."""
    mine = pa.array(sorted(payments), pa.string())
    firms = np.flatnonzero(pc.is_in(uscc, mine).to_numpy(zero_copy_only=False))
    listed = known or Listed(np.zeros(len(uscc) + 1, np.int64), {})
    added = [(firm, row) for firm in firms for row in _added(listed, int(firm), payments[uscc[firm].as_py()])]
    if not added:
        return listed
    owners = np.repeat(np.arange(len(uscc)), np.diff(listed.starts))
    every = np.concatenate([owners, [firm for firm, _ in added]])
    order = np.argsort(every, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(every, minlength=len(uscc)))])
    names = {*listed.fields, *added[0][1]}
    fields = {name: _extended(listed, name, [row.get(name) for _, row in added], order) for name in names}
    return Listed(starts, fields)


def _added(listed: Listed, firm: int, payments: Sequence[Payment]) -> list[Mapping[str, object]]:
    first, last = int(listed.starts[firm]), int(listed.starts[firm + 1])
    columns = [listed.fields.get(name) for name in ("policy", "amount", "paid_on")]
    rows = [() if c is None else c.slice(first, last - first).to_pylist() for c in columns]
    known: Counter[tuple[object, ...]] = Counter(zip(*rows, strict=False))
    found: list[Mapping[str, object]] = []
    for payment in payments:
        key = payment.policy_id, payment.amount, payment.paid_on
        known[key] -= 1
        if known[key] < 0:
            found.append(history_row(payment))
    return found


def _extended(listed: Listed, name: str, values: list[object], order: np.ndarray) -> pa.Array:
    old = listed.fields.get(name)
    if old is None:
        whole = pa.array([None] * int(listed.starts[-1]) + values)
    else:
        whole = pa.concat_arrays([old, pa.array(values, old.type)])
    return whole.take(pa.array(order))
