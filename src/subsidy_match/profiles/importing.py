"""Hand over files, get a snapshot and a list of what needs a person."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from pydantic import SecretStr

from subsidy_match.errors import Finding, InputError, Location, NotFound, RetryableError
from subsidy_match.profiles.blotting import blotted, blotted_errors
from subsidy_match.profiles.catalogue import department_code
from subsidy_match.profiles.contradictions import refuse_contradictions
from subsidy_match.profiles.decisions import Decision, Decisions, Ruling, load_decisions, save_decisions
from subsidy_match.profiles.industries import load_industries
from subsidy_match.profiles.landing import Landed, as_of_name, merge_landed, store_file
from subsidy_match.profiles.persons import load_person_key
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.reading import ReviewItem, open_snapshot
from subsidy_match.profiles.report import ImportReport, read_report
from subsidy_match.profiles.snapshot import Progress, Rules, build_snapshot, load_rules, read_layouts, snapshot_id
from subsidy_match.profiles.uscc import normalise_uscc

__all__ = ["KEEP", "decide", "files_in_force", "import_files", "manifest", "secret_text", "storage"]

KEEP = 10  # snapshots

_KINDS = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls"})


@dataclass(frozen=True, slots=True)
class _Request:
    shelf: Shelf
    rules: Rules
    department: str | None
    as_of: date | None
    today: date | None
    progress: Progress


def import_files(
    files: Sequence[Path],
    *,
    home: Path,
    policies: Path,
    person_key: SecretStr | str = "",
    department: str | None = None,
    as_of: date | None = None,
    today: date | None = None,
    dry_run: bool = False,
    keep: int = KEEP,
    progress: Callable[[str, int, int], None] | None = None,
) -> ImportReport:
    """Import department files and publish the snapshot that all files in force give together.

    Nothing is half done: either the new snapshot is in force, or the old one still is. Files that were imported before are
    known by their hash and change nothing; no files at all means to build again, after a decision or a new mapping.

    Args:
        files: files, or folders of files.
        home: the home folder.
        policies: the policy folder with the fact catalogue and the table of regions.
        person_key: key for person numbers; empty for the one kept under ``home``.
        department: whose files these are, by code or Chinese name; their headers decide where this is not said.
        as_of: the day that the files speak of; else the day in each name.
        today: the day of the import; data of a later day is refused, for it would never grow stale.
        dry_run: build and report, but keep and publish nothing.
        keep: how many snapshots stay; older ones go, never the one in force.
        progress: called with a stage (``land``, ``read``, ``resolve``, ``publish``), how much of it is done, and of how much.

    Raises:
        InputError: a file cannot be read or recognised; all such files are reported at once.
        RetryableError: another import is running, or the storage failed.
    """
    shelf = Shelf(home)
    with storage(home), ExitStack() as stack:
        if not dry_run:
            stack.enter_context(shelf.lock())
        is_first = shelf.current() is None
        key = load_person_key(home, secret_text(person_key), create=not dry_run, is_first=is_first)
        rules = load_rules(
            policies, load_decisions(shelf.decisions), key, load_industries(shelf.industries), shelf.headers
        )
        owner = department_code(department, rules.catalogue) if department is not None else None
        request = _Request(shelf, rules, owner, as_of, today, progress or (lambda _stage, _done, _of: None))
        if not dry_run:
            report = _publish(request, files)
            shelf.prune(keep)
            return report
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return _rehearse(request, files, folder)


def decide(
    home: Path,
    decisions: Iterable[tuple[str, str | None]],
    *,
    by: str,
    on: date,
    accept_codes: Iterable[str] = (),
    rulings: Iterable[tuple[str, str | None]] = (),
) -> Decisions:
    """Record what a person decided about review items, or decide again; takes effect with the next import, even without files.

    Args:
        home: the home folder.
        decisions: pairs of review id and the code of the firm, or ``None`` for "none of ours".
        by: who decided.
        on: the day of the decision.
        accept_codes: codes that are really in use although their check character is wrong.
        rulings: pairs of the id of a contradiction and the reading that holds, or ``None`` where nobody can say.

    Raises:
        NotFound: no such review item, or no such firm in the snapshot.
        InputError: a ruling is none of the readings, or one item is decided in two ways.
        RetryableError: an import is running.
    """
    decisions, rulings, shelf = list(decisions), list(rulings), Shelf(home)
    refuse_contradictions(decisions, rulings)
    with shelf.lock():
        known = load_decisions(shelf.decisions)
        written = {d.id: (d.department, d.uscc_given, d.name_key) for d in known.taken}
        with open_snapshot(home) as snapshot:
            waiting = snapshot.reviews()
            written |= {i.id: (i.department, i.uscc_given, i.name_key) for i in waiting if i.kind == "identity"}
            taken = []
            for item_id, firm in decisions:
                if item_id not in written:
                    zh, en = f"没有待核对事项 {item_id}", f"there is no review item {item_id}"
                    raise NotFound("profiles.no_review", zh, en)
                code = snapshot.enterprise(firm).uscc if firm else None
                taken.append(Decision(*written[item_id], code, by, on))
        codes = known.accepted_codes | {normalise_uscc(code) for code in accept_codes}
        chosen = [_ruling(item, value, known, waiting, by, on) for item, value in rulings]
        decided = Decisions((*known.taken, *taken), codes, (*known.rulings, *chosen))
        save_decisions(shelf.decisions, decided)
        return decided


def _ruling(
    item_id: str, value: str | None, known: Decisions, waiting: Iterable[ReviewItem], by: str, on: date
) -> Ruling:
    """A ruling between the readings that wait, or between those of one that is in force and taken again."""
    item = next((i for i in waiting if i.kind == "value" and i.id == item_id), None)
    before = known.rulings_in_force.get(item_id)
    if item is not None:
        made = Ruling(item_id, item.uscc or "", item.target or "", item.values, item.sources, value, by, on)
    elif before is not None:
        made = replace(before, chosen=value, by=by, on=on)
    else:
        zh, en = f"没有待核对事项 {item_id}", f"there is no review item {item_id}"
        raise NotFound("profiles.no_review", zh, en)
    if value is not None and value not in made.readings:
        zh, en = f"“{value}”不在待选数值之中", f"{value!r} is none of the readings"
        raise InputError("profiles.ruling", zh, en, hint=" | ".join(made.readings))
    return made


@contextmanager
def storage(home: Path) -> Iterator[None]:
    """A full disk, missing rights or too little memory: nothing is wrong with the files."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        zh, en = f"存储出错:{error}", f"the storage failed: {error}"
        raise RetryableError("profiles.storage", zh, en, Location(str(home))) from error


