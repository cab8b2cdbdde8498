"""The vector engine as an engine: blocks out of a snapshot, in this process or in several, results as Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import TypeVar

from subsidy_match.matching.engines import Job
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.vector.evaluation import Compiled, compile_plan
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.matching.vector.sources import BLOCK, block_of, blocks_of, source_of
from subsidy_match.matching.vector.tables import block_result
from subsidy_match.matching.vector.workers import Workers
from subsidy_match.rules.policy import PolicySet

__all__ = ["VectorEngine"]

T = TypeVar("T")
_PLANS = 4


@dataclass(slots=True)
class VectorEngine:
    """Matches blocks of firms at once; memory is bounded by the blocks in flight, one more than there are processes.

    With several ``processes`` the work on results is done in them: it must be something that can be pickled. What has less than
    ``worth`` pairs is done here sooner than it is handed out, and so are some firms of a population.
    """

    processes: int = 1
    block: int = BLOCK
    worth: int = 100_000_000
    _plans: dict[tuple[str, date, frozenset[str] | None], Compiled] = field(default_factory=dict)
    _workers: Workers | None = None

    def __post_init__(self) -> None:
        if self.processes > 1:
            self._workers = Workers(self.processes)

    def __enter__(self) -> VectorEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Its name and the size of its blocks."""
        return f"vector/{self.block}"

    def start(self) -> None:
        """Have the processes start while something else is being done, as it takes a second."""
        if self._workers is not None:
            self._workers.start()

    def close(self) -> None:
        """Let the processes go; they come back when they are needed."""
        if self._workers is not None:
            self._workers.close()

    def forget(self) -> None:
        """Let kept plans go."""
        self._plans.clear()

    def compiled(self, policies: PolicySet, as_of: date, only: frozenset[str] | None = None) -> Compiled:
        """The plan for some policies and a day; the last few are kept."""
        key = policies.hash, as_of, only
        if key not in self._plans:
            while len(self._plans) >= _PLANS:
                self._plans.pop(next(iter(self._plans)))
            self._plans[key] = compile_plan(make_plan(policies, as_of, only))
        return self._plans[key]

    def run(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        """See ``Engine``."""
        if job.firms is not None:
            yield from self._some(job, work)
            return
        numbers = [n for n in range(-(-job.snapshot.count() // self.block)) if n not in job.done]
        if self._workers is None or len(numbers) * self.block * len(job.ids) < self.worth:
            yield from self._here(job, work, numbers)
        else:
            plan = make_plan(job.policies, job.as_of, job.only)
            yield from self._workers.run(plan, job, self.block, work, numbers)

    def _here(self, job: Job, work: Callable[[BlockResult], T], numbers: list[int]) -> Iterator[T]:
        compiled = self.compiled(job.policies, job.as_of, job.only)
        source = source_of(job.snapshot, compiled.plan, job.payments)
        for number in numbers:
            uscc, block = block_of(job.snapshot, source, number * self.block, (number + 1) * self.block)
            yield work(block_result(compiled, number, uscc, block, unknowns=job.unknowns))

    def _some(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        compiled = self.compiled(job.policies, job.as_of, job.only)
        source = source_of(job.snapshot, compiled.plan, job.payments)
        for number, (uscc, block) in enumerate(blocks_of(job.snapshot, source, self.block, job.firms)):
            if number not in job.done:
                yield work(block_result(compiled, number, uscc, block, unknowns=job.unknowns))
