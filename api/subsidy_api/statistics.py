"""Statistics for people, and metrics for machines that watch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.statistics import FiguresBody
from subsidy_api.context import PlatformDep, Today
from subsidy_api.problems import responses
from subsidy_api.security import Officer
from subsidy_match.claims.fund.funds import list_funds
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.statistics import read_statistics
from subsidy_match.store.delivery import waiting_messages
from subsidy_match.store.outbox import OutboxRow
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(tags=["statistics"])
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
Day = Annotated[date | None, Query()]


@router.get("/v1/statistics", response_model=list[FiguresBody], responses=responses(401, 403, 422, 503))
def show_statistics(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    today: Today,
    accepted_from: Day = None,
    accepted_to: Day = None,
) -> list[FiguresBody]:
    """按政策和受理部门:受理至兑付工作日(P50/P90/最长)、超期、退回率 / Days to payment, overdue, returns."""

    def read(session: Session) -> list[FiguresBody]:
        found = read_statistics(session, platform.calendar, on=today, first=accepted_from, last=accepted_to)
        return [FiguresBody.model_validate(figures) for figures in found]

    return in_unit(platform.engine, read, immediate=False)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus", "content": {"text/plain": {}}}, **responses(401, 403, 503)},
)
def show_metrics(platform: PlatformDep, officer: Officer) -> Response:  # noqa: ARG001  # see above
    """监控指标(Prometheus 文本)/ Figures to watch, as Prometheus reads them; it sends a bearer token as well."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(in_unit(platform.engine, _Snapshot, immediate=False))
    return Response(generate_latest(registry), headers={"Content-Type": _TEXT})


class _Snapshot(Collector):
    """One consistent state of the store."""

    def __init__(self, session: Session) -> None:
        counts = session.execute(select(ClaimRow.state, func.count()).group_by(ClaimRow.state)).all()
        self._claims = [(state, count) for state, count in counts]
        self._funds = list_funds(session)
        self._unsent = waiting_messages(session)
        self._dead = session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.dead_at.is_not(None)))

    def collect(self) -> Iterator[Metric]:
        claims = GaugeMetricFamily("subsidy_claims", "Claims by state", labels=["state"])
        for state, count in self._claims:
            claims.add_metric([state], count)
        yield claims
        funds = GaugeMetricFamily("subsidy_fund_fen", "Balances of funds in fen", labels=["fund", "balance"])
        for fund in self._funds:
            for balance in ("allocated", "reserved", "committed", "paid", "available"):
                funds.add_metric([fund.id, balance], getattr(fund, balance))
        yield funds
        yield GaugeMetricFamily("subsidy_outbox_unsent", "Messages not yet sent", value=self._unsent)
        yield GaugeMetricFamily("subsidy_outbox_dead", "Messages given up after many tries", value=self._dead or 0)
