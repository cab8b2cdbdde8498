"""Claims as a workbook: the list with its filters, without page limits, and without anything of bank accounts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import IO, Annotated, Any

import xlsxwriter
from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from subsidy_api.context import PlatformDep, Today
from subsidy_api.problems import responses
from subsidy_api.schemas import Line
from subsidy_api.security import Caller, is_outsider
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import ClockReading
from subsidy_match.claims.reading import ClaimFilter
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import State

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["claims"])
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAGE = 500
_CHUNK = 64 * 1024
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
    responses={200: {"description": "工作簿 / a workbook", "content": {_XLSX: {}}}, **responses(401, 422, 503)},
)
def export_claims(
    platform: PlatformDep,
    actor: Caller,
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
    wanted = ClaimFilter(tuple(state or ()), uscc, policy_id, period, assignee, filer, fund_id, waiting, limit=_PAGE)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it has been sent
    desk = platform.desk
    claims = ((claim, desk.due_date(claim.id, on=today)) for claim in _all(desk, wanted, actor))
    try:
        _write(file, claims, hides_officers=is_outsider(actor))
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="claims-{today.isoformat()}.xlsx"'}
    return StreamingResponse(_chunks(file), media_type=_XLSX, headers=headers)


def _all(desk: ClaimDesk, wanted: ClaimFilter, actor: Any) -> Iterator[Claim]:
    while found := desk.list_claims(wanted, viewer=actor):
        yield from found
        wanted = replace(wanted, after=found[-1].id)


def _write(file: IO[bytes], claims: Iterator[tuple[Claim, ClockReading | None]], *, hides_officers: bool) -> None:
    # Rows go to disk as they come; text is text, whatever it begins with.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        head, money = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "#,##0.00"})
        sheet = book.add_worksheet("办件")
        sheet.freeze_panes(1, 1)
        for column, (heading, width) in enumerate(_HEADINGS):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, head)
        number = 0
        for number, (claim, clock) in enumerate(claims, start=1):
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
