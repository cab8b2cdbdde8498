"""Commands that change which snapshot is in force, or which are kept."""

from __future__ import annotations

from typing import Annotated

import typer

from subsidy_match.cli.context import JSON, LANG, business_today, day, settings
from subsidy_match.cli.output import print_json, print_text
from subsidy_match.cli.snapshots import print_counts
from subsidy_match.cli.stages import stages
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.rollback import roll_back
from subsidy_match.profiles.withdrawal import withdraw as withdraw_file

__all__ = ["KEEP", "prune", "rollback", "withdraw"]

KEEP = typer.Option("--keep", min=1, help="保留快照数 / how many snapshots stay")
_OK, _FINDINGS = 0, 1
_DRY = typer.Option("--dry-run", help="只报告,不改动 / report, change nothing")


def withdraw(
    file: Annotated[str, typer.Argument(help="文件名或 SHA-256 开头 / name, or the beginning of the SHA-256")],
    by: Annotated[str, typer.Option(help="撤回人 / who withdraws it")],
    reason: Annotated[str, typer.Option(help="原因 / why")],
    as_of: Annotated[str | None, typer.Option(help="数据日期 / the day that the file speaks of")] = None,
    dry_run: Annotated[bool, _DRY] = False,
    keep: Annotated[int, KEEP] = 10,
    lang: Annotated[str, LANG] = "zh",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """撤回误交的文件,由其余文件重建 / Take out a wrong file; the remaining ones are built again."""
    where = settings()
    with stages() as progress:
        done = withdraw_file(
            file,
            home=where.home,
            policies=where.policies,
            person_key=where.person_key,
            by=by,
            reason=reason,
            on=business_today(),
            as_of=day(as_of) if as_of else None,
            dry_run=dry_run,
            keep=keep,
            progress=progress,
        )
    if as_json:
        node = {"file": done.file.to_dict(), "counts": done.counts.to_dict(), "report": done.report.to_dict()}
        print_json(node)
    else:
        print_text(f"撤回 / withdrawn: {done.file.name} {done.file.as_of} {done.file.sha256[:12]}")
        print_counts(done.counts)
        print_text()
        print_text(done.report.text(lang))
    raise typer.Exit(_OK if done.report.is_clean else _FINDINGS)


def rollback(
    snapshot: Annotated[str | None, typer.Argument(help="快照,默认前一个 / default: the one before")] = None,
    dry_run: Annotated[bool, _DRY] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """恢复先前的快照 / Make an earlier snapshot the one in force."""
    done = roll_back(settings().home, snapshot, dry_run=dry_run)
    if as_json:
        counts = done.counts.to_dict()
        print_json({"before": done.before, "after": done.after, "published": not dry_run, "counts": counts})
        return
    dry = "(试运行,未改动 / dry run, nothing changed)" if dry_run else ""
    print_text(f"现行快照 / snapshot in force: {done.before} → {done.after}{dry}")
    print_counts(done.counts)


def prune(
    keep: Annotated[int, KEEP] = 10,
    dry_run: Annotated[bool, _DRY] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """删除较早的快照及不再需要的原件 / Delete older snapshots, and originals that none needs any more."""
    shelf = Shelf(settings().home)
    if dry_run:
        gone = shelf.surplus(keep)
    else:
        with shelf.lock():
            gone = shelf.prune(keep)
    if as_json:
        print_json(gone)
        return
    for snapshot_id in gone:
        print_text(snapshot_id)
