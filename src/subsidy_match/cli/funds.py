"""Commands about funds: balances with a bar, documents that fill, move, freeze and close them, and allocation runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from subsidy_match.claims.fund.allocation_runs import Run
from subsidy_match.claims.fund.forecast import Forecast, forecast
from subsidy_match.claims.fund.fund_office import FundOffice, NewFund
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.funds import Fund, list_funds
from subsidy_match.claims.fund.run_records import RUN_STATE_NAMES
from subsidy_match.claims.states import STATE_NAMES
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import JSON, business_today, fen_of, now, platform
from subsidy_match.cli.output import note, print_json, print_table, print_text
from subsidy_match.money import Fen, yuan_text
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["app"]

app = typer.Typer(help="资金:余额、下达、调剂、结账、分配 / Funds: balances, documents, runs.", no_args_is_help=True)
runs = typer.Typer(help="统筹资金的分配批次 / Allocation runs of pooled funds.", no_args_is_help=True)
app.add_typer(runs, name="run")

FundId = Annotated[str, typer.Argument(help="资金编号 / fund")]
RunId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="分配批次 / run")]
Yuan = Annotated[str, typer.Argument(help="金额(元)/ amount in yuan")]
Document = Annotated[str, typer.Option("--document", help="文号 / number of the document")]
Note = Annotated[str, typer.Option("--note", help="原因 / why")]
_WIDTH = 40
_BAR = (("paid", "█"), ("committed", "▓"), ("reserved", "▒"), ("available", "·"))


@app.command("list")
def list_all(as_json: Annotated[bool, JSON] = False) -> None:
    """列出资金 / List funds with their balances."""
    with platform() as wired:
        found = in_unit(wired.engine, list_funds, immediate=False)
    if as_json:
        print_json([_plain(fund) for fund in found])
        return
    rows = [
        (
            f.id,
            f.year,
            str(f.mode),
            *(yuan_text(Fen(n)) for n in (f.allocated, f.paid, f.committed, f.reserved, f.available)),
            _flags(f),
        )
        for f in found
    ]
    columns = (
        "资金 / fund",
        "年 / year",
        "mode",
        "下达 / allocated",
        "已付 / paid",
        "占用 / committed",
        "预占 / reserved",
        "可用 / free",
        "",
    )
    print_table(columns, rows, right=(1, 3, 4, 5, 6, 7))


@app.command()
def show(fund_id: FundId, as_json: Annotated[bool, JSON] = False) -> None:
    """一项资金:执行进度、在办件预计、何时用完 / One fund: its bar, claims on their way, when it runs out."""
    with platform() as wired:
        found = in_unit(wired.engine, lambda s: forecast(s, fund_id, on=business_today()), immediate=False)
    if as_json:
        print_json(_plain(found.fund) | _outlook(found))
        return
    for line in _page(found):
        print_text(line)
    rows = [
        (
            f"{STATE_NAMES[p.state][0]} / {STATE_NAMES[p.state][1]}",
            p.claims,
            p.waiting,
            yuan_text(Fen(p.held)),
            yuan_text(Fen(p.asked)),
        )
        for p in found.pending
    ]
    print_table(
        ("在办 / on their way", "件 / claims", "候补 / waiting", "已占 / held", "待占 / to come"),
        rows,
        right=(1, 2, 3, 4),
    )


@app.command("open")
def open_fund(
    fund_id: FundId,
    zh: Annotated[str, typer.Option("--zh", help="中文名称 / Chinese name")],
    en: Annotated[str, typer.Option("--en", help="英文名称 / English name")],
    year: Annotated[int, typer.Option("--year", help="年度 / year")],
    login: As,
    allocated: Annotated[str, typer.Option("--allocated", help="首次下达(元)/ first allocation in yuan")] = "0",
    mode: Annotated[Mode, typer.Option("--mode", help="fifo 先到先得 | pooled 统筹分配")] = Mode.FIFO,
    step: Annotated[str, typer.Option("--step", help="统筹取整步长(元)/ step of pooled shares in yuan")] = "0.01",
    department: Annotated[str, typer.Option("--department", help="部门 / department")] = "",
    indicator_no: Annotated[str, typer.Option("--indicator", help="指标文号 / number of the budget indicator")] = "",
    function_code: Annotated[str, typer.Option("--function", help="功能科目 / function code")] = "",
    spending_plan: Annotated[str, typer.Option("--plan", help="用款计划 / spending plan")] = "",
) -> None:
    """开设资金 / Open a fund."""
    new = NewFund(
        fund_id,
        zh,
        en,
        year,
        fen_of(allocated),
        department,
        indicator_no,
        function_code,
        spending_plan,
        mode,
        fen_of(step),
    )
    with _office(login) as (office, actor):
        _say(office.open(new, actor=actor, at=now()))


@app.command()
def allocate(fund_id: FundId, amount: Yuan, document: Document, login: As) -> None:
    """下达指标 / Add money to a fund; the waitlist is served."""
    with _office(login) as (office, actor):
        _say(office.allocate(fund_id, fen_of(amount), document_no=document, actor=actor, at=now()))


@app.command()
def transfer(
    source: FundId,
    target: Annotated[str, typer.Argument(help="调入资金 / into which fund")],
    amount: Yuan,
    document: Document,
    login: As,
) -> None:
    """调剂未占用的资金 / Move free money to another fund."""
    with _office(login) as (office, actor):
        done = office.transfer(source, target, fen_of(amount), document_no=document, actor=actor, at=now())
        print_text(f"{done.source_id} → {done.target_id} {yuan_text(Fen(done.amount))}")


@app.command()
def freeze(fund_id: FundId, note: Note, login: As) -> None:
    """冻结 / Freeze a fund."""
    with _office(login) as (office, actor):
        _say(office.freeze(fund_id, note=note, actor=actor, at=now()))


@app.command()
def unfreeze(fund_id: FundId, note: Note, login: As) -> None:
    """解除冻结 / Free a frozen fund."""
    with _office(login) as (office, actor):
        _say(office.unfreeze(fund_id, note=note, actor=actor, at=now()))


@app.command()
def close(fund_id: FundId, document: Document, login: As) -> None:
    """年终结账:收回未占用资金 / Close at year end and take back what is free."""
    with _office(login) as (office, actor):
        done = office.close(fund_id, document_no=document, actor=actor, at=now())
        print_text(f"收回 / taken back {yuan_text(Fen(done.amount))}")
        for finding in done.left:
            note(str(finding))


@app.command("carry-over")
def carry_over(
    source: FundId,
    target: Annotated[str, typer.Argument(help="下一年度资金 / next year's fund")],
    document: Document,
    login: As,
    amount: Annotated[str | None, typer.Option("--amount", help="金额(元),默认全部 / all without it")] = None,
) -> None:
    """结转下年 / Put what was taken back into next year's fund."""
    wanted = None if amount is None else fen_of(amount)
    with _office(login) as (office, actor):
        done = office.carry_over(source, target, wanted, document_no=document, actor=actor, at=now())
        print_text(f"{done.source_id} → {done.target_id} {yuan_text(Fen(done.amount))}")


