"""What a firm can choose from, the rules between the claims, and what a choice comes to: plain data, money in 分."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

__all__ = [
    "MOST",
    "AtMost",
    "Cap",
    "Cause",
    "Choice",
    "Constraint",
    "Difference",
    "Loss",
    "Option",
    "Origin",
    "Payout",
    "Solution",
    "Use",
]

MOST = 10**18
"""分 that stand for "no upper bound": more than any amount of the catalogue, and still a whole number."""


@dataclass(frozen=True, slots=True)
class Option:
    """One claim that could be filed: what it pays by itself for certain, and at the most (``MOST``: no bound)."""

    id: str
    policy_id: str
    subject: str | None
    period: str
    amount: int
    possible: int
    item_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= self.possible <= MOST or self.possible == 0:
            raise ValueError(f"an option pays from {self.amount} to {self.possible}")


class Origin(StrEnum):
    """Where a use of a rule comes from."""

    HISTORY = "history"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Use:
    """A payment or a claim in hand that counts under a rule before anything is chosen; its amount where it is known."""

    ref: str
    policy_id: str
    amount: int | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class AtMost:
    """At most ``limit`` claims of ``members``, those in ``used`` included, once one of ``binding`` is among them.

    Attributes:
        group: the exclusivity group.
        per: ``year``, ``policy``, ``item_key``, or ``None`` for the whole group at any time.
        scope: which year, policy or item key.
        limit: how many.
        members: ids of the options that count.
        binding: ids of the members whose policy states this limit; others are bound only beside one of them.
        used: what counts already.
    """

    group: str
    per: str | None
    scope: str
    limit: int
    members: tuple[str, ...]
    binding: tuple[str, ...]
    used: tuple[Use, ...] = ()

    @property
    def room(self) -> int:
        """How many more there may be; negative where there are too many already."""
        return self.limit - len(self.used)


@dataclass(frozen=True, slots=True)
class Cap:
    """``members`` are together paid at most ``limit`` 分 a year, less what is used; the claim paid last is cut."""

    group: str
    scope: str
    limit: int
    members: tuple[str, ...]
    used: tuple[Use, ...] = ()

    @property
    def room(self) -> int:
        """How much more may be paid."""
        return max(0, self.limit - sum(use.amount or 0 for use in self.used))


@dataclass(frozen=True, slots=True)
class Difference:
    """``member`` is paid only what exceeds the payments of ``sources`` made before it, and of the claims in ``used``."""

    group: str
    member: str
    sources: tuple[str, ...]
    used: tuple[Use, ...] = ()

    @property
    def paid(self) -> int:
        """What the claims in hand take away from the member."""
        return sum(use.amount or 0 for use in self.used)


Constraint: TypeAlias = AtMost | Cap | Difference


@dataclass(frozen=True, slots=True)
class Payout:
    """What one chosen claim is paid beside the others, after differences and caps."""

    option: str
    amount: int
    possible: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A set of claims that may be filed together, in the order in which they are paid."""

    payouts: tuple[Payout, ...]

    @property
    def total(self) -> int:
        """What it pays for certain."""
        return sum(payout.amount for payout in self.payouts)

    @property
    def possible(self) -> int:
        """What it pays if every amount is the greatest possible, ``MOST`` at most."""
        return min(MOST, sum(payout.possible for payout in self.payouts))

    @property
    def ids(self) -> tuple[str, ...]:
        """The options chosen."""
        return tuple(payout.option for payout in self.payouts)


@dataclass(frozen=True, slots=True)
class Cause:
    """A rule that kept an option out, with the chosen options it lost to (``rule.used`` are the rest of them)."""

    rule: Constraint
    winners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """An option that is not chosen: why, and by how much the total would be lower with it.

    ``cost`` is ``None`` where no set may contain it, because payments or claims in hand leave no place.
    """

    option: str
    causes: tuple[Cause, ...]
    cost: int | None


@dataclass(frozen=True, slots=True)
class Solution:
    """The best choice, the next best ones, and what lost."""

    chosen: Choice
    alternatives: tuple[Choice, ...]
    losses: tuple[Loss, ...]
