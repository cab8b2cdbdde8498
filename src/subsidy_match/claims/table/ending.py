"""Withdrawal and hold (rows 23, 24)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import FILERS, LIVE
from subsidy_match.claims.transition import ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    free = (State.DRAFT, State.SUBMITTED, State.ACCEPTED, State.CORRECTION, State.IN_REVIEW, State.IN_RECHECK)
    yield Transition(
        "23",
        free,
        Event.WITHDRAW,
        State.WITHDRAWN,
        FILERS,
        Duty.FILER,
        (Guard.MAY_FILE,),
        FundEffect.RELEASE,
        ClockEffect.END,
        takes=("note",),
    )
    yield Transition(
        "23a",
        (State.IN_APPROVAL, State.APPROVED, State.PUBLISHED, State.PAYABLE),
        Event.WITHDRAW,
        State.WITHDRAWN,
        frozenset({Role.SUPERVISOR}),
        None,
        (),
        FundEffect.RELEASE,
        ClockEffect.END,
        needs=("reason_code", "note"),
    )
    supervisor = frozenset({Role.SUPERVISOR})
    for event, guard in ((Event.HOLD, Guard.NOT_HELD), (Event.UNHOLD, Guard.HELD)):
        yield Transition("24", LIVE, event, None, supervisor, guards=(guard,), needs=("reason_code",), takes=("note",))
