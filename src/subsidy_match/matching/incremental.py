"""A run made out of an earlier one: only what can have moved is matched again, everything else is taken over.

Three things move a result: the meaning of a policy on the day (its signature), the data of a firm that policies look at, and our
own payments to it. What is taken over is counted by matching the moved firms as they were, so that the counts stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.matching.engines import Engine, Job
from subsidy_match.matching.history import Payment
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.vector.nodes import Do
from subsidy_match.matching.vector.plan import Plan, make_plan
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.profiles.touched import touched_firms
from subsidy_match.rules.enterprise import Collection

__all__ = ["Base", "Moved", "moved"]


@dataclass(frozen=True, slots=True)
class Base:
    """What an earlier run was made of: its snapshot and payments, and the signatures of its policies on its day."""

    snapshot: Snapshot
    as_of: date
    signatures: Mapping[str, str]
    payments: Mapping[str, Sequence[Payment]]


@dataclass(frozen=True, slots=True)
class Moved:
    """What must be matched again: some policies for all firms, and the other policies for some firms."""

    policies: frozenset[str]
    others: frozenset[str]
    firms: frozenset[str]

    def again(self, engine: Engine, job: Job) -> Iterator[BlockResult]:
        """Match it, block by block."""
        parts = [replace(job, only=self.policies)] if self.policies else []
        parts += [replace(job, only=self.others, firms=self.firms)] if self.others and self.firms else []
        for number, block in enumerate(block for part in parts for block in engine.run(part, lambda block: block)):
            yield replace(block, number=number)

    def before(self, engine: Engine, job: Job, base: Base) -> Iterator[BlockResult]:
        """What the moved firms had from the other policies."""
        if self.others and self.firms:
            old = replace(job, snapshot=base.snapshot, payments=base.payments, only=self.others, firms=self.firms)
            yield from engine.run(old, lambda block: block)

    def kept(self, table: pa.Table) -> pa.Table:
        """The rows of the earlier run that still hold."""
        same = pc.is_in(table.column("policy_id"), pa.array(sorted(self.others), pa.string()))
        touched = pc.is_in(table.column("uscc"), pa.array(sorted(self.firms), pa.string()))
        return table.filter(pc.and_(same, pc.invert(touched)))


def moved(job: Job, base: Base) -> Moved:
    """What can have moved since an earlier run."""
    plan = make_plan(job.policies, job.as_of)
    signatures = plan.signatures()
    same = frozenset(policy for policy, name in signatures.items() if base.signatures.get(policy) == name)
    others = make_plan(job.policies, job.as_of, same)
    if not same or _lists_moved(others, job, base):
        return Moved(frozenset(signatures), frozenset(), frozenset())
    firms = touched_firms(base.snapshot, job.snapshot, others.facts | others.lists, _oldest(others), others.lists)
    return Moved(frozenset(signatures) - same, same, firms | _paid(job.payments, base.payments))


def _lists_moved(plan: Plan, job: Job, base: Base) -> bool:
    """Whether a list says "none" now and did not then, or the other way round: that concerns everybody."""
    specs = [plan.policies.catalogue.collections[name] for name in plan.lists]
    sides = ((base.snapshot, base.as_of), (job.snapshot, job.as_of))
    then, now = (
        [spec.is_complete(Collection(loaded=s.loaded.get(spec.name, {})), day) for spec in specs] for s, day in sides
    )
    return then != now


def _oldest(plan: Plan) -> dict[str, date]:
    facts = (node.params for node in plan.nodes.all if node.do is Do.FACT)
    return {str(name): oldest for name, _, _, _, oldest in facts if isinstance(oldest, date)}


def _paid(one: Mapping[str, Sequence[Payment]], other: Mapping[str, Sequence[Payment]]) -> set[str]:
    """The firms to which we paid something else."""
    return {uscc for uscc in one.keys() | other.keys() if list(one.get(uscc, ())) != list(other.get(uscc, ()))}
