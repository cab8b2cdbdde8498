"""The bank's side of payouts: files handed out, batches called off, returns, questions, and what it has not answered."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from subsidy_api.bodies.payouts import BatchBody, ParkedBody, ReceiptsBody, Resolution, ReturnsBody, UnansweredBody
from subsidy_api.context import Moment, PinnedDep, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.schemas import FindingBody, Id, Page, Refusal
from subsidy_api.security import Officer
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.payment.ageing import LONGEST_SILENCE, unanswered_lines
from subsidy_match.claims.payment.exporters import EXPORTERS
from subsidy_match.claims.payment.receipts import ReceiptReport
from subsidy_match.claims.payment.resolving import ParkedOffice
from subsidy_match.claims.payment.returns import ReturnReport
from subsidy_match.store.unit import in_unit

__all__ = ["BANK_FILE", "Format", "bank_file_name", "content_of", "receipts_body", "router"]

router = APIRouter(prefix="/v1/payouts", tags=["payouts"])
BatchId = Annotated[Id, Path()]
Format = Annotated[Literal["csv", "xlsx"] | None, Query(description="文件格式 / format of the file")]
_WRITES = (401, 403, 404, 409, 422, 503)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_WORKBOOK = EXPORTERS["xlsx"].media_type
BANK_FILE = {"requestBody": {"required": True, "content": {"text/csv": _BINARY, _WORKBOOK: _BINARY}}}
"""What a route that takes a file of the bank says of its body."""


async def content_of(request: Request) -> bytes:
    """The body as it came."""
    return await request.body()


def bank_file_name(content: bytes, stem: str) -> str:
    """What an uploaded file is called in findings."""
    return f"{stem}.{'xlsx' if content.startswith(b'PK') else 'csv'}"


@router.get("/unanswered", response_model=Page[UnansweredBody], responses=responses(401, 403, 422, 503))
def list_unanswered(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    at: Moment,
    longer_than: Annotated[int, Query(ge=0, le=1000, description="工作日 / working days")] = LONGEST_SILENCE,
    limit: Limit = 50,
) -> Page[UnansweredBody]:
    """银行久未答复的支付 / Payments without a definite answer for longer than that, oldest first; no pages follow."""
    on = business_day(at)
    found = in_unit(
        platform.engine,
        lambda session: unanswered_lines(session, platform.calendar, on, longer_than=longer_than),
        immediate=False,
    )
    return Page(items=[UnansweredBody.model_validate(line) for line in found[:limit]], next=None)


@router.get(
    "/{batch_id}/file",
    response_class=Response,
    responses={
        **responses(401, 403, 404, 409, 422, 503),
        200: {
            "description": "支付文件 / the treasury file",
            "content": {known.media_type: {} for known in EXPORTERS.values()},
        },
    },
)
def download(batch_id: BatchId, pinned: PinnedDep, actor: Officer, at: Moment, format: Format = None) -> Response:
    """下载已发送批次的支付文件(含账号,下载留痕)/ The file of a batch that was sent, with account numbers; audited."""
    file = pinned.office().file(batch_id, actor=actor, at=at, format=format)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    return Response(file.content, 200, headers, file.media_type)


@router.post("/{batch_id}/cancel", response_model=BatchBody, responses=responses(400, 413, *_WRITES))
def cancel_batch(
    batch_id: BatchId, body: Refusal, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """撤销已复核未发送的批次 / Call an approved batch off before it is sent: its claims are payable again."""

    def work(keep: Keep) -> None:
        pinned.office().cancel_batch(
            batch_id,
            actor=actor,
            at=at,
            reason_code=body.reason_code,
            note=body.note,
            also=lambda session, batch: keep(session, BatchBody.model_validate(batch).model_dump_json().encode()),
        )

    return once.run(200, work)


@router.post("/returns", response_model=ReturnsBody, responses=responses(413, *_WRITES), openapi_extra=BANK_FILE)
def import_returns(
    content: Annotated[bytes, Depends(content_of)], pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """导入退票文件(CSV 或 XLSX,整份或不导入)/ Take in payments that came back, the whole file or nothing."""

    def work(keep: Keep) -> None:
        name = bank_file_name(content, "returns")
        pinned.office().import_returns(
            content, name=name, actor=actor, at=at, also=lambda session, report: keep(session, _returns(report))
        )

    return once.run(200, work)


@router.post("/{batch_id}/query", response_model=ReceiptsBody, responses=responses(*_WRITES))
def query_batch(batch_id: BatchId, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """向银行查询未答复的支付 / Ask the bank about every payment of a batch that it has not answered."""

    def work(keep: Keep) -> None:
        pinned.office().query_batch(
            batch_id, actor=actor, at=at, also=lambda session, report: keep(session, receipts_body(report))
        )

    return once.run(200, work)


@router.get("/parked", response_model=Page[ParkedBody], responses=responses(401, 403, 422, 503))
def list_parked(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    resolved: Annotated[bool, Query(description="含已处理 / with those dealt with")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ParkedBody]:
    """须人工核对的银行答复 / Returns and results of the bank that were not taken in: a person must look."""
    office = ParkedOffice(platform.desk)
    found = office.answers(after=after_id(cursor), limit=limit + 1, resolved=resolved)
    shown, following = page(found, limit, lambda one: one.id)
    return Page(items=[ParkedBody.model_validate(one) for one in shown], next=following)


@router.post("/parked/{parked_id}/resolve", response_model=ParkedBody, responses=responses(400, 413, *_WRITES))
def resolve_parked(
    parked_id: Annotated[Id, Path()], body: Resolution, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """监督人员写明一条答复如何处理 / A supervisor says what was done about a parked answer."""

    def work(keep: Keep) -> None:
        ParkedOffice(pinned.desk()).resolve(
            parked_id,
            body.note,
            paid=body.paid,
            actor=actor,
            at=at,
            also=lambda session, done: keep(session, ParkedBody.model_validate(done).model_dump_json().encode()),
        )

    return once.run(200, work)


def receipts_body(report: ReceiptReport) -> bytes:
    """What receipts did, as JSON."""
    body = ReceiptsBody(
        settled=report.settled,
        failed=report.failed,
        unknown=report.unknown,
        unchanged=report.unchanged,
        doubts=[FindingBody.model_validate(doubt.to_dict()) for doubt in report.doubts],
    )
    return body.model_dump_json().encode()


def _returns(report: ReturnReport) -> bytes:
    doubts = [FindingBody.model_validate(doubt.to_dict()) for doubt in report.doubts]
    body = ReturnsBody(returned=report.returned, unchanged=report.unchanged, doubts=doubts)
    return body.model_dump_json().encode()
