"""Payout batches: made, checked by another person, sent to the treasury, settled by its receipts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from subsidy_api.bodies.payouts import BatchBody, ReceiptsBody
from subsidy_api.context import Moment, PinnedDep, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.paging import Cursor, Limit, after_id, page
from subsidy_api.problems import responses
from subsidy_api.reconciling import BANK_FILE, Format, bank_file_name, content_of, receipts_body
from subsidy_api.schemas import Id, NewBatch, Page, Refusal
from subsidy_api.security import Officer
from subsidy_match.claims.payment.batches import Batch
from subsidy_match.claims.payment.statements import parse_receipts
from subsidy_match.claims.refusals import audited
from subsidy_match.errors import Finding, InputError

__all__ = ["router"]

router = APIRouter(prefix="/v1/payouts", tags=["payouts"])
BatchId = Annotated[Id, Path()]
_RECEIPTS = "receipts"
_WRITES = (401, 403, 404, 409, 422, 503)


@router.get("", response_model=Page[BatchBody], responses=responses(401, 403, 422, 503))
def list_batches(
    pinned: PinnedDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[BatchBody]:
    """支付批次 / Payout batches in the order of their ids."""
    found = pinned.office().batches(after=after_id(cursor), limit=limit + 1)
    shown, after_this = page(found, limit, lambda batch: batch.id)
    return Page(items=[BatchBody.model_validate(batch) for batch in shown], next=after_this)


@router.get("/{batch_id}", response_model=BatchBody, responses=responses(401, 403, 404, 422, 503))
def show_batch(batch_id: BatchId, pinned: PinnedDep, officer: Officer) -> BatchBody:  # noqa: ARG001  # see above
    """一个支付批次及其明细 / One batch with its lines."""
    return BatchBody.model_validate(pinned.office().batch(batch_id))


@router.post("", status_code=201, response_model=BatchBody, responses=responses(400, 413, *_WRITES))
def create_batch(body: NewBatch, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """制单:全部办件都可支付才成批 / Make a batch of payable claims, all or none; a finding for each that is not."""

    def work(keep: Keep) -> None:
        pinned.office().create_batch(
            body.claim_ids, actor=actor, at=at, also=lambda session, batch: keep(session, _json(batch))
        )

    return once.run(201, work)


@router.post("/{batch_id}/approve", response_model=BatchBody, responses=responses(*_WRITES))
def approve_batch(batch_id: BatchId, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """复核批次(制单人不得复核)/ Approve a batch as checker, who did nothing else on any of its claims."""

    def work(keep: Keep) -> None:
        pinned.office().approve_batch(
            batch_id, actor=actor, at=at, also=lambda session, batch: keep(session, _json(batch))
        )

    return once.run(200, work)


@router.post("/{batch_id}/refuse", response_model=BatchBody, responses=responses(400, 413, *_WRITES))
def refuse_batch(
    batch_id: BatchId, body: Refusal, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """退回批次,办件回到待兑付 / Send a batch back before anything was sent: its claims are payable again."""

    def work(keep: Keep) -> None:
        pinned.office().refuse_batch(
            batch_id,
            actor=actor,
            at=at,
            reason_code=body.reason_code,
            note=body.note,
            also=lambda session, batch: keep(session, _json(batch)),
        )

    return once.run(200, work)


@router.post("/{batch_id}/send", response_model=BatchBody, responses=responses(*_WRITES))
def send_batch(
    batch_id: BatchId, pinned: PinnedDep, actor: Officer, at: Moment, once: OnceDep, format: Format = None
) -> Response:
    """生成国库支付文件;重发是同一文件 / Write the treasury file; again is the same file with the same instructions."""

    def work(keep: Keep) -> None:
        pinned.office().send_batch(
            batch_id, actor=actor, at=at, format=format, also=lambda session, batch: keep(session, _json(batch))
        )

    return once.run(200, work)


@router.post(
    "/{batch_id}/receipts",
    response_model=ReceiptsBody,
    responses=responses(413, *_WRITES),
    openapi_extra=BANK_FILE,
)
def import_receipts(
    batch_id: BatchId,
    content: Annotated[bytes, Depends(content_of)],
    pinned: PinnedDep,
    platform: PlatformDep,
    actor: Officer,
    at: Moment,
    once: OnceDep,
) -> Response:
    """导入回单(CSV 或 XLSX,整份或不导入)/ Take in the bank's receipts of this batch, the whole file or nothing."""
    office = pinned.office()

    def work(keep: Keep) -> None:
        number = office.batch(batch_id).number
        audited(
            platform.engine,
            f"payout:{batch_id}",
            "receipts",
            actor=actor,
            at=at,
            work=lambda: _check_of_batch(content, number),
        )
        office.import_receipts(
            content,
            name=bank_file_name(content, _RECEIPTS),
            actor=actor,
            at=at,
            also=lambda session, report: keep(session, receipts_body(report)),
        )

    return once.run(200, work)


def _check_of_batch(content: bytes, number: str) -> None:
    strangers = [
        r
        for r in parse_receipts(content, name=bank_file_name(content, _RECEIPTS))
        if r.instruction.rpartition("-")[0] != number
    ]
    if strangers:
        zh, en = "不是本批次的支付令", "not an instruction of this batch"
        findings = [
            Finding("receipt_of_other_batch", f"{r.instruction}:{zh}", f"{r.instruction}: {en}", r.at)
            for r in strangers
        ]
        raise InputError("receipts_invalid", "回单有误,未导入", "the receipts do not fit", findings=findings)


def _json(batch: Batch) -> bytes:
    return BatchBody.model_validate(batch).model_dump_json().encode()
