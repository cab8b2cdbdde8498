"""Money kept for a claim before it is approved: reserved, waited for, or brought to a new amount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from subsidy_match.claims.effects.moving import move, parts_of, reserved
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.fund_records import FundRow, Mode
from subsidy_match.claims.fund.funds import lock_funds
from subsidy_match.claims.fund.pooling import is_pooled
from subsidy_match.claims.guards import others_waiting
from subsidy_match.claims.occasion import Occasion, current_amount, shares_of
from subsidy_match.claims.transition import FundEffect

__all__ = ["MONEY", "adjust", "adjust_or_wait", "fits"]


def _none(occasion: Occasion) -> Mapping[str, int]:  # noqa: ARG001  # every effect takes the occasion
    return {}


def _reserve(occasion: Occasion) -> Mapping[str, int]:
    occasion.claim.waiting = False
    return _bring_to_worth(occasion)


def _reserve_or_wait(occasion: Occasion) -> Mapping[str, int]:
    shares = shares_of(occasion.session, occasion.claim.id)
    rows = lock_funds(occasion.session, [share.fund_id for share in shares])
    if any(row.mode == Mode.POOLED for row in rows):
        return {}  # its allocation run reserves
    if not fits(rows, parts_of(current_amount(occasion.claim), shares)) or others_waiting(occasion, before_claim=False):
        occasion.claim.waiting = True
        return {}
    return _bring_to_worth(occasion)


def fits(rows: Iterable[FundRow], parts: Mapping[str, int]) -> bool:
    """Whether the locked funds can reserve the parts (fund → 分) now."""
    return all(
        not row.frozen
        and row.closed_on is None
        and row.allocated - row.reserved - row.committed - row.paid >= parts[row.id]
        for row in rows
    )


def adjust(occasion: Occasion) -> Mapping[str, int]:
    """Bring what is reserved to what the claim is worth now, where anything is reserved at all."""
    if is_pooled(occasion.session, occasion.claim.id):
        return _keep_or_give_back(occasion)
    holds = occasion.claim.accepted_on is not None and not occasion.claim.waiting
    return _bring_to_worth(occasion) if holds else {}


def adjust_or_wait(occasion: Occasion) -> Mapping[str, int]:
    """As ``adjust``, but where more is wanted than can be had, all is given back and the claim waits for the whole.

    A firm that corrects its claim in time must not lose it because a fund is short, frozen or closed.
    """
    if is_pooled(occasion.session, occasion.claim.id):
        occasion.claim.waiting = False  # its allocation run reserves
    elif occasion.claim.accepted_on is not None and not occasion.claim.waiting and _must_wait(occasion):
        occasion.claim.waiting = True
        return move(occasion, (Op.RELEASE, reserved(occasion)))
    return adjust(occasion)


def _must_wait(occasion: Occasion) -> bool:
    """Whether some fund would have to reserve more and cannot, or others accepted earlier wait for that money."""
    shares = shares_of(occasion.session, occasion.claim.id)
    parts = parts_of(current_amount(occasion.claim), shares)
    more = {share.fund_id: parts[share.fund_id] - share.reserved for share in shares}
    rows = [row for row in lock_funds(occasion.session, more) if more[row.id] > 0]
    return bool(rows) and (not fits(rows, more) or others_waiting(occasion, before_claim=True))


def _keep_or_give_back(occasion: Occasion) -> Mapping[str, int]:
    """Keep of an allotted share what the claim is worth now; where it is worth more the next run must share anew."""
    held = reserved(occasion)
    if current_amount(occasion.claim) > sum(held.values()):
        return move(occasion, (Op.RELEASE, held))
    return _bring_to_worth(occasion)


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
