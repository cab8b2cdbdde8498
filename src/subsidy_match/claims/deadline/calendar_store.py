"""The calendar in the store: years are brought in whole, and whatever is imported there goes before what is shipped.

A year is content with a digest, so the calendar made of some years can be kept for all who need the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import cast

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.deadline.calendar_files import HOLIDAY, WORKDAY, YearTable, check_year, read_calendar
from subsidy_match.claims.deadline.clock_records import CalendarDay, CalendarYear
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.errors import NotFound
from subsidy_match.store import audit
from subsidy_match.store.users import SYSTEM, Actor, Role

__all__ = ["KEEPERS", "PublishedYear", "calendar_in_force", "import_year", "published_year", "published_years", "seed"]

KEEPERS = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.LEAD, Role.SYSTEM})
"""Who may bring in a calendar or set a limit."""

_Days = tuple[tuple[date, bool], ...]
_CACHED = "calendar_in_force"


@dataclass(frozen=True, slots=True)
class PublishedYear:
    """A year as it stands in the store, with who brought it in."""

    table: YearTable
    imported_by: str
    imported_at: datetime


def calendar_in_force(session: Session, base: WorkingCalendar) -> WorkingCalendar:
    """The calendar by which days count now: the years of the store, and ``base`` for every other."""
    kept = session.info.get(_CACHED)
    if kept is not None and kept[0] is base:
        return cast(WorkingCalendar, kept[1])
    published = _read_published(session)
    calendar = base if published is None else _joined(base, published)
    session.info[_CACHED] = base, calendar
    return calendar


def import_year(session: Session, table: YearTable, *, actor: Actor, at: datetime) -> bool:
    """Bring a year in whole, in place of what the store had of it; ``False`` where it had just these days.

    Raises:
        Forbidden: ``role_missing``.
        InputError: ``calendar_invalid``.
    """
    if not actor.has_any(KEEPERS):
        raise Forbidden("role_missing", "无权导入日历", "bringing in a calendar takes a lead, supervisor or admin")
    check_year(table)
    row = session.get(CalendarYear, table.year, with_for_update=True, populate_existing=True)
    if row is not None and (row.digest, row.source) == (table.digest, table.source):
        return False
    before = None if row is None else row.digest
    _write(session, row, table, actor, at)
    session.info.pop(_CACHED, None)
    detail = {"source": table.source, "digest": table.digest, "before": before, "name": actor.name}
    audit.append(session, f"calendar:{table.year}", at=at, actor=actor.id, action="import", detail=detail)
    return before != table.digest


def seed(session: Session, folder: Path, *, at: datetime) -> list[int]:
    """Bring in the shipped years that the store does not have; gives those that were new."""
    known = set(session.scalars(select(CalendarYear.year)))
    new = []
    for path in sorted(folder.glob("*.yml")):
        for table in read_calendar(path.read_bytes(), name=path.name):
            if table.year not in known:
                import_year(session, table, actor=SYSTEM, at=at)
                new.append(table.year)
    return new


def published_years(session: Session) -> Sequence[PublishedYear]:
    """Read every year of the store, oldest first."""
    rows = session.scalars(select(CalendarYear).order_by(CalendarYear.year)).all()
    return [_published(session, row) for row in rows]


def published_year(session: Session, year: int) -> PublishedYear:
    """Read one year.

    Raises:
        NotFound: ``calendar_unknown``, it was not published; days count Monday to Friday until it is.
    """
    row = session.get(CalendarYear, year)
    if row is None:
        zh = f"{year}年放假安排尚未导入,暂按周一至周五计"
        raise NotFound("calendar_unknown", zh, f"{year} is not imported: it counts Monday to Friday for now")
    return _published(session, row)


def _published(session: Session, row: CalendarYear) -> PublishedYear:
    days = session.execute(select(CalendarDay.day, CalendarDay.kind).where(CalendarDay.year == row.year)).all()
    holidays, workdays = (frozenset(day for day, k in days if k == kind) for kind in (HOLIDAY, WORKDAY))
    return PublishedYear(YearTable(row.year, row.source, holidays, workdays), row.imported_by, row.imported_at)


def _write(session: Session, row: CalendarYear | None, table: YearTable, actor: Actor, at: datetime) -> None:
    if row is None:
        row = CalendarYear(year=table.year)
        session.add(row)
    row.source, row.digest, row.imported_by, row.imported_at = table.source, table.digest, actor.id, at
    session.flush()
    session.execute(delete(CalendarDay).where(CalendarDay.year == table.year))
    for kind, days in ((HOLIDAY, table.holidays), (WORKDAY, table.workdays)):
        session.add_all(CalendarDay(day=day, year=table.year, kind=kind) for day in sorted(days))
    session.flush()


_Digests = tuple[tuple[int, str], ...]
_DIGESTS = select(CalendarYear.year, CalendarYear.digest).order_by(CalendarYear.year)
_kept: dict[_Digests, _Days] = {}
_MOST_KEPT = 64


def _read_published(session: Session) -> tuple[tuple[int, ...], _Days] | None:
    while True:
        digests: _Digests = tuple((year, digest) for year, digest in session.connection().execute(_DIGESTS))
        if not digests:
            return None
        days = _days_of(session, digests)
        if days is not None:
            return tuple(year for year, _ in digests), days


def _days_of(session: Session, digests: _Digests) -> _Days | None:
    # Days once read hold for every session that finds these digests. A year may be imported between the two queries:
    # then the days are not those of the digests, and both are asked again.
    if digests not in _kept:
        found = session.execute(select(CalendarDay.day, CalendarDay.kind).order_by(CalendarDay.day)).all()
        days = tuple((day, kind == WORKDAY) for day, kind in found)
        if tuple((year, _digest(year, days)) for year, _ in digests) != digests:
            return None
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[digests] = days
    return _kept[digests]


def _digest(year: int, days: _Days) -> str:
    holidays, workdays = (
        frozenset(day for day, worked in days if day.year == year and worked is kind) for kind in (False, True)
    )
    return YearTable(year, "", holidays, workdays).digest


def _joined(base: WorkingCalendar, published: tuple[tuple[int, ...], _Days]) -> WorkingCalendar:
    return _join(tuple(sorted(base.exceptions.items())), base.years, *published)


@lru_cache(maxsize=32)
def _join(base: _Days, base_years: frozenset[int], years: tuple[int, ...], days: _Days) -> WorkingCalendar:
    own = {day: worked for day, worked in base if day.year not in years}
    return WorkingCalendar({**own, **dict(days)}, base_years | set(years))
