# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""Build a snapshot from landed files, decisions and mappings, and nothing else: the same inputs give the same content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.errors import Finding, InputError, Location, SubsidyError
from subsidy_match.profiles.assembly import Assembly
from subsidy_match.profiles.blotting import blotted, blotted_errors
from subsidy_match.profiles.catalogue import Catalogue, fact_columns
from subsidy_match.profiles.decisions import Decisions
from subsidy_match.profiles.facts import decide_facts, fact_targets
from subsidy_match.profiles.firms import Firms
from subsidy_match.profiles.guesses import guess_headers, nearest_columns
from subsidy_match.profiles.industries import Industries, shipped_industries
from subsidy_match.profiles.landing import Landed, landed_path
from subsidy_match.profiles.layout import Layout, find_layout
from subsidy_match.profiles.links import doubt_inherited, place_by_district, store_links
from subsidy_match.profiles.lists import collect_lists, loaded_lists
from subsidy_match.profiles.mapping import ListSpec, Mappings, load_mappings
from subsidy_match.profiles.meanings import load_remembered
from subsidy_match.profiles.names import name_key
from subsidy_match.profiles.persons import key_fingerprint
from subsidy_match.profiles.readers import Sheet, open_sheets
from subsidy_match.profiles.regions import Regions, load_regions
from subsidy_match.profiles.remembered import with_remembered
from subsidy_match.profiles.rulings import put_rulings
from subsidy_match.profiles.staging import Batch, Staging, stage_sheet
from subsidy_match.profiles.straight import Exceptions

__all__ = ["SCHEMA_VERSION", "Progress", "Rules", "build_snapshot", "load_rules", "read_layouts", "snapshot_id"]

