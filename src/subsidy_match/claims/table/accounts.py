"""The account to which a claim is paid (rows 2a, 19)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import FILERS
from subsidy_match.claims.transition import Guard, Transition

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    early = (
        State.DRAFT,
        State.SUBMITTED,
        State.ACCEPTED,
        State.CORRECTION,
        State.IN_REVIEW,
        State.IN_RECHECK,
        State.IN_APPROVAL,
    )
    yield Transition(
        "2a",
        (*early, State.APPROVED, State.PUBLISHED, State.PAYABLE),
        Event.SET_ACCOUNT,
        None,
        FILERS,
        Duty.FILER,
        (Guard.MAY_FILE, Guard.ACCOUNT_GIVEN, Guard.ACCOUNT_OF_FIRM),
        needs=("account_id",),
    )
    yield Transition(
        "19",
        (State.PAY_FAILED,),
        Event.SET_ACCOUNT,
        State.PAYABLE,
        FILERS,
        Duty.FILER,
        (
            Guard.MAY_FILE,
            Guard.ACCOUNT_GIVEN,
            Guard.ACCOUNT_OF_FIRM,
            Guard.ACCOUNT_VERIFIED,
            Guard.ACCOUNT_NOT_REFUSED,
            Guard.NO_OPEN_LINE,
        ),
        needs=("account_id",),
    )
