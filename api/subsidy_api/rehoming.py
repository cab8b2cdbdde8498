"""Year end for claims under way: moved, one or all, from a closed fund to the one that its money was carried over to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.rehoming import NewRehoming, RehomedBody, RehomingBody
from subsidy_api.context import Moment, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.problems import responses
from subsidy_api.schemas import Id, Line
from subsidy_api.security import Officer
from subsidy_match.claims.fund.rehoming_office import Rehomed, RehomingOffice
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(prefix="/v1/funds", tags=["funds"])
FundId = Annotated[Line, Path()]
ClaimId = Annotated[Id, Path()]
_WRITES = responses(400, 401, 403, 404, 409, 413, 422, 503)


@router.post("/{fund_id}/claims/{claim_id}/rehome", response_model=RehomedBody, responses=_WRITES)
def rehome(
    fund_id: FundId,
    claim_id: ClaimId,
    body: NewRehoming,
    platform: PlatformDep,
    actor: Officer,
    at: Moment,
    once: OnceDep,
) -> Response:
    """转列一件:连同占用转到结转去向的资金 / Move a claim, with what is held for it, to the fund carried over to."""

    def work(keep: Keep) -> None:
        def also(session: Session, done: Rehomed) -> None:
            keep(session, RehomedBody.model_validate(done).model_dump_json().encode())

        _office(platform).rehome(
            claim_id, fund_id, body.target_id, document_no=body.document_no, actor=actor, at=at, also=also
        )

    return once.run(200, work)


@router.post("/{fund_id}/rehome", response_model=RehomingBody, responses=_WRITES)
def rehome_all(
    fund_id: FundId, body: NewRehoming, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """转列全部可转的在办件(每次最多500件),逐件回告 / Move every claim that can be moved, 500 at a time, each by itself."""

    def work(keep: Keep) -> None:
        done = _office(platform).rehome_all(fund_id, body.target_id, document_no=body.document_no, actor=actor, at=at)
        answer = RehomingBody.model_validate(done).model_dump_json().encode()
        in_unit(platform.engine, lambda session: keep(session, answer))

    return once.run(200, work)


def _office(platform: Platform) -> RehomingOffice:
    return RehomingOffice(platform.engine, platform.calendar, platform.desk.tolerance)
