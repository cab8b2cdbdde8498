"""Takes the bank's receipts in: a success settles and completes the claim, a definite failure returns it, else UNKNOWN.

The whole file or nothing. A receipt that says again what is known changes nothing; one that nobody here understands
leaves the payment UNKNOWN and is told. One that contradicts what is known is no wrong line but news: refused, it would
be lost, and every other line of the file with it. It is parked and told until a person has dealt with it, and the claim
is not paid anew meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from subsidy_match.claims.canonical import canonical
from subsidy_match.claims.many_claims import Deed, lock_claims, step_claim
from subsidy_match.claims.payment.lines.answers import Evidence, Outcome, Receipt
from subsidy_match.claims.payment.lines.guards import Asked, check_same_line
from subsidy_match.claims.payment.lines.steps import Hand, advance_line
from subsidy_match.claims.payment.parking import Parked, park
from subsidy_match.claims.payment.payment_states import FAILURES, LINE_STATE_NAMES, LineEvent, LineState
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.payment.reconciling import check_not_ahead, finish_batches, locked_lines, unknown_instruction
from subsidy_match.claims.payment.references import Movement, take_reference
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import Event
from subsidy_match.errors import Finding, InputError, SubsidyError
from subsidy_match.store.users import SYSTEM

__all__ = ["ReceiptReport", "doubts_of", "fields_of", "import_receipts"]


class _Effect(StrEnum):
    SETTLED = "settled"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNCHANGED = "unchanged"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class ReceiptReport:
    """How many lines a receipt file brought where; ``doubts`` names answers of the bank that nobody here knows."""

    settled: int
    failed: int
    unknown: int
    unchanged: int
    doubts: tuple[Finding, ...] = ()


def import_receipts(deed: Deed, receipts: Sequence[Receipt], evidence: Evidence) -> ReceiptReport:
    """Apply ``receipts`` in the caller's transaction.

    Raises:
        Conflict: ``clock_skew``.
        InputError: ``receipts_invalid``, with a finding for every receipt that does not fit its line.
    """
    lines = locked_lines(deed, receipts)
    claims = lock_claims(deed.session, {line.claim_id: None for line in lines.values()})
    hand = Hand(deed.session, deed.actor, deed.at, evidence)
    counts: Counter[_Effect] = Counter()
    findings: list[Finding] = []
    doubts = doubts_of(receipts)
    for receipt in receipts:
        try:
            effect = _apply(deed, hand, receipt, lines, claims)
        except SubsidyError as error:
            findings.append(replace(error.as_finding(), at=receipt.at))
            continue
        counts[effect] += 1
        if effect is _Effect.PARKED:
            doubts[receipt.instruction] = _contradiction(lines[receipt.instruction], receipt)
    if findings:
        raise InputError("receipts_invalid", "回单有误,未导入", "the receipts do not fit", findings=findings)
    finish_batches(deed, "receipts", lines, {name: doubt.en for name, doubt in doubts.items()})
    return ReceiptReport(
        settled=counts[_Effect.SETTLED],
        failed=counts[_Effect.FAILED],
        unknown=counts[_Effect.UNKNOWN],
        unchanged=counts[_Effect.UNCHANGED],
        doubts=tuple(doubts.values()),
    )


def doubts_of(receipts: Sequence[Receipt]) -> dict[str, Finding]:
    """Instruction → what is odd about the bank's answer, which leaves the payment unknown."""
    found = {}
    for receipt in receipts:
        if not receipt.is_understood:
            zh, en = f"不认识的结果:{receipt.said}", f"unknown result: {receipt.said}"
            found[receipt.instruction] = Finding("bank_result_unknown", zh, en, receipt.at, severity="warning")
        elif receipt.outcome is Outcome.FAILURE and receipt.code not in FAILURES:
            zh, en = f"不认识的失败代码:{receipt.code}", f"unknown failure code: {receipt.code}"
            found[receipt.instruction] = Finding("failure_code_unknown", zh, en, receipt.at, severity="warning")
    return found


