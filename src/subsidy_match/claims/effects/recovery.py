"""What recoveries write down, and the money that comes back to fund or treasury."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction

from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.effects.moving import move, paid
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.shares import split
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.payment.references import Movement, take_reference
from subsidy_match.claims.recovery import RecoveryState, WriteOffState, live_recovery, open_write_off
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect
from subsidy_match.claims.undo_records import RecoveryDueRow, RecoveryReceiptRow, RecoveryRow, WriteOffRow
from subsidy_match.errors import Conflict

__all__ = ["BACK_TO", "FIELDS", "MONEY", "drop_proposed", "end_recovery"]

BACK_TO = {"fund": Op.RECOVER, "treasury": Op.RECOVER_OUT}
"""Where money goes that comes back, by what the recovery says."""


def _propose(occasion: Occasion) -> None:
    given = occasion.payload
    recovery = RecoveryRow(
        claim_id=occasion.claim.id,
        state=str(RecoveryState.PROPOSED),
        is_open=True,
        amount=given["amount"],
        recovered=0,
        returns_to=given["returns_to"],
        reason_code=given["reason_code"],
        note=given["note"],
        proposed_by=occasion.actor.id,
        proposed_at=occasion.at,
    )
    occasion.session.add(recovery)
    occasion.session.flush()
    for entry in given["plan"]:
        due = date.fromisoformat(entry["due_on"])
        occasion.session.add(RecoveryDueRow(recovery_id=recovery.id, due_on=due, amount=entry["amount"]))
    occasion.told["recovery"] = recovery.id


def _decide(occasion: Occasion) -> None:
    recovery = _live(occasion)
    recovery.decided_by, recovery.decided_at = occasion.actor.id, occasion.at
    if occasion.transition.event is Event.APPROVE_RECOVERY:
        recovery.state = str(RecoveryState.OPEN)
    else:
        end_recovery(occasion, recovery, RecoveryState.REFUSED)


def _receive(occasion: Occasion) -> None:
    recovery, given = _live(occasion), occasion.payload
    receipt = RecoveryReceiptRow(
        recovery_id=recovery.id,
        reference=given["reference"],
        amount=given["amount"],
        received_on=given["received_on"],
        at=occasion.at,
        actor=occasion.actor.id,
    )
    recovery.recovered += given["amount"]
    occasion.session.add(receipt)
    take_reference(occasion.session, given["reference"], Movement.RECOVERY, of=recovery.id)
    try:
        occasion.session.flush()
    except IntegrityError as clash:  # a rival entered the same reference since the guard looked
        zh, en = "该流水号已登记过", "this reference was entered before"
        raise Conflict("recovery_reference_used", zh, en) from clash


def _recover(occasion: Occasion) -> Mapping[str, int]:
    # By what each fund still has in it as paid, so that none ever gives back more than it paid.
    left = {fund_id: amount for fund_id, amount in paid(occasion).items() if amount}
    total = sum(left.values())
    parts = split(occasion.payload["amount"], {fund_id: Fraction(part, total) for fund_id, part in left.items()})
    return move(occasion, (BACK_TO[_live(occasion).returns_to], parts))


def _close(occasion: Occasion) -> None:
    end_recovery(occasion, _live(occasion), RecoveryState.RECOVERED)


def _propose_write_off(occasion: Occasion) -> None:
    proposal = WriteOffRow(
        recovery_id=_live(occasion).id,
        state=str(WriteOffState.PROPOSED),
        is_open=True,
        reason_code=occasion.payload["reason_code"],
        note=occasion.payload["note"],
        proposed_by=occasion.actor.id,
        proposed_at=occasion.at,
    )
    occasion.session.add(proposal)


def _decide_write_off(occasion: Occasion) -> None:
    recovery = _live(occasion)
    proposal = open_write_off(occasion.session, recovery.id)
    if proposal is None:
        raise AssertionError("the guard has seen the proposal")
    proposal.is_open, proposal.decided_by, proposal.decided_at = False, occasion.actor.id, occasion.at
    if occasion.transition.event is Event.REFUSE_WRITE_OFF:
        proposal.state = str(WriteOffState.REFUSED)
        return
    proposal.state, proposal.amount = str(WriteOffState.APPROVED), recovery.amount - recovery.recovered
    occasion.told["written_off"] = proposal.amount
    end_recovery(occasion, recovery, RecoveryState.WRITTEN_OFF)


def end_recovery(occasion: Occasion, recovery: RecoveryRow, state: RecoveryState) -> None:
    """End a recovery; a proposal to give up the rest that nobody has answered has no object any more."""
    if (proposal := open_write_off(occasion.session, recovery.id)) is not None:
        proposal.state, proposal.is_open = str(WriteOffState.MOOT), False
    recovery.state, recovery.is_open, recovery.ended_on = str(state), False, occasion.on


def drop_proposed(occasion: Occasion) -> None:
    """End a recovery that nobody decided on, where nothing is left of what it would demand."""
    recovery = live_recovery(occasion.session, occasion.claim.id)
    if recovery is not None and recovery.state == RecoveryState.PROPOSED:
        end_recovery(occasion, recovery, RecoveryState.MOOT)
        occasion.told["moot"] = recovery.id


def _live(occasion: Occasion) -> RecoveryRow:
    recovery = live_recovery(occasion.session, occasion.claim.id)
    if recovery is None:
        raise AssertionError("the guards have seen the recovery")
    occasion.told["recovery"] = recovery.id
    return recovery


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.PROPOSE_RECOVERY: _propose,
    Event.APPROVE_RECOVERY: _decide,
    Event.REFUSE_RECOVERY: _decide,
    Event.RECEIVE_RECOVERY: _receive,
    Event.CLOSE_RECOVERY: _close,
    Event.PROPOSE_WRITE_OFF: _propose_write_off,
    Event.APPROVE_WRITE_OFF: _decide_write_off,
    Event.REFUSE_WRITE_OFF: _decide_write_off,
}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.RECOVER: _recover}
