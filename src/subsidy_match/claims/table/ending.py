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
        (Guard.MAY_FILE, Guard.NOTHING_PARKED),
        FundEffect.RELEASE,
        ClockEffect.END,
        takes=("note",),
    )
    late = (State.IN_APPROVAL, State.APPROVED, State.PUBLISHED, State.PAYABLE)
    supervisor = frozenset({Role.SUPERVISOR})
    yield Transition(
        "23a",
        late,
        Event.REQUEST_WITHDRAWAL,
        None,
        FILERS,
        Duty.FILER,
        (Guard.MAY_FILE, Guard.NO_WITHDRAWAL_ASKED),
        takes=("note",),
    )
    yield Transition(
        "23b",
        late,
        Event.CONSENT_WITHDRAWAL,
        State.WITHDRAWN,
        supervisor,
        None,
        (Guard.NOT_FILER, Guard.WITHDRAWAL_ASKED, Guard.NOTHING_PARKED),
        FundEffect.RELEASE,
        ClockEffect.END,
        takes=("note",),
    )
    yield Transition(
        "23c",
        late,
        Event.REFUSE_WITHDRAWAL,
        None,
        supervisor,
        guards=(Guard.NOT_FILER, Guard.WITHDRAWAL_ASKED),
        needs=("reason_code", "note"),
    )
    for event, guard in ((Event.HOLD, Guard.NOT_HELD), (Event.UNHOLD, Guard.HELD)):
        yield Transition(
            "24",
            LIVE,
            event,
            None,
            supervisor,
            guards=(Guard.NOT_FILER, guard),
            needs=("reason_code",),
            takes=("note",),
        )
