"""Blocks of firms out of a snapshot, with only the columns that a plan looks at, and with our own payments in the history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.matching.history import HISTORY, Payment, Settled, settle
from subsidy_match.matching.vector.blocks import Block, Dictionaries, Listed, arrow_type
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Collection as Rows
from subsidy_match.rules.enterprise import Enterprise, Known
from subsidy_match.rules.policy import Policy

__all__ = ["BLOCK", "Source", "block_of", "blocks_of", "source_of", "subjects_of", "table_of"]

BLOCK = 61_440  # half a row group of DuckDB


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
        if self.payments and HISTORY in self.plan.lists:
            lists[HISTORY] = _with_payments(lists.get(HISTORY), uscc, self.payments)
        facts = {name: columns[name] for name in self.plan.facts if name in columns}
        days = {name: columns[f"as_of {name}"] for name in self.plan.aging if f"as_of {name}" in columns}
        opened = {name: self._open(name, uscc) for name in self.plan.lists}
        return Block(len(uscc), facts, lists, opened, days, self.dictionaries)

    def _open(self, collection: str, uscc: pa.Array) -> Bools:
        spec = self.plan.policies.catalogue.collections[collection]
        loaded = Rows(loaded=self.loaded.get(collection, {}))
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


def blocks_of(
    snapshot: Snapshot, source: Source, size: int = BLOCK, firms: Collection[str] | None = None
) -> Iterator[tuple[pa.Array, Block]]:
    """The codes and the block of firms after firms, in the order of the snapshot; all of them, or some."""
    plan = source.plan
    for table in snapshot.tables(sorted(plan.facts | plan.lists), sorted(plan.aging), size, firms):
        yield whole(table.column("uscc")), source.block(table)


def block_of(snapshot: Snapshot, source: Source, first: int, last: int) -> tuple[pa.Array, Block]:
    """The codes and the block of the firms ``first … last - 1`` of a snapshot, or of those that there are."""
    plan = source.plan
    table = snapshot.table(sorted(plan.facts | plan.lists), sorted(plan.aging), first, last)
    return whole(table.column("uscc")), source.block(table)


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, without copying what is in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def table_of(firms: Sequence[Enterprise], plan: Plan) -> pa.Table:
    """Enterprise documents as the columns that a plan looks at, as a snapshot would give them."""
    catalogue = plan.policies.catalogue
    columns: dict[str, pa.Array] = {"uscc": pa.array([firm.uscc for firm in firms], pa.string())}
    for name in sorted(plan.facts):
        fact = name.partition("@")[0]
        known = [_told(firm, name) for firm in firms]
        spec = catalogue.facts.get(fact) or catalogue.facts[fact.rpartition("_")[0]]
        columns[name] = pa.array([None if k is None else _plain(k.value) for k in known], arrow_type(spec.type.kind))
        if name in plan.aging:
            days = [None if k is None or k.source is None else k.source.as_of for k in known]
            columns[f"as_of {name}"] = pa.array(days, pa.date32())
    for name in sorted(plan.lists):
        fields = catalogue.collections[name].fields
        struct = pa.struct([(field, arrow_type(spec.type.kind)) for field, spec in fields.items()])
        rows = [firm.collections[name].rows if name in firm.collections else () for firm in firms]
        columns[name] = pa.array(
            [[{f: _plain(r.get(f)) for f in fields} for r in some] for some in rows], pa.list_(struct)
        )
    return pa.table(columns)


def subjects_of(policy: Policy, block: Block, rows: Ints) -> pa.Array:
    """The key of the row that each match of a policy is for; null where it is for none."""
    each = policy.for_each
    if each is None or rows.max(initial=-1) < 0:
        return pa.nulls(len(rows), pa.string())
    keys = block.lists[each.collection].fields[each.key]
    places = pa.array(rows, pa.int64(), mask=rows < 0)
    return pc.if_else(pa.array(rows >= 0), pc.fill_null(keys.take(places).cast(pa.string()), ""), None)


def _told(firm: Enterprise, name: str) -> Known | None:
    """The value of a fact; of ``fact@department`` what that department gave."""
    fact, _, department = name.partition("@")
    found = firm.values.get(fact)
    return found if not department or (found is not None and found.is_by(department)) else firm.values.get(name)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


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
    changes = [(int(firm), _change(listed, int(firm), payments[uscc[firm].as_py()])) for firm in firms]
    added = [(firm, row) for firm, change in changes for row in change.added]
    struck = [int(listed.starts[firm]) + place for firm, change in changes for place in change.struck]
    if not added and not struck:
        return listed
    return _changed(listed, added, struck)


def _change(listed: Listed, firm: int, payments: Sequence[Payment]) -> Settled:
    first, last = int(listed.starts[firm]), int(listed.starts[firm + 1])
    columns = [listed.fields.get(name) for name in ("policy", "amount", "paid_on")]
    rows = [[None] * (last - first) if c is None else c.slice(first, last - first).to_pylist() for c in columns]
    return settle(list(zip(*rows, strict=True)), payments)


def _changed(listed: Listed, added: Sequence[tuple[int, Mapping[str, object]]], struck: Sequence[int]) -> Listed:
    """Some rows more, each at the end of its firm's, and without those at the places ``struck``."""
    firms, before = len(listed.starts) - 1, int(listed.starts[-1])
    kept = np.delete(np.arange(before), struck)
    owners = np.repeat(np.arange(firms), np.diff(listed.starts))[kept]
    every = np.concatenate([owners, np.array([firm for firm, _ in added], np.int64)])
    places = np.concatenate([kept, np.arange(before, before + len(added))])
    order = places[np.argsort(every, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(every, minlength=firms))])
    names = {*listed.fields, *(name for _, row in added[:1] for name in row)}
    fields = {name: _extended(listed, name, [row.get(name) for _, row in added], order) for name in names}
    return Listed(starts, fields)


def _extended(listed: Listed, name: str, values: list[object], order: np.ndarray) -> pa.Array:
    old = listed.fields.get(name)
    if old is None:
        whole = pa.array([None] * int(listed.starts[-1]) + values)
    else:
        whole = pa.concat_arrays([old, pa.array(values, old.type)])
    return whole.take(pa.array(order))
