"""The vector engine through Spark: a task a file of an exported snapshot, and the work with its result where it was made."""

from __future__ import annotations

import hashlib
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from subsidy_match.errors import Conflict, Location, RetryableError, SubsidyError
from subsidy_match.matching.engines import Job
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.spark.work import Order, outcome, packed
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.exported import Exported

__all__ = ["SparkEngine"]

T = TypeVar("T")
_WAVES = 2  # at once, so that no core waits for the slowest task of a wave
_GROWING = 256  # files a wave where the number of cores may grow while we run


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """Matches an exported snapshot, which every worker must see under the same path, as must the folder of the run.

    The work is done by the workers, and only what it gives comes back. A few firms are matched here, from the snapshot.
    """

    session: Any
    exported: Exported

    @property
    def name(self) -> str:
        """Its name and the size of its blocks."""
        return f"spark/{self.exported.block}"

    def run(self, job: Job, work: Callable[[BlockResult], T]) -> Iterator[T]:
        """See ``Engine``.

        Raises:
            Conflict: the export is of another snapshot.
            RetryableError: Spark gave up; what the workers had finished is kept where the work keeps it.
        """
        if job.firms is not None:
            yield from VectorEngine().run(job, work)
            return
        self._check(job)
        order = _order(job, self.exported, work)
        numbers = [number for number in range(len(self.exported.files)) if number not in job.done]
        shared = self.session.sparkContext.broadcast(order)
        yield from self._waves(hashlib.sha256(order).hexdigest(), shared, numbers)

    def _check(self, job: Job) -> None:
        if job.snapshot.id != self.exported.snapshot:
            zh = f"导出的是快照 {self.exported.snapshot},现行快照是 {job.snapshot.id}"
            en = f"the export is of snapshot {self.exported.snapshot}, the one to match is {job.snapshot.id}"
            hint = "subsidy-match profiles export --parquet DIR"
            raise Conflict("spark.other_snapshot", zh, en, Location(str(self.exported.folder)), hint)

    def _waves(self, key: str, shared: Any, numbers: Sequence[int]) -> Iterator[Any]:
        """Some files after others, so that there is progress to be seen; outcomes come in order."""
        waiting: deque[Future[list[Any]]] = deque()
        with ThreadPoolExecutor(_WAVES, thread_name_prefix="spark") as pool:
            try:
                while numbers:
                    wave, numbers = numbers[: (size := self._size())], numbers[size:]
                    if len(waiting) >= _WAVES:
                        yield from waiting.popleft().result()
                    waiting.append(pool.submit(self._wave, key, shared, wave))
                while waiting:
                    yield from waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _size(self) -> int:
        """Files a wave: enough for all cores."""
        if self.session.conf.get("spark.dynamicAllocation.enabled", "false") == "true":
            return _GROWING
        return max(2 * int(self.session.sparkContext.defaultParallelism), 1)

    def _wave(self, key: str, shared: Any, numbers: Sequence[int]) -> list[Any]:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        def match(number: int) -> bytes:
            return outcome(key, lambda: bytes(shared.value), number)

        try:
            tasks = self.session.sparkContext.parallelize(numbers, len(numbers))  # one number a task
            found = tasks.map(match).collect()
        except (PySparkException, Py4JError, OSError) as error:  # the last: the JVM is gone
            raise _gave_up(error) from error
        return [_opened(bytes(one)) for one in found]


def _order(job: Job, exported: Exported, work: Callable[[BlockResult], Any]) -> bytes:
    from pyspark import cloudpickle

    order = Order(job.policies, job.as_of, exported, work, job.payments, job.unknowns, job.only)
    return packed(cloudpickle.dumps(order))


def _opened(content: bytes) -> Any:
    done, found = pickle.loads(content)  # noqa: S301 - written by our own workers
    if not done:
        raise found
    return found


def _gave_up(error: Exception) -> SubsidyError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = next((line for line in lines if "Error: " in line), lines[-1] if lines else type(error).__name__)
    zh, en = f"Spark 任务失败:{said}", f"a task of Spark failed: {said}"
    return RetryableError("spark.task_failed", zh, en)
