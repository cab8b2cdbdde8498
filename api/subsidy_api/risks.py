"""What a reviewer should know of a claim before money is promised."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from subsidy_api.bodies.evidence import RiskBody
from subsidy_api.context import Moment, PinnedDep
from subsidy_api.problems import responses
from subsidy_api.schemas import Id
from subsidy_api.security import Officer

__all__ = ["router"]

router = APIRouter(prefix="/v1/claims", tags=["claims"])


@router.get("/{claim_id}/risks", response_model=list[RiskBody], responses=responses(401, 403, 404, 422, 503))
def list_risks(claim_id: Annotated[Id, Path()], pinned: PinnedDep, officer: Officer, at: Moment) -> list[RiskBody]:
    """风险清单:重复、共用账户、信用、抽检;须确认者在前 / Risks, those that wait for an answer first.

    以 `acknowledge_risk` 事件确认一项 / answer for one with the event `acknowledge_risk`.
    """
    return [RiskBody.model_validate(risk) for risk in pinned.desk().risks(claim_id, at=at, viewer=officer)]
