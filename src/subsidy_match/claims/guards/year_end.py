"""Year end: only the way that the money went, and nothing whose payment has begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import exists, or_, select

from subsidy_match.claims.fund.funds import lock_funds
from subsidy_match.claims.fund.rehomings import check_way, homes_of
from subsidy_match.claims.occasion import Occasion, shares_of
from subsidy_match.claims.official.allocation_records import AllocationClaimRow, AllocationRow
from subsidy_match.claims.payment.payout_records import BatchRow, LineRow
from subsidy_match.claims.rights import check_funds
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _carried_over(occasion: Occasion) -> None:
    source_id, target_id = occasion.payload["fund"], occasion.payload["to_fund"]
    check_funds(occasion.rights, (source_id, target_id))
    borne_by = {share.fund_id for share in shares_of(occasion.session, occasion.claim.id)}
    # All at once and in the order of their ids, whichever of them move.
    rows = {row.id: row for row in lock_funds(occasion.session, {*borne_by, source_id, target_id})}
    if source_id not in borne_by:
        raise _not_here(occasion, source_id)
    check_way(occasion.session, rows[source_id], rows[target_id])


def _not_here(occasion: Occasion, source_id: str) -> Conflict:
    if (target_id := homes_of(occasion.session, occasion.claim.id).get(source_id)) is not None:
        zh, en = f"该件已由{source_id}转列至{target_id}", f"the claim moved from {source_id} to {target_id} before"
        return Conflict("rehomed_already", zh, en)
    return Conflict("fund_not_of_claim", f"该件不由{source_id}承担", f"{source_id} bears nothing of this claim")


def _payment_not_begun(occasion: Occasion) -> None:
    _check_not_sent(occasion)
    _check_not_listed(occasion)


def _check_not_sent(occasion: Occasion) -> None:
    # A file that went out names the fund. What was paid, comes back or is paid again stays where it was paid from.
    went_out = exists().where(BatchRow.id == LineRow.batch_id, BatchRow.file_sha256.is_not(None))
    query = select(LineRow.instruction).where(
        LineRow.claim_id == occasion.claim.id, or_(LineRow.is_open, LineRow.settled_on.is_not(None), went_out)
    )
    number = occasion.session.scalars(query.order_by(LineRow.id.desc()).limit(1)).first()
    if number is not None:
        zh = f"支付令{number}已发出,仍由原资金支付"
        raise Conflict("payment_begun", zh, f"the instruction {number} went out: the fund it names pays the claim")


def _check_not_listed(occasion: Occasion) -> None:
    # Its totals by fund are part of what was decided: the document is ended and drafted anew, never corrected.
    query = (
        select(AllocationRow.number)
        .join(AllocationClaimRow, AllocationClaimRow.allocation_id == AllocationRow.id)
        .where(AllocationClaimRow.claim_id == occasion.claim.id, AllocationClaimRow.is_live)
    )
    if (number := occasion.session.scalars(query).first()) is not None:
        zh = f"资金下达文件{number}已列明原资金,请先作废"
        raise Conflict("allocation_live", zh, f"{number} lists the claim under its fund: void that document first")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.CARRIED_OVER: _carried_over,
    Guard.PAYMENT_NOT_BEGUN: _payment_not_begun,
}
