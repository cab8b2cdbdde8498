"""Dates of open claims under the calendar in force: which of them another calendar moves, and where to.

A date once told to a firm or to the public never comes earlier: they may rely on it. The due date of the office itself
is recomputed either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import Pause, read_clock
from subsidy_match.claims.deadline.calendar_store import calendar_in_force
from subsidy_match.claims.deadline.clock_records import ClaimDue
from subsidy_match.claims.deadline.pausing import Stop
from subsidy_match.claims.occasion import clock_of, pauses_of
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.states import Event, State

__all__ = ["Basis", "compare_dates", "correction_end", "moved_dates", "notice_end", "published_days"]

_IN_NOTICE = frozenset({State.PUBLISHED.value, Stop.OBJECTION.value})


@dataclass(frozen=True, slots=True)
class Basis:
    """What the dates of a claim depend on beside its row: the due date it was told, its stops, when it was published."""

    told: ClaimDue | None = None
    pauses: Sequence[Pause] = ()
    published: date | None = None


def correction_end(claim: ClaimRow, calendar: WorkingCalendar) -> date | None:
    """The last day for a correction: one that falls on a day off goes on to the next working day (民法典 203)."""
    due = claim.correction_due
    return None if due is None else calendar.add_working_days(due, 0).on


def notice_end(session: Session, claim: ClaimRow, calendar: WorkingCalendar) -> date | None:
    """The last day of the public notice: as told, or later where the calendar in force gives it fewer working days."""
    return _notice_end(claim, _stops(session, claim), calendar)


def moved_dates(session: Session, claim: ClaimRow, calendar: WorkingCalendar) -> Mapping[str, tuple[str, str]]:
    """Compare the dates that a claim was told with those of the calendar in force: name → (told, now)."""
    told = session.get(ClaimDue, claim.id, populate_existing=True)
    return compare_dates(claim, replace(_stops(session, claim), told=told), calendar_in_force(session, calendar))


def compare_dates(claim: ClaimRow, basis: Basis, calendar: WorkingCalendar) -> Mapping[str, tuple[str, str]]:
    """Compare as ``moved_dates`` does where all has been read, by the calendar in force."""
    moved: dict[str, tuple[str, str]] = {}
    if claim.state == State.CORRECTION:
        _compare(moved, "correction_due", claim.correction_due, correction_end(claim, calendar))
    if claim.state in _IN_NOTICE:
        _compare(moved, "notice_until", claim.notice_until, _notice_end(claim, basis, calendar))
    told = basis.told
    clock = None if told is None else clock_of(claim, basis.pauses, calendar, told.as_of)
    if told is not None and clock is not None:
        _compare(moved, "due_on", told.due_on, clock.due.on)
        _compare(moved, "provisional", told.provisional, clock.due.provisional)
    return moved


def published_days(session: Session, claims: Select[int]) -> Mapping[int, date]:
    """When claims came into public notice, the last time: claim → day."""
    event = ClaimStep.event == str(Event.PUBLISH)
    query = select(ClaimStep.claim_id, ClaimStep.day).where(ClaimStep.claim_id.in_(claims), event)
    return {claim_id: day for claim_id, day in session.execute(query.order_by(ClaimStep.version))}


def _stops(session: Session, claim: ClaimRow) -> Basis:
    this = select(ClaimRow.id).where(ClaimRow.id == claim.id)
    return Basis(None, pauses_of(session, claim.id), published_days(session, this).get(claim.id))


def _notice_end(claim: ClaimRow, basis: Basis, calendar: WorkingCalendar) -> date | None:
    until = claim.notice_until
    if until is None or basis.published is None:
        return until
    objections = [pause for pause in basis.pauses if pause.reason == Stop.OBJECTION]
    full = read_clock(
        calendar, accepted=basis.published, limit=claim.notice_days, pauses=objections, on=basis.published
    )
    return max(until, full.due.on)


def _compare(moved: dict[str, tuple[str, str]], name: str, told: object, now: object) -> None:
    if told != now:
        moved[name] = (str(told), str(now))
