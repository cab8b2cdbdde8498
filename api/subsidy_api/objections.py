"""Objections to claims in a public notice: by everybody, by departments, and how supervisors decide them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from subsidy_api.bodies.notices import (
    DecisionBody,
    NewDepartmentObjection,
    NewObjection,
    ObjectionBody,
    ObjectionReceipt,
    ObjectorBody,
    ObjectorOf,
)
from subsidy_api.context import Moment, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.notices import NoticeNumber
from subsidy_api.objection_limits import ObjectionLimitsDep, Source
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Id, Page
from subsidy_api.security import Officer
from subsidy_match.claims.official.document_states import ObjectionState
from subsidy_match.claims.official.objection_values import Objection
from subsidy_match.claims.official.objections import ObjectionDesk, Objector
from subsidy_match.store.users import PUBLIC

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["notices"])
ObjectionId = Annotated[Id, Path()]
_WRITES = (400, 401, 403, 404, 409, 413, 422, 503)


@router.post(
    "/notices/{number}/objections",
    status_code=201,
    response_model=ObjectionReceipt,
    responses=responses(400, 404, 409, 413, 422, 429, 503),
)
def object_publicly(
    number: NoticeNumber,
    body: NewObjection,
    platform: PlatformDep,
    at: Moment,
    limits: ObjectionLimitsDep,
    source: Source,
) -> ObjectionReceipt:
    """公众对公示提出异议(实名,无须登录)/ Object to a claim in a notice, by name; needs no login.

    同一来源或同一公示短时间内过多的,返回 429 和 `Retry-After` / too many from one source or to one notice within an hour are
    refused with 429 and `Retry-After`.
    """
    limits.take(source, number.strip(), at)
    objection = ObjectionDesk(platform.desk).file(
        number, body.claim_no, evidence=body.evidence, objector=_objector(body.objector), actor=PUBLIC, at=at
    )
    return _receipt(objection, body.claim_no)


@router.post(
    "/notices/{number}/objections/by-department",
    status_code=201,
    response_model=ObjectionBody,
    responses=responses(*_WRITES),
)
def object_as_department(
    number: NoticeNumber,
    body: NewDepartmentObjection,
    platform: PlatformDep,
    actor: Officer,
    at: Moment,
    once: OnceDep,
) -> Response:
    """部门提出异议,或登记书面异议 / Object for one's department, or record an objection that came on paper."""

    def work(keep: Keep) -> None:
        ObjectionDesk(platform.desk).file(
            number,
            body.claim_no,
            evidence=body.evidence,
            objector=None if body.objector is None else _objector(body.objector),
            actor=actor,
            at=at,
            also=lambda session, objection: keep(session, _json(objection)),
        )

    return once.run(201, work)


@router.get("/objections", response_model=Page[ObjectionBody], responses=responses(401, 403, 422, 503))
def list_objections(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    claim_id: Annotated[Id | None, Query()] = None,
    state: Annotated[ObjectionState | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ObjectionBody]:
    """异议列表(不含异议人)/ Objections in the order of their ids, without whoever made them."""
    found = ObjectionDesk(platform.desk).objections(
        claim_id=claim_id, state=state, after=after_id(cursor), limit=limit + 1
    )
    shown, after_this = page(found, limit, lambda objection: objection.id)
    return Page(items=[ObjectionBody.model_validate(objection) for objection in shown], next=after_this)


@router.get("/objections/{objection_id}", response_model=ObjectionBody, responses=responses(401, 403, 404, 422, 503))
def show_objection(objection_id: ObjectionId, platform: PlatformDep, officer: Officer) -> ObjectionBody:  # noqa: ARG001  # see above
    """一项异议 / One objection."""
    return ObjectionBody.model_validate(ObjectionDesk(platform.desk).objection(objection_id))


@router.get(
    "/objections/{objection_id}/objector", response_model=ObjectorOf, responses=responses(401, 403, 404, 422, 503)
)
def show_objector(objection_id: ObjectionId, platform: PlatformDep, actor: Officer, at: Moment) -> ObjectorOf:
    """异议人(查看留痕)/ Who objected, for those who must answer; that they looked is written down."""
    found = ObjectionDesk(platform.desk).objector(objection_id, actor=actor, at=at)
    return ObjectorOf(objector=None if found is None else ObjectorBody(name=found.name, contact=found.contact))


@router.post("/objections/{objection_id}/decide", response_model=ObjectionBody, responses=responses(*_WRITES))
def decide_objection(
    objection_id: ObjectionId, body: DecisionBody, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """处理异议:不成立、重新核查或撤销 / Decide: dismiss, uphold (back to review) or revoke; by somebody new to the claim."""
    desk = ObjectionDesk(platform.desk)
    act = {"dismiss": desk.dismiss, "uphold": desk.uphold, "revoke": desk.revoke}[body.decision]

    def work(keep: Keep) -> None:
        act(
            objection_id,
            reason_code=body.reason_code,
            answer=body.answer,
            actor=actor,
            at=at,
            also=lambda session, objection: keep(session, _json(objection)),
        )

    return once.run(200, work)


def _objector(body: ObjectorBody) -> Objector:
    return Objector(body.name, body.contact)


def _receipt(objection: Objection, claim_no: str) -> ObjectionReceipt:
    return ObjectionReceipt(
        id=objection.id,
        claim_no=claim_no,
        state=objection.state,
        state_zh=objection.state_zh,
        state_en=objection.state_en,
        filed_at=objection.filed_at,
    )


def _json(objection: Objection) -> bytes:
    return ObjectionBody.model_validate(objection).model_dump_json().encode()
