"""Approved or rejected, and off the waitlist before that."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.evidence import take_at_approval
from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.effects.moving import move, reserved
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.occasion import Occasion, current_amount
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect

__all__ = ["FIELDS", "MONEY"]


def _approve(occasion: Occasion) -> None:
    occasion.claim.amount_approved = current_amount(occasion.claim)
    take_at_approval(occasion)


def _commit(occasion: Occasion) -> Mapping[str, int]:
    return move(occasion, (Op.COMMIT, reserved(occasion)))


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.RESERVE: nothing_more,
    Event.APPROVE: _approve,
    Event.REJECT: nothing_more,
}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.COMMIT: _commit}