@app.command()
def waitlist() -> None:
    """为候补件占用可用资金(可重复执行)/ Reserve for waiting claims as far as the money goes; safe to repeat."""
    with platform() as wired:
        served = FundOffice(wired.engine, wired.calendar, wired.desk.tolerance).serve_waitlist(at=now())
        print_text(f"占用 / reserved for {len(served)}: {', '.join(map(str, served))}".rstrip(": "))


@runs.command("draft")
def draft_run(
    fund_id: FundId,
    login: As,
    budget: Annotated[
        str | None, typer.Option("--budget", help="预算(元),默认全部可用 / all that is free without it")
    ] = None,
) -> None:
    """编制分配批次 / Share the budget out; another person confirms."""
    wanted = None if budget is None else fen_of(budget)
    with _office(login) as (office, actor):
        _tell(office.draft_run(fund_id, budget=wanted, actor=actor, at=now()))


@runs.command("show")
def show_run(run_id: RunId) -> None:
    """一个分配批次 / One run."""
    with platform() as wired:
        _tell(FundOffice(wired.engine, wired.calendar, wired.desk.tolerance).run(run_id))


@runs.command("confirm")
def confirm_run(run_id: RunId, login: As) -> None:
    """确认分配批次 / Confirm a run: every share is reserved."""
    with _office(login) as (office, actor):
        _tell(office.confirm_run(run_id, actor=actor, at=now()))


