"""Runs side by side: drawn firms as a snapshot, what a run was made of, and its rows in an order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from snapshots import write_snapshot

from subsidy_match.matching.engines import Job
from subsidy_match.matching.incremental import Base
from subsidy_match.matching.runs import Run
from subsidy_match.profiles.reading import Snapshot, open_snapshot
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import PolicySet

__all__ = ["base_of", "opened", "rows"]


@contextmanager
def opened(home: Path, firms: Sequence[Enterprise], policies: PolicySet) -> Iterator[Snapshot]:
    """The firms as the snapshot of a home."""
    write_snapshot(home, firms, policies.catalogue)
    with open_snapshot(home) as snapshot:
        yield snapshot


def base_of(run: Run, job: Job) -> Base:
    """What a run was made of."""
    return Base.of(run, job.snapshot)


def rows(run: Run) -> list[tuple[object, ...]]:
    """All rows that were written."""
    found = [*run.table().to_pylist(), *run.unknown().to_pylist()]
    return sorted((tuple(row.values()) for row in found), key=repr)
