"""Our vector engine over a snapshot's file; with ``out``, a whole match run into Parquet."""

from __future__ import annotations

from collections import Counter
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


def run(task: Task, tally: Tally) -> Unknown:
    """Match everything; a new engine each time, so that planning is inside."""
    con = duckdb.connect(str(task.snapshot), read_only=True, config={"threads": task.threads})
    with Snapshot("benchmark", task.snapshot, con) as snapshot:
        job, engine = Job(task.policies, snapshot, AS_OF), VectorEngine(task.threads)
        return _matched(job, engine, tally) if task.out is None else _written(job, engine, tally, task.out)


def _matched(job: Job, engine: VectorEngine, tally: Tally) -> Unknown:
    def work(block: BlockResult) -> dict[str, int]:
        table = block.favourable
        for part in table.to_batches():
            columns = (part.column(name) for name in ("uscc", "policy_id", "amount_min"))
            tally.take(Piece(*columns))
        return {policy: verdicts[Verdict.UNKNOWN.value] for policy, verdicts in block.counts.items()}

    unknown: Counter[str] = Counter()
    for counts in engine.run(job, work):
        unknown.update(counts)
    return unknown


def _written(job: Job, engine: VectorEngine, tally: Tally, out: Path) -> Unknown:
    manifest = run_match(job, out, engine).manifest
    tally.add(manifest.rows, sum(count.amount_min for count in manifest.counts.values()))
    return {policy: count.unknown for policy, count in manifest.counts.items()}
