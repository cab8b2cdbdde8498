"""Moves a claim's money in its funds and notes it on the claim's shares, all or nothing, funds in the order of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from subsidy_match.claims.fund.fund_ops import EFFECTS, OF_CLAIMS, Op
from subsidy_match.claims.fund.funds import Posting, hold_funds, post
from subsidy_match.claims.fund.shares import split
from subsidy_match.claims.occasion import Occasion, shares_of
from subsidy_match.claims.records import ClaimShare

__all__ = ["committed", "move", "paid", "parts_of", "reserved"]


def move(occasion: Occasion, *moves: tuple[Op, Mapping[str, int]]) -> Mapping[str, int]:
    """Make each of ``moves`` (fund → 分); gives what was moved as ``op fund`` → 分."""
    shares = {share.fund_id: share for share in shares_of(occasion.session, occasion.claim.id)}
    hold_funds(occasion.session, shares)
    moved: dict[str, int] = {}
    for op, parts in moves:
        for fund_id, amount in sorted(parts.items()):
            if amount:
                _post(occasion, op, fund_id, amount)
                _note(shares[fund_id], op, amount)
                moved[f"{op} {fund_id}"] = amount
    return moved


def parts_of(amount: int, shares: Iterable[ClaimShare]) -> dict[str, int]:
    """Split an amount by the shares of a claim, to the 分."""
    return split(amount, {share.fund_id: Fraction(share.numerator, share.denominator) for share in shares})


def reserved(occasion: Occasion) -> dict[str, int]:
    """What is reserved for the claim, by fund."""
    return {share.fund_id: share.reserved for share in shares_of(occasion.session, occasion.claim.id)}


def committed(occasion: Occasion) -> dict[str, int]:
    """What is committed to the claim, by fund."""
    return {share.fund_id: share.committed for share in shares_of(occasion.session, occasion.claim.id)}


def paid(occasion: Occasion) -> dict[str, int]:
    """What was paid on the claim, by fund."""
    return {share.fund_id: share.paid for share in shares_of(occasion.session, occasion.claim.id)}


def _post(occasion: Occasion, op: Op, fund_id: str, amount: int) -> None:
    key = f"claim:{occasion.claim.id}:{occasion.next_version}:{op}:{fund_id}"
    posting = Posting(fund_id, op, amount, key, occasion.at, occasion.actor.id, occasion.claim.id)
    post(occasion.session, posting)


def _note(share: ClaimShare, op: Op, amount: int) -> None:
    if op not in OF_CLAIMS:
        raise AssertionError(f"no claim moves money by {op}")
    effect = EFFECTS[op]
    share.reserved += effect.reserved * amount
    share.committed += effect.committed * amount
    share.paid += effect.paid * amount
