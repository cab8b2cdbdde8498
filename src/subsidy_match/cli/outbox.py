"""Commands about messages to the outside: deliver them, list what waits or failed, try again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import bar, note, print_json, print_table, print_text
from subsidy_match.errors import Finding, InputError
from subsidy_match.platform import Platform
from subsidy_match.settings import Settings
from subsidy_match.store import outbox
from subsidy_match.store.channels import Channel, channel_to
from subsidy_match.store.delivery import deliver
from subsidy_match.store.outbox import Message
from subsidy_match.store.unit import in_unit

__all__ = ["app", "delivering", "given_up"]

app = typer.Typer(help="消息投递 / Messages to the outside.", no_args_is_help=True)
_PATIENCE = 10.0
Topic = Annotated[str | None, typer.Option(help="主题,例 escalation / only this topic")]


@app.command("deliver")
def deliver_command(
    topic: Topic = None,
    to: Annotated[str | None, typer.Option(help="目录或网址,默认 SUBSIDY_OUTBOX / folder or address")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """投递到期消息,失败的稍后重试 / Send what is due; what fails is tried again later. Exit code 1: some failed."""
    with platform() as wired:
        channel = _channel(wired.settings, to)
        with bar(f"投递 / deliver: {channel.name}") as progress:
            report = deliver(wired.engine, channel, now, topic=topic, pauses=_pauses(wired.settings), progress=progress)
    if as_json:
        print_json({"sent": report.sent, "failed": report.failed, "dead": report.dead, "is_down": report.is_down})
    for error in report.errors:
        note(error)
    note(report.zh)
    note(report.en)
    if report.failed:
        raise typer.Exit(1)


@app.command("list")
def list_command(
    topic: Topic = None,
    dead: Annotated[bool, typer.Option("--dead", help="只列不再重试的 / only those given up")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="最多 / at most")] = 100,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """未送达的消息 / Messages that did not go out yet."""
    read = outbox.dead if dead else outbox.pending
    with platform() as wired:
        found = in_unit(wired.engine, lambda session: read(session, topic, limit=limit), immediate=False)
    if as_json:
        print_json([_plain(message) for message in found])
        return
    rows = [(m.id, m.topic, m.key, f"{m.created_at:%Y-%m-%d %H:%M}Z", m.attempts, m.last_error or "") for m in found]
    print_table(("序号 / id", "主题 / topic", "键 / key", "产生 / since", "次数 / tries", "错误 / error"), rows)
    print_text(f"{len(found)}")


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="消息序号 / ids of messages that were given up")] = None,
    every: Annotated[bool, typer.Option("--all", help="全部 / all of them")] = False,
) -> None:
    """重新投递已放弃的消息 / Try messages that were given up once more; the next round sends them."""
    if bool(ids) == every:
        raise InputError("outbox_which", "请列出序号,或用 --all", "name the messages, or say --all")
    with platform() as wired:
        count = in_unit(wired.engine, lambda session: outbox.revive(session, None if every else ids))
    print_text(f"{count} 条将重新投递 / will be tried again")


@contextmanager
def delivering(wired: Platform, minutes: int, clock: Callable[[], datetime]) -> Iterator[None]:
    """Deliver every so many minutes while the server runs; 0 is never. Where no target is set there is nothing to do."""
    if minutes <= 0 or not wired.settings.outbox:
        yield
        return
    channel, pauses, ended = _channel(wired.settings, None), _pauses(wired.settings), threading.Event()

    def go() -> None:
        while not ended.wait(minutes * 60):
            try:
                report = deliver(wired.engine, channel, clock, pauses=pauses)
            except Exception as error:  # whatever it was, the next round goes on
                note(f"投递未完成,下次再办 / delivery did not end, the next one goes on: {error}")
            else:
                if report.failed:
                    note(f"{report.zh} / {report.en}")

    worker = threading.Thread(target=go, name="deliver", daemon=True)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join(_PATIENCE)  # what is still under way then was not noted as sent, and is sent again


def given_up(wired: Platform) -> Iterator[str]:
    """Warn of messages that were given up, and of warnings to the lead that have nowhere to go."""
    lost, told = in_unit(
        wired.engine,
        lambda session: (outbox.dead(session, limit=1), outbox.pending(session, "escalation", limit=1)),
        immediate=False,
    )
    if lost:
        zh, en = "有消息多次投递失败", "messages were given up: subsidy-match outbox list --dead"
        yield str(Finding("D001", zh, en, severity="warning"))
    if told and not wired.settings.outbox:
        zh, en = "超期预警未送达负责人:未设置投递目标", "warnings to the lead go nowhere: set SUBSIDY_OUTBOX"
        yield str(Finding("D002", zh, en, severity="warning"))


def _channel(settings: Settings, to: str | None) -> Channel:
    return channel_to(settings.outbox if to is None else to, settings.outbox_secret.get_secret_value())


def _pauses(settings: Settings) -> list[timedelta]:
    return [timedelta(seconds=seconds) for seconds in settings.outbox_pauses]


def _plain(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "topic": message.topic,
        "key": message.key,
        "created_at": message.created_at.isoformat(),
        "attempts": message.attempts,
        "last_error": message.last_error,
        "dead_at": message.dead_at.isoformat() if message.dead_at else None,
    }
