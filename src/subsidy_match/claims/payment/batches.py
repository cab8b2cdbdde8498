"""Batches and lines as the outside sees them, and how they are read and locked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.payment.payment_states import UNANSWERED, BatchState, LineState
from subsidy_match.claims.payment.payout_records import BatchFileRow, BatchRow, LineReturnRow, LineRow
from subsidy_match.claims.records import AccountRow
from subsidy_match.errors import NotFound

__all__ = [
    "Batch",
    "Line",
    "Sum",
    "Totals",
    "lines_of",
    "list_batches",
    "load_batch",
    "locked_batch",
    "newest_batches",
    "totals_of",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One payment line; ``amount`` in 分, ``last_four`` of the account it is paid to."""

    id: int
    claim_id: int
    parent_id: int | None
    instruction: str
    amount: int
    last_four: str
    state: LineState
    bank_ref: str | None
    failure_code: str | None
    settled_on: date | None
    returned_on: date | None


@dataclass(frozen=True, slots=True)
class Sum:
    """How many lines, and how much (分)."""

    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Where the payments of a batch are; ``waiting`` were never sent, and the five together are the batch."""

    reconciled: Sum
    returned: Sum
    failed: Sum
    unknown: Sum
    waiting: Sum


@dataclass(frozen=True, slots=True)
class Batch:
    """A payout batch with its lines; ``total`` in 分, ``format`` that of the file once it is sent."""

    id: int
    number: str
    state: BatchState
    maker: str
    checker: str | None
    total: int
    file_sha256: str | None
    format: str | None
    made_at: datetime
    sent_at: datetime | None
    lines: tuple[Line, ...]
    totals: Totals


def load_batch(session: Session, batch_id: int) -> Batch:
    """Read a batch.

    Raises:
        NotFound: ``batch_unknown``.
    """
    row = session.get(BatchRow, batch_id)
    if row is None:
        raise _unknown(batch_id)
    return _batch(session, row)


def list_batches(session: Session, *, after: int = 0, limit: int = 50) -> Sequence[Batch]:
    """Read batches by id, from ``after`` on."""
    rows = session.scalars(select(BatchRow).where(BatchRow.id > after).order_by(BatchRow.id).limit(limit)).all()
    return [_batch(session, row) for row in rows]


def newest_batches(session: Session, limit: int | None = None) -> Sequence[Batch]:
    """Read the batches, the newest first; all of them without a limit."""
    rows = session.scalars(select(BatchRow).order_by(BatchRow.id.desc()).limit(limit)).all()
    return [_batch(session, row) for row in rows]


def locked_batch(session: Session, batch_id: int) -> BatchRow:
    """Lock a batch.

    Raises:
        NotFound: ``batch_unknown``.
    """
    query = select(BatchRow).where(BatchRow.id == batch_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise _unknown(batch_id)
    return row


def lines_of(session: Session, batch_id: int) -> Sequence[LineRow]:
    """Read the lines of a batch in file order."""
    return session.scalars(select(LineRow).where(LineRow.batch_id == batch_id).order_by(LineRow.id)).all()


def totals_of(lines: Iterable[LineRow | Line]) -> Totals:
    """Add lines up by where they are."""
    found = [(LineState(line.state), line.amount) for line in lines]

    def of(*states: LineState) -> Sum:
        amounts = [amount for state, amount in found if state in states]
        return Sum(len(amounts), sum(amounts))

    return Totals(
        reconciled=of(LineState.SETTLED),
        returned=of(LineState.RETURNED),
        failed=of(LineState.FAILED),
        unknown=of(*UNANSWERED),
        waiting=of(LineState.CREATED, LineState.BATCHED, LineState.APPROVED),
    )


def _batch(session: Session, row: BatchRow) -> Batch:
    file, lines = session.get(BatchFileRow, row.id), _lines(session, row.id)
    return Batch(
        id=row.id,
        number=row.number,
        state=BatchState(row.state),
        maker=row.maker,
        checker=row.checker,
        total=row.total,
        file_sha256=row.file_sha256,
        format=None if file is None else file.format,
        made_at=row.made_at,
        sent_at=row.sent_at,
        lines=lines,
        totals=totals_of(lines),
    )


def _lines(session: Session, batch_id: int) -> tuple[Line, ...]:
    query = (
        select(LineRow, AccountRow.last_four, LineReturnRow.returned_on)
        .join(AccountRow, AccountRow.id == LineRow.account_id)
        .outerjoin(LineReturnRow, LineReturnRow.line_id == LineRow.id)
        .where(LineRow.batch_id == batch_id)
        .order_by(LineRow.id)
    )
    return tuple(_line(row, last_four, returned_on) for row, last_four, returned_on in session.execute(query))


def _line(row: LineRow, last_four: str, returned_on: date | None) -> Line:
    return Line(
        id=row.id,
        claim_id=row.claim_id,
        parent_id=row.parent_id,
        instruction=row.instruction,
        amount=row.amount,
        last_four=last_four,
        state=LineState(row.state),
        bank_ref=row.bank_ref,
        failure_code=row.failure_code,
        settled_on=row.settled_on,
        returned_on=returned_on,
    )


def _unknown(batch_id: int) -> NotFound:
    return NotFound("batch_unknown", f"支付批次不存在:{batch_id}", f"no payout batch {batch_id}")
