"""Takes the bank's receipts in: a success settles and completes the claim, a definite failure returns it, else UNKNOWN.

The whole file or nothing. A receipt that says again what is known changes nothing; one that contradicts it is an error;
one that nobody here understands leaves the payment UNKNOWN and is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from sqlalchemy import select

from subsidy_match.claims.batches import advance_line, lines_of
from subsidy_match.claims.clock import check_order
from subsidy_match.claims.payment_states import FAILURES, OPEN_LINES, BatchState, LineEvent, LineState
from subsidy_match.claims.payment_steps import Deed, lock_claims, step_claim
from subsidy_match.claims.payout_records import BatchRow, LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import Event
from subsidy_match.claims.treasury import Outcome, Receipt
from subsidy_match.errors import Finding, InputError, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.users import SYSTEM

__all__ = ["ReceiptReport", "import_receipts"]


_LONGEST_CODE = 40


class _Effect(StrEnum):
    SETTLED = "settled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ReceiptReport:
    """How many lines a receipt file brought where; ``doubts`` names answers of the bank that nobody here knows."""

    settled: int
    failed: int
    unknown: int
    unchanged: int
    doubts: tuple[Finding, ...] = ()


def import_receipts(deed: Deed, receipts: Sequence[Receipt]) -> ReceiptReport:
    """Apply ``receipts`` in the caller's transaction.

    Raises:
        Conflict: ``clock_skew``.
        InputError: ``receipts_invalid``, with a finding for every receipt that does not fit its line.
    """
    lines = _locked_lines(deed, receipts)
    claims = lock_claims(deed.session, {line.claim_id: None for line in lines.values()})
    counts: Counter[_Effect] = Counter()
    findings: list[Finding] = []
    for receipt in receipts:
        try:
            counts[_apply(deed, receipt, lines, claims)] += 1
        except SubsidyError as error:
            findings.append(replace(error.as_finding(), at=receipt.at))
    if findings:
        raise InputError("receipts_invalid", "回单有误,未导入", "the receipts do not fit", findings=findings)
    for batch_id in sorted({line.batch_id for line in lines.values()}):
        _finish_batch(deed, batch_id, receipts)
    return ReceiptReport(
        settled=counts[_Effect.SETTLED],
        failed=counts[_Effect.FAILED],
        unknown=counts[_Effect.UNKNOWN],
        unchanged=counts[_Effect.UNCHANGED],
        doubts=tuple(_doubts(receipts).values()),
    )


def _locked_lines(deed: Deed, receipts: Sequence[Receipt]) -> dict[str, LineRow]:
    wanted = [receipt.instruction for receipt in receipts]
    # Batches before lines before claims: the order in which approval and sending lock them, too.
    held = select(LineRow.batch_id).where(LineRow.instruction.in_(wanted))
    batches = select(BatchRow).where(BatchRow.id.in_(held)).order_by(BatchRow.id).with_for_update()
    for batch in deed.session.scalars(batches.execution_options(populate_existing=True)):
        check_order(deed.at, batch.sent_at, deed.tolerance)
    query = select(LineRow).where(LineRow.instruction.in_(wanted)).order_by(LineRow.id).with_for_update()
    return {line.instruction: line for line in deed.session.scalars(query)}


def _apply(deed: Deed, receipt: Receipt, lines: Mapping[str, LineRow], claims: Mapping[int, ClaimRow]) -> _Effect:
    line = lines.get(receipt.instruction)
    if line is None:
        raise _error("receipt_unknown", f"没有此支付令号:{receipt.instruction}", "no such instruction number")
    if line.amount != receipt.amount:
        raise _error("receipt_amount", "金额与支付令不符", "not the amount of the instruction")
    meaning = _meaning(receipt)
    if line.state in (LineState.SETTLED, LineState.FAILED):
        return _repeated(line, receipt, meaning)
    claim = claims[line.claim_id]
    fields = {
        "batch": receipt.instruction.rpartition("-")[0],
        "instruction": receipt.instruction,
        "bank_ref": receipt.bank_ref or "-",
    }
    match meaning:
        case _Effect.SETTLED:
            advance_line(line, LineEvent.SETTLE)
            line.bank_ref, line.settled_on = receipt.bank_ref, receipt.on
            step_claim(deed, claim, Event.SETTLE, fields)
            step_claim(replace(deed, actor=SYSTEM), claim, Event.COMPLETE, {})
        case _Effect.FAILED:
            advance_line(line, LineEvent.FAIL)
            line.bank_ref, line.failure_code = receipt.bank_ref or None, receipt.failure_code
            step_claim(deed, claim, Event.FAIL, {**fields, "failure_code": receipt.failure_code})
        case _Effect.UNKNOWN:
            advance_line(line, LineEvent.LOSE_SIGHT)
            line.failure_code = receipt.failure_code[:_LONGEST_CODE] or None
        case _Effect.UNCHANGED:
            pass
        case other:
            assert_never(other)
    return meaning


def _meaning(receipt: Receipt) -> _Effect:
    match receipt.outcome:
        case Outcome.SUCCESS:
            return _Effect.SETTLED
        case Outcome.UNKNOWN:
            return _Effect.UNKNOWN
        case Outcome.FAILURE:
            failure = FAILURES.get(receipt.failure_code)
            # A code that nobody knows may mean anything: only a definite one is known to have moved no money.
            return _Effect.FAILED if failure is not None and failure.definite else _Effect.UNKNOWN
        case other:
            assert_never(other)


def _doubts(receipts: Sequence[Receipt]) -> dict[str, Finding]:
    """Instruction → what is odd about the bank's answer, which leaves the payment unknown."""
    found = {}
    for receipt in receipts:
        if not receipt.is_understood:
            zh, en = f"不认识的结果:{receipt.said}", f"unknown result: {receipt.said}"
            found[receipt.instruction] = Finding("bank_result_unknown", zh, en, receipt.at, severity="warning")
        elif receipt.outcome is Outcome.FAILURE and receipt.failure_code not in FAILURES:
            zh, en = f"不认识的失败代码:{receipt.failure_code}", f"unknown failure code: {receipt.failure_code}"
            found[receipt.instruction] = Finding("failure_code_unknown", zh, en, receipt.at, severity="warning")
    return found


