"""A payment that the bank said had failed was made after all: line, claim and money follow what a person found out."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from subsidy_match.claims.many_claims import Deed, lock_claims, step_claim
from subsidy_match.claims.payment.bank_records import ParkedAnswerRow
from subsidy_match.claims.payment.late_advice import advice_for
from subsidy_match.claims.payment.lines.answers import Evidence, Outcome, Receipt
from subsidy_match.claims.payment.lines.steps import Hand, advance_line
from subsidy_match.claims.payment.parking import Parked
from subsidy_match.claims.payment.payment_states import LineEvent, Source
from subsidy_match.claims.payment.payout_records import BatchRow, LineRow
from subsidy_match.claims.payment.receipts import fields_of
from subsidy_match.claims.payment.reconciling import finish_batches, locked_lines
from subsidy_match.claims.payment.references import Movement, take_reference
from subsidy_match.claims.records import AccountRow, ClaimRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import STATE_NAMES, Event, State
from subsidy_match.errors import Conflict, Location
from subsidy_match.store.users import SYSTEM, logins_of

__all__ = ["settle_late"]

_ACTION = "settle_late"
_UNPAID = (State.PAY_FAILED, State.PAYABLE)


def settle_late(deed: Deed, parked: ParkedAnswerRow, line: LineRow) -> None:
    """Settle a failed line, and complete its claim, by the success that the bank reported afterwards.

    Raises:
        Conflict: ``parked_not_success``, ``line_event_not_allowed``, ``line_never_sent``, ``claim_elsewhere``,
            ``line_open``, ``committed_differs``, ``clock_skew``.
        InputError: what the bank said does not fit the line any more, as ``receipt_reference_used``.
        Forbidden: ``duty_conflict``, and whatever the row of the claim refuses.
    """
    if parked.kind != Parked.SUCCESS:
        zh, en = "该答复不是到账回单,不能登记为到账", "only a success of the bank can be recorded as paid"
        raise Conflict("parked_not_success", zh, en)
    receipt = _receipt(deed.session, parked, line)
    lines = locked_lines(deed, [receipt])
    claim = lock_claims(deed.session, {line.claim_id: None})[line.claim_id]
    _check_not_of_batch(deed, line)
    _check_unpaid(claim)
    _settle(deed, Hand(deed.session, deed.actor, deed.at, _evidence(parked)), line, receipt, claim)
    finish_batches(deed, _ACTION, lines, {})


def _check_not_of_batch(deed: Deed, line: LineRow) -> None:
    batch = deed.session.get_one(BatchRow, line.batch_id)
    if {batch.maker, batch.checker} & set(logins_of(deed.session, [deed.actor])):
        zh, en = "制单或复核该批次的人员不得登记其到账", "whoever made or approved the batch cannot record it as paid"
        raise Forbidden("duty_conflict", zh, en)


def _check_unpaid(claim: ClaimRow) -> None:
    # In payment, another line of it is under way, and settling is that one's; paid, the store bars a second settled line.
    if claim.state not in _UNPAID:
        state = STATE_NAMES[State(claim.state)]
        zh = f"办件当前状态为{state[0]},不能登记该支付令到账"
        en = f"the claim is {state[1]}: what was paid late cannot be settled on it"
        raise Conflict("claim_elsewhere", zh, en, hint=" / ".join(advice_for(State(claim.state))))


def _settle(deed: Deed, hand: Hand, line: LineRow, receipt: Receipt, claim: ClaimRow) -> None:
    advance_line(hand, line, LineEvent.SETTLE_LATE, answer=receipt)
    line.bank_ref, line.settled_on, line.failure_code = receipt.bank_ref, receipt.on, None
    take_reference(deed.session, receipt.bank_ref, Movement.SETTLEMENT, of=line.id)
    step_claim(deed, claim, Event.SETTLE, fields_of(receipt))
    step_claim(replace(deed, actor=SYSTEM), claim, Event.COMPLETE, {})


def _evidence(parked: ParkedAnswerRow) -> Evidence | None:
    """Where the answer came from; nobody knows of one that was parked before this was kept."""
    return None if parked.source is None else Evidence(Source(parked.source), parked.file_id)


def _receipt(session: Session, parked: ParkedAnswerRow, line: LineRow) -> Receipt:
    """The answer as it was parked; its account was compared with that of the line before."""
    return Receipt(
        instruction=line.instruction,
        amount=parked.amount,
        last_four=session.get_one(AccountRow, line.account_id).last_four,
        bank_ref=parked.reference,
        on=parked.dated,
        code="",
        at=Location(line.instruction),
        outcome=Outcome.SUCCESS,
        said=str(Outcome.SUCCESS),
    )
