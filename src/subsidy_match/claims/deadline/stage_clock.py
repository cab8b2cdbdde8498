"""The clock of a stage beside the total one: working days in the state where the claim stands, against its own limit.

Every stop of the total clock stops this one too. Days are read while the claim is there and stored when it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from subsidy_match.calendar import DueDate, WorkingCalendar
from subsidy_match.claims.clock import ClockReading, Light, Pause, light_of, read_clock
from subsidy_match.claims.deadline.breaches import TOTAL, record_breaches
from subsidy_match.claims.deadline.calendar_store import calendar_in_force
from subsidy_match.claims.deadline.clock_records import ClaimDue, StageVisit
from subsidy_match.claims.deadline.stage_limits import LimitKind, Limits, read_limits
from subsidy_match.claims.occasion import claim_clock, clock_of, pauses_of
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import FINAL, State

__all__ = ["StageReading", "clocks_of", "keep_time", "note_due", "open_visit", "read_visit", "stage_history"]


class Visit(NamedTuple):
    """A time that a claim spent, or spends, in one state."""

    claim_id: int
    version: int
    stage: str
    entered_on: date
    left_on: date | None
    limit_days: int | None
    elapsed_days: int | None
    counted_days: int | None


# Sent in every step: built once.
_VISITS: Any = StageVisit.__table__
_OPEN_VISIT = select(*(_VISITS.c[name] for name in Visit._fields)).where(
    StageVisit.claim_id == bindparam("of"), StageVisit.left_on.is_(None)
)
_ENTER = insert(_VISITS)
_LEAVE = (
    update(_VISITS)
    .where(_VISITS.c.claim_id == bindparam("of"), _VISITS.c.version == bindparam("entered_at"))
    .values(
        left_on=bindparam("left_on"),
        limit_days=bindparam("limit_days"),
        elapsed_days=bindparam("elapsed"),
        counted_days=bindparam("counted"),
    )
)


def _told(insert_due: Any) -> Any:
    told = {name: insert_due.excluded[name] for name in ("as_of", "due_on", "provisional")}
    return insert_due.on_conflict_do_update(index_elements=["claim_id"], set_=told)


_DUE_SQLITE, _DUE_POSTGRESQL = (_told(db.insert(ClaimDue.__table__)) for db in (sqlite, postgresql))


@dataclass(frozen=True, slots=True)
class StageReading:
    """What the clock of one stage shows; no limit and no due date where the stage has none."""

    stage: State
    entered_on: date
    left_on: date | None
    elapsed: int
    counted: int
    limit: int | None
    due: DueDate | None
    is_stopped: bool

    @property
    def left(self) -> int | None:
        """Working days left; negative once overdue."""
        return None if self.limit is None else self.limit - self.counted

    @property
    def light(self) -> Light:
        """Green, yellow or red; green where nothing is limited."""
        return Light.GREEN if self.limit is None else light_of(self.counted, self.limit)


def keep_time(
    session: Session, claim: ClaimRow, source: State | None, calendar: WorkingCalendar, *, on: date, at: datetime
) -> ClockReading | None:
    """Note what a step did to the clocks, once state, version and stops are those after it; gives the total clock.

    The stage that was left is closed with its days, the new one opened, the due date noted. A limit that was used up
    on the way is a breach even if no sweep came by.
    """
    target, pauses = State(claim.state), pauses_of(session, claim.id)
    if source is not target:
        _leave(session, claim, pauses, calendar, on, at)
        if target not in FINAL:
            entered = {"claim_id": claim.id, "version": claim.version, "stage": str(target), "entered_on": on}
            session.connection().execute(_ENTER, entered)
    total = clock_of(claim, pauses, calendar_in_force(session, calendar), on)
    _note_due(session, claim, total, on)
    if total is not None and target in FINAL:
        record_breaches(session, claim, TOTAL, total.counted, total.limit, on=on, at=at)
    return total


def note_due(session: Session, claim: ClaimRow, calendar: WorkingCalendar, on: date) -> None:
    """Note the due date as it is told from today on; also after a stop or its end outside a step."""
    _note_due(session, claim, claim_clock(session, claim, calendar, on), on)


def _note_due(session: Session, claim: ClaimRow, clock: ClockReading | None, on: date) -> None:
    if clock is None:
        return
    due = {"claim_id": claim.id, "as_of": on, "due_on": clock.due.on, "provisional": clock.due.provisional}
    connection = session.connection()
    connection.execute(_DUE_SQLITE if connection.dialect.name == "sqlite" else _DUE_POSTGRESQL, due)


def clocks_of(
    session: Session, claim: ClaimRow, calendar: WorkingCalendar, on: date
) -> tuple[ClockReading | None, StageReading | None]:
    """Read both clocks of a claim on a day.

    The total one is ``None`` before acceptance, that of the stage where the claim stands ``None`` once it has ended.
    """
    pauses, visit = pauses_of(session, claim.id), open_visit(session, claim.id)
    total = clock_of(claim, pauses, calendar_in_force(session, calendar), on)
    return total, None if visit is None else _read(session, claim, visit, pauses, calendar, on)


def stage_history(session: Session, claim: ClaimRow, calendar: WorkingCalendar, on: date) -> Sequence[StageReading]:
    """Read every stage that a claim was in, oldest first."""
    query = select(StageVisit).where(StageVisit.claim_id == claim.id).order_by(StageVisit.version)
    pauses = pauses_of(session, claim.id)
    return [_read(session, claim, visit, pauses, calendar, on) for visit in session.scalars(query)]


def open_visit(session: Session, claim_id: int) -> Visit | None:
    """Find since when the claim is where it stands."""
    found = session.connection().execute(_OPEN_VISIT, {"of": claim_id}).one_or_none()
    return None if found is None else Visit(*found)


def read_visit(
    visit: Visit | StageVisit,
    policy_id: str,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    limits: Limits,
    on: date,
) -> StageReading:
    """Read the clock of one time in a stage: what was stored when it was left, else what it shows on a day."""
    stage = State(visit.stage)
    limit = visit.limit_days
    if limit is None:
        limit = limits.days(stage, LimitKind.BUDGET, policy_id=policy_id, on=visit.entered_on)
    clock = read_clock(calendar, accepted=visit.entered_on, limit=limit or 0, pauses=pauses, on=visit.left_on or on)
    shown = _stored(visit) or {"elapsed": clock.elapsed, "counted": clock.counted}
    return StageReading(
        stage=stage,
        entered_on=visit.entered_on,
        left_on=visit.left_on,
        limit=limit,
        due=None if limit is None else clock.due,
        is_stopped=visit.left_on is None and clock.is_stopped,
        **shown,
    )


def _stored(visit: Visit | StageVisit) -> Mapping[str, int] | None:
    if visit.elapsed_days is None or visit.counted_days is None:
        return None
    return {"elapsed": visit.elapsed_days, "counted": visit.counted_days}


def _read(
    session: Session,
    claim: ClaimRow,
    visit: Visit | StageVisit,
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    on: date,
) -> StageReading:
    in_force = calendar_in_force(session, calendar)
    return read_visit(visit, claim.policy_id, pauses, in_force, read_limits(session), on)


def _leave(
    session: Session, claim: ClaimRow, pauses: Sequence[Pause], calendar: WorkingCalendar, on: date, at: datetime
) -> None:
    visit = open_visit(session, claim.id)
    if visit is None:
        return
    reading = _read(session, claim, visit, pauses, calendar, on)
    left = {"left_on": on, "limit_days": reading.limit, "elapsed": reading.elapsed, "counted": reading.counted}
    session.connection().execute(_LEAVE, {"of": visit.claim_id, "entered_at": visit.version, **left})
    if reading.limit is not None:
        record_breaches(session, claim, reading.stage, reading.counted, reading.limit, on=on, at=at)
