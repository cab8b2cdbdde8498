"""What may happen to the money of a fund, and what each operation does to its four balances."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from subsidy_match.claims.registry import covering

__all__ = ["BARRED_BY_CLOSING", "BARRED_BY_FREEZE", "EFFECTS", "OF_CLAIMS", "Effect", "Op"]


class Op(StrEnum):
    """What may happen to the money of a fund."""

    # budget
    ALLOCATE = "allocate"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    # year end
    CLOSE = "close"
    CARRY_IN = "carry_in"
    # claims on their way
    RESERVE = "reserve"
    RELEASE = "release"
    COMMIT = "commit"
    UNCOMMIT = "uncommit"
    REOPEN = "reopen"
    # payment
    PAY = "pay"
    RETURN = "return"
    # recovery
    RECOVER = "recover"
    RECOVER_OUT = "recover_out"


class Effect(NamedTuple):
    """What one 分 of an operation adds to each balance."""

    allocated: int = 0
    reserved: int = 0
    committed: int = 0
    paid: int = 0


_BUDGET = {
    Op.ALLOCATE: Effect(allocated=1),
    Op.TRANSFER_OUT: Effect(allocated=-1),
    Op.TRANSFER_IN: Effect(allocated=1),
}
_YEAR_END = {
    Op.CLOSE: Effect(allocated=-1),  # only of what is free: the guard of ``post`` keeps the rest
    Op.CARRY_IN: Effect(allocated=1),
}
_CLAIMS = {
    Op.RESERVE: Effect(reserved=1),
    Op.RELEASE: Effect(reserved=-1),
    Op.COMMIT: Effect(reserved=-1, committed=1),
    Op.UNCOMMIT: Effect(committed=-1),
    Op.REOPEN: Effect(reserved=1, committed=-1),  # an approval undone: needs no new money, so no freeze bars it
}
_PAYMENT = {
    Op.PAY: Effect(committed=-1, paid=1),
    Op.RETURN: Effect(committed=1, paid=-1),
}
_RECOVERY = {
    Op.RECOVER: Effect(paid=-1),  # back in the fund and available again
    Op.RECOVER_OUT: Effect(allocated=-1, paid=-1),  # gone to the treasury
}

EFFECTS: Mapping[Op, Effect] = covering(Op, _BUDGET, _YEAR_END, _CLAIMS, _PAYMENT, _RECOVERY)
OF_CLAIMS = frozenset({*_CLAIMS, *_PAYMENT, *_RECOVERY})
"""Operations that move the money of a claim, and so its shares as well."""
BARRED_BY_FREEZE = frozenset({Op.RESERVE, Op.COMMIT, Op.TRANSFER_OUT})
BARRED_BY_CLOSING = frozenset({Op.RESERVE, Op.COMMIT, *_BUDGET, Op.CARRY_IN})
"""A closed fund takes nothing new in hand; what is committed there is still paid."""
