"""Withdrawn, held and unheld, and the money that an unpaid end gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.fields import nothing_more
from subsidy_match.claims.effects.moving import committed, move, reserved
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import FundEffect

__all__ = ["FIELDS", "MONEY"]


def _hold(occasion: Occasion) -> None:
    occasion.claim.held = occasion.transition.event is Event.HOLD


def _release(occasion: Occasion) -> Mapping[str, int]:
    occasion.claim.waiting = False
    return move(occasion, (Op.RELEASE, reserved(occasion)), (Op.UNCOMMIT, committed(occasion)))


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.WITHDRAW: nothing_more,
    Event.HOLD: _hold,
    Event.UNHOLD: _hold,
    Event.REQUEST_WITHDRAWAL: nothing_more,
    Event.CONSENT_WITHDRAWAL: nothing_more,
    Event.REFUSE_WITHDRAWAL: nothing_more,
}

MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.RELEASE: _release}
