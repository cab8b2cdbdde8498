"""The kinds of tasks that a sweep finds, each by a pure look at the claims as they stand at a moment.

A topic adds a kind by an entry in ``SWEEPS``; its order there is that in which tasks of different kinds are done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import ClockReading, Light, business_day
from subsidy_match.claims.deadline.breaches import TOTAL, levels, record_breaches
from subsidy_match.claims.deadline.calendar_store import calendar_in_force
from subsidy_match.claims.deadline.owed import FindOwed, materials_owed, tasks_owed
from subsidy_match.claims.deadline.redating import compare_dates
from subsidy_match.claims.deadline.scene import Scene, Task, Watched, read_scene
from subsidy_match.claims.deadline.stage_clock import StageReading, read_visit, stage_history
from subsidy_match.claims.deadline.stage_limits import LimitKind
from subsidy_match.claims.effects.moving import parts_of
from subsidy_match.claims.occasion import claim_clock, clock_of, current_amount
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event, State
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import SYSTEM

__all__ = ["SWEEPS", "Scene", "Sweep", "Task", "Watched", "fire_task", "read_scene"]

Find = Callable[[Scene], Iterable[Task]]
Act = Callable[[ClaimDesk, Task, datetime], bool]


def fire_task(desk: ClaimDesk, task: Task, at: datetime) -> bool:
    """Let the task's event happen to the claim that the plan saw."""
    if task.event is None:
        raise AssertionError(f"{task.sweep} names no event")
    desk.attempt(task.claim_id, task.event, actor=SYSTEM, at=at, expected_version=task.version)
    return True


@dataclass(frozen=True, slots=True)
class Sweep:
    """A kind of task: its names, how it is found, how it is done."""

    zh: str
    en: str
    find: Find
    act: Act = fire_task
    comes_first: bool = False


def _moved(scene: Scene) -> Iterator[Task]:
    for claim in scene.claims:
        if claim.state in (State.DRAFT, State.SUBMITTED):
            continue
        if compare_dates(claim.row, claim.basis, scene.calendar):
            yield claim.task("redate", scene.on, Event.REDATE)


def _silent(scene: Scene) -> Iterator[Task]:
    for claim in scene.claims:
        end = scene.limit_end(claim, LimitKind.DEEMED) if claim.state is State.SUBMITTED else None
        if end is not None and scene.on > end and not claim.row.held:
            yield claim.task("deem_accept", end, Event.DEEM_ACCEPT)


def _lapsed(scene: Scene) -> Iterator[Task]:
    for claim in scene.claims:
        due = claim.row.correction_due if claim.state is State.CORRECTION else None
        if due is not None and scene.on > due:
            yield claim.task("lapse", due, Event.LAPSE)


def _stale_drafts(scene: Scene) -> Iterator[Task]:
    for claim in scene.claims:
        end = scene.limit_end(claim, LimitKind.EXPIRY) if claim.state is State.DRAFT else None
        if end is not None and scene.on > end:
            yield claim.task("expire", end, Event.LAPSE)


def _cleared(scene: Scene) -> Iterator[Task]:
    """Claims of which the notice is over, or that need none, once a document of allocation lists them."""
    for claim in scene.claims:
        if claim.state not in (State.PUBLISHED, State.APPROVED) or not claim.is_allocated:
            continue
        until = claim.row.notice_until
        if claim.state is State.PUBLISHED and until is not None and scene.on > until:
            yield claim.task("clear", until, Event.CLEAR)
        if claim.state is State.APPROVED and claim.row.notice_days == 0:
            yield claim.task("clear", claim.entered_on or scene.on, Event.CLEAR)


def _fundable(scene: Scene) -> Iterator[Task]:
    """Those on the waitlist whose turn it is and whose money is there; whoever waits bars those behind on its funds."""
    barred: set[str] = set()
    free = dict(scene.free)
    waiting = [(claim.row.accepted_at or scene.at, claim) for claim in scene.claims if claim.row.waiting]
    for since, claim in sorted(waiting, key=lambda pair: (pair[0], pair[1].row.id)):
        parts = parts_of(current_amount(claim.row), claim.shares)
        if barred.isdisjoint(parts) and all(free[fund] >= part for fund, part in parts.items()):
            free |= {fund: free[fund] - part for fund, part in parts.items()}
            yield replace(claim.task("reserve", business_day(since), Event.RESERVE), since=since)
        else:
            barred |= set(parts)


