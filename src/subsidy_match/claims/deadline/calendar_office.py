"""Brings a published calendar in and tells open claims their dates anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from subsidy_match.claims.deadline.calendar_files import YearTable
from subsidy_match.claims.deadline.calendar_store import import_year
from subsidy_match.claims.deadline.sweeper import sweep
from subsidy_match.claims.deadline.sweeps import SWEEPS
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["CalendarReport", "publish_calendar"]

_REDATE = {"redate": SWEEPS["redate"]}


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """The years that were new or other than before, and the claims that were told other dates."""

    changed: tuple[int, ...]
    redated: tuple[int, ...]


def publish_calendar(
    desk: ClaimDesk,
    tables: Sequence[YearTable],
    *,
    actor: Actor,
    at: datetime,
    also: Callable[[Session], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CalendarReport:
    """Bring years in, all or none, then go through the open claims; a sweep finishes that where it was cut short.

    Args:
        desk: the claims desk.
        tables: the years.
        actor: a lead, supervisor or administrator.
        at: when, aware.
        also: called inside the transaction of the import.
        progress: told how many claims of how many are done.

    Raises:
        Forbidden: ``role_missing``.
        InputError: ``calendar_invalid``.
    """

    def take_in(session: Session) -> tuple[int, ...]:
        changed = [table.year for table in tables if import_year(session, table, actor=actor, at=at)]
        if also is not None:
            also(session)
        return tuple(changed)

    subject = f"calendar:{min(table.year for table in tables)}"
    changed = audited(desk.engine, subject, "import", actor=actor, at=at, work=lambda: in_unit(desk.engine, take_in))
    report = sweep(desk, at=at, sweeps=_REDATE, progress=progress)
    return CalendarReport(changed, tuple(task.claim_id for task in report.done))
