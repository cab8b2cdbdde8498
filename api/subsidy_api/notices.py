"""Public notices: made by officers, read by everybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from subsidy_api.bodies.notices import DocumentEnd, NewNotice, NoticeBody, NoticeListBody
from subsidy_api.context import Moment, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import Id, Page
from subsidy_api.security import Officer
from subsidy_match.claims.official.notice_files import notice_csv, notice_text, notice_xlsx
from subsidy_match.claims.official.notice_list import read_list
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.claims.official.public_notices import Contact, PublicNotice

__all__ = ["NoticeNumber", "router"]

router = APIRouter(prefix="/v1/notices", tags=["notices"])
NoticeId = Annotated[Id, Path()]
NoticeNumber = Annotated[str, Path(min_length=1, max_length=80, description="公示编号 / number of the notice")]
_WRITES = (401, 403, 404, 409, 422, 503)
_READS = (404, 422, 503)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file(kind: str, about: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": about, "content": {kind: {}}}, **responses(*_READS)}


@router.get("", response_model=Page[NoticeBody], responses=responses(401, 403, 422, 503))
def list_notices(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[NoticeBody]:
    """公示列表 / Notices in the order of their ids, drafts included."""
    found = NoticeOffice(platform.desk).notices(after=after_id(cursor), limit=limit + 1)
    shown, after_this = page(found, limit, lambda notice: notice.id)
    return Page(items=[NoticeBody.model_validate(notice) for notice in shown], next=after_this)


@router.post("", status_code=201, response_model=NoticeBody, responses=responses(400, 413, *_WRITES))
def draft_notice(body: NewNotice, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """拟制公示:全部办件都可公示才成文 / Draft a notice of approved claims, all or none; a finding for each that is not."""
    contact = Contact(body.contact.department, body.contact.phone, body.contact.email)

    def work(keep: Keep) -> None:
        NoticeOffice(platform.desk).draft(
            body.claim_ids,
            number=body.number,
            title=body.title,
            contact=contact,
            actor=actor,
            at=at,
            also=lambda session, notice: keep(session, _json(notice)),
        )

    return once.run(201, work)


@router.get("/{number}", response_model=NoticeListBody, responses=responses(*_READS))
def show_list(number: NoticeNumber, platform: PlatformDep) -> NoticeListBody:
    """公示名单(无须登录,已脱敏)/ A published notice, masked; needs no login."""
    return NoticeListBody.model_validate(read_list(platform.engine, number))


@router.get("/{number}/text", response_class=Response, responses=_file("text/plain", "公示全文 / the notice to print"))
def show_text(number: NoticeNumber, platform: PlatformDep) -> Response:
    """公示全文,可打印 / The notice as plain text to print."""
    return Response(notice_text(read_list(platform.engine, number)), media_type="text/plain; charset=utf-8")


@router.get("/{number}/csv", response_class=Response, responses=_file("text/csv", "公示名单 / the list"))
def show_csv(number: NoticeNumber, platform: PlatformDep) -> Response:
    """公示名单 CSV / The list as CSV."""
    return Response(notice_csv(read_list(platform.engine, number)), media_type="text/csv; charset=utf-8")


@router.get("/{number}/xlsx", response_class=Response, responses=_file(_XLSX, "公示名单 / the list"))
def show_xlsx(number: NoticeNumber, platform: PlatformDep) -> Response:
    """公示名单 XLSX / The list as a workbook."""
    return Response(notice_xlsx(read_list(platform.engine, number)), media_type=_XLSX)


@router.get("/{notice_id}/record", response_model=NoticeBody, responses=responses(401, 403, 404, 422, 503))
def show_record(notice_id: NoticeId, platform: PlatformDep, officer: Officer) -> NoticeBody:  # noqa: ARG001  # see above
    """一份公示的办理记录 / One notice for officers, also as a draft or withdrawn."""
    return NoticeBody.model_validate(NoticeOffice(platform.desk).notice(notice_id))


@router.post("/{notice_id}/publish", response_model=NoticeBody, responses=responses(*_WRITES))
def publish_notice(notice_id: NoticeId, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """发布公示,其中办件一并进入公示 / Publish a notice; all of its claims are in public notice from today."""

    def work(keep: Keep) -> None:
        NoticeOffice(platform.desk).publish(
            notice_id, actor=actor, at=at, also=lambda session, notice: keep(session, _json(notice))
        )

    return once.run(200, work)


@router.post("/{notice_id}/close", response_model=NoticeBody, responses=responses(*_WRITES))
def close_notice(notice_id: NoticeId, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """公示期满后结束公示 / Close a notice whose days are over; nobody can object any more."""

    def work(keep: Keep) -> None:
        NoticeOffice(platform.desk).close(
            notice_id, actor=actor, at=at, also=lambda session, notice: keep(session, _json(notice))
        )

    return once.run(200, work)


@router.post("/{notice_id}/withdraw", response_model=NoticeBody, responses=responses(400, 413, *_WRITES))
def withdraw_notice(
    notice_id: NoticeId, body: DocumentEnd, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """撤下有误的公示,办件回到已审批 / Withdraw a notice that is wrong; its claims are approved again."""

    def work(keep: Keep) -> None:
        NoticeOffice(platform.desk).withdraw(
            notice_id,
            reason_code=body.reason_code,
            note=body.note,
            actor=actor,
            at=at,
            also=lambda session, notice: keep(session, _json(notice)),
        )

    return once.run(200, work)


def _json(notice: PublicNotice) -> bytes:
    return NoticeBody.model_validate(notice).model_dump_json().encode()