def _apply(
    deed: Deed, hand: Hand, receipt: Receipt, lines: Mapping[str, LineRow], claims: Mapping[int, ClaimRow]
) -> _Effect:
    line = lines.get(receipt.instruction)
    if line is None:
        raise unknown_instruction(receipt)
    check_same_line(Asked(deed.session, line, receipt))
    check_not_ahead(deed, receipt)
    meaning = _meaning(receipt)
    if line.state in (LineState.SETTLED, LineState.FAILED, LineState.RETURNED):
        return _repeated(hand, line, receipt, meaning)
    match meaning:
        case _Effect.SETTLED:
            _settle(deed, hand, line, receipt, claims[line.claim_id])
        case _Effect.FAILED:
            _fail(deed, hand, line, receipt, claims[line.claim_id])
        case _Effect.UNKNOWN:
            advance_line(hand, line, LineEvent.LOSE_SIGHT, answer=receipt, code=receipt.code)
            line.failure_code = receipt.code or None
        case _Effect.UNCHANGED | _Effect.PARKED:
            pass
        case other:
            assert_never(other)
    return meaning


def _settle(deed: Deed, hand: Hand, line: LineRow, receipt: Receipt, claim: ClaimRow) -> None:
    advance_line(hand, line, LineEvent.SETTLE, answer=receipt)
    line.bank_ref, line.settled_on, line.failure_code = receipt.bank_ref, receipt.on, None
    take_reference(deed.session, receipt.bank_ref, Movement.SETTLEMENT, of=line.id)
    step_claim(deed, claim, Event.SETTLE, fields_of(receipt))
    step_claim(replace(deed, actor=SYSTEM), claim, Event.COMPLETE, {})


def _fail(deed: Deed, hand: Hand, line: LineRow, receipt: Receipt, claim: ClaimRow) -> None:
    advance_line(hand, line, LineEvent.FAIL, answer=receipt, code=receipt.code)
    line.bank_ref, line.failure_code = receipt.bank_ref or None, receipt.code
    step_claim(deed, claim, Event.FAIL, {**fields_of(receipt), "failure_code": receipt.code})


def fields_of(receipt: Receipt) -> dict[str, str]:
    """What the steps of a claim tell of a receipt."""
    return {
        "batch": receipt.instruction.rpartition("-")[0],
        "instruction": receipt.instruction,
        "bank_ref": receipt.bank_ref or "-",
    }


def _meaning(receipt: Receipt) -> _Effect:
    match receipt.outcome:
        case Outcome.SUCCESS:
            return _Effect.SETTLED
        case Outcome.UNKNOWN:
            return _Effect.UNKNOWN
        case Outcome.FAILURE:
            failure = FAILURES.get(receipt.code)
            # A code that nobody knows may mean anything: only a definite one is known to have moved no money.
            return _Effect.FAILED if failure is not None and failure.definite else _Effect.UNKNOWN
        case other:
            assert_never(other)


def _repeated(hand: Hand, line: LineRow, receipt: Receipt, meaning: _Effect) -> _Effect:
    settled = line.settled_on is not None  # also where it came back later
    settled_again = (
        settled and meaning is _Effect.SETTLED and canonical(line.bank_ref or "") == canonical(receipt.bank_ref)
    )
    failed_again = line.state == LineState.FAILED and meaning is _Effect.FAILED
    # A late "still working on it" adds nothing to what is definite.
    if settled_again or failed_again or meaning is _Effect.UNKNOWN:
        return _Effect.UNCHANGED
    kind = Parked.SUCCESS if meaning is _Effect.SETTLED else Parked.FAILURE
    return _Effect.PARKED if park(hand, line, kind, receipt) else _Effect.UNCHANGED


def _contradiction(line: LineRow, receipt: Receipt) -> Finding:
    zh, en = LINE_STATE_NAMES[LineState(line.state)]
    name = line.instruction
    return Finding(
        "receipt_contradicts",
        f"支付令{name}已登记为{zh},回单为{receipt.said}(流水号{receipt.bank_ref or '—'}),未入账,须人工核对,核对前不再支付",
        f"{name} is {en} and the bank says {receipt.said} ({receipt.bank_ref or '-'}): not taken in, a person must look, "
        "and the claim is not paid anew before that",
        receipt.at,
        severity="warning",
    )
