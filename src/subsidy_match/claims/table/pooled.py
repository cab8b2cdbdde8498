"""The share of a pooled fund, given by an allocation run (row 9p, the reservation of row 9a)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Door, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield Transition(
        "9p",
        (State.IN_RECHECK, State.IN_APPROVAL),
        Event.ALLOT,
        None,
        frozenset({Role.FUND, Role.SUPERVISOR}),
        guards=(Guard.MAY_USE_FUNDS, Guard.SHARE_WITHIN_ASKED),
        fund=FundEffect.RESERVE,
        needs=("amount", "run"),
        door=Door.RUNS,
    )
