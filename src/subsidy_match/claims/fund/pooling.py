"""Pooled funds as claims see them: whether a claim draws on one, and whether it was allotted its share."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.funds import Fund
from subsidy_match.claims.occasion import Occasion, bearers_of, shares_of
from subsidy_match.errors import InputError

__all__ = ["check_modes", "is_allotted", "is_pooled"]


def is_pooled(session: Session, claim_id: int) -> bool:
    """Whether the claim draws on a pooled fund."""
    return any(bearer.mode == Mode.POOLED for bearer in bearers_of(session, claim_id))


def is_allotted(occasion: Occasion, amount: int) -> bool:
    """Whether ``amount`` (分, above zero) is exactly what an allocation run reserved for the claim."""
    held = sum(share.reserved for share in shares_of(occasion.session, occasion.claim.id))
    return held == amount and is_pooled(occasion.session, occasion.claim.id)


def check_modes(funds: Sequence[Fund]) -> None:
    """Refuse a claim that draws on a pooled fund and on another one as well: its share could not be told.

    Raises:
        InputError: ``funds_mixed``.
    """
    if len(funds) > 1 and any(fund.mode is Mode.POOLED for fund in funds):
        zh, en = "统筹分配的资金不能与其他资金共同分担", "a pooled fund bears a claim alone, without other funds"
        raise InputError("funds_mixed", zh, en, hint=", ".join(fund.id for fund in funds))
