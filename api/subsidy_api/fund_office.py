"""The fund office over HTTP: funds are opened, filled, moved, frozen, closed, carried over, and shared out by runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.fund_office import (
    CarryBody,
    ClosingBody,
    ForecastBody,
    NewAllocation,
    NewCarry,
    NewClosing,
    NewFundBody,
    NewRun,
    NewTransfer,
    Note,
    RunBody,
    TransferBody,
)
from subsidy_api.bodies.funds import FundBody
from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Id, Line, Page
from subsidy_api.security import Officer
from subsidy_match.claims.fund.forecast import forecast
from subsidy_match.claims.fund.fund_office import FundOffice, NewFund
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(tags=["funds"])
FundId = Annotated[Line, Path()]
RunId = Annotated[Id, Path()]
_READS = (401, 403, 404, 422, 503)
_WRITES = responses(400, 401, 403, 404, 409, 413, 422, 503)
_BARE_WRITES = responses(401, 403, 404, 409, 422, 503)


@router.post("/v1/funds", status_code=201, response_model=FundBody, responses=_WRITES)
def open_fund(body: NewFundBody, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """开设资金 / Open a fund: first come first served (`fifo`) or shared out by runs (`pooled`)."""
    new = NewFund(**body.model_dump() | {"mode": Mode(body.mode)})

    def work(keep: Keep) -> None:
        _office(platform).open(new, actor=actor, at=at, also=_kept(keep, FundBody))

    return once.run(201, work)


@router.post("/v1/funds/{fund_id}/allocations", response_model=FundBody, responses=_WRITES)
def allocate(
    fund_id: FundId, body: NewAllocation, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """下达指标,同一文号只记一次;候补件随即占用 / Add money, once a document; the waitlist is served."""

    def work(keep: Keep) -> None:
        _office(platform).allocate(
            fund_id, body.amount, document_no=body.document_no, actor=actor, at=at, also=_kept(keep, FundBody)
        )

    return once.run(200, work)


@router.post("/v1/funds/{fund_id}/transfers", status_code=201, response_model=TransferBody, responses=_WRITES)
def transfer(
    fund_id: FundId, body: NewTransfer, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """调剂:只能调出未占用的资金 / Move free money into another fund."""

    def work(keep: Keep) -> None:
        _office(platform).transfer(
            fund_id,
            body.target_id,
            body.amount,
            document_no=body.document_no,
            actor=actor,
            at=at,
            also=_kept(keep, TransferBody),
        )

    return once.run(201, work)


@router.post("/v1/funds/{fund_id}/freeze", response_model=FundBody, responses=_WRITES)
def freeze(fund_id: FundId, body: Note, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """冻结:不再占用、审批、调出 / Freeze: nothing is reserved, committed or transferred out."""

    def work(keep: Keep) -> None:
        _office(platform).freeze(fund_id, note=body.note, actor=actor, at=at, also=_kept(keep, FundBody))

    return once.run(200, work)


@router.post("/v1/funds/{fund_id}/unfreeze", response_model=FundBody, responses=_WRITES)
def unfreeze(fund_id: FundId, body: Note, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """解除冻结;候补件随即占用 / Free a frozen fund again; the waitlist is served."""

    def work(keep: Keep) -> None:
        _office(platform).unfreeze(fund_id, note=body.note, actor=actor, at=at, also=_kept(keep, FundBody))

    return once.run(200, work)


@router.post("/v1/funds/{fund_id}/close", status_code=201, response_model=ClosingBody, responses=_WRITES)
def close(
    fund_id: FundId, body: NewClosing, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """年终结账:收回未占用资金,已批的照付 / Close at year end: what is free is taken back, what is committed is paid."""

    def work(keep: Keep) -> None:
        _office(platform).close(
            fund_id, document_no=body.document_no, actor=actor, at=at, also=_kept(keep, ClosingBody)
        )

    return once.run(201, work)


@router.get("/v1/funds/{fund_id}/closings", response_model=list[ClosingBody], responses=responses(*_READS))
def show_closings(fund_id: FundId, platform: PlatformDep, officer: Officer) -> list[ClosingBody]:  # noqa: ARG001  # outsiders are refused
    """结账与结转记录 / What was taken back, and what of it was carried over."""
    return [ClosingBody.model_validate(found) for found in _office(platform).closings(fund_id)]


@router.post("/v1/funds/{fund_id}/carry-over", status_code=201, response_model=CarryBody, responses=_WRITES)
def carry_over(
    fund_id: FundId, body: NewCarry, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """结转到下一年度资金,每次结账限一次 / Put what was taken back into next year's fund, once a closing."""

    def work(keep: Keep) -> None:
        _office(platform).carry_over(
            fund_id,
            body.target_id,
            body.amount,
            document_no=body.document_no,
            actor=actor,
            at=at,
            also=_kept(keep, CarryBody),
        )

    return once.run(201, work)


