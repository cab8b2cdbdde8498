"""Money kept for a claim before it is approved: reserved, waited for, or brought to a new amount."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.effects.moving import move, parts_of
from subsidy_match.claims.fund_ops import Op
from subsidy_match.claims.funds import lock_funds
from subsidy_match.claims.guards import others_waiting
from subsidy_match.claims.occasion import Occasion, current_amount, shares_of
from subsidy_match.claims.transition import FundEffect

__all__ = ["MONEY", "adjust"]


def _none(occasion: Occasion) -> Mapping[str, int]:  # noqa: ARG001  # every effect takes the occasion
    return {}


def _reserve(occasion: Occasion) -> Mapping[str, int]:
    occasion.claim.waiting = False
    return _bring_to_worth(occasion)


def _reserve_or_wait(occasion: Occasion) -> Mapping[str, int]:
    shares = shares_of(occasion.session, occasion.claim.id)
    rows = lock_funds(occasion.session, [share.fund_id for share in shares])
    parts = parts_of(current_amount(occasion.claim), shares)
    fits = all(
        not row.frozen and row.allocated - row.reserved - row.committed - row.paid >= parts[row.id] for row in rows
    )
    if not fits or others_waiting(occasion, before_claim=False):
        occasion.claim.waiting = True
        return {}
    return _bring_to_worth(occasion)


def adjust(occasion: Occasion) -> Mapping[str, int]:
    """Bring what is reserved to what the claim is worth now, where anything is reserved at all."""
    holds = occasion.claim.accepted_on is not None and not occasion.claim.waiting
    return _bring_to_worth(occasion) if holds else {}


def _bring_to_worth(occasion: Occasion) -> Mapping[str, int]:
    """Bring what is reserved to what the claim is worth now."""
    shares = shares_of(occasion.session, occasion.claim.id)
    parts = parts_of(current_amount(occasion.claim), shares)
    more = {share.fund_id: parts[share.fund_id] - share.reserved for share in shares}
    up = {fund: delta for fund, delta in more.items() if delta > 0}
    down = {fund: -delta for fund, delta in more.items() if delta < 0}
    return move(occasion, (Op.RELEASE, down), (Op.RESERVE, up))


MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {
    FundEffect.NONE: _none,
    FundEffect.RESERVE: _reserve,
    FundEffect.RESERVE_OR_WAIT: _reserve_or_wait,
    FundEffect.ADJUST: adjust,
}
