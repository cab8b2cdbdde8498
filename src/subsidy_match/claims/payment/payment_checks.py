"""Compares what the store says of payments with itself: batches, files, lines, claims. An empty list means it agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.payment.batches import Totals, lines_of, totals_of
from subsidy_match.claims.payment.payment_states import LineState
from subsidy_match.claims.payment.payout_records import BatchFileRow, BatchRow, LineRow, LineStepRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.errors import Finding

__all__ = ["check_payments", "check_totals"]


def check_totals(session: Session) -> list[Finding]:
    """Compare count and total of every batch with its lines, with its file, and with what became of its payments."""
    findings = []
    for row in session.scalars(select(BatchRow).order_by(BatchRow.id)):
        lines = lines_of(session, row.id)
        said = (row.line_count, row.total)
        if (len(lines), sum(line.amount for line in lines)) != said:
            findings.append(Finding("F010", f"{row.number}:合计与明细不符", f"{row.number}: totals differ from lines"))
        file = session.get(BatchFileRow, row.id)
        if file is not None and ((file.line_count, file.total) != said or _answered(totals_of(lines)) != said):
            zh, en = "支付文件控制合计与对账结果不符", "control totals differ from reconciled + failed + unknown"
            findings.append(Finding("F011", f"{row.number}:{zh}", f"{row.number}: {en}"))
    return findings


def check_payments(session: Session) -> list[Finding]:
    """Look for a claim that was paid more than was approved, and for a line whose steps do not lead to its state."""
    return [*_overpaid(session), *_astray(session)]


def _answered(totals: Totals) -> tuple[int, int]:
    # A file is recorded with the intent to send: none of its lines waits any more.
    parts = (totals.reconciled, totals.returned, totals.failed, totals.unknown)
    return sum(part.count for part in parts), sum(part.amount for part in parts)


def _overpaid(session: Session) -> Iterator[Finding]:
    paid: Counter[int] = Counter()
    for line in session.scalars(select(LineRow).where(LineRow.state == str(LineState.SETTLED))):
        paid[line.claim_id] += line.amount
    for claim_id, amount in sorted(paid.items()):
        claim = session.get_one(ClaimRow, claim_id)
        if amount > (claim.amount_approved or 0):
            zh = f"{claim.claim_no}:到账净额超过审批金额"
            yield Finding("F012", zh, f"{claim.claim_no}: more was settled than was approved")


def _astray(session: Session) -> Iterator[Finding]:
    last: dict[int, str] = {}
    for step in session.scalars(select(LineStepRow).order_by(LineStepRow.line_id, LineStepRow.seq)):
        if step.line_id in last and last[step.line_id] != step.from_state:
            yield Finding("F013", f"支付明细{step.line_id}步骤不连续", f"line {step.line_id}: a step is missing")
        last[step.line_id] = step.to_state
    for line in session.scalars(select(LineRow).where(LineRow.id.in_(last))):
        if line.state != last[line.id]:
            yield Finding("F013", f"{line.instruction}:状态与步骤不符", f"{line.instruction}: not where its steps lead")