def _repeated(line: LineRow, receipt: Receipt, meaning: _Effect) -> _Effect:
    settled_again = line.state == LineState.SETTLED and meaning is _Effect.SETTLED and line.bank_ref == receipt.bank_ref
    failed_again = line.state == LineState.FAILED and meaning is _Effect.FAILED
    # A late "still working on it" adds nothing to what is definite.
    if settled_again or failed_again or meaning is _Effect.UNKNOWN:
        return _Effect.UNCHANGED
    zh = f"与已登记结果矛盾:{line.state}"
    raise _error("receipt_contradicts", zh, f"contradicts what is known: the line is {line.state}")


def _finish_batch(deed: Deed, batch_id: int, receipts: Sequence[Receipt]) -> None:
    batch = deed.session.get_one(BatchRow, batch_id)
    lines = lines_of(deed.session, batch_id)
    if all(line.state not in OPEN_LINES for line in lines):
        batch.state = str(BatchState.CLOSED)
    mine = {line.instruction: line.state for line in lines}
    detail = {
        "state": batch.state,
        "lines": {r.instruction: mine[r.instruction] for r in receipts if r.instruction in mine},
        "doubts": {name: doubt.en for name, doubt in _doubts(receipts).items() if name in mine},
        "name": deed.actor.name,
    }
    subject = f"payout:{batch_id}"
    audit.append(deed.session, subject, at=deed.at, actor=deed.actor.id, action="receipts", detail=detail)


def _error(code: str, zh: str, en: str) -> InputError:
    return InputError(code, zh, en)
