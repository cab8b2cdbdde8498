"""What receipts, returns and answers to questions have in common: locks in one order, files once, batches closed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.batches import lines_of
from subsidy_match.claims.clock import check_order
from subsidy_match.claims.lines.answers import Answer, Evidence
from subsidy_match.claims.lines.steps import advance_batch
from subsidy_match.claims.payment_states import OPEN_LINES, BatchEvent, BatchState, Source
from subsidy_match.claims.payment_steps import Deed
from subsidy_match.claims.payout_records import BankFileRow, BatchRow, LineRow
from subsidy_match.errors import InputError
from subsidy_match.store import audit

__all__ = ["finish_batches", "is_known_file", "keep_file", "locked_lines", "unknown_instruction"]

_LONGEST_NAME = 200


def locked_lines(deed: Deed, answers: Sequence[Answer]) -> dict[str, LineRow]:
    """Lock the lines that ``answers`` speak of: batches before lines before claims, as approval and sending do.

    Raises:
        Conflict: ``clock_skew``.
    """
    wanted = [answer.instruction for answer in answers]
    held = select(LineRow.batch_id).where(LineRow.instruction.in_(wanted))
    batches = select(BatchRow).where(BatchRow.id.in_(held)).order_by(BatchRow.id).with_for_update()
    for batch in deed.session.scalars(batches.execution_options(populate_existing=True)):
        check_order(deed.at, batch.sent_at, deed.tolerance)
    query = select(LineRow).where(LineRow.instruction.in_(wanted)).order_by(LineRow.id).with_for_update()
    rows = deed.session.scalars(query.execution_options(populate_existing=True))
    return {line.instruction: line for line in rows}


def is_known_file(session: Session, kind: str, content: bytes) -> bool:
    """Whether the very same file was taken in before; asked with its lines locked, so that two cannot both be first."""
    known = select(BankFileRow.id).where(BankFileRow.kind == kind, BankFileRow.sha256 == _digest(content))
    return session.scalar(known) is not None


def keep_file(deed: Deed, kind: str, content: bytes, name: str, lines: int) -> Evidence:
    """Note a file that is taken in; gives it as evidence."""
    row = BankFileRow(
        kind=kind,
        sha256=_digest(content),
        name=name[-_LONGEST_NAME:],
        line_count=lines,
        at=deed.at,
        actor=deed.actor.id,
    )
    deed.session.add(row)
    deed.session.flush()
    return Evidence(Source.STATEMENT, row.id)


def finish_batches(deed: Deed, action: str, lines: Mapping[str, LineRow], doubts: Mapping[str, str]) -> None:
    """Close every batch of ``lines`` in which nothing is open any more, and write down what was brought in."""
    for batch_id in sorted({line.batch_id for line in lines.values()}):
        batch = deed.session.get_one(BatchRow, batch_id)
        is_out = batch.state in (BatchState.SENDING, BatchState.SENT)
        if is_out and all(line.state not in OPEN_LINES for line in lines_of(deed.session, batch_id)):
            advance_batch(batch, BatchEvent.CLOSE, deed.actor)
        mine = {name: line.state for name, line in lines.items() if line.batch_id == batch_id}
        detail = {
            "state": batch.state,
            "lines": mine,
            "doubts": {name: doubt for name, doubt in doubts.items() if name in mine},
            "name": deed.actor.name,
        }
        audit.append(deed.session, f"payout:{batch_id}", at=deed.at, actor=deed.actor.id, action=action, detail=detail)


def unknown_instruction(answer: Answer) -> InputError:
    """The refusal of an answer that speaks of no line of ours."""
    return InputError("receipt_unknown", f"没有此支付令号:{answer.instruction}", "no such instruction number")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
