"""What each firm gets where a pooled fund is short: pro rata, floored to a step, never more than the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from subsidy_match.errors import InputError

__all__ = ["Shares", "share_out"]


@dataclass(frozen=True, slots=True)
class Shares:
    """How a budget is shared; money in 分. Where it is enough everyone gets the whole amount, unrounded."""

    budget: int
    step: int
    needed: int
    parts: Mapping[str, int]
    full: int  # firms that get all they ask for
    nothing: int  # firms whose share is less than one step

    @property
    def is_short(self) -> bool:
        """Whether the budget is less than what is needed."""
        return self.needed > self.budget

    @property
    def rate(self) -> Fraction:
        """What one 分 asked for brings before rounding."""
        return Fraction(self.budget, self.needed) if self.is_short else Fraction(1)

    @property
    def paid(self) -> int:
        """The sum of the shares."""
        return sum(self.parts.values())

    @property
    def remainder(self) -> int:
        """What is left of the budget."""
        return self.budget - self.paid


def share_out(asked: Mapping[str, int], budget: int, step: int) -> Shares:
    """Share ``budget`` over what is ``asked`` for (分 by firm).

    Raises:
        InputError: ``bad_budget``, the budget is below nothing, or the step is not above it.
    """
    if budget < 0 or step <= 0:
        zh, en = "预算不能为负,步长须大于零", "a budget is not negative and a step is greater than zero"
        raise InputError("bad_budget", zh, en)
    needed = sum(asked.values())
    if needed <= budget:
        parts = dict(asked)
    else:
        parts = {key: amount * budget // (needed * step) * step for key, amount in asked.items()}
    claimed = [key for key, amount in asked.items() if amount > 0]
    full = sum(parts[key] == asked[key] for key in claimed)
    return Shares(budget, step, needed, parts, full, sum(parts[key] == 0 for key in claimed))
