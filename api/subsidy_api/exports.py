"""Claims as a workbook: the list with its filters, without page limits, and without anything of bank accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_api.problems import responses
from subsidy_api.schemas import Lang, Line
from subsidy_api.security import Caller, check_asks_for, is_outsider
from subsidy_api.workbooks import WORKBOOK, Book, Column, Origin, Value, send
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
_PAGE = 500
_YES = {"zh": "是", "en": "yes"}
_COLUMNS = (
    Column("办件编号", "claim", 16),
    Column("企业名称", "firm", 30),
    Column("统一社会信用代码", "uscc", 21),
    Column("政策", "policy", 34),
    Column("期间", "period", 9),
    Column("标的", "subject", 14),
    Column("状态", "state", 12),
    Column("金额(元)", "amount (yuan)", 15, hundredths=True, is_summed=True),
    Column("已付(元)", "paid (yuan)", 15, hundredths=True, is_summed=True),
    Column("资金", "funds", 22),
    Column("受理日", "accepted on", 11),
    Column("已用工作日", "working days used", 10),
    Column("限办工作日", "working days allowed", 10),
    Column("应办结日", "due on", 11),
    Column("办结日", "ended on", 11),
    Column("暂缓", "held", 6),
    Column("候补", "waiting", 6),
    Column("经办人", "officer", 12),
)


@router.get("/claims.xlsx", response_class=StreamingResponse, responses=WORKBOOK | responses(401, 403, 422, 503))
def export_claims(
    platform: PlatformDep,
    actor: Caller,
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
    lang: Lang = "zh",
) -> StreamingResponse:
    """导出办件(Excel),筛选同列表,企业只见本企业的 / The claims of the list as a workbook; a firm gets its own."""
    check_asks_for(actor, assignee)
    wanted = ClaimFilter(tuple(state or ()), uscc, policy_id, period, assignee, filer, fund_id, waiting, limit=_PAGE)
    origin = Origin(at, actor.id, _filters(wanted), [_policies(platform, lang)], lang)

    def write(book: Book) -> None:
        with unit_of_work(platform.engine, immediate=False) as session:  # all rows of one state of the store
            rows = _rows(session, platform.calendar, wanted, actor, today, lang)
            book.add("办件", "Claims", _COLUMNS, rows)

    return send("claims", origin, write)


def _rows(
    session: Session, calendar: WorkingCalendar, wanted: ClaimFilter, actor: Actor, on: date, lang: str
) -> Iterator[tuple[Value, ...]]:
    hides_officers = is_outsider(actor)
    while found := find_claims(session, wanted, actor):
        for claim in found:
            clock = claim_clock(session, session.get_one(ClaimRow, claim.id), calendar, on)
            yield _row(claim, clock, lang, hides_officers=hides_officers)
        wanted = replace(wanted, after=found[-1].id)


def _filters(wanted: ClaimFilter) -> list[tuple[str, object]]:
    states = [("state", str(state)) for state in dict.fromkeys(wanted.states)]
    waiting = None if wanted.is_waiting is None else str(wanted.is_waiting).lower()
    plain = ("uscc", "policy_id", "period", "assignee", "filer", "fund_id")
    return [*states, *((name, getattr(wanted, name)) for name in plain), ("waiting", waiting)]


def _policies(platform: Platform, lang: str) -> tuple[str, str]:
    name = "政策版本" if lang == "zh" else "policy set"
    try:
        return name, platform.policies().hash
    except NotFound:
        return name, "—"


def _row(claim: Claim, clock: ClockReading | None, lang: str, *, hides_officers: bool) -> tuple[Value, ...]:
    return (
        claim.claim_no,
        claim.enterprise_name,
        claim.uscc,
        claim.policy_zh if lang == "zh" else claim.policy_en,
        claim.period,
        claim.subject,
        claim.state_zh if lang == "zh" else claim.state_en,
        claim.amount,
        claim.paid,
        "、".join(part.fund_id for part in claim.funds),
        claim.accepted_on,
        None if clock is None else clock.counted,
        None if clock is None else clock.limit,
        None if clock is None else clock.due.on,
        claim.ended_on,
        _YES[lang] if claim.is_held else None,
        _YES[lang] if claim.is_waiting else None,
        None if hides_officers else claim.assignee,
    )
