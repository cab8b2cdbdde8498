"""Commands about working days: the published years and the limits of stages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.deadline.calendar_files import read_calendar
from subsidy_match.claims.deadline.calendar_office import publish_calendar
from subsidy_match.claims.deadline.calendar_store import published_years
from subsidy_match.claims.deadline.stage_limits import Limit, LimitKind, read_limits, set_limit
from subsidy_match.claims.states import STATE_NAMES, State
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import day, now, platform
from subsidy_match.cli.output import bar, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="工作日历与时限 / Working days and time limits.", no_args_is_help=True)


@app.command("list")
def list_years() -> None:
    """列出已导入的年份 / List the years that were brought in."""
    with platform() as wired:
        years = in_unit(wired.engine, published_years, immediate=False)
    rows = [
        (
            y.table.year,
            len(y.table.holidays),
            len(y.table.workdays),
            y.table.source,
            y.imported_by,
            y.imported_at.date(),
        )
        for y in years
    ]
    header = ("年 / year", "放假 / off", "补班 / worked", "依据 / source", "导入 / by", "日期 / on")
    print_table(header, rows, right=(0, 1, 2))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="YAML 或 CSV(日期,类型)/ YAML or CSV (date,kind)")],
    login: As,
    source: Annotated[str | None, typer.Option(help="依据的通知 / the notice it comes from")] = None,
) -> None:
    """导入放假安排,未办结件的期限随之重算 / Bring a calendar in: open claims are told their dates anew."""
    tables = read_calendar(file.read_bytes(), name=str(file), source=source)
    with platform() as wired, bar("期限重算 / dates") as progress:
        actor = caller(wired.engine, login)
        report = publish_calendar(wired.desk, tables, actor=actor, at=now(), progress=progress)
    years = ", ".join(map(str, report.changed)) or "–"
    print_text(
        f"更新年份 {years},重算期限 {len(report.redated)} 件 / years changed: {years}; claims: {len(report.redated)}"
    )


@app.command("limits")
def list_limits() -> None:
    """列出各环节时限 / List the limits of the stages."""
    with platform() as wired:
        limits = in_unit(wired.engine, read_limits, immediate=False).all()
    rows = [
        (f"{STATE_NAMES[r.stage][0]} {r.stage}", r.kind, r.days, r.policy_id or "*", r.effective_from, r.source)
        for r in limits
    ]
    print_table(
        ("环节 / stage", "种类 / kind", "工作日 / days", "政策 / policy", "自 / from", "依据 / source"),
        rows,
        right=(2,),
    )


@app.command("limit")
def add_limit(
    stage: Annotated[str, typer.Argument(help="环节 / stage, e.g. IN_REVIEW")],
    days: Annotated[int, typer.Argument(help="工作日 / working days")],
    login: As,
    source: Annotated[str, typer.Option(help="依据 / what it rests on")],
    kind: Annotated[LimitKind, typer.Option(help="种类 / kind")] = LimitKind.BUDGET,
    policy: Annotated[str, typer.Option(help="政策 / one policy; none is every policy")] = "",
    since: Annotated[str | None, typer.Option("--from", help="自何日起 / from which day on")] = None,
) -> None:
    """设定一个环节自某日起的时限 / Set the limit of a stage from a day on."""
    try:
        state = State(stage.upper())
    except ValueError:
        zh, en = f"没有这个环节:{stage}", f"no such stage: {stage}"
        raise InputError("state_unknown", zh, en, hint=", ".join(State)) from None
    limit = Limit(state, kind, days, day(since), policy, source)
    with platform() as wired:
        actor = caller(wired.engine, login)
        in_unit(wired.engine, lambda session: set_limit(session, limit, actor=actor, at=now()))
    print_text(f"{STATE_NAMES[state][0]} {days} 个工作日,自 {limit.effective_from} / {days} working days")
