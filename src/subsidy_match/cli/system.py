"""Commands about the system itself: migrate, serve, and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, TypeAlias

import typer
from sqlalchemy.orm import Session

from subsidy_match.claims import funds
from subsidy_match.claims.ageing import LONGEST_SILENCE, silence_findings, unanswered_lines
from subsidy_match.claims.calendar_store import seed
from subsidy_match.claims.fund_allocations import check_allocations
from subsidy_match.claims.ledger_checks import check_runs, check_shares, check_states
from subsidy_match.claims.payment_checks import check_payments, check_totals
from subsidy_match.claims.people.staffing import Need, staffing_findings
from subsidy_match.claims.recovery import check_recoveries
from subsidy_match.cli.context import business_today, now, platform, settings
from subsidy_match.cli.output import note, print_text
from subsidy_match.cli.sweeping import sweeping, unswept
from subsidy_match.errors import Finding, NotFound
from subsidy_match.platform import Platform
from subsidy_match.store.engine import describe, open_engine
from subsidy_match.store.migration import current_revision, head_revision
from subsidy_match.store.migration import upgrade as migrate
from subsidy_match.store.retention import Keep
from subsidy_match.store.retention import trim as trim_store
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import list_users

__all__ = ["database", "doctor", "serve"]

Check: TypeAlias = Callable[[Session], Iterable[Finding]]

database = typer.Typer(help="数据库 / The transactional store.", no_args_is_help=True)


@database.command()
def upgrade() -> None:
    """建库或升级到最新结构 / Create the store or bring it to the newest schema."""
    migrate(settings().url)
    _seed_calendar()
    print_text(head_revision())


@database.command()
def trim(
    keys: Annotated[int, typer.Option(help="幂等键保留天数 / days to keep answered keys")] = 30,
    messages: Annotated[int, typer.Option(help="已发消息保留天数 / days to keep sent messages")] = 90,
    reads: Annotated[int, typer.Option(help="查看记录保留天数 / days to keep the log of reads")] = 1095,
) -> None:
    """清理过期的幂等键、已发消息和查看记录 / Throw away what is kept only for a while; never claims, funds or audit."""
    keep = Keep(keys, messages, reads)
    with platform() as wired:
        gone = in_unit(wired.engine, lambda session: trim_store(session, keep, at=now()))
    print_text(f"{gone.keys} 个幂等键,{gone.messages} 条消息,{gone.reads} 条查看记录 / keys, messages, reads")


def serve(
    host: Annotated[str, typer.Option(help="监听地址 / address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / port")] = 8000,
    sweep_every: Annotated[int, typer.Option(min=0, help="每隔几分钟办理到期事项,0为不办 / sweep, 0: never")] = 60,
) -> None:
    """启动服务 / Serve the API."""
    import uvicorn

    from subsidy_api.app import create_app
    from subsidy_api.logs import LOG_CONFIG

    migrate(settings().url)
    _seed_calendar()
    with platform() as wired, sweeping(wired, sweep_every, now):
        note(f"http://{host}:{port}/  (接口说明 / API: http://{host}:{port}/docs)")
        uvicorn.run(create_app(wired, now), host=host, port=port, log_config=LOG_CONFIG, access_log=False)


def doctor() -> None:
    """检查系统:库、政策、快照、资金 / Check store, policies, snapshot and funds."""
    url = settings().url
    if current_revision(url) != head_revision():
        note("数据库不是最新结构 / the store is not at the newest schema: subsidy-match db upgrade")
        raise typer.Exit(1)
    with platform() as wired:
        problems = list(_problems(wired))
        info = describe(wired.engine)
        print_text(f"{info.kind} {info.version} ({info.journal})")
        for problem in problems:
            print_text(problem)
        for warning in _unstaffed(wired):
            print_text(warning)
    if problems:
        raise typer.Exit(1)
    print_text("正常 / healthy")


def _seed_calendar() -> None:
    folder = settings().policies / "parameters" / "calendar"
    engine = open_engine(settings().url)
    try:
        in_unit(engine, lambda session: seed(session, folder, at=now()))
    finally:
        engine.dispose()


def _problems(wired: Platform) -> Iterator[str]:
    info = describe(wired.engine)
    if info.note_zh:
        yield f"{info.note_zh} / {info.note_en}"
    for load in (wired.policies, wired.snapshot):
        try:
            load()
        except NotFound as error:
            yield str(error)
    yield from unswept(wired, now())
    checks: tuple[Check, ...] = (
        funds.check_balances,
        check_shares,
        check_runs,
        check_states,
        check_totals,
        check_payments,
        check_allocations,
        check_recoveries,
        _silence(wired),
    )
    for check in checks:
        yield from (str(finding) for finding in in_unit(wired.engine, check, immediate=False))


def _silence(wired: Platform) -> Check:
    on = business_today()
    return lambda session: silence_findings(unanswered_lines(session, wired.calendar, on, longer_than=LONGEST_SILENCE))


def _unstaffed(wired: Platform) -> Iterator[str]:
    """Warn of policies that the people at hand cannot take to payment; while there are none there is nothing to say."""
    today = business_today()
    try:
        policies = wired.policies().in_force(today)
    except NotFound:  # told as a problem
        return
    needs = [
        Need(policy.id, policy.channel.value, policy.chain, policy.funding)
        for policy in policies
        if policy.amount is not None
    ]

    def check(session: Session) -> Sequence[Finding]:
        return staffing_findings(session, needs, today) if list_users(session) else ()

    yield from (f"{found}" for found in in_unit(wired.engine, check, immediate=False))
