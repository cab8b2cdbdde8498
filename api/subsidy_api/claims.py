"""Claims: drafting, reading, and the events that move them, each version an ETag."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from subsidy_api.bodies.claims import ClaimBody, EventBody, StepBody
from subsidy_api.claim_bodies import claim_body, event_table, shown_claim, step_body, told_in_full
from subsidy_api.context import Moment, Pinned, PinnedDep, PlatformDep, Today
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.noting import Noting
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Id, Line, NewClaim, NewEvent, Page
from subsidy_api.security import Caller, check_asks_for, is_outsider
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.reading import ClaimFilter
from subsidy_match.claims.refusals import Forbidden, audited, record_refusals
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import EVENT_NAMES, Event, State
from subsidy_match.claims.transition import Door
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["fire", "router"]

router = APIRouter(prefix="/v1/claims", tags=["claims"])
ClaimId = Annotated[Id, Path()]
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})(?:-[0-9a-f]{16})?"')  # of an answer to a write or, with a mark, to a read
_ETAG_HEADER = {"ETag": {"description": "办件版本 / version of the claim", "schema": {"type": "string"}}}
IfMatch = Annotated[
    str | None, Header(max_length=100, description='只在版本相符时办理 / only if the version is still this: `"3"`')
]

IfNoneMatch = Annotated[
    str | None,
    Header(
        max_length=1000,
        description="已有的版本;未变时答 304(计时中的办件逐日变化,总是全文)/ versions at hand: 304 where nothing moved; "
        "the clock of a claim on its way moves with the day, so that such a claim is always told in full",
    ),
]


@router.post(
    "",
    status_code=201,
    response_model=ClaimBody,
    responses={201: {"headers": _ETAG_HEADER}, **responses(400, 401, 403, 404, 409, 413, 422, 503)},
)
def draft_claim(body: NewClaim, pinned: PinnedDep, actor: Caller, at: Moment, today: Today, once: OnceDep) -> Response:
    """填报:为一家企业、一项政策、一个年度(及标的)建立办件 / Draft a claim for a firm, a policy, a period and a subject."""
    desk = pinned.desk()

    def work(keep: Keep) -> None:
        _check_may_draft(pinned, actor, body, at, today)
        desk.create_draft(
            uscc=body.uscc,
            policy_id=body.policy_id,
            period=body.period,
            subject=body.subject,
            reason=body.reason,
            actor=actor,
            at=at,
            also=lambda session, claim: keep(session, claim_body(session, claim, desk.calendar, today, actor)),
        )

    answer = _with_etag(once.run(201, work))
    answer.headers["Location"] = f"/v1/claims/{_told(answer)['id']}"
    return answer


@router.get("", response_model=Page[ClaimBody], responses=responses(401, 403, 422, 503))
def list_claims(
    platform: PlatformDep,
    actor: Caller,
    today: Today,
    state: Annotated[list[State] | None, Query(description="可多选 / may be repeated")] = None,
    uscc: Annotated[Line | None, Query()] = None,
    policy_id: Annotated[Line | None, Query()] = None,
    period: Annotated[Line | None, Query()] = None,
    assignee: Annotated[Line | None, Query()] = None,
    filer: Annotated[Line | None, Query()] = None,
    fund_id: Annotated[Line | None, Query()] = None,
    waiting: Annotated[bool | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ClaimBody]:
    """办件列表,企业只见本企业的 / Claims in the order of their ids; a firm sees its own."""
    check_asks_for(actor, assignee)
    wanted = ClaimFilter(
        states=tuple(state or ()),
        uscc=uscc,
        policy_id=policy_id,
        period=period,
        assignee=assignee,
        filer=filer,
        fund_id=fund_id,
        is_waiting=waiting,
        after=after_id(cursor),
        limit=limit + 1,
    )
    desk = platform.desk
    found = desk.list_with_clocks(wanted, on=today, viewer=actor)
    shown, after_this = page(found, limit, lambda entry: entry[0].id)
    counted = {} if is_outsider(actor) else desk.count_risks([claim.id for claim, _, _ in shown])
    items = [shown_claim(c, clock, actor, stage, open_risks=counted.get(c.id)) for c, clock, stage in shown]
    return Page(items=items, next=after_this)


@router.get(
    "/{claim_id}",
    response_model=ClaimBody,
    responses={
        200: {"headers": _ETAG_HEADER},
        304: {"description": "未变 / unchanged", "headers": _ETAG_HEADER},
        **responses(401, 404, 422, 503),
    },
)
def show_claim(
    claim_id: ClaimId,
    platform: PlatformDep,
    actor: Caller,
    today: Today,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> ClaimBody | Response:
    """一个办件 / One claim."""
    claim = platform.desk.claim(claim_id, viewer=actor)
    counted = {} if is_outsider(actor) else platform.desk.count_risks([claim.id])
    body = _body(platform.desk, claim, today, actor, counted.get(claim.id))
    told = in_unit(platform.engine, lambda session: told_in_full(session, body, actor), immediate=False)
    headers = {"ETag": _read_tag(told), "Vary": "Authorization"}
    if _is_known(if_none_match, claim, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return told


@router.get("/{claim_id}/timeline", response_model=list[StepBody], responses=responses(401, 404, 422, 503))
def show_timeline(claim_id: ClaimId, platform: PlatformDep, actor: Caller) -> list[StepBody]:
    """办理过程,由旧到新 / Every step of a claim, oldest first."""
    return [step_body(step, actor) for step in platform.desk.timeline(claim_id, viewer=actor)]


@router.get("/{claim_id}/events", response_model=list[EventBody], responses=responses(401, 404, 422, 503))
def list_events(claim_id: ClaimId, platform: PlatformDep, actor: Caller, today: Today) -> list[EventBody]:
    """当前用户此刻可办理的事件 / The events that the caller could fire now, by state, role and duties."""
    return [
        EventBody(
            event=row.event,
            zh=EVENT_NAMES[row.event][0],
            en=EVENT_NAMES[row.event][1],
            target=row.target,
            needs=list(row.needs),
            takes=list(row.takes),
        )
        for row in platform.desk.possible_events(claim_id, actor=actor, on=today)
        if row.door is Door.DESK
    ]


@router.post(
    "/{claim_id}/events",
    response_model=ClaimBody,
    description=event_table(),
    responses={200: {"headers": _ETAG_HEADER}, **responses(400, 401, 403, 404, 409, 412, 413, 422, 503)},
)
def fire_event(
    claim_id: ClaimId,
    body: NewEvent,
    pinned: PinnedDep,
    actor: Caller,
    at: Moment,
    today: Today,
    once: OnceDep,
    if_match: IfMatch = None,
) -> Response:
    """办理一个事件 / Let something happen to a claim."""
    desk, version = pinned.desk(), _version(if_match)

    return _with_etag(once.run(200, lambda keep: fire(desk, claim_id, body, version, actor, at, today, keep)))


def fire(
    desk: ClaimDesk,
    claim_id: int,
    body: NewEvent,
    version: int | None,
    actor: Actor,
    at: datetime,
    today: date,
    keep: Keep,
) -> None:
    """Let an event happen to a claim that the caller may see, and keep the body of the answer with it."""
    _check_sees(desk, claim_id, body.event, actor, at)
    desk.fire(
        claim_id,
        body.event,
        actor=actor,
        at=at,
        payload=body.payload,
        expected_version=version,
        also=lambda session, claim: keep(session, claim_body(session, claim, desk.calendar, today, actor)),
    )


@router.get(
    "/{claim_id}/evidence/{version}",
    response_class=Response,
    responses={
        200: {"description": "提交或审批时留存的依据,原样 / the pinned bytes", "content": {"application/json": {}}},
        **responses(401, 404, 422, 503),
    },
)
def show_evidence(
    claim_id: ClaimId,
    version: Annotated[int, Path(ge=1, le=2**31 - 1)],
    platform: PlatformDep,
    actor: Caller,
    note: Noting,
) -> Response:
    """提交或审批时的依据:条文、参数、读到的每个值、逐条说明 / What the claim rested on when it got this version."""
    content = platform.desk.evidence(claim_id, version, viewer=actor)
    note("evidence", f"claim:{claim_id}")
    return Response(content, media_type="application/json")


def _check_may_draft(pinned: Pinned, actor: Actor, body: NewClaim, at: datetime, today: date) -> None:
    """Refuse what the desk cannot know: another firm before anything is looked up, and a policy that is not open."""

    def check() -> None:
        if not actor.may_file_for(body.uscc):
            raise Forbidden("not_your_firm", "无权代表该企业办理", "you may not act for this firm")
        policies = pinned.policies()
        versions = [policy for policy in policies.policies if policy.id == body.policy_id]
        if not versions:
            policies.get(body.policy_id, today)  # says which
        if not any(policy.is_open(today) for policy in versions):
            last = max(versions, key=lambda policy: policy.start)
            window = last.window or (last.start, last.end)
            hint = f"{window[0]} – {window[1]}"
            raise Conflict("policy_not_open", "该政策不在申报期内", "the policy is not open for claims", hint=hint)

    engine = pinned.platform.engine
    audited(engine, f"enterprise:{body.uscc}", str(Event.DRAFT), actor=actor, at=at, work=check)


def _check_sees(desk: ClaimDesk, claim_id: int, event: str, actor: Actor, at: datetime) -> None:
    """Another firm's claim does not exist for an outsider; that they tried is written down."""
    if not is_outsider(actor):
        return
    uscc = desk.claim(claim_id).uscc
    if not actor.may_file_for(uscc):
        refusal = Forbidden("not_your_firm", "无权代表该企业办理", "you may not act for this firm")
        record_refusals(desk.engine, {f"claim:{claim_id}": refusal}, event, actor=actor, at=at)
        raise NotFound("claim_unknown", f"办件不存在:{claim_id}", f"no claim {claim_id}")


