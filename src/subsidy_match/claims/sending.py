"""Writes the treasury file: the one place where account numbers are opened."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from subsidy_match.claims.batches import advance_line, lines_of, locked_batch
from subsidy_match.claims.clock import TOLERANCE, check_order
from subsidy_match.claims.funds import Fund, fund
from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.payment_states import BatchState, LineEvent, LineState
from subsidy_match.claims.payment_steps import refuse_batch
from subsidy_match.claims.payout_records import BatchRow, LineRow
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.treasury import Payment, write_treasury_file, yuan
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.store import audit
from subsidy_match.store.sealing import Sealer
from subsidy_match.store.users import Actor

__all__ = ["mark_sending", "mark_sent", "treasury_bytes", "write_once"]

_NOT_OUT = (BatchState.APPROVED, BatchState.SENDING)
_SENDABLE = (BatchState.APPROVED, BatchState.SENDING, BatchState.SENT, BatchState.CLOSED)


def treasury_bytes(session: Session, sealer: Sealer, batch_id: int) -> tuple[str, bytes]:
    """Give the number of a batch and the bytes of its treasury file, always the same for the same batch.

    Raises:
        NotFound: ``batch_unknown``.
        Conflict: ``payee_mismatch``, an account is not the claiming firm's.
    """
    batch = session.get(BatchRow, batch_id)
    if batch is None:
        raise NotFound("batch_unknown", f"支付批次不存在:{batch_id}", f"no payout batch {batch_id}")
    payments = [_payment(session, sealer, line) for line in lines_of(session, batch_id)]
    return batch.number, write_treasury_file(batch.number, payments)


def mark_sending(
    session: Session, batch_id: int, content: bytes, *, actor: Actor, at: datetime, tolerance: timedelta = TOLERANCE
) -> None:
    """Record the intent to send exactly ``content``; from here on a line may have been paid.

    Raises:
        BatchRefused: ``batch_refused``, with a finding for every claim that was put on hold since the approval.
        Conflict: ``batch_state``, ``file_differs``, ``clock_skew``.
    """
    batch = locked_batch(session, batch_id, *_SENDABLE)
    at = check_order(at, batch.checked_at, tolerance)
    if batch.state in _NOT_OUT:
        _check_not_held(session, batch_id)
    digest = hashlib.sha256(content).hexdigest()
    if batch.state != BatchState.APPROVED:
        if batch.file_sha256 != digest:
            raise Conflict("file_differs", "与原发送文件不一致", "not the file that was sent before")
        return
    batch.state, batch.file_sha256 = str(BatchState.SENDING), digest
    for line in lines_of(session, batch_id):
        advance_line(line, LineEvent.SEND)
    _record(session, batch, "sending", actor, at)


def mark_sent(session: Session, batch_id: int, *, actor: Actor, at: datetime) -> None:
    """Record that the file is out; nothing where that is recorded already."""
    batch = locked_batch(session, batch_id, *_SENDABLE)
    if batch.state != BatchState.SENDING:
        return
    batch.state, batch.sent_at = str(BatchState.SENT), max(at, batch.checked_at or at)
    _record(session, batch, "send", actor, at)


def write_once(folder: Path, number: str, content: bytes) -> Path:
    """Write the file readable by its owner alone, whole or not at all, and flushed to the disk."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, draft = folder / f"{number}.csv", folder / f".{number}.{os.getpid()}.tmp"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _flush_folder(folder)
    return path


def _flush_folder(folder: Path) -> None:
    # The new name is on the disk only once the folder is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_not_held(session: Session, batch_id: int) -> None:
    claims = sorted(line.claim_id for line in lines_of(session, batch_id))
    held = [claim_id for claim_id in claims if locked_row(session, claim_id).held]
    why = Conflict("claim_held", "该件已暂缓办理", "the claim is on hold")
    refuse_batch({claim_id: why for claim_id in held})


def _payment(session: Session, sealer: Sealer, line: LineRow) -> Payment:
    claim, account = session.get_one(ClaimRow, line.claim_id), session.get_one(AccountRow, line.account_id)
    if account.uscc != claim.uscc:
        raise Conflict("payee_mismatch", "收款账户与申报企业不一致", "the account is not the claiming firm's")
    funds, parts = _funding(session, line)
    return Payment(
        instruction=line.instruction,
        holder=account.holder,
        bank_name=account.bank_name,
        number=sealer.open(account.sealed, context=account.uscc),
        amount=line.amount,
        indicator_no=_joined([f.indicator_no for f in funds], parts),
        function_code=_joined([f.function_code for f in funds], parts),
        spending_plan=_joined([f.spending_plan for f in funds], parts),
        purpose=claim.policy_zh,
        claim_no=claim.claim_no,
    )


def _funding(session: Session, line: LineRow) -> tuple[list[Fund], list[int]]:
    # Paid parts count as well, so that a file written again after settlement is the same file.
    shares = [share for share in shares_of(session, line.claim_id) if share.committed + share.paid]
    return [fund(session, share.fund_id) for share in shares], [share.committed + share.paid for share in shares]


def _joined(values: list[str], parts: list[int]) -> str:
    if len(values) == 1:
        return values[0]
    return ";".join(f"{value}:{yuan(part)}" for value, part in zip(values, parts, strict=True))


def _record(session: Session, batch: BatchRow, action: str, actor: Actor, at: datetime) -> None:
    detail = {
        "number": batch.number,
        "state": batch.state,
        "file": batch.file_sha256,
        "lines": [line.instruction for line in lines_of(session, batch.id) if line.state == LineState.SENT],
        "name": actor.name,
    }
    audit.append(session, f"payout:{batch.id}", at=at, actor=actor.id, action=action, detail=detail)
