"""``subsidy-match profiles``: import department files, look at firms, decide what waits for a person.

Exit codes: 0 ok, 1 rows failed or something needs a person, 2 could not run. Data goes to stdout, progress to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.money import yuan_text
from subsidy_match.profiles import Alternative, ImportReport, ReviewItem, Snapshot, decide, import_files, open_snapshot
from subsidy_match.profiles.catalogue import Catalogue, fact_columns
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.rules.enterprise import Enterprise, Known, Scalar, Source
from subsidy_match.settings import Settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Enterprise profiles: department files in, one document a firm out.")

_OK, _FINDINGS, _COULD_NOT_RUN = 0, 1, 2
_STAGES = {
    "land": "接收文件 landing",
    "read": "读取 reading",
    "resolve": "归户 resolving",
    "publish": "发布 publishing",
}


class Language(StrEnum):
    """Language of tables and reports."""

    ZH = "zh"
    EN = "en"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
InLanguage = Annotated[Language, typer.Option("--lang", help="Language of the report.")]
OfSnapshot = Annotated[str | None, typer.Option("--snapshot", help="Another snapshot than the one in force.")]


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders of files.")],
    source: Annotated[str | None, typer.Option(help="Department that the files are from.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that the files speak of.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, but publish nothing.")] = False,
    as_json: AsJson = False,
    lang: InLanguage = Language.ZH,
) -> None:
    """Import department files and publish a new snapshot."""
    with _refusals(as_json=as_json), _progress() as progress:
        settings = Settings()
        report = import_files(
            files,
            home=settings.home,
            policies=settings.policies,
            person_key=settings.person_key,
            department=source,
            as_of=as_of.date() if as_of else None,
            dry_run=dry_run,
            progress=progress,
        )
    _print_report(report, lang, as_json=as_json)


@app.command()
def show(
    uscc: Annotated[str, typer.Argument(help="Unified social credit code.")],
    snapshot: OfSnapshot = None,
    *,
    sources: Annotated[bool, typer.Option("--sources", help="Show the values that did not count, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the document of one firm, each value with its source."""
    with _refusals(as_json=as_json):
        settings = Settings()
        catalogue = fact_columns(settings.policies)
        with open_snapshot(settings.home, snapshot) as opened:
            firm = opened.enterprise(uscc)
            document = _document(opened, firm)
            losers = opened.alternatives(firm.uscc) if sources else []
    if as_json:
        _print_json({**document, "alternatives": [_alternative(loser) for loser in losers]} if sources else document)
        return
    _print_firm(firm, document["former_names"], losers, catalogue)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Part of a name, or the beginning of a code.")],
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    snapshot: OfSnapshot = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Find firms by name, former names included, or by code."""
    with _refusals(as_json=as_json), open_snapshot(Settings().home, snapshot) as opened:
        found = opened.search(text, limit)
    if as_json:
        _print_json([{"uscc": uscc, "name": name} for uscc, name in found])
    else:
        _print_table(("统一社会信用代码 USCC", "企业名称 name"), found)
    raise typer.Exit(_OK if found else _FINDINGS)


@app.command()
def review(
    match: Annotated[list[str] | None, typer.Option(help="ID=USCC: this item is that firm. Repeatable.")] = None,
    refuse: Annotated[list[str] | None, typer.Option(help="ID: this item is none of our firms. Repeatable.")] = None,
    accept_code: Annotated[
        list[str] | None, typer.Option(help="A code in use that fails its check. Repeatable.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who decides; needed with a decision.")] = None,
    *,
    as_json: AsJson = False,
    lang: InLanguage = Language.ZH,
) -> None:
    """List what waits for a person; with --match, --refuse or --accept-code decide it and build again."""
    settings = Settings()
    with _refusals(as_json=as_json):
        decisions = [_pair(text) for text in match or ()] + [(item, None) for item in refuse or ()]
        if decisions or accept_code:
            report = _decide(settings, decisions, accept_code or [], by)
            _print_report(report, lang, as_json=as_json)
            return
        with open_snapshot(settings.home) as opened:
            items = opened.reviews()
    if as_json:
        _print_json([_review(item) for item in items])
    else:
        rows = [
            (i.id, i.department, _what(i), i.zh if lang is Language.ZH else i.en, _choices(i), i.place) for i in items
        ]
        _print_table(("编号 id", "部门 department", "对象 about", "原因 reason", "候选 candidates", "位置 place"), rows)
    raise typer.Exit(_FINDINGS if items else _OK)


@app.command()
def snapshots(*, as_json: AsJson = False) -> None:
    """List the snapshots, the one in force marked."""
    with _refusals(as_json=as_json):
        shelf = Shelf(Settings().home)
        current = shelf.current()
        found = [_snapshot(shelf, snapshot_id, current) for snapshot_id in shelf.ids()]
    if as_json:
        _print_json(found)
        return
    rows = [("*" if s["current"] else "", s["id"], str(s["firms"]), str(s["files"]), s["as_of"] or "") for s in found]
    _print_table(("", "快照 snapshot", "企业数 firms", "文件数 files", "数据日期 as of"), rows)


def _decide(
    settings: Settings, decisions: list[tuple[str, str | None]], codes: list[str], by: str | None
) -> ImportReport:
    if not by:
        raise InputError("profiles.by", "请用 --by 写明由谁决定", "say who decides with --by")
    today = datetime.now().astimezone().date()
    decide(settings.home, decisions, by=by, on=today, accept_codes=codes)
    with _progress() as progress:
        return import_files(
            [], home=settings.home, policies=settings.policies, person_key=settings.person_key, progress=progress
        )


@contextmanager
def _refusals(*, as_json: bool) -> Iterator[None]:
    """Print an error of the library for people, or as JSON, and leave with the exit code of "could not run"."""
    try:
        yield
    except SubsidyError as error:
        if as_json:
            findings = error.findings or (error.as_finding(),)
            _print_json({"error": error.as_finding().to_dict(), "findings": [f.to_dict() for f in findings]})
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(_COULD_NOT_RUN) from error


@contextmanager
def _progress() -> Iterator[Any]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(_STAGES.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance


def _print_report(report: ImportReport, lang: Language, *, as_json: bool) -> None:
    if as_json:
        _print_json(report.to_dict())
    else:
        sys.stdout.write(report.text(lang.value) + "\n")
    raise typer.Exit(_OK if report.is_clean else _FINDINGS)


def _print_json(node: object) -> None:
    sys.stdout.write(json.dumps(node, ensure_ascii=False, indent=2, default=str) + "\n")


def _print_table(headers: tuple[str, ...], rows: Any) -> None:
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        sys.stdout.write("".join("\t".join(row) + "\n" for row in rows))
        return
    table = Table(*headers)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_firm(firm: Enterprise, former: list[str], losers: list[Alternative], catalogue: Catalogue) -> None:
    heads = [firm.uscc, firm.name, *(f"曾用名 {name}" for name in former)]
    sys.stdout.write("  ".join(heads) + "\n")
    _print_table(
        ("项目 fact", "数值 value", "来源 source"), [_value_row(n, k, catalogue) for n, k in firm.values.items()]
    )
    for name, collection in firm.collections.items():
        loaded = (
            ", ".join(f"{department} {day}" for department, day in collection.loaded.items()) or "未导入 not loaded"
        )
        doubt = "  有待核对的记录 disputed" if collection.disputed else ""
        sys.stdout.write(f"\n{name}  {len(collection.rows)}  [{loaded}]{doubt}\n")
        fields = catalogue.collections[name].fields
        for row in collection.rows:
            parts = (
                f"{field}={_shown(value, fields[field].kind)}" for field, value in row.items() if value is not None
            )
            sys.stdout.write(f"  {' '.join(parts)}\n")
    for loser in losers:
        sys.stdout.write(f"{loser.outcome}\t{loser.target}\t{loser.value}\t{_source(loser.source)}\n")


def _value_row(name: str, known: Known, catalogue: Catalogue) -> tuple[str, str, str]:
    fact = catalogue.facts.get(name) or catalogue.facts[name.rpartition("_")[0]]
    return name, _shown(known.value, fact.type.kind), _source(known.source)


def _shown(value: Scalar | None, kind: str) -> str:
    if kind == "money" and isinstance(value, int):
        return yuan_text(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _source(source: Source | None) -> str:
    return f"{source.department} {source.as_of} {source.batch}" if source else ""


def _document(snapshot: Snapshot, firm: Enterprise) -> dict[str, Any]:
    return {
        "snapshot": snapshot.id,
        "uscc": firm.uscc,
        "name": firm.name,
        "former_names": snapshot.former_names(firm.uscc),
        "values": {name: {"value": known.value, **_source_dict(known.source)} for name, known in firm.values.items()},
        "collections": {
            name: {
                "rows": [dict(row) for row in c.rows],
                "loaded": dict(c.loaded),
                "disputed": c.disputed,
                **_source_dict(c.source),
            }
            for name, c in firm.collections.items()
        },
    }


def _source_dict(source: Source | None) -> dict[str, str | date | None]:
    if source is None:
        return {}
    return {
        "department": source.department,
        "as_of": source.as_of,
        "batch": source.batch,
        "quality": source.quality.value,
    }


def _alternative(loser: Alternative) -> dict[str, Any]:
    return {"target": loser.target, "value": loser.value, "outcome": loser.outcome, **_source_dict(loser.source)}


def _review(item: ReviewItem) -> dict[str, Any]:
    node = {name: getattr(item, name) for name in ReviewItem.__slots__ if name != "candidates"}
    node["candidates"] = [{"uscc": uscc, "name": name, "score": score} for uscc, name, score in item.candidates]
    return node


def _what(item: ReviewItem) -> str:
    return f"{item.uscc} {item.target}" if item.kind == "value" else f"{item.uscc_given} {item.name or ''}".strip()


def _choices(item: ReviewItem) -> str:
    if item.kind == "value":
        return " | ".join(item.values)
    return " | ".join(f"{uscc} {name} {score}" for uscc, name, score in item.candidates)


def _pair(text: str) -> tuple[str, str]:
    item, _, uscc = text.partition("=")
    if not item or not uscc:
        zh, en = f"“{text}”应写成 编号=统一社会信用代码", f"{text!r} should be ID=USCC"
        raise InputError("profiles.decision", zh, en)
    return item, uscc


def _snapshot(shelf: Shelf, snapshot_id: str, current: str | None) -> dict[str, Any]:
    manifest = shelf.manifest(snapshot_id)
    days = [file["as_of"] for file in manifest["files"]]
    return {
        "id": snapshot_id,
        "current": snapshot_id == current,
        "firms": manifest["report"]["firms"],
        "files": len(manifest["files"]),
        "as_of": max(days) if days else None,
    }
