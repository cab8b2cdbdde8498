"""What a run made out of an earlier one takes: ``python -m engine.moved '{"firms": …}'`` prints a line of JSON for each case.

Timed is what moved being found and evaluated, to Arrow tables in memory, as the full run beside it is. What a whole run on disk
takes besides (next dates, copying the rows that still hold) is told apart. A case whose rows and counts differ from those
of matching everything is an error.

- ``one policy``: one policy has another text; the plan is made in the clock.
- ``one per cent``: one firm in a hundred has another value; the plan is cached, as in a service. It is told how long
  finding the firms takes (two snapshot files compared) and how long evaluating them does, before and after.
- ``next night``: nothing but the day. Some of the policies look back from the day of evaluation.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from engine.firms import AS_OF
from engine.measure import STARTING
from engine.results import digest
from engine.workload import Workload, files_of, prepare_apart
from subsidy_match.matching.engines import Job
from subsidy_match.matching.incremental import Base, Moved, moved
from subsidy_match.matching.next_dates import next_dates
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.running import run_match
from subsidy_match.matching.runs import Run
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.library import load_policies

T = TypeVar("T")
_ROLLING = 365  # days before the day of evaluation


@dataclass(frozen=True, slots=True)
class Wanted:
    """The size of the measurement; ``check`` compares every run with a full one."""

    firms: int
    policies: int
    threads: int
    data: str
    repeat: int = 3
    check: bool = False


class Timed:
    """Seconds by what they were spent on, medians where it was done several times."""

    def __init__(self, repeat: int = 1) -> None:
        self.repeat = repeat
        self.seconds: dict[str, float] = {}

    def take(self, name: str, work: Callable[[], T]) -> T:
        """Do some work; what it gives the last time."""
        runs = [_clocked(work) for _ in range(self.repeat)]
        self.seconds[f"{name}_s"] = round(statistics.median(seconds for seconds, _ in runs), 4)
        return runs[-1][1]


def _clocked(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def measure(wanted: Wanted) -> Iterator[dict[str, Any]]:
    """All cases, one after the other."""
    work, data = Workload(wanted.firms, wanted.policies), Path(wanted.data)
    prepare_apart(work, data)
    files = files_of(work, data)
    with tempfile.TemporaryDirectory(dir=data) as scratch, ExitStack() as stack:
        folder = Path(scratch)
        rolling = load_policies(_rolling(files.policies, folder / "policies"))
        edited = load_policies(_edited(folder / "policies", folder / "edited"))
        snapshot = stack.enter_context(_open(files.snapshot, wanted.threads))
        job, engine = Job(rolling, snapshot, AS_OF), VectorEngine(wanted.threads)
        full = _full(job, wanted)
        told = Timed()
        run = told.take("written", lambda: run_match(job, folder / "base", engine))
        yield {"case": "full", **asdict(wanted), **full, **told.seconds, "rows": run.manifest.rows}
        base = Base.of(run, snapshot)
        changed = stack.enter_context(
            _open(_changed(files.snapshot, folder / "changed.duckdb"), wanted.threads, "changed")
        )
        cases = {
            "one policy": replace(job, policies=edited), "one per cent": replace(job, snapshot=changed),
            "next night": replace(job, as_of=AS_OF + timedelta(1)),
        }  # fmt: skip
        for name, after in cases.items():
            case = _Case(name, after, base, run, full["evaluated_s"], folder / name.replace(" ", "-"))
            yield {"case": name, **asdict(wanted), **case.measure(wanted)}


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    job: Job
    base: Base
    run: Run
    full: float
    out: Path

    def measure(self, wanted: Wanted) -> dict[str, Any]:
        """Find and evaluate what moved, then make the whole run."""
        told, kept = Timed(wanted.repeat), VectorEngine(wanted.threads)
        is_cached = self.name == "one per cent"
        if is_cached:
            kept.compiled(self.job.policies, AS_OF, frozenset(self.job.ids))

        def engine() -> VectorEngine:
            return kept if is_cached else VectorEngine(wanted.threads)  # a new one makes its plan in the clock

        plan = told.take("planned", lambda: make_plan(self.job.policies, self.job.as_of))
        what = told.take("found", lambda: moved(self.job, self.base, plan))
        told.take("evaluated", lambda: _drain(what.again(engine(), self.job)))
        told.take("before", lambda: _drain(what.before(engine(), self.job, self.base)))
        told.take("dates", lambda: what.next_dates(self.job, self.base, plan))
        told.repeat = 1
        again = told.take("written", lambda: run_match(self.job, self.out, engine(), since=(self.run, self.base)))
        if wanted.check:
            self._check(again, engine())
        ratio = round(told.seconds["evaluated_s"] / self.full, 4)
        return {**told.seconds, **_size(what), "of_full": ratio, "rows": again.manifest.rows}

    def _check(self, again: Run, engine: VectorEngine) -> None:
        whole = run_match(self.job, self.out.with_suffix(".whole"), engine)
        if _answer(again) != _answer(whole):
            raise AssertionError(f"{self.name}: not what matching everything gives")


def _full(job: Job, wanted: Wanted) -> dict[str, Any]:
    told = Timed(wanted.repeat)
    with VectorEngine(wanted.threads) as engine:
        engine.start()
        time.sleep(STARTING)
        told.take("evaluated", lambda: sum(_fresh(engine).run(job, _rows)))
    plan = make_plan(job.policies, job.as_of)
    told.take("dates", lambda: next_dates(job, plan, job.ids))
    return told.seconds


def _fresh(engine: VectorEngine) -> VectorEngine:
    """The engine without plans: making one belongs to what is timed."""
    engine.forget()
    return engine


def _rows(block: BlockResult) -> int:
    """What is done with the tables of a block, in the process that made them."""
    return block.favourable.num_rows


def _size(what: Moved) -> dict[str, int]:
    return {f"moved_{name}": count for name, count in what.counts().items()}


def _drain(blocks: Iterator[BlockResult]) -> None:
    for _ in blocks:
        pass


def _answer(run: Run) -> tuple[str, Any]:
    rows = sorted((tuple(row.values()) for row in run.table().to_pylist()), key=repr)
    return digest(rows), run.manifest.counts


def _open(path: Path, threads: int, name: str = "benchmark") -> Snapshot:
    return Snapshot(name, path, duckdb.connect(str(path), read_only=True, config={"threads": threads}))


def _rolling(policies: Path, folder: Path) -> Path:
    """The same policies, with every third look-back going with the day of evaluation."""
    shutil.copytree(policies, folder)
    for number, path in enumerate(sorted(folder.glob("p*@*.yml"))):
        if number % 3 == 0:
            path.write_text(_looking_back(path.read_text("utf-8")), encoding="utf-8")
    return folder


def _looking_back(text: str) -> str:
    founded = f"value: {{days: [founded_on, as_of]}}, at_least: {_ROLLING * 3}天"
    return text.replace("eligible_if: {all: [", f"eligible_if: {{all: [{{id: old, basis: art1, {founded}}}, ", 1)


def _edited(policies: Path, folder: Path) -> Path:
    """One policy asks for another number."""
    shutil.copytree(policies, folder)
    path = next(path for path in sorted(folder.glob("p*@*.yml")) if "at_least: " in path.read_text("utf-8"))
    text = path.read_text("utf-8").replace(
        "eligible_if: {all: [", "eligible_if: {all: [{id: new, basis: art1, value: staff, at_least: 7人}, ", 1
    )
    path.write_text(text, encoding="utf-8")
    return folder


def _changed(snapshot: Path, path: Path) -> Path:
    """One firm in a hundred has another number of staff."""
    shutil.copyfile(snapshot, path)
    with duckdb.connect(str(path)) as con:
        name = con.execute(
            "SELECT column_name FROM (DESCRIBE firm) WHERE column_name LIKE 'staff%' ORDER BY 1 DESC"
        ).fetchall()[0][0]
        con.execute(f'UPDATE firm SET "{name}" = coalesce("{name}", 0) + 3 WHERE rowid % 100 = 7')
    return path


def table_of(results: Sequence[Mapping[str, Any]]) -> str:
    """The cases as Markdown."""
    head = (
        "workload",
        "case",
        "policies",
        "firms",
        "evaluated",
        "of full",
        "found",
        "before",
        "dates",
        "whole run on disk",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(_cells(one)) + " |" for one in results)])


def _cells(one: Mapping[str, Any]) -> list[str]:
    count = [f"{one[name]:,}" if name in one else "all" for name in ("moved_policies", "moved_firms")]
    seconds = [f"{one[name]:.3f}" if name in one else "" for name in ("found_s", "before_s", "dates_s", "written_s")]
    ratio = f"{one['of_full']:.3f}" if "of_full" in one else "1"
    return [
        f"{one['firms']:,} × {one['policies']:,}",
        one["case"],
        *count,
        f"{one['evaluated_s']:.3f}",
        ratio,
        *seconds,
    ]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for line in measure(Wanted(**json.loads(argument))):
            print(json.dumps(line, ensure_ascii=False), flush=True)
