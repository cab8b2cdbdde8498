"""What a claim may be worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.fund.pooling import is_allotted
from subsidy_match.claims.occasion import Occasion, current_amount
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _amount_known(occasion: Occasion) -> None:
    assessment, claimed = occasion.require_assessment(), occasion.payload.get("amount")
    if claimed is None and assessment.amount_max in (None, 0):
        raise Conflict("amount_unknown", "无法测算金额,请填写申报金额", "no amount can be estimated: state the amount")
    if claimed is not None and assessment.amount_max is not None and claimed > assessment.amount_max:
        zh = "申报金额超过按规则测算的上限"
        raise Conflict("amount_above_rules", zh, "the amount claimed is above what the rules give")


def _amount_within_bounds(occasion: Occasion) -> None:
    claim, assessed = occasion.claim, occasion.assessment
    low, high = claim.amount_min, claim.amount_max
    if assessed is not None:
        low, high = assessed.amount_min, assessed.amount_max
    amount = occasion.payload.get("amount", current_amount(claim))
    if claim.amount_proposed is not None and assessed is not None and amount != claim.amount_proposed:
        raise Conflict("amount_not_proposed", "与初审金额不一致,请退回", "not the amount proposed: return the claim")
    if amount <= 0:
        raise Conflict("amount_unknown", "金额未确定", "the amount is not known")
    within = (low or 0) <= amount and (high is None or amount <= high)
    if not within and "reason" not in occasion.payload and not is_allotted(occasion, amount):
        raise Conflict("amount_out_of_bounds", "金额超出规则测算范围,须说明理由", "outside the rules: give a reason")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.AMOUNT_KNOWN: _amount_known,
    Guard.AMOUNT_WITHIN_BOUNDS: _amount_within_bounds,
}
