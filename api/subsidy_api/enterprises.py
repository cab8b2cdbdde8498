"""Enterprise documents, matches, notices and bank accounts, each for those who may see the firm."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from subsidy_api.bodies.accounts import AccountBody
from subsidy_api.bodies.enterprises import FirmBody, NoticeBody
from subsidy_api.context import Moment, PinnedDep, PlatformDep, Today
from subsidy_api.documents import firm_body
from subsidy_api.eligibility import firm_overview, firm_report
from subsidy_api.explanations import AsOf, OverviewBody, ReportBody
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.noting import Noting
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.plain import PlainResponse
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Id, Lang, Line, NewAccount, Page, Uscc
from subsidy_api.security import Caller, Officer, check_sees_firm
from subsidy_match.claims.accounts import Account
from subsidy_match.matching.overview import overview_report
from subsidy_match.push.notices import notices_of
from subsidy_match.store.users import Actor

__all__ = ["accounts", "router"]

router = APIRouter(prefix="/v1/enterprises", tags=["enterprises"])
accounts = APIRouter(prefix="/v1/accounts", tags=["enterprises"])
Firm = Annotated[Uscc, Path()]


class FirmFound(Body):
    """A firm that a search found."""

    uscc: str
    name: str


class Found(Body):
    """What a search found, best first; there is no next page: search for more of the name instead."""

    items: list[FirmFound]


@router.get("", response_model=Found, responses=responses(401, 403, 422, 503))
def search_enterprises(
    pinned: PinnedDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    q: Annotated[Line, Query(description="名称或代码的一部分 / part of a name or code")],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Found:
    """按名称或代码查找企业(限经办人员)/ Find firms by part of a name or code; for officers."""
    found = pinned.snapshot().search(q, limit)
    return Found(items=[FirmFound(uscc=uscc, name=name) for uscc, name in found])


@router.get("/{uscc}", response_model=FirmBody, responses=responses(401, 403, 404, 422, 503))
def show_enterprise(uscc: Firm, pinned: PinnedDep, actor: Caller, note: Noting) -> FirmBody:
    """一企一档:每个值附来源和日期 / What is known of a firm, each value with its source and date."""
    check_sees_firm(actor, uscc)
    snapshot = pinned.snapshot()
    note("enterprise", f"enterprise:{uscc}")  # its lists name persons
    return firm_body(snapshot.enterprise(uscc), pinned.policies().catalogue, snapshot.id)


@router.get("/{uscc}/matches", response_model=ReportBody, responses=responses(401, 403, 404, 422, 503))
def list_matches(
    uscc: Firm,
    platform: PlatformDep,
    pinned: PinnedDep,
    today: Today,
    actor: Caller,
    as_of: Annotated[AsOf | None, Query()] = None,
    lang: Lang = "zh",
) -> PlainResponse:
    """该企业与全部有效政策的匹配,逐条说明 / All matches of a firm, with every reason, best news first.

    With many policies this is long and takes long; `…/overview` has the same a page at a time.
    """
    check_sees_firm(actor, uscc)
    day: date = as_of or today
    return PlainResponse(firm_report(platform, pinned, uscc, day, lang=lang))


@router.get("/{uscc}/overview", response_model=OverviewBody, responses=responses(401, 403, 404, 422, 503))
def overview(
    uscc: Firm,
    platform: PlatformDep,
    pinned: PinnedDep,
    today: Today,
    actor: Caller,
    as_of: Annotated[AsOf | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
    lang: Lang = "zh",
) -> PlainResponse:
    """全部政策的结论和金额,逐页说明理由 / Verdicts and amounts of all policies, with the reasons of one page.

    The order is that of `…/matches`: eligible, to confirm, unknown, ineligible; within these the greatest possible amount
    first, then by policy id. The pages together are the full report. Where policies, data, payments or the day are others
    than on the page before, the cursor is refused as `cursor_outdated`: begin again.
    """
    check_sees_firm(actor, uscc)
    found = firm_overview(platform, pinned, uscc, as_of or today)
    return PlainResponse(overview_report(found, uscc=uscc, cursor=cursor, limit=limit, lang=lang))


@router.get("/{uscc}/notices", response_model=Page[NoticeBody], responses=responses(401, 403, 404, 422, 503))
def list_notices(
    uscc: Firm, platform: PlatformDep, actor: Caller, cursor: Cursor = None, limit: Limit = 50
) -> Page[NoticeBody]:
    """推送给该企业的通知,由旧到新 / The notices to a firm, oldest first."""
    check_sees_firm(actor, uscc)
    found = notices_of(platform.engine, uscc, after=after_id(cursor), limit=limit + 1)
    shown, after_this = page(found, limit, lambda notice: notice.id)
    return Page(items=[NoticeBody.model_validate(notice) for notice in shown], next=after_this)


@router.get("/{uscc}/accounts", response_model=list[AccountBody], responses=responses(401, 403, 404, 422, 503))
def list_accounts(uscc: Firm, platform: PlatformDep, actor: Caller, note: Noting) -> list[AccountBody]:
    """该企业的收款账户,不含账号 / The bank accounts of a firm, newest first, without their numbers."""
    check_sees_firm(actor, uscc)
    note("accounts", f"enterprise:{uscc}")
    return [_shown(account, actor) for account in platform.desk.accounts(uscc)]


@router.post(
    "/{uscc}/accounts",
    status_code=201,
    response_model=AccountBody,
    responses=responses(400, 401, 403, 404, 409, 413, 422, 503),
)
def register_account(
    uscc: Firm, body: NewAccount, platform: PlatformDep, actor: Caller, at: Moment, once: OnceDep
) -> Response:
    """登记收款账户,须由第二人核验 / Enter a bank account; a second person must verify it before money is paid to it."""

    def work(keep: Keep) -> None:
        platform.desk.register_account(
            uscc=uscc,
            holder=body.holder,
            bank_name=body.bank_name,
            number=body.number,
            actor=actor,
            at=at,
            also=lambda session, account: keep(session, _json(account, actor)),
        )

    return once.run(201, work)


@accounts.post("/{account_id}/verify", response_model=AccountBody, responses=responses(401, 403, 404, 409, 422, 503))
def verify_account(
    account_id: Annotated[Id, Path()], platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """核验收款账户(登记人不得核验)/ Verify a bank account as a second person."""

    def work(keep: Keep) -> None:
        platform.desk.verify_account(
            account_id, actor=actor, at=at, also=lambda session, account: keep(session, _json(account, actor))
        )

    return once.run(200, work)


def _json(account: Account, viewer: Actor) -> bytes:
    return _shown(account, viewer).model_dump_json().encode()


def _shown(account: Account, viewer: Actor) -> AccountBody:
    body = AccountBody.model_validate(account)
    if not viewer.is_outsider:
        return body
    own = account.entered_by if account.entered_by == viewer.id else None
    return body.model_copy(update={"entered_by": own, "verified_by": None})
