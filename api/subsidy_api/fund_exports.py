"""Funds as a workbook: balances, the budget bar, and what claims on their way will ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_api.problems import responses
from subsidy_api.schemas import Lang
from subsidy_api.security import Officer
from subsidy_api.workbooks import WORKBOOK, Book, Column, Origin, Value, send
from subsidy_match.claims.fund.forecast import Forecast, forecast
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.funds import list_funds
from subsidy_match.claims.states import STATE_NAMES
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["funds"])
_MODES = {Mode.FIFO: ("先到先得", "first come"), Mode.POOLED: ("统筹分配", "shared out")}
_FROZEN, _CLOSED = ("冻结", "frozen"), ("已结账", "closed")


def _money(zh: str, en: str) -> Column:
    return Column(f"{zh}(元)", f"{en} (yuan)", 18, hundredths=True, is_summed=True)


_COLUMNS = (
    Column("资金", "fund", 22),
    Column("名称", "name", 30),
    Column("部门", "department", 20),
    Column("年度", "year", 7),
    Column("指标文号", "indicator", 22),
    Column("功能科目", "function", 12),
    Column("用款计划", "spending plan", 12),
    Column("分配方式", "mode", 12),
    Column("状态", "state", 12),
    _money("下达", "allocated"),
    _money("已付", "paid"),
    _money("占用", "committed"),
    _money("预占", "reserved"),
    _money("可用", "available"),
    Column("已付占比(%)", "paid share (%)", 12, hundredths=True),
    Column("已用占比(%)", "taken share (%)", 12, hundredths=True),
    _money("待占", "to come"),
    _money("缺口", "short"),
    _money("近期占用", "taken lately"),
    Column("近期天数", "days of that", 10),
    Column("预计用完日", "runs out on", 12),
)
_PENDING = (
    Column("资金", "fund", 22),
    Column("状态", "state", 16),
    Column("件数", "claims", 8, is_summed=True),
    Column("候补", "waiting", 8, is_summed=True),
    _money("预计", "expected"),
    _money("已占", "held"),
    _money("待占", "to come"),
)


@router.get("/funds.xlsx", response_class=StreamingResponse, responses=WORKBOOK | responses(401, 403, 422, 503))
def export_funds(
    platform: PlatformDep, officer: Officer, at: Moment, today: Today, lang: Lang = "zh"
) -> StreamingResponse:
    """导出资金(Excel):余额、预算执行、在办预测 / All funds as a workbook: balances, budget bar, forecast."""
    found = in_unit(  # all of one state of the store
        platform.engine,
        lambda session: [forecast(session, fund.id, on=today) for fund in list_funds(session)],
        immediate=False,
    )

    def write(book: Book) -> None:
        book.add("资金", "Funds", _COLUMNS, (_row(one, lang) for one in found))
        book.add("在办预测", "Forecast", _PENDING, _pending(found, lang))

    return send("funds", Origin(at, officer.id, lang=lang), write)


def _row(outlook: Forecast, lang: str) -> tuple[Value, ...]:
    fund, place = outlook.fund, 0 if lang == "zh" else 1
    states = [_FROZEN[place]] * fund.is_frozen + [_CLOSED[place]] * fund.is_closed
    return (
        fund.id,
        (fund.name_zh, fund.name_en)[place],
        fund.department,
        str(fund.year),
        fund.indicator_no,
        fund.function_code,
        fund.spending_plan,
        _MODES[fund.mode][place],
        "、".join(states),
        fund.allocated,
        fund.paid,
        fund.committed,
        fund.reserved,
        fund.available,
        _share(fund.paid, fund.allocated),
        _share(fund.allocated - fund.available, fund.allocated),
        outlook.asked,
        outlook.short,
        outlook.taken,
        outlook.days,
        outlook.runs_out_on,
    )


def _pending(found: Sequence[Forecast], lang: str) -> Iterator[tuple[Value, ...]]:
    place = 0 if lang == "zh" else 1
    for outlook in found:
        for part in outlook.pending:
            name = STATE_NAMES[part.state][place]
            yield outlook.fund.id, name, part.claims, part.waiting, part.expected, part.held, part.asked


def _share(part: int, whole: int) -> int | None:
    """Per ten thousand, whole."""
    return part * 10_000 // whole if whole else None
