"""A payment that came back from the bank while it was to be recovered: that is the receipt of the whole recovery."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from subsidy_match.claims.effects.moving import move, paid
from subsidy_match.claims.effects.recovery import BACK_TO, drop_proposed, end_recovery
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.payment.payout_records import LineReturnRow, LineRow
from subsidy_match.claims.payment.returned_recoveries import UNDER_RECOVERY, settled_by_return
from subsidy_match.claims.recovery import RecoveryState
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect
from subsidy_match.claims.undo_records import RecoveryReceiptRow, RecoveryRow

__all__ = ["FIELDS", "MONEY"]


def _come_back(occasion: Occasion) -> None:
    if occasion.claim.state not in UNDER_RECOVERY:
        drop_proposed(occasion)
        return
    session, reference = occasion.session, occasion.payload["return_ref"]
    line = session.scalars(select(LineRow).where(LineRow.instruction == occasion.payload["instruction"])).one()
    recovery = settled_by_return(session, occasion.claim, line, reference)
    if recovery is None:
        raise AssertionError("the guard has seen the recovery")
    receipt = RecoveryReceiptRow(
        recovery_id=recovery.id,
        reference=reference,
        amount=recovery.amount,
        received_on=session.get_one(LineReturnRow, line.id).returned_on,
        at=occasion.at,
        actor=occasion.actor.id,
    )
    session.add(receipt)
    recovery.recovered = recovery.amount
    end_recovery(occasion, recovery, RecoveryState.RECOVERED)
    occasion.told["recovery"] = recovery.id


def _recover_return(occasion: Occasion) -> Mapping[str, int]:
    recovery = occasion.session.get_one(RecoveryRow, occasion.told["recovery"])
    return move(occasion, (BACK_TO[recovery.returns_to], paid(occasion)))


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {Event.BANK_RETURN: _come_back}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.RECOVER_RETURN: _recover_return}
