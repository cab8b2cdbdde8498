"""Claims as a workbook: the list with its filters, without page limits, and without anything of bank accounts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import IO, Annotated, Any

import xlsxwriter
from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_api.problems import responses
from subsidy_api.schemas import Line
from subsidy_api.security import Caller, check_asks_for, is_outsider
from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import ClockReading
from subsidy_match.claims.occasion import claim_clock
from subsidy_match.claims.reading import ClaimFilter, find_claims
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import State
from subsidy_match.errors import NotFound
from subsidy_match.platform import Platform
from subsidy_match.store.unit import unit_of_work
from subsidy_match.store.users import Actor

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["claims"])
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAGE = 500
_CHUNK = 64 * 1024
_CHINA = timezone(timedelta(hours=8))
_SUMMED = (7, 8)
_HEADINGS = (
    ("办件编号", 16),
    ("企业名称", 30),
    ("统一社会信用代码", 21),
    ("政策", 34),
    ("期间", 9),
    ("标的", 14),
    ("状态", 12),
    ("金额(元)", 15),
    ("已付(元)", 15),
    ("资金", 22),
    ("受理日", 11),
    ("已用工作日", 10),
    ("限办工作日", 10),
    ("应办结日", 11),
    ("办结日", 11),
    ("暂缓", 6),
    ("候补", 6),
    ("经办人", 12),
)


@router.get(
    "/claims.xlsx",
    response_class=StreamingResponse,
    responses={200: {"description": "工作簿 / a workbook", "content": {_XLSX: {}}}, **responses(401, 403, 422, 503)},
)
def export_claims(
    platform: PlatformDep,
    actor: Caller,
    request: Request,
    at: Moment,
    today: Today,
    state: Annotated[list[State] | None, Query(description="可多选 / may be repeated")] = None,
    uscc: Annotated[Line | None, Query()] = None,
    policy_id: Annotated[Line | None, Query()] = None,
    period: Annotated[Line | None, Query()] = None,
    assignee: Annotated[Line | None, Query()] = None,
    filer: Annotated[Line | None, Query()] = None,
    fund_id: Annotated[Line | None, Query()] = None,
    waiting: Annotated[bool | None, Query()] = None,
) -> StreamingResponse:
    """导出办件(Excel),筛选同列表,企业只见本企业的 / The claims of the list as a workbook; a firm gets its own."""
    check_asks_for(actor, assignee)
    wanted = ClaimFilter(tuple(state or ()), uscc, policy_id, period, assignee, filer, fund_id, waiting, limit=_PAGE)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it has been sent
    notes = _notes(request, platform, at)
    try:
        with unit_of_work(platform.engine, immediate=False) as session:  # all rows of one state of the store
            claims = _all(session, platform.calendar, wanted, actor, today)
            _write(file, claims, notes, hides_officers=is_outsider(actor))
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="claims-{today.isoformat()}.xlsx"'}
    return StreamingResponse(_chunks(file), media_type=_XLSX, headers=headers)


def _all(
    session: Session, calendar: WorkingCalendar, wanted: ClaimFilter, actor: Actor, on: date
) -> Iterator[tuple[Claim, ClockReading | None]]:
    while found := find_claims(session, wanted, actor):
        for claim in found:
            yield claim, claim_clock(session, session.get_one(ClaimRow, claim.id), calendar, on)
        wanted = replace(wanted, after=found[-1].id)


def _notes(request: Request, platform: Platform, at: datetime) -> list[tuple[str, str]]:
    """What a reader needs to know of the sheet: which claims, of when, under which policies."""
    try:
        policies = platform.policies().hash
    except NotFound:
        policies = "—"
    filters = ";".join(f"{name}={value}" for name, value in request.query_params.multi_items())
    return [
        ("筛选 / filters", filters or "无 / none"),
        ("导出时间 / exported at", at.astimezone(_CHINA).isoformat(timespec="seconds")),
        ("政策版本 / policy set", policies),
        ("金额 / amounts", "人民币元;合计为表内各行之和 / yuan; the total is of the rows shown"),
    ]


def _write(
    file: IO[bytes],
    claims: Iterator[tuple[Claim, ClockReading | None]],
    notes: Sequence[tuple[str, str]],
    *,
    hides_officers: bool,
) -> None:
    # Rows go to disk as they come; text is text, whatever it begins with.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        head, money = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "#,##0.00"})
        sheet = book.add_worksheet("办件")
        sheet.freeze_panes(1, 1)
        for column, (heading, width) in enumerate(_HEADINGS):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, head)
        number, totals = 0, [Decimal(0), Decimal(0)]
        for number, (claim, clock) in enumerate(claims, start=1):
            totals = [totals[0] + Decimal(claim.amount).scaleb(-2), totals[1] + Decimal(claim.paid).scaleb(-2)]
            for column, value in enumerate(_row(claim, clock, hides_officers=hides_officers)):
                match value:
                    case None:
                        continue
                    case Decimal():
                        sheet.write_number(number, column, value, money)
                    case int():
                        sheet.write_number(number, column, value)
                    case _:
                        sheet.write_string(number, column, str(value))
        sheet.autofilter(0, 0, number, len(_HEADINGS) - 1)
        sheet.write_string(number + 1, 0, f"合计({number}件)", head)
        for column, total in zip(_SUMMED, totals, strict=True):
            sheet.write_number(number + 1, column, total, money)
        about = book.add_worksheet("说明")
        about.set_column(0, 1, 40)
        for line, pair in enumerate(notes):
            about.write_row(line, 0, pair)


def _row(claim: Claim, clock: ClockReading | None, *, hides_officers: bool) -> tuple[Any, ...]:
    return (
        claim.claim_no,
        claim.enterprise_name,
        claim.uscc,
        claim.policy_zh,
        claim.period,
        claim.subject,
        claim.state_zh,
        Decimal(claim.amount).scaleb(-2),
        Decimal(claim.paid).scaleb(-2),
        "、".join(part.fund_id for part in claim.funds),
        claim.accepted_on,
        None if clock is None else clock.counted,
        None if clock is None else clock.limit,
        None if clock is None else clock.due.on,
        claim.ended_on,
        "是" if claim.is_held else None,
        "是" if claim.is_waiting else None,
        None if hides_officers else claim.assignee,
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk
