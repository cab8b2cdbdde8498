"""Pooled funds: no share above what was asked for, and no approval without a share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.fund.pooling import is_allotted, is_pooled
from subsidy_match.claims.occasion import Occasion, current_amount, shares_of
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS", "check_allotted"]


def check_allotted(occasion: Occasion) -> None:
    """Refuse a claim on a pooled fund for which no confirmed run reserved what it is worth.

    Raises:
        Conflict: ``not_allotted``.
    """
    claim = occasion.claim
    if is_pooled(occasion.session, claim.id) and not is_allotted(occasion, current_amount(claim)):
        zh = "统筹资金尚未分配到该件(分配批次未确认,或份额不足一个步长)"
        raise Conflict("not_allotted", zh, "no confirmed allocation run gave this claim a share")


def _share_within_asked(occasion: Occasion) -> None:
    held = sum(share.reserved for share in shares_of(occasion.session, occasion.claim.id))
    if held or not is_pooled(occasion.session, occasion.claim.id):
        raise Conflict(
            "allotted_already", "该件已有占用资金或不属统筹资金", "money is reserved for it, or it is not pooled"
        )
    if occasion.payload["amount"] > current_amount(occasion.claim):
        raise Conflict("share_above_asked", "份额超过应兑金额", "the share is more than the claim is worth")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.SHARE_WITHIN_ASKED: _share_within_asked,
    Guard.ALLOTTED: check_allotted,
}
