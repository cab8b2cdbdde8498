"""Engines that match a population: a snapshot of enterprises in, tables of results out, block by block."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Protocol, TypeVar

from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.matching.results import BlockResult, from_matches
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match

__all__ = ["Engine", "Job", "ReferenceEngine", "unchanged"]

T = TypeVar("T")
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Job:
    """What to match: policies, a snapshot and a day; our own payments belong to the history of the firms.

    ``unknowns``: pairs that data leave open are wanted as rows, not only counted. ``done`` are numbers of blocks that are
    not wanted any more. ``only`` and ``firms`` narrow it to some policies and to some firms.
    """

    policies: PolicySet
    snapshot: Snapshot
    as_of: date
    payments: Mapping[str, Sequence[Payment]] = field(default_factory=dict)
    unknowns: bool = False
    done: Collection[int] = ()
    only: frozenset[str] | None = None
    firms: Collection[str] | None = None

    @property
    def ids(self) -> list[str]:
        """The policies that are wanted."""
        return [p.id for p in self.policies.in_force(self.as_of) if self.only is None or p.id in self.only]


class Engine(Protocol):
    """What every engine does, whichever way it does it."""

    @property
    def name(self) -> str:
        """Name of the engine, for the manifest; another size of block is another name."""

    def run(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        """Match every enterprise against every policy in force, and do some work with the result of each block.

        Blocks come in the order of the snapshot; the work may be done in several processes at once, its outcomes come in order.
        """


def unchanged(block: BlockResult) -> BlockResult:
    """The work that hands on what came of a block."""
    return block


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """Evaluates one enterprise after another with the reference evaluator; memory is bounded by the block."""

    name: str = f"reference/{_BLOCK}"

    def run(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        """See ``Engine``."""
        ids, firms = job.ids, None if job.firms is None else frozenset(job.firms)
        enterprises = (e for e in job.snapshot.enterprises() if firms is None or e.uscc in firms)
        number = 0
        while block := list(islice(enterprises, _BLOCK)):
            if number not in job.done:
                matches = (match for firm in block for match in _matches(job, firm, ids))
                yield work(from_matches(number, len(block), matches, ids, unknowns=job.unknowns))
            number += 1


def _matches(job: Job, firm: Enterprise, ids: Sequence[str]) -> Iterator[Match]:
    evaluator = Evaluator(job.policies, with_payments(firm, job.payments.get(firm.uscc, ())), job.as_of)
    for policy_id in ids:
        yield from evaluator.match(job.policies.get(policy_id, job.as_of))
