"""Matching a population into a run: all of it, or what moved since an earlier run."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from subsidy_match import __version__
from subsidy_match.errors import Conflict, Location, RetryableError
from subsidy_match.matching.engines import Engine, Job
from subsidy_match.matching.incremental import Base, Moved, moved
from subsidy_match.matching.next_dates import next_dates
from subsidy_match.matching.results import Progress
from subsidy_match.matching.run_writer import RunWriter, counts_of
from subsidy_match.matching.runs import RESULTS, UNKNOWN, PolicyCount, Run
from subsidy_match.matching.taking_over import take_over
from subsidy_match.matching.vector.plan import Plan, make_plan

__all__ = ["run_match"]


def run_match(
    job: Job,
    out: Path,
    engine: Engine,
    progress: Progress | None = None,
    *,
    row_group: int = 1 << 20,
    since: tuple[Run, Base] | None = None,
    tell: Callable[[str, str], None] | None = None,
) -> Run:
    """Match the whole population into the folder ``out``, which must not exist yet.

    Args:
        job: what to match.
        out: the folder; while the run is going on it is called ``.out.partial``.
        engine: what matches.
        progress: called with firms done and firms in all.
        row_group: most rows of a row group of the Parquet files.
        since: an earlier run and what it was made of; what has not moved since is taken over from it.
        tell: called with what is matched again and why, in Chinese and English.

    Raises:
        Conflict: ``out`` exists.
        RetryableError: another process is making this run.
        OSError: the results cannot be written; what was written stays for the next attempt.
    """
    if out.exists():
        raise Conflict(
            "run_exists", f"结果目录已存在:{out}", f"the folder {out} exists", Location(str(out)), "name another"
        )
    with _alone(out):
        partial, report = out.with_name(f".{out.name}.partial"), progress or (lambda _done, _total: None)
        plan = make_plan(job.policies, job.as_of)
        if since is not None:
            what = _moved(job, since, plan)
            if tell is not None:
                tell(*what.words())
            if what.others:
                writer = RunWriter(partial, job, engine, row_group=row_group, base=since[0].id)
                _take_over(job, since, what, engine, writer, report)
                dates = what.next_dates(job, since[1], plan)
                return writer.finish(out, job.snapshot.count(), plan, dates, what.counts())
        writer = RunWriter(partial, job, engine, row_group=row_group)
        done, firms = writer.resume(), job.snapshot.count()
        reached = sum(block["firms"] for block in done.values())
        report(reached, firms)
        for block in engine.run(replace(job, done=frozenset(map(int, done))), writer.write):
            reached += block
            report(reached, firms)
        return writer.finish(out, firms, plan, next_dates(job, plan, job.ids), {})


def _moved(job: Job, since: tuple[Run, Base], plan: Plan) -> Moved:
    """What moved; a run holds what is wanted only if it was made by this version: another one may judge otherwise."""
    manifest = since[0].manifest
    if manifest.version != __version__:
        why = f"该批次由版本 {manifest.version} 生成", f"that run was made by version {manifest.version}"
        return Moved(frozenset(job.ids), why=why)
    if job.unknowns and not manifest.unknowns:
        return Moved(
            frozenset(job.ids), why=("该批次未存待补数据的结果", "that run did not write what data leave open")
        )
    return moved(job, since[1], plan)


def _take_over(
    job: Job, since: tuple[Run, Base], what: Moved, engine: Engine, writer: RunWriter, report: Progress
) -> None:
    """Write what moved, then the rows of the earlier run that still hold, and count both."""
    run, base = since
    writer.clear()
    firms, number = job.snapshot.count(), 0
    for block in what.again(engine, job):
        writer.write(block)
        number = block.number + 1
        report(min(number * block.firms, firms), firms)
    take_over(run, what, writer, number, (RESULTS, UNKNOWN) if job.unknowns else (RESULTS,))
    writer.note("before", 0, 0, _still(run, what, engine, job, base))
    report(firms, firms)


def _still(run: Run, what: Moved, engine: Engine, job: Job, base: Base) -> dict[str, PolicyCount]:
    """What the earlier run counted, less what the moved firms had then."""
    counts = {policy: replace(run.manifest.counts[policy]) for policy in what.others}
    for block in what.before(engine, job, base):
        for policy, count in counts_of(block).items():
            counts[policy] -= count
    return counts


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep every other process out of this run; a killed one leaves no lock."""
    out.parent.mkdir(parents=True, exist_ok=True)
    path = out.with_name(f".{out.name}.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            zh, en = f"另一进程正在匹配到 {out}", f"another process is matching into {out}"
            raise RetryableError("run_locked", zh, en, Location(str(out))) from error
        yield  # the file stays: to delete it would let two processes lock two files of one name
