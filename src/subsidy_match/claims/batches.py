"""Batches and lines as the outside sees them, and how they are read, locked and brought forward."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.payment_states import OPEN_LINES, BatchState, LineEvent, LineState, next_line_state
from subsidy_match.claims.payout_records import BatchRow, LineRow
from subsidy_match.errors import Conflict, Finding, NotFound

__all__ = ["Batch", "Line", "advance_line", "check_totals", "lines_of", "list_batches", "load_batch", "locked_batch"]


@dataclass(frozen=True, slots=True)
class Line:
    """One payment line; ``amount`` in 分."""

    id: int
    claim_id: int
    instruction: str
    amount: int
    state: LineState
    bank_ref: str | None
    failure_code: str | None
    settled_on: date | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A payout batch with its lines; ``total`` in 分."""

    id: int
    number: str
    state: BatchState
    maker: str
    checker: str | None
    total: int
    file_sha256: str | None
    made_at: datetime
    sent_at: datetime | None
    lines: tuple[Line, ...]


def load_batch(session: Session, batch_id: int) -> Batch:
    """Read a batch.

    Raises:
        NotFound: ``batch_unknown``.
    """
    row = session.get(BatchRow, batch_id)
    if row is None:
        raise _unknown(batch_id)
    return _batch(row, lines_of(session, batch_id))


def list_batches(session: Session, *, after: int = 0, limit: int = 50) -> Sequence[Batch]:
    """Read batches by id, from ``after`` on."""
    rows = session.scalars(select(BatchRow).where(BatchRow.id > after).order_by(BatchRow.id).limit(limit)).all()
    return [_batch(row, lines_of(session, row.id)) for row in rows]


def locked_batch(session: Session, batch_id: int, *states: BatchState) -> BatchRow:
    """Lock a batch that must be in one of ``states``.

    Raises:
        NotFound: ``batch_unknown``.
        Conflict: ``batch_state``.
    """
    query = select(BatchRow).where(BatchRow.id == batch_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise _unknown(batch_id)
    if row.state not in states:
        raise Conflict("batch_state", f"批次状态为{row.state},不能办理", f"the batch is {row.state}")
    return row


def lines_of(session: Session, batch_id: int) -> Sequence[LineRow]:
    """Read the lines of a batch in file order."""
    return session.scalars(select(LineRow).where(LineRow.batch_id == batch_id).order_by(LineRow.id)).all()


def advance_line(line: LineRow, event: LineEvent) -> None:
    """Move a line by its table."""
    state = next_line_state(LineState(line.state), event)
    line.state, line.is_open = str(state), state in OPEN_LINES


def check_totals(session: Session) -> list[Finding]:
    """Compare the count and total of every batch with its lines; an empty list means that they agree."""
    findings = []
    for row in session.scalars(select(BatchRow).order_by(BatchRow.id)):
        amounts = [line.amount for line in lines_of(session, row.id)]
        if (len(amounts), sum(amounts)) != (row.line_count, row.total):
            findings.append(Finding("F010", f"{row.number}:合计与明细不符", f"{row.number}: totals differ from lines"))
    return findings


def _batch(row: BatchRow, lines: Iterable[LineRow]) -> Batch:
    return Batch(
        id=row.id,
        number=row.number,
        state=BatchState(row.state),
        maker=row.maker,
        checker=row.checker,
        total=row.total,
        file_sha256=row.file_sha256,
        made_at=row.made_at,
        sent_at=row.sent_at,
        lines=tuple(_line(line) for line in lines),
    )


def _line(row: LineRow) -> Line:
    return Line(
        id=row.id,
        claim_id=row.claim_id,
        instruction=row.instruction,
        amount=row.amount,
        state=LineState(row.state),
        bank_ref=row.bank_ref,
        failure_code=row.failure_code,
        settled_on=row.settled_on,
    )


def _unknown(batch_id: int) -> NotFound:
    return NotFound("batch_unknown", f"支付批次不存在:{batch_id}", f"no payout batch {batch_id}")
