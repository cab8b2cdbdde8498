"""Commands about profiles: import department files, look at firms, decide what waits for a person."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from subsidy_match.cli import codes, headers
from subsidy_match.cli.context import JSON, LANG, business_today, day, decider, settings
from subsidy_match.cli.exports import export
from subsidy_match.cli.links import link_dict, print_links
from subsidy_match.cli.output import note, print_json, print_table, print_text
from subsidy_match.cli.quality import quality
from subsidy_match.cli.shelf import KEEP, prune, rollback, withdraw
from subsidy_match.cli.snapshots import diff
from subsidy_match.cli.stages import stages
from subsidy_match.cli.values import kind_of, plain, shown, source_dict, source_text
from subsidy_match.errors import InputError
from subsidy_match.profiles import Alternative, ImportReport, ReviewItem, decide, import_files, open_snapshot
from subsidy_match.profiles.catalogue import Catalogue
from subsidy_match.profiles.decisions import load_decisions
from subsidy_match.profiles.industries import Industries, load_industries
from subsidy_match.profiles.labels import load_labels
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.report_sheets import write_report
from subsidy_match.profiles.review_sheets import Answers, read_answers, write_questions
from subsidy_match.profiles.review_values import chosen_readings
from subsidy_match.profiles.shown_readings import ReadingForms, load_forms
from subsidy_match.profiles.workbook import check_out
from subsidy_match.rules.enterprise import Collection, Enterprise, Known

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="企业档案:部门数据导入、查询、核对 / Profiles: import, look up, review.")
app.add_typer(codes.app, name="codes")
app.add_typer(headers.app, name="headers")
app.command()(quality)

for command in (diff, withdraw, rollback, prune, export):
    app.command()(command)

_OK, _FINDINGS = 0, 1
_SNAPSHOT = typer.Option("--snapshot", help="快照,默认现行 / another snapshot than the one in force")


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="文件或文件夹 / files, or folders of files")],
    source: Annotated[str | None, typer.Option(help="来源部门 / the department that they are from")] = None,
    as_of: Annotated[str | None, typer.Option(help="数据日期 / the day that they speak of, YYYY-MM-DD")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只报告,不发布 / report, publish nothing")] = False,
    keep: Annotated[int, KEEP] = 10,
    report: Annotated[Path | None, typer.Option(help="报告写入 XLSX / write the report as a workbook")] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """导入部门数据 / Import department files and publish a new snapshot."""
    wanted = day(as_of) if as_of else None
    if report:
        check_out(report)
    done = _import(files, source=source, as_of=wanted, dry_run=dry_run, keep=keep)
    if report:
        write_report(report, done, load_labels(settings().policies))
        note(f"已写入 / written: {report}")
    _report(done, lang, as_json=as_json)


@app.command()
def show(
    uscc: Annotated[str, typer.Argument(help="统一社会信用代码 / the firm")],
    sources: Annotated[
        bool, typer.Option("--sources", help="含未采用的数值 / also the values that did not count")
    ] = False,
    snapshot: Annotated[str | None, _SNAPSHOT] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """一家企业的档案,每项数值及其来源 / One firm, each value with its source."""
    with open_snapshot(settings().home, snapshot) as opened:
        firm = opened.enterprise(uscc)
        losers = opened.alternatives(firm.uscc) if sources else []
        former, ids, links = opened.former_names(firm.uscc), opened.old_ids(firm.uscc), opened.links(firm.uscc)
        snapshot_id = opened.id
    if as_json:
        told = {"former_names": former, "old_ids": ids, "links": [link_dict(link) for link in links]}
        print_json({"snapshot": snapshot_id, **told, **_document(firm, losers)})
    else:
        industries = load_industries(Shelf(settings().home).industries)
        print_text("  ".join([firm.uscc, firm.name, *(f"曾用名 / formerly {name}" for name in former)]))
        print_links(ids, links)
        _print_firm(firm, losers, load_forms(settings().policies), industries)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="名称片段或代码开头 / part of a name, or the beginning of a code")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多条数 / at most")] = 20,
    snapshot: Annotated[str | None, _SNAPSHOT] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """按名称(含曾用名)或代码查找 / Find firms by name, former names included, or by code."""
    with open_snapshot(settings().home, snapshot) as opened:
        found = opened.search(text, limit)
    if as_json:
        print_json([{"uscc": uscc, "name": name} for uscc, name in found])
    else:
        print_table(("统一社会信用代码 / USCC", "企业名称 / name"), found)
    raise typer.Exit(_OK if found else _FINDINGS)


@app.command()
def review(
    match: Annotated[list[str] | None, typer.Option(help="编号=代码:就是这家 / ID=USCC: this firm")] = None,
    refuse: Annotated[list[str] | None, typer.Option(help="编号:都不是 / ID: none of our firms")] = None,
    choose: Annotated[
        list[str] | None, typer.Option(help="编号=数值(如 3万元):此数值为准 / ID=VALUE, as shown: this reading holds")
    ] = None,
    leave: Annotated[list[str] | None, typer.Option(help="编号:无法判定,按未知 / ID: nobody can say, unknown")] = None,
    accept_code: Annotated[
        list[str] | None, typer.Option(help="校验不符但确在使用的代码 / a code in use that fails its check")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="待核对事项写入 XLSX / write them to a workbook")] = None,
    taken: Annotated[Path | None, typer.Option("--in", help="读回填好的 XLSX / read a filled workbook back")] = None,
    by: Annotated[str | None, typer.Option(help="决定人 / who decides; needed with a decision")] = None,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """待核对事项;用选项或 --in 决定并重建 / What waits for a person; decide and build again."""
    decisions = [*map(_pair, match or ()), *((item, None) for item in refuse or ())]
    forms = load_forms(settings().policies)
    rulings = [*_chosen(list(map(_pair, choose or ())), forms), *((item, None) for item in leave or ())]
    codes = list(accept_code or ())
    if taken:
        if decisions or codes or rulings:
            zh, en = "--in 不能与其他决定并用", "--in goes with no other decision"
            raise InputError("profiles.decision", zh, en)
        decider(by)
        answers = _answers(taken, forms)
        decisions, codes, rulings = list(answers.decisions), list(answers.codes), list(answers.rulings)
    if decisions or codes or rulings:
        who, today = decider(by), business_today()
        decide(settings().home, decisions, by=who, on=today, accept_codes=codes, rulings=rulings)
        _report(_import([]), lang, as_json=as_json)
    with open_snapshot(settings().home) as opened:
        items = opened.reviews()
    if out:
        write_questions(out, items, forms)
        note(f"已写入 / written: {out}")
    elif as_json:
        print_json([_review(item, forms) for item in items])
    else:
        _print_reviews(items, lang, forms)
    raise typer.Exit(_FINDINGS if items else _OK)


def _answers(path: Path, forms: ReadingForms) -> Answers:
    home = settings().home
    with open_snapshot(home) as opened:
        return read_answers(path, opened, load_decisions(Shelf(home).decisions), forms)


def _chosen(pairs: list[tuple[str, str | None]], forms: ReadingForms) -> list[tuple[str, str | None]]:
    if not pairs:
        return []
    home = settings().home
    with open_snapshot(home) as opened:
        return chosen_readings(pairs, opened.reviews(), load_decisions(Shelf(home).decisions), forms)


def _print_reviews(items: list[ReviewItem], lang: str, forms: ReadingForms) -> None:
    rows = [(i.id, i.department, _what(i), i.zh if lang == "zh" else i.en, _choices(i, forms), i.place) for i in items]
    head = ("编号 / id", "部门 / department", "对象 / about", "原因 / reason", "候选 / candidates", "位置 / place")
    print_table(head, rows)


@app.command()
def snapshots(as_json: Annotated[bool, JSON] = False) -> None:
    """快照清单,* 为现行 / The snapshots, the one in force marked."""
    shelf = Shelf(settings().home)
    current = shelf.current()
    found = [_snapshot(shelf, snapshot_id, current) for snapshot_id in shelf.ids()]
    if as_json:
        print_json(found)
        return
    rows = [("*" if s["current"] else "", s["id"], s["firms"], s["files"], s["as_of"] or "") for s in found]
    print_table(("", "快照 / snapshot", "企业 / firms", "文件 / files", "数据日期 / as of"), rows, right=(2, 3))


def _import(
    files: list[Path], *, source: str | None = None, as_of: date | None = None, dry_run: bool = False, keep: int = 10
) -> ImportReport:
    where = settings()
    with stages() as progress:
        return import_files(
            files,
            home=where.home,
            policies=where.policies,
            person_key=where.person_key,
            department=source,
            as_of=as_of,
            today=business_today(),
            dry_run=dry_run,
            keep=keep,
            progress=progress,
        )


def _report(report: ImportReport, lang: str, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_dict())
    else:
        print_text(report.text(lang))
    raise typer.Exit(_OK if report.is_clean else _FINDINGS)


def _print_firm(firm: Enterprise, losers: list[Alternative], forms: ReadingForms, industries: Industries) -> None:
    catalogue = forms.catalogue
    rows = [_value_row(name, known, catalogue, industries) for name, known in firm.values.items()]
    print_table(("项目 / fact", "数值 / value", "来源 / source"), rows)
    for name, collection in firm.collections.items():
        print_text(f"\n{_list_head(name, collection)}")
        fields = catalogue.collections[name].fields
        for row in collection.rows:
            shown = (f"{field}={shown(value, fields[field].kind)}" for field, value in row.items() if value is not None)
            print_text(f"  {'  '.join(shown)}")
    if losers:
        print_text()
        rows = [
            (loser.target, forms.shown(loser.target, loser.value), f"{loser.outcome}  {source_text(loser.source)}")
            for loser in losers
        ]
        print_table(("项目 / fact", "未采用 / did not count", "来源 / source"), rows)


def _list_head(name: str, collection: Collection) -> str:
    loaded = ", ".join(f"{department} {as_of}" for department, as_of in collection.loaded.items())
    doubt = "  有待核对的记录 / disputed" if collection.disputed else ""
    return f"{name}: {len(collection.rows)}  [{loaded or '未导入 / not loaded'}]{doubt}"


def _value_row(name: str, known: Known, catalogue: Catalogue, industries: Industries) -> tuple[str, str, str]:
    kind = kind_of(name, catalogue)
    text = shown(known.value, kind)
    if kind == "industry":
        text = f"{text} {industries.names.get(text, '')}".rstrip()
    return name, text, source_text(known.source)


def _document(firm: Enterprise, losers: list[Alternative]) -> dict[str, Any]:
    lists = {
        name: {
            "rows": [plain(row) for row in c.rows],
            "loaded": plain(c.loaded),
            "disputed": c.disputed,
            **source_dict(c.source),
        }
        for name, c in firm.collections.items()
    }
    document = {
        "uscc": firm.uscc,
        "name": firm.name,
        "values": {name: {**plain({"value": k.value}), **source_dict(k.source)} for name, k in firm.values.items()},
        "collections": lists,
    }
    return document | ({"alternatives": [_alternative(loser) for loser in losers]} if losers else {})


def _alternative(loser: Alternative) -> dict[str, Any]:
    return {"target": loser.target, "value": loser.value, "outcome": loser.outcome, **source_dict(loser.source)}


def _review(item: ReviewItem, forms: ReadingForms) -> dict[str, Any]:
    node = {name: getattr(item, name) for name in ReviewItem.__slots__ if name not in ("candidates", "readings")}
    node["values"] = [
        {"value": forms.shown(item.target or "", reading.text), **source_dict(reading.source)}
        for reading in item.readings
    ]
    node["candidates"] = [{"uscc": uscc, "name": name, "score": score} for uscc, name, score in item.candidates]
    return node


def _what(item: ReviewItem) -> str:
    return f"{item.uscc} {item.target}" if item.kind == "value" else f"{item.uscc_given} {item.name or ''}".strip()


def _choices(item: ReviewItem, forms: ReadingForms) -> str:
    if item.kind == "value":
        return forms.sources(item)
    return " | ".join(f"{uscc} {name} {score}" for uscc, name, score in item.candidates)


def _pair(text: str) -> tuple[str, str | None]:
    item, _, uscc = text.partition("=")
    if not item or not uscc:
        zh, en = f"“{text}”应写成 编号=统一社会信用代码或数值", f"{text!r} should be ID=USCC or ID=VALUE"
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
