"""Commands about the system itself: migrate, serve, and say what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from subsidy_match.claims import funds
from subsidy_match.claims.batches import check_totals
from subsidy_match.claims.people.staffing import Need, staffing_findings
from subsidy_match.cli.context import business_today, now, platform, settings
from subsidy_match.cli.output import note, print_text
from subsidy_match.errors import Finding, NotFound
from subsidy_match.platform import Platform
from subsidy_match.store.engine import describe
from subsidy_match.store.migration import current_revision, head_revision
from subsidy_match.store.migration import upgrade as migrate
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import list_users

__all__ = ["database", "doctor", "serve"]

database = typer.Typer(help="数据库 / The transactional store.", no_args_is_help=True)


@database.command()
def upgrade() -> None:
    """建库或升级到最新结构 / Create the store or bring it to the newest schema."""
    migrate(settings().url)
    print_text(head_revision())


def serve(
    host: Annotated[str, typer.Option(help="监听地址 / address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 / port")] = 8000,
) -> None:
    """启动服务 / Serve the API."""
    import uvicorn

    from subsidy_api.app import create_app
    from subsidy_api.logs import LOG_CONFIG

    migrate(settings().url)
    with platform() as wired:
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


def _problems(wired: Platform) -> Iterator[str]:
    info = describe(wired.engine)
    if info.note_zh:
        yield f"{info.note_zh} / {info.note_en}"
    for load in (wired.policies, wired.snapshot):
        try:
            load()
        except NotFound as error:
            yield str(error)
    for check in (funds.check_balances, check_totals):
        yield from (str(finding) for finding in in_unit(wired.engine, check, immediate=False))


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
