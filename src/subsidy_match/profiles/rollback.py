"""Back to an earlier snapshot: the pointer moves, and nothing else does."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.profiles.comparison import compare
from subsidy_match.profiles.differences import Counts
from subsidy_match.profiles.importing import files_in_force, storage
from subsidy_match.profiles.publishing import Shelf

__all__ = ["Rollback", "roll_back"]


@dataclass(frozen=True, slots=True)
class Rollback:
    """From which snapshot to which, and what that changes."""

    before: str
    after: str
    counts: Counts


def roll_back(home: Path, snapshot_id: str | None = None, *, dry_run: bool = False) -> Rollback:
    """Make a snapshot that is kept the one in force; the next import builds on its files.

    What people decided stays decided and counts again with the next import.

    Args:
        home: the home folder.
        snapshot_id: the snapshot; without one, that before the one in force.
        dry_run: say what it would change, and leave the pointer.

    Raises:
        NotFound: there is no such snapshot.
        Conflict: it is in force already.
        InputError: it is damaged, or was written by a version with another layout.
        RetryableError: an import is running.
    """
    shelf = Shelf(home)
    with storage(home), ExitStack() as stack:
        if not dry_run:
            stack.enter_context(shelf.lock())
        current = shelf.find(None)
        wanted = shelf.find(snapshot_id) if snapshot_id else shelf.before(current)
        files_in_force(shelf, wanted)  # the next import needs them: a manifest that cannot be read is found out now
        with compare(home, current, wanted) as comparison:
            counts = comparison.counts()
        if not dry_run:
            shelf.point(wanted)
        return Rollback(current, wanted, counts)
