"""The sweep as a command, beside the server, and as a question of ``doctor``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import typer

from subsidy_match.claims.deadline.sweeper import last_sweep, plan, sweep
from subsidy_match.claims.deadline.sweeps import SWEEPS, Task
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import FINAL, State
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import bar, note, print_json, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit

__all__ = ["run_sweep", "sweeping", "unswept"]

_CHINA = timezone(timedelta(hours=8))
_LONGEST_GAP = timedelta(days=1)
_PATIENCE = 10.0
_FAILED = ("清扫未完成,下次再办", "the sweep did not end, the next one goes on")


def run_sweep(
    at: Annotated[str | None, typer.Option(help="时点 / moment, e.g. 2026-06-08T09:00 (China; default: now)")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出到期事项 / only say what is due")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """办理到期事项 / Do what time has brought about: lapse, deemed acceptance, notices over, waitlist, warnings."""
    moment = _moment(at)
    if moment > now() and not dry_run:
        zh, en = "不能按未来时点办理,可加 --dry-run 预览", "a sweep cannot be of the future: preview it with --dry-run"
        raise InputError("sweep_in_future", zh, en)
    with platform() as wired:
        if dry_run:
            _print(plan(wired.desk, at=moment), as_json=as_json)
            return
        with bar("清扫 / sweep") as progress:
            report = sweep(wired.desk, at=moment, progress=progress)
    _print(report.done, as_json=as_json)
    for task, error in report.refused:
        note(f"{task.claim_no} {task.sweep}: {error}")
    note(report.zh)
    note(report.en)


@contextmanager
def sweeping(wired: Platform, every: timedelta, clock: Callable[[], datetime]) -> Iterator[None]:
    """Sweep at once and then every so often while the server runs; zero is never. Several may sweep the same store."""
    if not every:
        yield
        return
    ended = threading.Event()
    worker = threading.Thread(target=_keep_sweeping, args=(wired, every, clock, ended), name="sweep", daemon=True)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join(_PATIENCE)  # whatever is still at work then is one transaction, which the store takes back


class _Ended(Exception):
    """The server goes down; a sweep may stop after any task."""


def _keep_sweeping(wired: Platform, every: timedelta, clock: Callable[[], datetime], ended: threading.Event) -> None:
    from subsidy_api.logs import server_log, told_of

    def look_up(_done: int, _total: int) -> None:
        if ended.is_set():
            raise _Ended

    server = server_log()
    while True:
        try:
            report = sweep(wired.desk, at=clock(), progress=look_up)
            server.info("swept", zh=report.zh, en=report.en)
        except _Ended:
            return
        except Exception as error:  # whatever it was, the next sweep goes on
            server.error("sweep_failed", zh=_FAILED[0], en=_FAILED[1], **told_of(error))
        if ended.wait(every.total_seconds()):
            return


def unswept(wired: Platform, moment: datetime) -> Iterator[str]:
    """Say that nobody swept for a day although claims are open."""
    live = tuple(state for state in State if state not in FINAL)
    if not wired.desk.list_claims(ClaimFilter(states=live, limit=1)):
        return
    last = in_unit(wired.engine, last_sweep, immediate=False)
    if last is None or moment - last > _LONGEST_GAP:
        since = "从未 / never" if last is None else f"{last.astimezone(_CHINA):%Y-%m-%d %H:%M}"
        zh, en = "到期事项已超过一天未办理", "nobody did for over a day what time has brought about"
        yield f"{zh} / {en} ({since}): subsidy-match claims sweep"


def _moment(text: str | None) -> datetime:
    if text is None:
        return now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("bad_date", f"不是时点:{text}", f"not a moment: {text}", hint="2026-06-08T09:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=_CHINA)).astimezone(UTC)


def _print(tasks: tuple[Task, ...], *, as_json: bool) -> None:
    if as_json:
        print_json([_plain(task) for task in tasks])
        return
    rows = [
        (task.claim_no, f"{SWEEPS[task.sweep].zh} / {SWEEPS[task.sweep].en}", task.stage, task.due_on) for task in tasks
    ]
    print_table(("编号 / no.", "事项 / what", "环节 / stage", "到期 / due"), rows)
    print_text(f"{len(tasks)}")


def _plain(task: Task) -> dict[str, Any]:
    return {
        "claim": task.claim_id,
        "claim_no": task.claim_no,
        "what": task.sweep,
        "stage": task.stage or None,
        "due_on": task.due_on.isoformat(),
    }