SCHEMA_VERSION = 4
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything besides the files that a snapshot depends on."""

    catalogue: Catalogue
    regions: Regions
    mappings: Mappings
    decisions: Decisions
    person_key: bytes
    industries: Industries


def load_rules(
    policies: Path,
    decisions: Decisions,
    person_key: bytes,
    industries: Industries | None = None,
    headers: Path | None = None,
) -> Rules:
    """Read catalogue, regions and mappings; the table of industries is the shipped one where none is given.

    Raises:
        InputError: the file of remembered headers does not fit the mappings.
    """
    catalogue = fact_columns(policies)
    table = industries or shipped_industries()
    mappings = load_mappings(catalogue)
    if headers is not None:
        mappings = with_remembered(mappings, load_remembered(headers), catalogue, headers)
    return Rules(catalogue, load_regions(policies), mappings, decisions, person_key, table)


def snapshot_id(files: Sequence[Landed], rules: Rules) -> str:
    """The id of the snapshot that these inputs give: a hash of all of them."""
    inputs = {
        "schema": SCHEMA_VERSION,
        "files": [file.to_dict() for file in files],
        "catalogue": rules.catalogue.digest,
        "regions": rules.regions.digest,
        "mappings": rules.mappings.digest,
        "decisions": rules.decisions.digest,
        "industries": rules.industries.digest,
        "person_key": key_fingerprint(rules.person_key),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


def read_layouts(path: Path, file: Landed, rules: Rules) -> Iterator[tuple[Sheet, Layout | None]]:
    """Open a file and recognise its sheets; sheets that no list fits have no layout.

    Raises:
        InputError: the file cannot be read, or none of its sheets is known.
    """
    specs = rules.mappings.of(file.department)
    with blotted_errors(), open_sheets(path, file.name) as sheets:
        found = [
            (sheet, None if sheet.hidden else find_layout(sheet, file.name, specs, rules.catalogue)) for sheet in sheets
        ]
        if not any(layout for _, layout in found):
            raise _unknown_headers(file, sheets, specs)
        yield from ((sheet, layout) for sheet, layout in found if layout or any(any(row) for row in sheet.rows()))


def build_snapshot(
    path: Path,
    folder: Path,
    files: Sequence[Landed],
    rules: Rules,
    progress: Progress,
    exceptions: Callable[[Assembly], Exceptions] = Exceptions,
) -> None:
    """Build the snapshot file at ``path`` from landed files in ``folder``.

    Args:
        path: the file to make.
        folder: where the landed files are.
        files: the landed files.
        rules: everything else that the snapshot depends on.
        progress: told of the stages.
        exceptions: tells the firms whose facts are decided one by one; whichever these are, the snapshot is the same.

    Raises:
        InputError: a file cannot be read.
        SubsidyError: the rows of a batch do not balance; nothing built like that may be published.
    """
    assembly = Assembly(path, rules.catalogue)
    try:
        _stage_files(assembly, folder, files, rules, progress)
        progress("resolve", 0, 1)
        _fill(assembly, files, rules, exceptions(assembly))
        progress("resolve", 1, 1)
    except BaseException:
        assembly.abandon()
        raise
    assembly.close()


def _stage_files(assembly: Assembly, folder: Path, files: Sequence[Landed], rules: Rules, progress: Progress) -> None:
    assembly.con.execute("CREATE TABLE finding (file VARCHAR, sheet VARCHAR, code VARCHAR, zh VARCHAR, en VARCHAR)")
    staging = Staging(rules.catalogue, rules.regions, rules.person_key, rules.industries)
    number = 0
    for done, file in enumerate(files):
        progress("read", done, len(files))
        if not landed_path(folder, file).exists():
            zh, en = "留存的原始文件不见了,请重新导入", "the landed copy is gone: import the file again"
            raise InputError("profiles.file.lost", zh, en, Location(file.name))
        for sheet, layout in read_layouts(landed_path(folder, file), file, rules):
            _note_unused(assembly, file, sheet, layout)
            if layout is not None:
                number += 1
                batch = _batch(number, file, sheet, layout, rules)
                assembly.stage(batch, layout, stage_sheet(sheet, layout, staging))
    progress("read", len(files), len(files))


def _batch(number: int, file: Landed, sheet: Sheet, layout: Layout, rules: Rules) -> Batch:
    list_id, name = layout.spec.id, blotted(sheet.name)
    return Batch(number, rules.mappings.departments[list_id], file.name, name, list_id, file.as_of, file.sha256)


def _note_unused(assembly: Assembly, file: Landed, sheet: Sheet, layout: Layout | None) -> None:
    notes = (
        [("sheet.unknown", "工作表未被识别,未导入", "the sheet is not known and was not imported")]
        if layout is None
        else []
    )
    if sheet.hidden:
        notes = [("sheet.hidden", "隐藏的工作表未导入", "a hidden sheet was not imported")]
    for header in layout.unknown if layout else ():
        zh, en = _guess(header, layout) if layout else ("", "")
        said = f"未识别的列“{header}”未导入{zh}", f"the unknown column {header!r} was not imported{en}"
        notes.append(("column.unknown", *said))
    for code, *words in notes:
        shown = [blotted(text) for text in (sheet.name, *words)]
        assembly.con.execute("INSERT INTO finding VALUES (?, ?, ?, ?, ?)", [file.name, shown[0], code, *shown[1:]])


def _fill(assembly: Assembly, files: Sequence[Landed], rules: Rules, exceptions: Exceptions) -> None:
    register = assembly.register(rules.decisions)
    place_by_district(assembly, register, rules.regions)
    assembly.resolve(register, rules.decisions)
    _count(assembly)
    _alias(assembly)
    put_rulings(assembly.con, rules.decisions)
    targets = fact_targets(rules.catalogue, assembly.placed)
    decide_facts(assembly, targets, exceptions)
    collect_lists(assembly)
    departments = rules.mappings.departments
    loaded_lists(
        assembly,
        [(spec.collection, departments[name], name) for name, spec in rules.mappings.lists.items() if spec.collection],
    )
    Firms(assembly, targets, exceptions).write()
    store_links(assembly)
    doubt_inherited(assembly)
    _reference(assembly, files, rules)


def _count(assembly: Assembly) -> None:
    for placed in assembly.placed:
        batch, counts = placed.batch, assembly.count(placed)
        if not counts.balances:
            zh, en = f"{batch.title} 的行数不平:{counts}", f"the rows of {batch.title} do not balance: {counts}"
            raise SubsidyError("profiles.unbalanced", zh, en, Location(batch.title))
        values = [
            batch.number, batch.department, batch.file, batch.sheet, batch.list_id, batch.as_of, batch.sha256, counts.rows_in,
            counts.accepted, counts.merged, counts.quarantined, counts.ignored, counts.bad_cells,
        ]  # fmt: skip
        assembly.con.execute(f"INSERT INTO batch VALUES ({', '.join('?' * len(values))})", values)


def _alias(assembly: Assembly) -> None:
    con = assembly.con
    con.create_function("name_key", name_key, ["VARCHAR"], "VARCHAR")
    for placed in assembly.placed:
        if placed.layout.spec.register_of_firms:
            con.execute(
                f"INSERT INTO alias SELECT DISTINCT uscc, name, name_key, true FROM {placed.good} WHERE name IS NOT NULL"
            )
            con.execute(
                "INSERT INTO alias SELECT DISTINCT uscc, former, name_key(former), false"
                f" FROM (SELECT uscc, unnest(former_names) AS former FROM {placed.good})"
            )
    con.remove_function("name_key")


def _reference(assembly: Assembly, files: Sequence[Landed], rules: Rules) -> None:
    con = assembly.con
    con.execute("CREATE TABLE region (code VARCHAR, zh VARCHAR, en VARCHAR, parent VARCHAR, kind VARCHAR)")
    for region in rules.regions.by_code.values():
        con.execute(
            "INSERT INTO region VALUES (?, ?, ?, ?, ?)", [region.code, region.zh, region.en, region.parent, region.kind]
        )
    con.execute("CREATE TABLE department (code VARCHAR, zh VARCHAR, en VARCHAR)")
    for department in rules.catalogue.departments.values():
        con.execute("INSERT INTO department VALUES (?, ?, ?)", [department.code, department.zh, department.en])
    con.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    meta = {
        "schema_version": str(SCHEMA_VERSION),
        "snapshot": snapshot_id(files, rules),
        "catalogue": rules.catalogue.digest,
        "mappings": rules.mappings.digest,
        "regions": rules.regions.digest,
        "decisions": rules.decisions.digest,
        "industries": rules.industries.digest,
    }
    con.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
    con.execute("CREATE OR REPLACE TABLE disputed AS SELECT DISTINCT * FROM disputed ORDER BY ALL")


def _unknown_headers(file: Landed, sheets: Sequence[Sheet], specs: Sequence[ListSpec]) -> InputError:
    findings = []
    for sheet in sheets:
        guess = guess_headers(sheet, specs)
        hint_zh, hint_en = _hint(guess)
        place = Location(file.name, cell=sheet.name or None)
        zh, en = f"表头不符合任何已知清单{hint_zh}", f"the headers fit no known list{hint_en}"
        findings.append(Finding("profiles.header.unknown", zh, en, place))
    first = findings[0]
    return InputError(first.code, first.zh, first.en, first.at, findings=findings)


def _guess(header: str, layout: Layout) -> tuple[str, str]:
    near = nearest_columns(header, layout)
    if not near or blotted(header) != header:  # a command with a masked header would not find it
        return "", ""
    how = f"profiles headers map {layout.spec.id} '{header}' '{near[0]}' --by NAME"
    return f";最接近:{'、'.join(near)}(若同义:{how})", f"; nearest: {', '.join(near)} (if it is the same: {how})"


def _hint(guess: tuple[str, list[tuple[str, str | None]]] | None) -> tuple[str, str]:
    if guess is None:
        return "", ""
    list_id, missing = guess
    zh = "、".join(f"{wanted}(最接近的列:{near})" if near else wanted for wanted, near in missing)
    en = ", ".join(f"{wanted} (nearest column: {near})" if near else wanted for wanted, near in missing)
    how = next(
        (f"profiles headers map {list_id} '{near}' '{wanted}' --by NAME" for wanted, near in missing if near), ""
    )
    told_zh, told_en = (f";若同义:{how}", f"; if it is the same: {how}") if how else ("", "")
    return f";最接近 {list_id},缺少 {zh}{told_zh}", f"; the nearest is {list_id}, which also needs {en}{told_en}"
