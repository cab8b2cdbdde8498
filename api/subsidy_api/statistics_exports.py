"""Statistics as a workbook, a row for each policy and department."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_api.problems import responses
from subsidy_api.schemas import Lang
from subsidy_api.security import Officer
from subsidy_api.statistics import Day
from subsidy_api.workbooks import WORKBOOK, Book, Column, Origin, Value, send
from subsidy_match.claims.statistics import Figures, read_statistics
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["statistics"])
_COLUMNS = (
    Column("政策", "policy", 30),
    Column("受理部门", "department", 24),
    Column("受理件数", "accepted", 10, is_summed=True),
    Column("兑付件数", "paid", 10, is_summed=True),
    Column("受理至兑付工作日 P50", "working days to payment, P50", 14),
    Column("受理至兑付工作日 P90", "working days to payment, P90", 14),
    Column("受理至兑付工作日最长", "working days to payment, longest", 14),
    Column("超期件数", "overdue", 10, is_summed=True),
    Column("退回件数", "returned", 10, is_summed=True),
    Column("退回率(%)", "return rate (%)", 10, hundredths=True),
)


@router.get("/statistics.xlsx", response_class=StreamingResponse, responses=WORKBOOK | responses(401, 403, 422, 503))
def export_statistics(
    platform: PlatformDep,
    officer: Officer,
    at: Moment,
    today: Today,
    accepted_from: Day = None,
    accepted_to: Day = None,
    lang: Lang = "zh",
) -> StreamingResponse:
    """导出统计(Excel),筛选同接口 / The statistics of the same address without .xlsx as a workbook."""
    found = in_unit(
        platform.engine,
        lambda session: read_statistics(session, platform.calendar, on=today, first=accepted_from, last=accepted_to),
        immediate=False,
    )
    filters = (("accepted_from", accepted_from), ("accepted_to", accepted_to))

    def write(book: Book) -> None:
        book.add("统计", "Statistics", _COLUMNS, map(_row, found))

    return send("statistics", Origin(at, officer.id, filters, lang=lang), write)


def _row(figures: Figures) -> tuple[Value, ...]:
    return (
        figures.policy_id,
        figures.department,
        figures.accepted,
        figures.paid,
        figures.days_p50,
        figures.days_p90,
        figures.days_max,
        figures.overdue,
        figures.returned,
        figures.return_rate,
    )
