"""Batched, paid, failed, completed, come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import nothing_more, take_account
from subsidy_match.claims.effects.moving import committed, move, paid
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect

__all__ = ["FIELDS", "MONEY"]


def _pay(occasion: Occasion) -> Mapping[str, int]:
    return move(occasion, (Op.PAY, committed(occasion)))


def _return(occasion: Occasion) -> Mapping[str, int]:
    return move(occasion, (Op.RETURN, paid(occasion)))


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.BATCH: take_account,
    Event.APPROVE_PAYMENT: nothing_more,
    Event.UNBATCH: nothing_more,
    Event.SETTLE: nothing_more,
    Event.FAIL: nothing_more,
    Event.COMPLETE: nothing_more,
    Event.CANCEL_PAYMENT: nothing_more,
}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {
    FundEffect.PAY: _pay,
    FundEffect.RETURN: _return,
}
