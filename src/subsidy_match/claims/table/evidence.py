"""Documents that follow later, and risks that an officer answers for (rows 2b, 9r)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import FILERS
from subsidy_match.claims.transition import Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]

_BEFORE_DECISION = (State.ACCEPTED, State.IN_REVIEW, State.IN_RECHECK, State.IN_APPROVAL)


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield Transition(
        "2b",
        (State.SUBMITTED, *_BEFORE_DECISION, State.CORRECTION),
        Event.SUPPLY,
        None,
        FILERS,
        Duty.FILER,
        (Guard.MAY_FILE, Guard.MATERIAL_OWED, Guard.DOCUMENTS_KNOWN),
        needs=("materials",),
        takes=("note",),
    )
    yield Transition(
        "9r",
        _BEFORE_DECISION,
        Event.ACKNOWLEDGE_RISK,
        None,
        frozenset({Role.REVIEWER, Role.RECHECKER, Role.LEAD, Role.SUPERVISOR}),
        guards=(Guard.RISK_OPEN,),
        needs=("risk", "note"),
    )
