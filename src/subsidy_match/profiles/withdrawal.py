"""A wrong file handed in: taken out again, as if it had never come.

A snapshot is a function of its files, so nothing is undone cell by cell: the snapshot of the remaining files is built and
published. Who withdrew what, and why, is written beside it and handed on to every snapshot that follows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from subsidy_match.errors import Conflict, Finding, InputError, Location, NotFound
from subsidy_match.profiles.blotting import blotted
from subsidy_match.profiles.comparison import compare_files
from subsidy_match.profiles.decisions import load_decisions
from subsidy_match.profiles.differences import Counts
from subsidy_match.profiles.importing import KEEP, files_in_force, manifest, secret_text, storage
from subsidy_match.profiles.industries import load_industries
from subsidy_match.profiles.landing import Landed
from subsidy_match.profiles.persons import load_person_key
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.report import ImportReport, read_report
from subsidy_match.profiles.snapshot import build_snapshot, load_rules, snapshot_id

__all__ = ["Withdrawal", "withdraw"]

_SHORTEST_HASH = 8
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A file that was taken out, the report of the snapshot without it, and what that changes."""

    file: Landed
    report: ImportReport
    counts: Counts


def withdraw(
    wanted: str,
    *,
    home: Path,
    policies: Path,
    by: str,
    reason: str,
    on: date,
    person_key: SecretStr | str = "",
    as_of: date | None = None,
    dry_run: bool = False,
    keep: int = KEEP,
    progress: Callable[[str, int, int], None] | None = None,
) -> Withdrawal:
    """Take a file out of what is in force, and publish the snapshot that the remaining ones give.

    Args:
        wanted: the name of the file as it was handed over, or the beginning of its SHA-256 (8 digits or more).
        home: the home folder.
        policies: the policy folder.
        by: who withdraws it.
        reason: why.
        on: the day of the withdrawal.
        person_key: key for person numbers; empty for the one kept under ``home``.
        as_of: the day that the file speaks of, where one name was handed over for several.
        dry_run: say what it would change, and publish nothing.
        keep: how many snapshots stay.
        progress: as for an import.

    Raises:
        NotFound: no such file is in force.
        Conflict: more than one is meant.
        InputError: nobody's name or no reason is given.
        RetryableError: an import is running, or the storage failed.
    """
    if not by.strip() or not reason.strip():
        raise InputError("profiles.withdraw_why", "请写明由谁、为何撤回", "say who withdraws the file, and why")
    shelf = Shelf(home)
    with storage(home), ExitStack() as stack:
        if not dry_run:
            stack.enter_context(shelf.lock())
        current = shelf.find(None)
        files = files_in_force(shelf, current)
        file = _find(wanted, as_of, files)
        rest = tuple(other for other in files if other != file)
        key = load_person_key(home, secret_text(person_key), create=not dry_run, is_first=False)
        rules = load_rules(
            policies, load_decisions(shelf.decisions), key, load_industries(shelf.industries), shelf.headers
        )
        if dry_run:
            built = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "rehearsal.duckdb"
        else:
            built = shelf.workplace()
        build_snapshot(built, shelf.landed, rest, rules, progress or (lambda _stage, _done, _of: None))
        report = read_report(built, snapshot_id(rest, rules), published=not dry_run)
        with compare_files(shelf.file(current), built) as comparison:
            counts = comparison.counts()
        if not dry_run:
            entry = {**file.to_dict(), "by": by, "reason": reason, "on": on.isoformat()}
            shelf.publish(built, report.snapshot_id, manifest(shelf, current, rest, report, [entry]))
            shelf.prune(keep)
        return Withdrawal(file, report, counts)


def _find(wanted: str, as_of: date | None, files: Sequence[Landed]) -> Landed:
    name, digits = blotted(Path(wanted).name), wanted.lower()
    found = [file for file in files if file.name == name] or [
        file for file in files if len(digits) >= _SHORTEST_HASH and file.sha256.startswith(digits)
    ]
    found = [file for file in found if as_of in (None, file.as_of)]
    if not found:
        zh, en = f"现行快照中没有文件 {name}", f"no file {name} is in force"
        names = sorted({file.name for file in files})
        raise NotFound(
            "profiles.not_in_force", zh, en, hint=", ".join(names[:_NAMED]) + (" …" if names[_NAMED:] else "")
        )
    if len(found) > 1:
        raise _ambiguous(name, found)
    return found[0]


def _ambiguous(wanted: str, found: Sequence[Landed]) -> Conflict:
    zh, en = f"“{wanted}”不止一个文件", f"{wanted!r} is more than one file"
    hint = "--as-of, SHA-256"
    findings = [
        Finding("profiles.ambiguous", zh, en, Location(f"{file.name} {file.as_of} {file.sha256[:12]}"), hint)
        for file in found
    ]
    return Conflict("profiles.ambiguous", zh, en, hint=hint, findings=findings)
