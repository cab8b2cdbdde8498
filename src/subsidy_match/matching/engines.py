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
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import PolicySet

__all__ = ["Engine", "Job", "ReferenceEngine"]

T = TypeVar("T")
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Job:
    """What to match: policies, a snapshot and a day; our own payments belong to the history of the firms.

    ``unknowns``: pairs that data leave open are wanted as rows, not only counted. ``done`` are numbers of blocks that are
    not wanted any more.
    """

    policies: PolicySet
    snapshot: Snapshot
    as_of: date
    payments: Mapping[str, Sequence[Payment]] = field(default_factory=dict)
    unknowns: bool = False
    done: Collection[int] = ()


class Engine(Protocol):
    """What every engine does, whichever way it does it."""

    @property
    def name(self) -> str:
        """Name of the engine, for the manifest; another size of block is another name."""

    def run(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        """Match every enterprise against every policy in force, and do some work with the result of each block.

        Blocks come in the order of the snapshot; the work may be done in several threads at once, its outcomes come in order.
        """


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """Evaluates one enterprise after another with the reference evaluator; memory is bounded by the block."""

    name: str = f"reference/{_BLOCK}"

    def run(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        """See ``Engine``."""
        ids = [policy.id for policy in job.policies.in_force(job.as_of)]
        enterprises, number = job.snapshot.enterprises(), 0
        while block := list(islice(enterprises, _BLOCK)):
            if number not in job.done:
                matches = (
                    match
                    for firm in block
                    for match in Evaluator(
                        job.policies, with_payments(firm, job.payments.get(firm.uscc, ())), job.as_of
                    ).match_all()
                )
                yield work(from_matches(number, len(block), matches, ids, unknowns=job.unknowns))
            number += 1
