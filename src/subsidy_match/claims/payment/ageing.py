"""Payments that the bank has not answered for longer than it should take: whoever reconciles must ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.payment.payment_states import UNANSWERED, LineEvent, LineState
from subsidy_match.claims.payment.payout_records import BatchRow, LineRow, LineStepRow
from subsidy_match.errors import Finding

__all__ = ["LONGEST_SILENCE", "Unanswered", "silence_findings", "unanswered_lines"]

LONGEST_SILENCE = 3
"""Working days after which a payment without a definite answer is told."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A payment sent on the day ``sent_on`` of which nothing definite is known; ``amount`` in 分."""

    batch_id: int
    batch_number: str
    instruction: str
    claim_id: int
    amount: int
    state: LineState
    code: str | None
    sent_on: date
    working_days: int


def unanswered_lines(session: Session, calendar: WorkingCalendar, on: date, *, longer_than: int) -> list[Unanswered]:
    """Lines without a definite answer for more than ``longer_than`` working days after they were sent, oldest first."""
    sent = (
        select(LineStepRow.line_id, func.min(LineStepRow.day).label("day"))
        .where(LineStepRow.event == str(LineEvent.SEND))
        .group_by(LineStepRow.line_id)
        .subquery()
    )
    query = (
        select(LineRow, BatchRow, sent.c.day)
        .join(BatchRow, BatchRow.id == LineRow.batch_id)
        .outerjoin(sent, sent.c.line_id == LineRow.id)
        .where(LineRow.state.in_([str(state) for state in UNANSWERED]))
        .order_by(LineRow.id)
    )
    found = [_unanswered(line, batch, day, calendar, on) for line, batch, day in session.execute(query)]
    return sorted((one for one in found if one.working_days > longer_than), key=lambda one: one.sent_on)


def silence_findings(lines: Sequence[Unanswered]) -> list[Finding]:
    """What is told of them."""
    return [
        Finding(
            "F014",
            f"{line.instruction}:发送后{line.working_days}个工作日仍无结果,请向银行查询",
            f"{line.instruction}: no definite answer for {line.working_days} working days, ask the bank",
        )
        for line in lines
    ]


def _unanswered(line: LineRow, batch: BatchRow, day: date | None, calendar: WorkingCalendar, on: date) -> Unanswered:
    # Lines that were sent before steps were kept have the moment of their batch.
    sent_on = day or (batch.sent_at or batch.made_at).date()
    return Unanswered(
        batch_id=batch.id,
        batch_number=batch.number,
        instruction=line.instruction,
        claim_id=line.claim_id,
        amount=line.amount,
        state=LineState(line.state),
        code=line.failure_code,
        sent_on=sent_on,
        working_days=calendar.working_days_between(sent_on, on),
    )
