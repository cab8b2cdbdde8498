"""The calendar of working days, and the time that a claim spent in each stage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.clock import BreachBody, CalendarBody, NewCalendar, StagesBody
from subsidy_api.claim_bodies import stage_body
from subsidy_api.context import Moment, PinnedDep, PlatformDep, Today
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.problems import responses
from subsidy_api.schemas import Id
from subsidy_api.security import Caller, MaybeCaller, Officer
from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.deadline.breaches import breaches_of
from subsidy_match.claims.deadline.calendar_files import YearTable
from subsidy_match.claims.deadline.calendar_office import publish_calendar
from subsidy_match.claims.deadline.calendar_store import PublishedYear, published_year
from subsidy_match.claims.deadline.stage_clock import stage_history
from subsidy_match.claims.reading import visible_row
from subsidy_match.errors import InputError, NotFound
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(tags=["clock"])
Year = Annotated[int, Path(ge=1990, le=2999)]
_SHIPPED = "随软件发布 / shipped with the software"


@router.get("/v1/calendar/{year}", response_model=CalendarBody, responses=responses(401, 404, 422, 503))
def show_calendar(year: Year, platform: PlatformDep, actor: MaybeCaller) -> CalendarBody:
    """一年的放假和调休安排;未公布的年份按周一至周五暂计 / A year's days off and make-up days, 404 until it is published."""
    try:
        found = _body(in_unit(platform.engine, lambda session: published_year(session, year), immediate=False))
        # Who brought it in is the office's own matter.
        return found if actor and not actor.is_outsider else found.model_copy(update={"imported_by": None})
    except NotFound:
        if year not in platform.calendar.years:
            raise
        return _shipped(platform.calendar, year)


@router.post("/v1/calendar", response_model=CalendarBody, responses=responses(400, 401, 403, 409, 413, 422, 503))
def import_calendar(body: NewCalendar, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """导入一年的放假安排,未办结件的期限随之重算 / Bring a year in: open claims are told their dates anew."""

    def work(keep: Keep) -> None:
        def also(session: Session) -> None:
            session.flush()
            keep(session, _body(published_year(session, body.year)).model_dump_json().encode())

        publish_calendar(pinned.desk(), [_table(body)], actor=actor, at=at, also=also)

    return once.run(200, work)


@router.get("/v1/claims/{claim_id}/stages", response_model=StagesBody, responses=responses(401, 404, 422, 503))
def show_stages(claim_id: Annotated[Id, Path()], platform: PlatformDep, actor: Caller, today: Today) -> StagesBody:
    """各环节用时与超期记录 / Working days in every stage of a claim, and the limits it broke."""

    def read(session: Session) -> StagesBody:
        row = visible_row(session, claim_id, actor)
        stages = stage_history(session, row, platform.calendar, today)
        found = [BreachBody.model_validate(breach) for breach in breaches_of(session, claim_id)]
        return StagesBody(stages=[stage_body(stage) for stage in stages], breaches=found)

    return in_unit(platform.engine, read, immediate=False)


def _table(body: NewCalendar) -> YearTable:
    _check_once([*body.holidays, *body.workdays])
    return YearTable(body.year, body.source, frozenset(body.holidays), frozenset(body.workdays))


def _check_once(days: list[date]) -> None:
    if len(set(days)) != len(days):
        raise InputError("calendar_invalid", "日历有误,未导入:日期重复", "not imported: a date is there twice")


def _body(found: PublishedYear) -> CalendarBody:
    table = found.table
    return _of(table.year, table.source, table.holidays, table.workdays).model_copy(
        update={"imported_by": found.imported_by, "imported_at": found.imported_at}
    )


def _shipped(calendar: WorkingCalendar, year: int) -> CalendarBody:
    days = {day: worked for day, worked in calendar.exceptions.items() if day.year == year}
    off, worked = ([day for day, is_worked in days.items() if is_worked is kind] for kind in (False, True))
    return _of(year, _SHIPPED, off, worked)


def _of(year: int, source: str, off: Iterable[date], worked: Iterable[date]) -> CalendarBody:
    return CalendarBody(
        year=year,
        source=source,
        holidays=sorted(off),
        workdays=sorted(worked),
        imported_by=None,
        imported_at=None,
    )
