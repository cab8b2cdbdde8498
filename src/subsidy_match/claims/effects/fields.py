"""What several events write into a claim."""

from __future__ import annotations

from subsidy_match.claims.occasion import Occasion

__all__ = ["nothing_more", "take_account"]


def nothing_more(occasion: Occasion) -> None:
    """For events that say nothing beyond their state, money and clock."""


def take_account(occasion: Occasion) -> None:
    """Note the account that the claim is paid to."""
    account = occasion.account()
    occasion.claim.account_id = None if account is None else account.id
