"""Funds and their movements, for officers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session

from subsidy_api.bodies.funds import FundBody, FundEntryBody
from subsidy_api.context import PlatformDep
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Line, Page
from subsidy_api.security import Officer
from subsidy_match.claims.fund.funds import entries_of, fund, list_funds
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(prefix="/v1/funds", tags=["funds"])
FundId = Annotated[Line, Path()]


@router.get("", response_model=list[FundBody], responses=responses(401, 403, 422, 503))
def show_funds(platform: PlatformDep, officer: Officer) -> list[FundBody]:  # noqa: ARG001  # outsiders are refused
    """全部资金及余额 / All funds with their balances."""
    return [FundBody.model_validate(found) for found in in_unit(platform.engine, list_funds, immediate=False)]


@router.get("/{fund_id}", response_model=FundBody, responses=responses(401, 403, 404, 422, 503))
def show_fund(fund_id: FundId, platform: PlatformDep, officer: Officer) -> FundBody:  # noqa: ARG001  # see above
    """一项资金:下达、占用、已批、已付 / One fund: allocated, reserved, committed, paid."""
    found = in_unit(platform.engine, lambda session: fund(session, fund_id), immediate=False)
    return FundBody.model_validate(found)


@router.get("/{fund_id}/entries", response_model=Page[FundEntryBody], responses=responses(401, 403, 404, 422, 503))
def show_entries(
    fund_id: FundId,
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # see above
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[FundEntryBody]:
    """资金流水,由旧到新,余额等于流水之和 / The movements of a fund; its balances are their sum."""
    after = after_id(cursor)

    def read(session: Session) -> list[FundEntryBody]:
        fund(session, fund_id)
        found = entries_of(session, fund_id, after=after, limit=limit + 1)
        return [FundEntryBody.model_validate(entry) for entry in found]

    shown, after_this = page(in_unit(platform.engine, read, immediate=False), limit, lambda entry: entry.id)
    return Page(items=list(shown), next=after_this)
