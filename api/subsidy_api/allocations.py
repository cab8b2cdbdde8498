"""Documents of allocation (资金下达): drafted, issued by another person, cleared for payment, void before it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from subsidy_api.bodies.allocations import AllocationBody, NewAllocation
from subsidy_api.bodies.notices import DocumentEnd
from subsidy_api.context import Moment, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Id, Page
from subsidy_api.security import Officer
from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.official.fund_allocations import Allocation

__all__ = ["router"]

router = APIRouter(prefix="/v1/allocations", tags=["allocations"])
AllocationId = Annotated[Id, Path()]
_WRITES = (401, 403, 404, 409, 422, 503)


@router.get("", response_model=Page[AllocationBody], responses=responses(401, 403, 422, 503))
def list_allocations(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AllocationBody]:
    """资金下达文件列表 / Documents of allocation in the order of their ids."""
    found = AllocationOffice(platform.desk).allocations(after=after_id(cursor), limit=limit + 1)
    shown, after_this = page(found, limit, lambda allocation: allocation.id)
    return Page(items=[AllocationBody.model_validate(allocation) for allocation in shown], next=after_this)


@router.get("/{allocation_id}", response_model=AllocationBody, responses=responses(401, 403, 404, 422, 503))
def show_allocation(allocation_id: AllocationId, platform: PlatformDep, officer: Officer) -> AllocationBody:  # noqa: ARG001  # see above
    """一份资金下达文件 / One document of allocation."""
    return AllocationBody.model_validate(AllocationOffice(platform.desk).allocation(allocation_id))


@router.post("", status_code=201, response_model=AllocationBody, responses=responses(400, 413, *_WRITES))
def draft_allocation(body: NewAllocation, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """拟制资金下达文件 / Draft a document of allocation, all claims or none; a finding for each that cannot be in it."""

    def work(keep: Keep) -> None:
        AllocationOffice(platform.desk).draft(
            body.claim_ids,
            number=body.number,
            title=body.title,
            actor=actor,
            at=at,
            also=lambda session, allocation: keep(session, _json(allocation)),
        )

    return once.run(201, work)


@router.post("/{allocation_id}/issue", response_model=AllocationBody, responses=responses(*_WRITES))
def issue_allocation(
    allocation_id: AllocationId, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """签发(拟稿人不得签发)/ Issue a document, as somebody who did not draft it, once every notice in it is over."""

    def work(keep: Keep) -> None:
        AllocationOffice(platform.desk).issue(
            allocation_id, actor=actor, at=at, also=lambda session, allocation: keep(session, _json(allocation))
        )

    return once.run(200, work)


@router.post("/{allocation_id}/clear", response_model=AllocationBody, responses=responses(*_WRITES))
def clear_allocation(
    allocation_id: AllocationId, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """已下达办件转为待兑付 / Make the claims of an issued document payable; those under objection wait."""

    def work(keep: Keep) -> None:
        AllocationOffice(platform.desk).clear(
            allocation_id, actor=actor, at=at, also=lambda session, allocation: keep(session, _json(allocation))
        )

    return once.run(200, work)


@router.post("/{allocation_id}/void", response_model=AllocationBody, responses=responses(400, 413, *_WRITES))
def void_allocation(
    allocation_id: AllocationId, body: DocumentEnd, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """作废(仅限支付前)/ Void a document before anything of it is paid; its claims are payable no more."""

    def work(keep: Keep) -> None:
        AllocationOffice(platform.desk).void(
            allocation_id,
            reason_code=body.reason_code,
            note=body.note,
            actor=actor,
            at=at,
            also=lambda session, allocation: keep(session, _json(allocation)),
        )

    return once.run(200, work)


def _json(allocation: Allocation) -> bytes:
    return AllocationBody.model_validate(allocation).model_dump_json().encode()
