"""Dates of open claims under the calendar in force: which of them another calendar moves, and where to.

A date once told to a firm or to the public never comes earlier: they may rely on it. The due date of the office itself
is recomputed either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.calendar_store import calendar_in_force
from subsidy_match.claims.clock import read_clock
from subsidy_match.claims.clock_records import ClaimDue
from subsidy_match.claims.occasion import claim_clock, pauses_of
from subsidy_match.claims.pausing import Stop
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.states import Event, State

__all__ = ["correction_end", "moved_dates", "notice_end"]

_IN_NOTICE = frozenset({State.PUBLISHED.value, Stop.OBJECTION.value})


def correction_end(claim: ClaimRow, calendar: WorkingCalendar) -> date | None:
    """The last day for a correction: one that falls on a day off goes on to the next working day (民法典 203)."""
    due = claim.correction_due
    return None if due is None else calendar.add_working_days(due, 0).on


def notice_end(session: Session, claim: ClaimRow, calendar: WorkingCalendar) -> date | None:
    """The last day of the public notice: as told, or later where the calendar in force gives it fewer working days."""
    until = claim.notice_until
    query = select(ClaimStep.day).where(ClaimStep.claim_id == claim.id, ClaimStep.event == str(Event.PUBLISH))
    published = session.scalars(query.order_by(ClaimStep.version.desc()).limit(1)).first()
    if until is None or published is None:
        return until
    objections = [pause for pause in pauses_of(session, claim.id) if pause.reason == Stop.OBJECTION]
    full = read_clock(calendar, accepted=published, limit=claim.notice_days, pauses=objections, on=published)
    return max(until, full.due.on)


def moved_dates(session: Session, claim: ClaimRow, calendar: WorkingCalendar) -> Mapping[str, tuple[str, str]]:
    """Compare the dates that a claim was told with those of the calendar in force: name → (told, now)."""
    in_force = calendar_in_force(session, calendar)
    moved: dict[str, tuple[str, str]] = {}
    if claim.state == State.CORRECTION:
        _compare(moved, "correction_due", claim.correction_due, correction_end(claim, in_force))
    if claim.state in _IN_NOTICE:
        _compare(moved, "notice_until", claim.notice_until, notice_end(session, claim, in_force))
    told = session.get(ClaimDue, claim.id, populate_existing=True)
    clock = None if told is None else claim_clock(session, claim, in_force, told.as_of)
    if told is not None and clock is not None:
        _compare(moved, "due_on", told.due_on, clock.due.on)
        _compare(moved, "provisional", told.provisional, clock.due.provisional)
    return moved


def _compare(moved: dict[str, tuple[str, str]], name: str, told: object, now: object) -> None:
    if told != now:
        moved[name] = (str(told), str(now))
