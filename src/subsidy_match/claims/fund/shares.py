"""Splits an amount over several funds by fixed shares so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from subsidy_match.errors import InputError

__all__ = ["split"]


def split(amount: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """Split ``amount`` (分) by ``shares``: each its whole part, what is left by largest remainder, ties by name.

    Raises:
        InputError: ``shares_wrong``, a share is not positive or they do not add up to one.
    """
    if sum(shares.values()) != 1 or any(share <= 0 for share in shares.values()):
        raise InputError("shares_wrong", "资金分担比例之和须为100%", "the shares of the funds must add up to 100 %")
    exact = {fund: amount * share for fund, share in shares.items()}
    parts = {fund: value.numerator // value.denominator for fund, value in exact.items()}
    left = amount - sum(parts.values())
    by_remainder = sorted(exact, key=lambda fund: (parts[fund] - exact[fund], fund))
    for fund in by_remainder[:left]:
        parts[fund] += 1
    return parts
