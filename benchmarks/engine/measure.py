"""Measurements in a process of their own: ``python -m engine.measure '{"engine": …}' …`` prints a line of JSON for each."""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.results import Everything, Tally, Task, Unknown, digest
from engine.workload import Workload, files_of, prepare_apart
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet

_CHUNK = 1 << 24
STARTING = 3.0  # seconds in which processes start


@dataclass(frozen=True, slots=True)
class Order:
    """What to measure. ``written``: results go to Parquet; ``exact``: every pair is kept and named by a digest."""

    engine: str
    firms: int
    policies: int
    threads: int
    data: str
    repeat: int = 3
    rich: bool = False
    written: bool = False
    exact: bool = False

    @property
    def work(self) -> Workload:
        """The workload."""
        return Workload(self.firms, self.policies, self.rich)


@dataclass(frozen=True, slots=True)
class Run:
    """What one repetition took and came to."""

    seconds: float
    cpu: float
    tally: Tally
    unknown: Unknown | None


def measure(order: Order) -> dict[str, Any]:
    """Load the policies once, then match over and over from the file."""
    prepare_apart(order.work, Path(order.data))
    files = files_of(order.work, Path(order.data))
    _warm(files.snapshot)
    pa.array(np.zeros(1, np.int64))  # makes pyarrow import what it imports late, whichever engine is measured
    started = time.perf_counter()
    policies = load_policies(files.policies)
    loaded = time.perf_counter() - started
    gc.freeze()  # for everyone: the collector need not walk through the policies over and over
    engine, before = importlib.import_module(f"engine.{order.engine}"), peak_mib()
    runs = [_run(engine, order, files.snapshot, policies) for _ in range(order.repeat)]
    seconds = statistics.median(run.seconds for run in runs)
    return {
        **{name: value for name, value in asdict(order).items() if name != "data"},
        "money": engine.MONEY,
        "load_s": round(loaded, 2),
        "seconds": round(seconds, 4),
        "all_s": [round(run.seconds, 4) for run in runs],
        "cpu_s": round(statistics.median(run.cpu for run in runs), 3),
        "pairs_per_s": round(order.firms * order.policies / seconds),
        "peak_mib": peak_mib(),
        "loaded_mib": before,
        **_agreed([_answer(run) for run in runs]),
    }


def _run(engine: Any, order: Order, snapshot: Path, policies: PolicySet) -> Run:
    tally = Everything() if order.exact else Tally()
    with tempfile.TemporaryDirectory(dir=order.data) as folder:
        task = Task(snapshot, policies, order.threads, Path(folder) / "run" if order.written else None)
        if hasattr(engine, "prepare"):
            engine.prepare(task)
            time.sleep(STARTING)
        started, used = time.perf_counter(), time.process_time()
        unknown = engine.run(task, tally)
        return Run(time.perf_counter() - started, time.process_time() - used, tally, unknown)


def _answer(run: Run) -> dict[str, Any]:
    """What must be the same whichever engine answers; None where it cannot say."""
    unknown = run.unknown
    found = {
        "pairs": run.tally.pairs,
        "amount": run.tally.amount,
        "unknown": None if unknown is None else sum(unknown.values()),
        "unknown_of_each": None if unknown is None else digest(sorted(unknown.items())),
    }
    if isinstance(run.tally, Everything):
        found |= {"verdicts": run.tally.verdicts_digest, "amounts": run.tally.amounts_digest}
    return found


def _agreed(answers: list[dict[str, Any]]) -> dict[str, Any]:
    if any(answer != answers[0] for answer in answers):
        raise AssertionError(f"repetitions differ: {answers}")
    return answers[0]


def _warm(path: Path) -> None:
    """Have the file in the page cache, as it would be after an import."""
    with path.open("rb") as file:
        while file.read(_CHUNK):
            pass


def peak_mib() -> int:
    """Peak memory of this program and of the processes that it keeps, added up, as if all reached it at once."""
    mine = str(os.getpid())
    statuses = [_status(path) for path in Path("/proc").glob("[0-9]*/status")]
    peaks = [status["VmHWM"] for status in statuses if "VmHWM" in status and mine in (status["Pid"], status["PPid"])]
    return (
        sum(int(peak.split()[0]) for peak in peaks) // 1024
        or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    )


def _status(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except OSError:  # it has ended
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def version_of(package: str) -> str | None:
    """The installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(json.dumps(measure(Order(**json.loads(argument)))), flush=True)
