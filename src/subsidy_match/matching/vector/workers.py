"""Several processes that match blocks of one snapshot: numpy in threads of one process wait for each other more than they work.

A worker opens the snapshot itself and reads the rows of its block; only the plan goes to it, once, and what came of each block back.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from subsidy_match.errors import RetryableError
from subsidy_match.matching.engines import Job
from subsidy_match.matching.history import Payment
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.vector.evaluation import Compiled, compile_plan
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.sources import Source, block_of, source_of
from subsidy_match.matching.vector.tables import block_result
from subsidy_match.profiles.reading import Snapshot

__all__ = ["Workers"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Order:
    """All that workers need for one run."""

    plan: Plan
    snapshot: tuple[str, Path]
    payments: Mapping[str, Sequence[Payment]]
    unknowns: bool
    size: int
    work: Callable[[BlockResult], Any]


@dataclass(slots=True)
class Workers:
    """A number of processes, started when they are first needed and kept until :meth:`close`."""

    count: int
    _pool: ProcessPoolExecutor | None = None

    @property
    def pool(self) -> ProcessPoolExecutor:
        """The processes."""
        if self._pool is None:
            fresh = multiprocessing.get_context("spawn")  # a fork would take over DuckDB without its threads
            self._pool = ProcessPoolExecutor(self.count, fresh, _begin)
        return self._pool

    def start(self) -> None:
        """Have the processes start while something else is being done."""
        for _ in range(self.count):
            self.pool.submit(os.getpid)

    def close(self) -> None:
        """Let the processes go."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def run(
        self, plan: Plan, job: Job, size: int, work: Callable[[BlockResult], T], numbers: Iterable[int]
    ) -> Iterator[T]:
        """Match some blocks and do the work where they are matched; outcomes come in order.

        Raises:
            RetryableError: a process was stopped from outside; blocks that came out are good.
        """
        order = _Order(plan.light(), (job.snapshot.id, job.snapshot.path), job.payments, job.unknowns, size, work)
        with tempfile.TemporaryDirectory(prefix="match-") as folder:
            path = Path(folder) / "order"
            path.write_bytes(pickle.dumps(order, pickle.HIGHEST_PROTOCOL))
            yield from self._in_order(self.pool.submit(_match, str(path), number) for number in numbers)

    def _in_order(self, futures: Iterable[Future[T]]) -> Iterator[T]:
        """At most one block more at once than there are processes."""
        waiting: deque[Future[T]] = deque()
        try:
            for future in futures:
                waiting.append(future)
                if len(waiting) > self.count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            self.close()
            zh, en = (
                "匹配进程被中止(可能内存不足),请重新运行以继续",
                "a matching process was stopped (short of memory?): run it again to go on",
            )
            raise RetryableError("engine.worker_stopped", zh, en) from error
        finally:
            for future in waiting:
                future.cancel()


# --- in a worker ---


@dataclass(frozen=True, slots=True)
class _Ready:
    """An order made ready in this process."""

    order: _Order
    compiled: Compiled
    snapshot: Snapshot
    source: Source


def _begin() -> None:
    gc.disable()  # between blocks is time enough for it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asked


@lru_cache(maxsize=1)
def _ready(path: str) -> _Ready:
    order: _Order = pickle.loads(Path(path).read_bytes())  # noqa: S301 - written by the process that started this one
    name, file = order.snapshot
    snapshot = Snapshot(name, file, duckdb.connect(str(file), read_only=True, config={"threads": 1}))
    ready = _Ready(order, compile_plan(order.plan), snapshot, source_of(snapshot, order.plan, order.payments))
    gc.collect()
    gc.freeze()  # what stays need not be walked through after each block
    return ready


def _match(path: str, number: int) -> Any:
    ready = _ready(path)
    try:
        return _outcome(ready, number)
    finally:
        gc.collect()  # views of firms and of rows in their lists know each other, so a block goes only by this


def _outcome(ready: _Ready, number: int) -> Any:
    order = ready.order
    uscc, block = block_of(ready.snapshot, ready.source, number * order.size, (number + 1) * order.size)
    return order.work(block_result(ready.compiled, number, uscc, block, unknowns=order.unknowns))
