"""A corrected claim stands on its newest assessment: its shares are taken over, then its reserve brought to its worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from subsidy_match.claims.effects.moving import move, reserved
from subsidy_match.claims.effects.reserving import adjust_or_wait
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.funds import fund, lock_funds
from subsidy_match.claims.fund.pooling import check_modes
from subsidy_match.claims.fund.rehomings import home_of, homes_of
from subsidy_match.claims.fund.shares import split
from subsidy_match.claims.occasion import Occasion, forget_shares, shares_of
from subsidy_match.claims.records import ClaimShare
from subsidy_match.claims.transition import FundEffect

__all__ = ["MONEY"]


def _rebase(occasion: Occasion) -> Mapping[str, int]:
    freed = _take_over_shares(occasion)
    return {**freed, **adjust_or_wait(occasion)}


def _take_over_shares(occasion: Occasion) -> Mapping[str, int]:
    wanted = _wanted(occasion)
    shares = shares_of(occasion.session, occasion.claim.id)
    if wanted == {share.fund_id: Fraction(share.numerator, share.denominator) for share in shares}:
        return {}
    split(0, wanted)
    check_modes([fund(occasion.session, fund_id) for fund_id in wanted])
    lock_funds(occasion.session, {*wanted, *(share.fund_id for share in shares)})
    freed = move(occasion, (Op.RELEASE, reserved(occasion)))
    for share in shares:
        if share.fund_id not in wanted:
            occasion.session.delete(share)
    known = {share.fund_id: share for share in shares}
    for fund_id, part in wanted.items():
        _put_share(occasion, known.get(fund_id), fund_id, part)
    occasion.session.flush()
    forget_shares(occasion.session)
    occasion.told["shares"] = {fund_id: str(part) for fund_id, part in sorted(wanted.items())}
    return freed


def _wanted(occasion: Occasion) -> Mapping[str, Fraction]:
    """What the policy says, each fund in the place of which another came at year end replaced by that one."""
    homes = homes_of(occasion.session, occasion.claim.id)
    wanted: dict[str, Fraction] = {}
    for part in occasion.require_assessment().funding:
        home = home_of(part.fund_id, homes)
        wanted[home] = wanted.get(home, Fraction(0)) + part.share
    return wanted


def _put_share(occasion: Occasion, share: ClaimShare | None, fund_id: str, part: Fraction) -> None:
    if share is None:
        share = ClaimShare(claim_id=occasion.claim.id, fund_id=fund_id, reserved=0, committed=0, paid=0)
        occasion.session.add(share)
    share.numerator, share.denominator = part.numerator, part.denominator


MONEY: Mapping[FundEffect, Callable[[Occasion], Mapping[str, int]]] = {FundEffect.REBASE: _rebase}
