"""A payment that the bank sent back although it was being recovered, or had been written off.

Only where the demand is for all that was paid, and nothing of it had come back yet, is it plain whose the money is.
Anything else (a part demanded, instalments received before, recovered in full) needs a person: there is money over.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.payment.references import used_for
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.recovery import RecoveryState
from subsidy_match.claims.states import State
from subsidy_match.claims.undo_records import RecoveryRow
from subsidy_match.errors import Finding

__all__ = ["UNDER_RECOVERY", "parked", "settled_by_return"]

UNDER_RECOVERY = frozenset({State.RECOVERING, State.RECOVERED, State.WRITTEN_OFF})
"""States in which a return is not the payment's business alone."""
_SETTLED_BY = {State.RECOVERING: RecoveryState.OPEN, State.WRITTEN_OFF: RecoveryState.WRITTEN_OFF}


def settled_by_return(session: Session, claim: ClaimRow, line: LineRow, return_ref: str) -> RecoveryRow | None:
    """The recovery that the return of ``line`` settles in full; ``None`` where a person must look."""
    state = _SETTLED_BY.get(State(claim.state))
    if state is None or used_for(session, return_ref) is not None:
        return None
    mine = select(RecoveryRow).where(RecoveryRow.claim_id == claim.id).order_by(RecoveryRow.id.desc())
    recovery = session.scalars(mine).first()
    paid = sum(share.paid for share in shares_of(session, claim.id))
    if recovery is None or recovery.state != state or recovery.recovered:
        return None
    return recovery if recovery.amount == line.amount == paid else None


def parked(claim: ClaimRow, line: LineRow, return_ref: str) -> Finding:
    """What is told of a return that was not taken in."""
    number, instruction = claim.claim_no, line.instruction
    return Finding(
        "return_under_recovery",
        f"办件{number}的款项正在或已经追回、核销,退票{instruction}(流水号{return_ref})未入账,须人工核对:"
        "尚待追回的部分登记为追回到账,多收的部分另行退还",
        f"the money of the claim {number} was or is being recovered or was written off, so the return of {instruction} "
        f"({return_ref}) was not taken in: enter what is still open as a receipt of the recovery, and refund the rest",
        severity="warning",
    )
