"""The share of a claim moved from a closed fund to the one that its money was carried over to (row 26)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Door, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]

# Once its payment has begun a claim stays with its fund, which pays and takes back although it is closed.
_UNPAID = (
    State.DRAFT,
    State.SUBMITTED,
    State.ACCEPTED,
    State.CORRECTION,
    State.IN_REVIEW,
    State.IN_RECHECK,
    State.IN_APPROVAL,
    State.APPROVED,
    State.PUBLISHED,
    State.OBJECTION,
    State.PAYABLE,
)


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield Transition(
        "26",
        _UNPAID,
        Event.REHOME,
        None,
        frozenset({Role.FUND}),
        guards=(Guard.NOT_FILER, Guard.CARRIED_OVER, Guard.PAYMENT_NOT_BEGUN),
        fund=FundEffect.REHOME,
        needs=("fund", "to_fund", "document_no"),
        door=Door.FUNDS,
    )
