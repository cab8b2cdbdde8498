"""The vector engine as an engine: blocks out of a snapshot, several at once, results as Arrow tables."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import pyarrow as pa

from subsidy_match.matching.engines import Job
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.vector.blocks import Block
from subsidy_match.matching.vector.evaluation import Compiled, compile_plan, evaluate
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.matching.vector.sources import BLOCK, blocks_of, source_of
from subsidy_match.matching.vector.tables import counts_of, tables_of
from subsidy_match.rules.policy import PolicySet

__all__ = ["VectorEngine"]

T = TypeVar("T")
_PLANS = 4


@dataclass(frozen=True, slots=True)
class VectorEngine:
    """Matches blocks of firms at once; memory is bounded by the blocks in flight, one more than there are threads."""

    threads: int = 2
    block: int = BLOCK
    _plans: dict[tuple[str, date, frozenset[str] | None], Compiled] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """Its name and the size of its blocks."""
        return f"vector/{self.block}"

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
        compiled = self.compiled(job.policies, job.as_of, job.only)
        source = source_of(job.snapshot, compiled.plan, job.payments)

        def one(number: int, uscc: pa.Array, block: Block) -> T:
            return work(block_result(compiled, number, uscc, block, unknowns=job.unknowns))

        waiting: deque[Future[T]] = deque()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="match") as pool:
            try:
                for number, (uscc, block) in enumerate(blocks_of(job.snapshot, source, self.block, job.firms)):
                    if number in job.done:
                        continue
                    if len(waiting) > self.threads:
                        yield waiting.popleft().result()
                    waiting.append(pool.submit(one, number, uscc, block))
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def block_result(compiled: Compiled, number: int, uscc: pa.Array, block: Block, *, unknowns: bool) -> BlockResult:
    """Match one block."""
    pairs, tally = evaluate(compiled, block, unknowns=unknowns)
    favourable, unknown = tables_of(compiled, uscc, block, pairs)
    return BlockResult(number, block.size, favourable, unknown, counts_of(compiled, tally))
