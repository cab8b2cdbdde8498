"""Our vector engine over a snapshot's file; with ``out``, a whole match run into Parquet."""

from __future__ import annotations

from collections import Counter
from functools import cache, partial
from pathlib import Path

import duckdb

from engine.firms import AS_OF
from engine.results import Piece, Tally, Task, Unknown
from subsidy_match.matching.engines import Job
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.running import run_match
from subsidy_match.matching.vector.engine import VectorEngine
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.truth import Verdict

MONEY = "whole 分"


@cache
def _engine(processes: int) -> VectorEngine:
    return VectorEngine(processes)


def prepare(task: Task) -> None:
    """Start the processes, as a program does while it loads policies; they know nothing yet."""
    _engine(task.threads).start()


def run(task: Task, tally: Tally) -> Unknown:
    """Match everything; planning is inside, in this process and in the others."""
    con = duckdb.connect(str(task.snapshot), read_only=True, config={"threads": task.threads})
    engine = _engine(task.threads)
    engine.forget()
    with Snapshot("benchmark", task.snapshot, con) as snapshot:
        job = Job(task.policies, snapshot, AS_OF)
        return _matched(job, engine, tally) if task.out is None else _written(job, engine, tally, task.out)


def _matched(job: Job, engine: VectorEngine, tally: Tally) -> Unknown:
    unknown: Counter[str] = Counter()
    for part, counts in engine.run(job, partial(_taken, type(tally))):
        tally.join(part)
        unknown.update(counts)
    return unknown


def _taken(kind: type[Tally], block: BlockResult) -> tuple[Tally, dict[str, int]]:
    """What is done with the Arrow tables of a block, in the process that made them: the pairs are counted and added up."""
    tally = kind()
    for part in block.favourable.to_batches():
        tally.take(Piece(*(part.column(name) for name in ("uscc", "policy_id", "amount_min"))))
    return tally, {policy: verdicts[Verdict.UNKNOWN.value] for policy, verdicts in block.counts.items()}


def _written(job: Job, engine: VectorEngine, tally: Tally, out: Path) -> Unknown:
    manifest = run_match(job, out, engine).manifest
    tally.add(manifest.rows, sum(count.amount_min for count in manifest.counts.values()))
    return {policy: count.unknown for policy, count in manifest.counts.items()}