@router.get("/v1/funds/{fund_id}/forecast", response_model=ForecastBody, responses=responses(*_READS))
def show_forecast(fund_id: FundId, platform: PlatformDep, officer: Officer, today: Today) -> ForecastBody:  # noqa: ARG001  # outsiders are refused
    """预算执行与预测 / The budget bar, what claims on their way will ask for, and when the money runs out."""
    found = in_unit(platform.engine, lambda session: forecast(session, fund_id, on=today), immediate=False)
    return ForecastBody.model_validate(found)


@router.post("/v1/funds/{fund_id}/runs", status_code=201, response_model=RunBody, responses=_WRITES)
def draft_run(
    fund_id: FundId, body: NewRun, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """编制分配批次:按比例、按步长取整、不超预算 / Share a pooled fund out over the claims that passed review."""

    def work(keep: Keep) -> None:
        _office(platform).draft_run(fund_id, budget=body.budget, actor=actor, at=at, also=_kept(keep, RunBody))

    return once.run(201, work)


@router.get("/v1/funds/{fund_id}/runs", response_model=Page[RunBody], responses=responses(*_READS))
def list_runs(
    fund_id: FundId,
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # outsiders are refused
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[RunBody]:
    """分配批次 / The allocation runs of a fund."""
    found = _office(platform).runs(fund_id, after=after_id(cursor), limit=limit + 1)
    shown, after_this = page(found, limit, lambda run: run.id)
    return Page(items=[RunBody.model_validate(run) for run in shown], next=after_this)


@router.get("/v1/allocation-runs/{run_id}", response_model=RunBody, responses=responses(*_READS))
def show_run(run_id: RunId, platform: PlatformDep, officer: Officer) -> RunBody:  # noqa: ARG001  # outsiders are refused
    """一个分配批次及各件份额 / One run with the share of every claim."""
    return RunBody.model_validate(_office(platform).run(run_id))


@router.post("/v1/allocation-runs/{run_id}/confirm", response_model=RunBody, responses=_BARE_WRITES)
def confirm_run(run_id: RunId, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """确认分配批次(编制人不得确认),各件份额随即占用 / Confirm a run as another person: every share is reserved."""

    def work(keep: Keep) -> None:
        _office(platform).confirm_run(run_id, actor=actor, at=at, also=_kept(keep, RunBody))

    return once.run(200, work)


@router.post("/v1/allocation-runs/{run_id}/cancel", response_model=RunBody, responses=_BARE_WRITES)
def cancel_run(run_id: RunId, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """作废未确认的分配批次 / Give up a run that nobody confirmed."""

    def work(keep: Keep) -> None:
        _office(platform).cancel_run(run_id, actor=actor, at=at, also=_kept(keep, RunBody))

    return once.run(200, work)


def _office(platform: Platform) -> FundOffice:
    return FundOffice(platform.engine, platform.calendar, platform.desk.tolerance)


def _kept(keep: Keep, kind: type[Body]) -> Callable[[Session, Any], None]:
    """Keeps a result as the answer of its request, in the transaction that made it."""
    return lambda session, result: keep(session, kind.model_validate(result).model_dump_json().encode())