def _body(desk: ClaimDesk, claim: Claim, today: date, actor: Actor, open_risks: int | None) -> ClaimBody:
    clock, stage = desk.clocks(claim.id, on=today)
    return shown_claim(claim, clock, actor, stage, open_risks=open_risks)


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise InputError("if_match_invalid", "If-Match 应为一个版本号", 'If-Match takes one version, such as "3"')
    return int(found[1])


def _read_tag(told: ClaimBody) -> str:
    """The version and a mark of all that is told: risks, names and days move without a step of the claim."""
    return f'"{told.version}-{hashlib.sha256(told.model_dump_json().encode()).hexdigest()[:16]}"'


def _is_known(if_none_match: str | None, claim: Claim, etag: str) -> bool:
    is_ticking = claim.accepted_on is not None and claim.ended_on is None
    if if_none_match is None or is_ticking:
        return False
    return any(tag.strip().removeprefix("W/") in ("*", etag) for tag in if_none_match.split(","))


def _with_etag(answer: Response) -> Response:
    answer.headers["ETag"] = f'"{_told(answer)["version"]}"'
    return answer


def _told(answer: Response) -> dict[str, Any]:
    """What an answer to a write says, the one given now or the one that its key had: read as it is, it was checked before."""
    told: dict[str, Any] = json.loads(bytes(answer.body))
    return told
