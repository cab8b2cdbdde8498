"""Who is entitled to what: a firm of the snapshot, or a profile that somebody declares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter

from subsidy_api.context import Pinned, PinnedDep, PlatformDep, Today
from subsidy_api.explanations import EligibilityRequest, OverviewBody, OverviewRequest, ReportBody
from subsidy_api.paging import Cursor, Limit
from subsidy_api.plain import PlainResponse
from subsidy_api.problems import responses
from subsidy_api.profile import declared_enterprise
from subsidy_api.security import MaybeCaller, check_sees_firm, require_caller
from subsidy_match.errors import InputError
from subsidy_match.matching.overview import Overview, look_over, overview_report
from subsidy_match.matching.report import report
from subsidy_match.matching.single import match_one
from subsidy_match.platform import Platform

__all__ = ["firm_overview", "firm_report", "router"]

router = APIRouter(prefix="/v1/eligibility", tags=["eligibility"])


@router.post("", response_model=ReportBody, responses=responses(400, 401, 403, 404, 413, 422, 503))
def check_eligibility(
    body: EligibilityRequest, platform: PlatformDep, pinned: PinnedDep, today: Today, actor: MaybeCaller
) -> PlainResponse:
    """逐条说明能享受哪些政策 / What a firm is entitled to, with every reason, best news first.

    `uscc` needs a token of somebody who may see the firm; a declared `profile` needs none, is stored nowhere, and gives
    an estimate. Exactly one of the two is given.
    """
    as_of = body.as_of or today
    if body.profile is not None and body.uscc is None:
        policies = pinned.policies()
        enterprise = declared_enterprise(body.profile, policies.catalogue, as_of, body.lang)
        matches = match_one(policies, enterprise, as_of, policy_ids=_each_once(body.policy_ids))
        return PlainResponse(report(matches, policies, uscc=None, as_of=as_of, snapshot_id=None, lang=body.lang))
    if body.uscc is None or body.profile is not None:
        raise InputError("uscc_or_profile", "请填写 uscc 或 profile 之一", "give either uscc or profile")
    check_sees_firm(require_caller(actor), body.uscc)
    found = firm_report(platform, pinned, body.uscc, as_of, policy_ids=_each_once(body.policy_ids), lang=body.lang)
    return PlainResponse(found)


@router.post("/overview", response_model=OverviewBody, responses=responses(400, 404, 413, 422, 503))
def look_over_profile(
    body: OverviewRequest,
    platform: PlatformDep,
    pinned: PinnedDep,
    today: Today,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> PlainResponse:
    """自报信息的测算:全部政策的结论和金额,逐页说明理由 / The same for a declared profile, a page of reasons at a time.

    Order, pages and cursors are those of `GET /v1/enterprises/{uscc}/overview`; the next page takes the same body. Nothing
    is stored.
    """
    policies, as_of = pinned.policies(), body.as_of or today
    enterprise = declared_enterprise(body.profile, policies.catalogue, as_of, body.lang)
    plan, said = platform.plans.get(policies, as_of), body.profile.model_dump_json()
    found = look_over(plan, enterprise, snapshot_id=None, of=said)
    return PlainResponse(overview_report(found, uscc=None, cursor=cursor, limit=limit, lang=body.lang))


def firm_overview(platform: Platform, pinned: Pinned, uscc: str, as_of: date) -> Overview:
    """Match a firm on one policy set and one snapshot, in short.

    Raises:
        NotFound: no such firm.
    """
    policies, snapshot = pinned.policies(), pinned.snapshot()
    enterprise = snapshot.enterprise(uscc)
    payments = platform.payments(enterprise.uscc)
    return look_over(platform.plans.get(policies, as_of), enterprise, payments=payments, snapshot_id=snapshot.id)


def firm_report(
    platform: Platform,
    pinned: Pinned,
    uscc: str,
    as_of: date,
    *,
    policy_ids: Sequence[str] | None = None,
    lang: str = "zh",
) -> dict[str, Any]:
    """Match a firm on one policy set and one snapshot, and explain.

    Raises:
        NotFound: no such firm or policy.
    """
    policies, snapshot = pinned.policies(), pinned.snapshot()
    enterprise = snapshot.enterprise(uscc)
    payments = platform.payments(enterprise.uscc)
    matches = match_one(policies, enterprise, as_of, policy_ids=policy_ids, payments=payments)
    return report(matches, policies, uscc=enterprise.uscc, as_of=as_of, snapshot_id=snapshot.id, lang=lang)


def _each_once(policy_ids: Sequence[str] | None) -> list[str] | None:
    return None if policy_ids is None else list(dict.fromkeys(policy_ids))