@runs.command("cancel")
def cancel_run(run_id: RunId, login: As) -> None:
    """作废分配批次 / Give up a run."""
    with _office(login) as (office, actor):
        _tell(office.cancel_run(run_id, actor=actor, at=now()))


@contextmanager
def _office(login: str) -> Iterator[tuple[FundOffice, Actor]]:
    with platform() as wired:
        actor = caller(wired.engine, login)
        yield FundOffice(wired.engine, wired.calendar, wired.desk.tolerance), actor


def _bar(fund: Fund) -> str:
    total = max(fund.allocated, 1)
    ends = [0]
    for kind, _ in _BAR:
        ends.append(ends[-1] + getattr(fund, kind))
    places = [end * _WIDTH // total for end in ends]
    return "".join(sign * (places[n + 1] - places[n]) for n, (_, sign) in enumerate(_BAR))


def _flags(fund: Fund) -> str:
    flags = ("冻结 / frozen" if fund.is_frozen else "", f"结账 / closed {fund.closed_on}" if fund.is_closed else "")
    return ", ".join(flag for flag in flags if flag)


def _page(found: Forecast) -> Iterator[str]:
    fund = found.fund
    yield f"{fund.id}  {fund.name_zh} / {fund.name_en}  {fund.year}  {fund.mode}  {_flags(fund)}".rstrip()
    yield f"[{_bar(fund)}]"
    names = {"allocated": "下达", "paid": "已付", "committed": "占用", "reserved": "预占", "available": "可用"}
    yield "  ".join(f"{zh} / {en} {yuan_text(Fen(getattr(fund, en)))}" for en, zh in names.items())
    if found.short:
        yield f"在办件尚缺 / claims on their way want more than is free, by {yuan_text(Fen(found.short))}"
    if found.runs_out_on is not None:
        yield f"按近{found.days}日进度用完 / at the pace of {found.days} days gone on {found.runs_out_on}"


def _outlook(found: Forecast) -> dict[str, object]:
    return {
        "asked": found.asked,
        "short": found.short,
        "runs_out_on": None if found.runs_out_on is None else found.runs_out_on.isoformat(),
        "pending": [
            {"state": str(p.state), "claims": p.claims, "waiting": p.waiting, "held": p.held, "asked": p.asked}
            for p in found.pending
        ],
    }


def _plain(fund: Fund) -> dict[str, object]:
    names = ("id", "name_zh", "name_en", "year", "allocated", "reserved", "committed", "paid", "available", "is_frozen")
    return {name: getattr(fund, name) for name in names} | {"mode": str(fund.mode), "is_closed": fund.is_closed}


def _say(fund: Fund) -> None:
    print_text(
        f"{fund.id}  下达 / allocated {yuan_text(Fen(fund.allocated))}  可用 / free {yuan_text(Fen(fund.available))}"
    )


def _tell(run: Run) -> None:
    zh, en = RUN_STATE_NAMES[run.state]
    totals = "  ".join(
        f"{name} {yuan_text(Fen(amount))}"
        for name, amount in (("预算 / budget", run.budget), ("申请 / needed", run.needed), ("分配 / shared", run.total))
    )
    print_text(f"{run.id}  {run.number}  {run.fund_id}  {zh} / {en}  {totals}")
    rows = [(p.claim_no, p.enterprise_name, yuan_text(Fen(p.asked)), yuan_text(Fen(p.share))) for p in run.parts]
    print_table(("办件 / claim", "企业 / firm", "申请 / asked", "份额 / share"), rows, right=(2, 3))
