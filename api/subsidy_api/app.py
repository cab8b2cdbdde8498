"""The application: everything is wired here, and the clock is handed in so that a demonstration can pick its days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from subsidy_api.allocations import router as allocations
from subsidy_api.bulk import router as bulk
from subsidy_api.checkups import router as checkups
from subsidy_api.claims import router as claims
from subsidy_api.clock import router as clock
from subsidy_api.context import Context
from subsidy_api.eligibility import router as eligibility
from subsidy_api.enterprises import accounts
from subsidy_api.enterprises import router as enterprises
from subsidy_api.event_schemas import tell_events
from subsidy_api.exports import router as exports
from subsidy_api.fund_exports import router as fund_exports
from subsidy_api.fund_office import router as fund_office
from subsidy_api.funds import router as funds
from subsidy_api.handling import router as handling
from subsidy_api.health import router as health
from subsidy_api.index import router as index
from subsidy_api.limits import BodyLimit
from subsidy_api.logs import RequestLog
from subsidy_api.notices import router as notices
from subsidy_api.objection_limits import ObjectionLimits
from subsidy_api.objections import router as objections
from subsidy_api.papers import router as papers
from subsidy_api.payouts import router as payouts
from subsidy_api.people import router as people
from subsidy_api.policies import router as policies
from subsidy_api.problems import install_problems
from subsidy_api.reconciling import router as reconciling
from subsidy_api.recoveries import router as recoveries
from subsidy_api.rehoming import router as rehoming
from subsidy_api.risks import router as risks
from subsidy_api.schemas import Problem
from subsidy_api.statistics import router as statistics
from subsidy_api.statistics_exports import router as statistics_exports
from subsidy_match import __version__
from subsidy_match.claims.document_kinds import KINDS
from subsidy_match.platform import Platform

__all__ = ["create_app"]

_LARGEST_BODY = 4_000_000
_LARGEST_DOCUMENT = max(kind.largest for kind in KINDS.values())
_DESCRIPTION = """惠企政策匹配与兑现:政策、企业档案、匹配说明、申报办理、资金与支付。
Policies, enterprise documents, explained matches, claims, funds and payouts.

金额一律以分为单位的整数 / money is whole 分. 错误按 RFC 9457 返回,`code` 稳定不变 / errors are problem details with a
stable `code`. 写操作可带 `Idempotency-Key` / writes take an `Idempotency-Key`."""


def create_app(platform: Platform, clock: Callable[[], datetime]) -> FastAPI:
    """Make the application.

    Args:
        platform: settings, store, policies and snapshots; closed by whoever made it.
        clock: the time of a request, aware; the wall clock in production.
    """
    app = FastAPI(
        title="subsidy-match",
        version=__version__,
        description=_DESCRIPTION,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.context = Context(platform, clock)
    app.state.objection_limits = ObjectionLimits()
    install_problems(app)
    app.add_middleware(BodyLimit, largest=_LARGEST_BODY, by_path={"/v1/documents": _LARGEST_DOCUMENT})
    app.add_middleware(RequestLog)
    for router in _ROUTERS:
        app.include_router(router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


_ROUTERS = (
    index,
    health,
    policies,
    eligibility,
    enterprises,
    checkups,
    accounts,
    bulk,
    exports,
    claims,
    recoveries,
    risks,
    papers,
    funds,
    fund_exports,
    fund_office,
    rehoming,
    reconciling,
    payouts,
    statistics,
    statistics_exports,
    notices,
    objections,
    allocations,
    clock,
    people,
    handling,
)


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once; problems are described once and referred to from every route."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=_TAGS
        )
        schemas = document["components"]["schemas"]
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        tell_events(schemas)
        app.openapi_schema = document
    return app.openapi_schema


_TAGS = [
    {"name": "policies", "description": "政策 / policies"},
    {"name": "eligibility", "description": "资格测算 / eligibility"},
    {"name": "enterprises", "description": "企业档案、匹配、通知、账户 / enterprises"},
    {"name": "claims", "description": "申报办理 / claims"},
    {"name": "recoveries", "description": "追回 / recoveries"},
    {"name": "notices", "description": "公示与异议 / public notices and objections"},
    {"name": "allocations", "description": "资金下达 / documents of allocation"},
    {"name": "documents", "description": "申报材料文件 / documents that firms hand in"},
    {"name": "funds", "description": "资金 / funds"},
    {"name": "payouts", "description": "支付 / payouts"},
    {"name": "statistics", "description": "统计与监控 / statistics"},
    {"name": "clock", "description": "工作日历与时限 / working days and time limits"},
    {"name": "people", "description": "用户、授权、回避、委托、协办 / people"},
    {"name": "health", "description": "运行状态 / health"},
]
