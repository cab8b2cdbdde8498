"""Engines that match a population: a snapshot of enterprises in, Arrow record batches of results out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Protocol

import pyarrow as pa

from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.matching.results import to_batch
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match

__all__ = ["Engine", "Progress", "ReferenceEngine"]

Progress = Callable[[int, int], None]  # done, total
_BLOCK = 500


class Engine(Protocol):
    """What every engine does, whichever way it does it."""

    @property
    def name(self) -> str:
        """Name of the engine, for the manifest."""

    def batches(
        self, policies: PolicySet, snapshot: Snapshot, as_of: date, progress: Progress | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Match every enterprise against every policy in force on ``as_of``, block by block."""


@dataclass(frozen=True, slots=True)
class ReferenceEngine:
    """Evaluates one enterprise after another with the reference evaluator; memory is bounded by the block."""

    payments: Mapping[str, Sequence[Payment]] = field(default_factory=dict)
    name: str = "reference"

    def batches(
        self, policies: PolicySet, snapshot: Snapshot, as_of: date, progress: Progress | None = None
    ) -> Iterator[pa.RecordBatch]:
        """See ``Engine``."""
        total, done = snapshot.count(), 0
        enterprises = snapshot.enterprises()
        while block := list(islice(enterprises, _BLOCK)):
            yield to_batch(match for enterprise in block for match in self._matches(policies, enterprise, as_of))
            done += len(block)
            if progress is not None:
                progress(done, total)

    def _matches(self, policies: PolicySet, enterprise: Enterprise, as_of: date) -> Iterator[Match]:
        paid = self.payments.get(enterprise.uscc, ())
        return Evaluator(policies, with_payments(enterprise, paid), as_of).match_all()