def _publish(request: _Request, files: Sequence[Path]) -> ImportReport:
    shelf, rules = request.shelf, request.rules
    building = shelf.workplace()
    current = shelf.current()
    old = files_in_force(shelf, current)
    if not files and not old:
        raise InputError("profiles.nothing", "没有可导入的文件", "there are no files to import")
    try:
        new = _land(request, files, shelf.landed)
    except InputError:
        shelf.forget_orphans()
        raise
    inputs = merge_landed(old, new)
    fresh = [file.sha256 for file in new]
    snapshot = snapshot_id(inputs, rules)
    if snapshot == current:
        return replace(read_report(shelf.file(snapshot), snapshot, fresh), unchanged=True)
    build_snapshot(building, shelf.landed, inputs, rules, request.progress)
    report = read_report(building, snapshot, fresh)
    request.progress("publish", 0, 1)
    shelf.publish(building, snapshot, manifest(shelf, current, inputs, report))
    request.progress("publish", 1, 1)
    return report


def _rehearse(request: _Request, files: Sequence[Path], folder: Path) -> ImportReport:
    shelf = request.shelf
    old = files_in_force(shelf, shelf.current())
    new = _land(request, files, folder)
    for file in old:
        (folder / file.stored_name).unlink(missing_ok=True)
        (folder / file.stored_name).symlink_to((shelf.landed / file.stored_name).absolute())
    inputs = merge_landed(old, new)
    built = folder / "rehearsal.duckdb"
    build_snapshot(built, folder, inputs, request.rules, request.progress)
    return read_report(built, snapshot_id(inputs, request.rules), [file.sha256 for file in new], published=False)


def manifest(
    shelf: Shelf, current: str | None, files: Sequence[Landed], report: ImportReport, withdrawn: Sequence[object] = ()
) -> dict[str, Any]:
    """What is written beside a snapshot: its files, its report, and what was ever withdrawn on the way to it."""
    before = shelf.manifest(current).get("withdrawn", []) if current else []
    return {
        "files": [file.to_dict() for file in files],
        "report": report.to_dict(),
        "withdrawn": [*before, *withdrawn],
    }


def files_in_force(shelf: Shelf, current: str | None) -> tuple[Landed, ...]:
    """The landed files that a snapshot was made of."""
    return tuple(Landed.from_dict(node) for node in shelf.manifest(current)["files"]) if current else ()


def _land(request: _Request, files: Sequence[Path], folder: Path) -> list[Landed]:
    paths = _expand(files)
    landed: list[Landed] = []
    findings: list[Finding] = []
    for done, path in enumerate(paths):
        request.progress("land", done, len(paths))
        try:
            landed.append(_land_one(request, path, folder))
        except InputError as error:
            findings += error.findings or [error.as_finding()]
    if findings:
        first = findings[0]
        raise InputError(first.code, first.zh, first.en, first.at, findings=tuple(findings))
    return landed


def _land_one(request: _Request, path: Path, folder: Path) -> Landed:
    with blotted_errors():
        as_of = _believable(request, path, request.as_of or as_of_name(path.name))
        file = store_file(path, folder, name=path.name, as_of=as_of, department=request.department)
        for _sheet, _layout in read_layouts(folder / file.stored_name, file, request.rules):
            pass  # to know that every sheet can be read before anything is built
        return file


def _believable(request: _Request, path: Path, as_of: date) -> date:
    """The day of the data, unless it is still to come or the file is not there."""
    if not path.is_file():
        raise InputError("profiles.file.missing", "没有这个文件", "there is no such file", Location(str(path)))
    if request.today is not None and as_of > request.today:
        zh, en = f"数据日期 {as_of} 晚于导入日", f"the data is of {as_of}, a day still to come"
        raise InputError("profiles.file.future", zh, en, Location(path.name), hint="--as-of")
    return as_of


def _expand(files: Sequence[Path]) -> list[Path]:
    paths = []
    for path in files:
        if not path.is_dir():
            paths.append(path)
            continue
        inside = sorted(child for child in path.iterdir() if child.is_file() and not child.name.startswith("."))
        if strange := [child for child in inside if child.suffix.lower() not in _KINDS]:
            raise _no_table(strange)
        paths += inside
    return paths


def _no_table(strange: Sequence[Path]) -> InputError:
    findings = [
        Finding(
            "profiles.file.kind",
            "文件夹中有不是表格的文件",
            "the folder holds a file that is no table",
            Location(blotted(str(path))),
        )
        for path in strange
    ]
    first = findings[0]
    return InputError(first.code, first.zh, first.en, first.at, findings=findings)


def secret_text(key: SecretStr | str) -> str:
    """The key itself."""
    return key.get_secret_value() if isinstance(key, SecretStr) else key
