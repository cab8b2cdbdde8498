"""Commands about the system itself: migrate, serve, and say what is wrong."""

from __future__ import annotations

import logging.config
import signal
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy.orm import Session

from subsidy_match.claims.deadline.calendar_store import seed
from subsidy_match.claims.payment.ageing import LONGEST_SILENCE, silence_findings, unanswered_lines
from subsidy_match.claims.payment.parking import parked_findings
from subsidy_match.claims.payment.treasury_folder import TreasuryFolder, foreign_findings
from subsidy_match.claims.people.delegations import delegation_findings
from subsidy_match.claims.people.staffing import Need, staffing_findings
from subsidy_match.claims.people.standing import officer_findings
from subsidy_match.claims.sealed import sealed_findings
from subsidy_match.claims.store_checks import STORE_CHECKS, Check
from subsidy_match.cli.context import business_today, now, platform, settings
from subsidy_match.cli.outbox import delivering, given_up
from subsidy_match.cli.output import note, print_text
from subsidy_match.cli.sweeping import sweeping, unswept
from subsidy_match.errors import Finding, InputError, NotFound
from subsidy_match.platform import Platform
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.store.engine import describe, is_made, open_engine
from subsidy_match.store.migration import current_revision, head_revision
from subsidy_match.store.migration import upgrade as migrate
from subsidy_match.store.retention import Keep
from subsidy_match.store.retention import trim as trim_store
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import list_users

__all__ = ["database", "doctor", "serve"]

if TYPE_CHECKING:
    from fastapi import FastAPI

_WEEK = 7 * 24 * 60
_GRACE = 20

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
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口 / port")] = 8000,
    sweep_every: Annotated[
        int,
        typer.Option(
            min=0,
            max=_WEEK,
            help="启动时及其后每隔几分钟办理到期事项,0为不办 / minutes between sweeps, the first at once; 0: never",
        ),
    ] = 60,
    deliver_every: Annotated[
        int, typer.Option(min=0, max=_WEEK, help="每隔几分钟投递消息,0为不投 / minutes between deliveries; 0: never")
    ] = 1,
) -> None:
    """启动服务并定时办理到期事项 / Serve the API, and sweep from time to time."""
    from subsidy_api.app import create_app
    from subsidy_api.logs import LOG_CONFIG

    migrate(settings().url)
    _seed_calendar()
    logging.config.dictConfig(LOG_CONFIG)  # the first sweep may be told before the server sets its log up
    # The server raises the signal again once it is down: as Ctrl-C does, so that a sweep is ended and the store closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        platform() as wired,
        sweeping(wired, timedelta(minutes=sweep_every), now),
        delivering(wired, deliver_every, now),
    ):
        note(f"http://{host}:{port}/  (接口说明 / API: http://{host}:{port}/docs)")
        _listen(create_app(wired, now), host, port, LOG_CONFIG)


def _listen(app: FastAPI, host: str, port: int, log_config: dict[str, Any]) -> None:
    import uvicorn

    try:
        uvicorn.run(
            app, host=host, port=port, log_config=log_config, access_log=False, timeout_graceful_shutdown=_GRACE
        )
    except SystemExit as failure:  # told in its log; its exit code is none of ours
        zh, en = f"服务未能在 {host}:{port} 启动", f"the server could not start on {host}:{port}"
        raise InputError("server_not_started", zh, en) from failure


def doctor() -> None:
    """检查系统:库、政策、快照、资金 / Check store, policies, snapshot and funds."""
    url = settings().url
    if not is_made(url):
        zh, en = "没有数据库,请检查 SUBSIDY_HOME", "there is no store: is SUBSIDY_HOME right?"
        raise NotFound("store_missing", zh, en, hint="subsidy-match db upgrade")
    if current_revision(url) != head_revision():
        note("数据库不是最新结构 / the store is not at the newest schema: subsidy-match db upgrade")
        raise typer.Exit(1)
    with platform() as wired:
        found = _findings(wired)
        problems = [*_problems(wired), *(str(one) for one in found if one.severity != "warning")]
        info = describe(wired.engine)
        print_text(f"{info.kind} {info.version} ({info.journal})")
        for problem in problems:
            print_text(problem)
        warnings = [str(one) for one in found if one.severity == "warning"]
        for warning in chain(warnings, _unstaffed(wired), _doubtful(wired), given_up(wired)):
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
    if Shelf(wired.settings.home).current() is not None and not wired.settings.has_person_key:
        yield "人员密钥缺失,请放回 person.key / the key of person numbers is missing: put person.key back"
    yield from unswept(wired, now())


def _findings(wired: Platform) -> list[Finding]:
    sealed = partial(sealed_findings, sealer=wired.desk.sealer)
    checks: tuple[Check, ...] = (*STORE_CHECKS, sealed, _silence(wired), parked_findings)
    found = [finding for check in checks for finding in in_unit(wired.engine, check, immediate=False)]
    return found + foreign_findings(TreasuryFolder(wired.desk, wired.settings.treasury).foreign())


def _silence(wired: Platform) -> Check:
    on = business_today()
    return lambda session: silence_findings(unanswered_lines(session, wired.calendar, on, longer_than=LONGEST_SILENCE))


def _doubtful(wired: Platform) -> Iterator[str]:
    """Warn of officers who may not be who they seem, and of roles that seem to be lent."""

    def look(session: Session) -> list[Finding]:
        return [*officer_findings(session), *delegation_findings(session, business_today())]

    yield from map(str, in_unit(wired.engine, look, immediate=False))


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