def _breached(scene: Scene) -> Iterator[Task]:
    for claim in scene.claims:
        for stage, counted, limit in _spent(scene, claim):
            if any((stage, level.value) not in claim.told for level in levels(counted, limit)):
                yield claim.task("breach", scene.on, stage=stage)


def _spent(scene: Scene, claim: Watched) -> Iterator[tuple[str, int, int]]:
    total = _total(scene, claim)
    if total is not None:
        yield TOTAL, total.counted, total.limit
    for visit in claim.visits:
        reading = read_visit(visit, claim.row.policy_id, claim.pauses, scene.calendar, scene.limits, scene.on)
        if reading.limit is not None:
            yield str(reading.stage), reading.counted, reading.limit


def _total(scene: Scene, claim: Watched) -> ClockReading | None:
    return clock_of(claim.row, claim.pauses, scene.calendar, scene.on)


def _write_breach(desk: ClaimDesk, task: Task, at: datetime) -> bool:
    on = business_day(at)

    def write(session: Session) -> bool:
        claim = locked_row(session, task.claim_id)
        if claim.version != task.version:
            return False  # it moved on; the step closed its stage, and the next round looks again
        new = []
        for counted, limit in _readings(session, claim, desk.calendar, task.stage, on):
            new += record_breaches(session, claim, task.stage, counted, limit, on=on, at=at)
        return bool(new)

    return in_unit(desk.engine, write)


def _readings(
    session: Session, claim: ClaimRow, calendar: WorkingCalendar, stage: str, on: date
) -> Iterator[tuple[int, int]]:
    clock = claim_clock(session, claim, calendar, on) if stage == TOTAL else None
    if clock is not None:
        yield clock.counted, clock.limit
    history: Sequence[StageReading] = () if stage == TOTAL else stage_history(session, claim, calendar, on)
    for reading in history:
        if reading.stage == stage and reading.limit is not None:
            yield reading.counted, reading.limit


def _owing(sweep: str, find: FindOwed, scene: Scene) -> Iterator[Task]:
    """What others owe to live claims beyond its day; ``breach`` and this write the same kind of row."""
    claims = {claim.row.id: claim for claim in scene.claims}
    for owed in find(scene.session, None):
        claim = claims.get(owed.claim_id)
        if claim is not None and owed.is_late(scene.calendar, scene.on) and (owed.stage, Light.RED) not in claim.told:
            yield claim.task(sweep, owed.due_on, stage=owed.stage)


def _write_owed(find: FindOwed, desk: ClaimDesk, task: Task, at: datetime) -> bool:
    on = business_day(at)

    def write(session: Session) -> bool:
        claim = locked_row(session, task.claim_id)
        calendar = calendar_in_force(session, desk.calendar)
        owed = next((one for one in find(session, claim.id) if one.stage == task.stage), None)
        if owed is None or not owed.is_late(calendar, on):
            return False  # it came meanwhile
        counted, limit = owed.spent(calendar, on)
        told = record_breaches(session, claim, owed.stage, counted, limit, on=on, at=at, called=owed.called)
        return bool(told)

    return in_unit(desk.engine, write)


SWEEPS: Mapping[str, Sweep] = {
    "redate": Sweep("期限重算", "dates told anew", _moved, comes_first=True),
    "lapse": Sweep("补正逾期", "corrections lapsed", _lapsed),
    "expire": Sweep("草稿过期", "drafts expired", _stale_drafts),
    "deem_accept": Sweep("视为受理", "deemed accepted", _silent),
    "clear": Sweep("公示期满", "cleared", _cleared),
    "reserve": Sweep("候补占用", "reserved from the waitlist", _fundable),
    "breach": Sweep("时限预警", "time limits told", _breached, _write_breach),
    "task": Sweep("协办超期", "tasks overdue", partial(_owing, "task", tasks_owed), partial(_write_owed, tasks_owed)),
    "material": Sweep(
        "容缺超期",
        "documents overdue",
        partial(_owing, "material", materials_owed),
        partial(_write_owed, materials_owed),
    ),
}
"""Every kind of task by its name, in the order in which they are done; another package adds a line of its own."""
