"""A run made out of an earlier one: only what can have moved is matched again, everything else is taken over.

Four things move a result: the meaning of a policy on the day (its signature), the data of a firm that policies look at and their
age, our own payments to it, and a date of the firm that the day gets past. What is taken over is counted by matching the moved firms as they were, so that the counts stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.matching.engines import Engine, Job, unchanged
from subsidy_match.matching.history import Payment
from subsidy_match.matching.next_dates import earliest, firms_due, next_dates, without
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.runs import Run
from subsidy_match.matching.vector.plan import Plan, make_plan
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.profiles.touched import touched_firms
from subsidy_match.rules.enterprise import Collection

__all__ = ["Base", "Moved", "moved"]

_EARLIER = "日期早于该批次", "the day is before that of the run"
_NO_DATES = "该批次未记录日期", "that run kept no dates"
_POLICIES = "每项政策的含义都有变", "the meaning of every policy changed"
_LISTS = "有清单变为齐全或不再齐全", "a list became complete, or ceased to be"


@dataclass(frozen=True, slots=True)
class Base:
    """What an earlier run was made of: its snapshot and payments, and the signatures of its policies.

    ``next_dates``: when time alone may move a firm; none where the run is of a version that did not keep them.
    """

    snapshot: Snapshot
    as_of: date
    signatures: Mapping[str, str]
    payments: Mapping[str, Sequence[Payment]]
    next_dates: pa.Table | None = None
    policies: str = ""  # the hash of its policy set

    @classmethod
    def of(cls, run: Run, snapshot: Snapshot) -> Base:
        """What a run was made of, with its snapshot."""
        about = run.manifest
        return cls(snapshot, about.as_of, run.signatures(), run.paid(), run.next_dates(), about.policies)


@dataclass(frozen=True)
class Moved:
    """What must be matched again: some policies for all firms, and the other policies for some firms.

    ``data``, ``paid`` and ``due`` say why a firm is among them: its data or their age, our payments, a date that came; a date
    concerns only the policies that are ``watched``. ``why`` says, in Chinese and English, why it is everything.
    """

    policies: frozenset[str]
    others: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()
    paid: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()
    why: tuple[str, str] | None = None

    @cached_property
    def firms(self) -> frozenset[str]:
        """The firms that the other policies are matched for."""
        return self.data | self.paid | self.due

    def counts(self) -> dict[str, int]:
        """How much it is, for the manifest."""
        several = ("policies", "others", "firms", "data", "paid", "due")
        return {name: len(getattr(self, name)) for name in several}

    def words(self) -> tuple[str, str]:
        """How much it is and why, in Chinese and English."""
        if self.why is not None:
            return f"全部重新匹配:{self.why[0]}", f"everything is matched again: {self.why[1]}"
        few, rest, firms = len(self.policies), len(self.others), len(self.firms)
        data, paid, due = len(self.data), len(self.paid), len(self.due)
        return (
            f"重新匹配:{few} 项政策的全部企业(政策含义有变);其余 {rest} 项政策的 {firms} 家企业"
            f"(数据变动或过期 {data},拨付变动 {paid},日期届至 {due}),其他结果沿用",
            f"matched again: {few} policies for all firms (their meaning changed); the other {rest} policies for {firms} firms "
            f"(data changed or too old {data}, payments {paid}, a date that came {due}); all else is taken over",
        )

    def again(self, engine: Engine, job: Job) -> Iterator[BlockResult]:
        """Match it, block by block."""
        jobs = [replace(job, only=self.policies)] if self.policies else []
        jobs += [replace(job, only=policies, firms=firms) for policies, firms in self._parts()]
        for number, block in enumerate(block for part in jobs for block in engine.run(part, unchanged)):
            yield replace(block, number=number)

    def before(self, engine: Engine, job: Job, base: Base) -> Iterator[BlockResult]:
        """What the moved firms had from the other policies, on the earlier day."""
        old = replace(job, snapshot=base.snapshot, as_of=base.as_of, payments=base.payments)
        for policies, firms in self._parts():
            yield from engine.run(replace(old, only=policies, firms=firms), unchanged)

    def next_dates(self, job: Job, base: Base, plan: Plan) -> pa.Table:
        """The next date of each firm: worked out for what moved, taken over for the rest."""
        if base.next_dates is None or not self.others:
            return next_dates(job, plan, self.policies | self.others)
        moved_ones = [next_dates(job, plan, policies, firms) for policies, firms in self._parts()]
        return earliest([next_dates(job, plan, self.policies), *moved_ones, without(base.next_dates, self.firms)])

    def holds(self, table: pa.Table) -> pa.ChunkedArray:
        """Which rows of the earlier run still hold."""
        found = _among(table.column("policy_id"), self.others)
        for policies, firms in self._parts():
            hit = _among(table.column("uscc"), firms)
            if policies != self.others:
                hit = pc.and_(hit, _among(table.column("policy_id"), policies))
            found = pc.and_(found, pc.invert(hit))
        return found

    def _parts(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """Which of the other policies are matched again, for which firms."""
        anyhow = self.data | self.paid
        parts = ((self.others, anyhow), (self.watched, self.due - anyhow))
        return [(policies, firms) for policies, firms in parts if policies and firms]


def moved(job: Job, base: Base, plan: Plan | None = None) -> Moved:
    """What can have moved since an earlier run; ``plan`` is that of all policies on the day, where it is at hand."""
    now = plan or make_plan(job.policies, job.as_of)
    everything = Moved(frozenset(one.policy.id for one in now.lowered))
    if job.as_of < base.as_of:
        return replace(everything, why=_EARLIER)
    if job.as_of > base.as_of and base.next_dates is None:
        return replace(everything, why=_NO_DATES)
    same = _same(job, base, now)
    now = now.part(same)
    if not same or _lists_moved(now, job, base):
        return replace(everything, why=_LISTS if same else _POLICIES)
    oldest = now.oldest_on(base.as_of), now.oldest
    data = touched_firms(base.snapshot, job.snapshot, now.facts | now.lists, oldest, now.lists)
    due = frozenset() if base.next_dates is None else firms_due(base.next_dates, job.as_of)
    paid = _paid(job.payments, base.payments)
    return Moved(everything.policies - same, same, now.watched, data, paid, due)


def _same(job: Job, base: Base, now: Plan) -> frozenset[str]:
    """The policies that mean what they meant, and that these files would still match as they did on the earlier day."""
    same = frozenset(policy for policy, name in now.signatures().items() if base.signatures.get(policy) == name)
    if job.as_of == base.as_of or job.policies.hash == base.policies:
        return same
    then = make_plan(job.policies, base.as_of, same).signatures()
    return frozenset(policy for policy in same if then.get(policy) == base.signatures[policy])


def _lists_moved(plan: Plan, job: Job, base: Base) -> bool:
    """Whether a list says "none" now and did not then, or the other way round: that concerns everybody."""
    specs = [plan.policies.catalogue.collections[name] for name in plan.lists]
    sides = ((base.snapshot, base.as_of), (job.snapshot, job.as_of))
    then, now = (
        [spec.is_complete(Collection(loaded=s.loaded.get(spec.name, {})), day) for spec in specs] for s, day in sides
    )
    return then != now


def _paid(one: Mapping[str, Sequence[Payment]], other: Mapping[str, Sequence[Payment]]) -> frozenset[str]:
    """The firms to which we paid something else."""
    return frozenset(uscc for uscc in one.keys() | other.keys() if list(one.get(uscc, ())) != list(other.get(uscc, ())))


def _among(column: pa.ChunkedArray, wanted: frozenset[str]) -> pa.ChunkedArray:
    """Which texts are among some; of a dictionary each is looked up once."""
    some = pa.array(sorted(wanted), pa.string())
    if not pa.types.is_dictionary(column.type):
        return pc.is_in(column, some)
    chunks = [pc.is_in(chunk.dictionary, some).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(chunks, pa.bool_())
