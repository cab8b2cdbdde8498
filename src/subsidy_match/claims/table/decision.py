"""Money from the waitlist, approval and rejection (rows 3w, 10, 11)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import STAGES
from subsidy_match.claims.transition import ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield Transition(
        "3w",
        (State.ACCEPTED, State.IN_REVIEW, State.IN_RECHECK, State.IN_APPROVAL, State.CORRECTION),
        Event.RESERVE,
        None,
        frozenset({Role.SYSTEM, Role.LEAD}),
        guards=(Guard.NOT_FILER, Guard.FIRST_IN_LINE),
        fund=FundEffect.RESERVE,
    )
    yield Transition(
        "10a",
        (State.IN_APPROVAL,),
        Event.ENDORSE,
        None,
        frozenset({Role.APPROVER}),
        Duty.APPROVER,
        (Guard.NOT_HELD, Guard.MAY_USE_FUNDS, Guard.ENDORSEMENT_WANTED),
        takes=("note",),
    )
    yield Transition(
        "10",
        (State.IN_APPROVAL,),
        Event.APPROVE,
        State.APPROVED,
        frozenset({Role.APPROVER}),
        Duty.APPROVER,
        (
            Guard.NOT_HELD,
            Guard.MAY_USE_FUNDS,
            Guard.ENDORSED_ENOUGH,
            Guard.RESERVED_IN_FULL,
            Guard.FAVOURABLE,
            Guard.AMOUNT_WITHIN_BOUNDS,
            Guard.NOTHING_OWED,
            Guard.RISKS_ANSWERED,
            Guard.EXCLUSIVE_FREE,
            Guard.WITHIN_CAP,
        ),
        FundEffect.COMMIT,
        takes=("amount", "reason", "note"),
        reassess=True,
    )
    for source, role, duty, guards in STAGES[2:]:
        yield Transition(
            "11",
            (source,),
            Event.REJECT,
            State.REJECTED,
            frozenset({role}),
            duty,
            (*guards, Guard.NOTHING_PARKED),
            FundEffect.RELEASE,
            ClockEffect.END,
            needs=("reason_code",),
            takes=("note",),
        )
