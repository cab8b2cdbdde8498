"""The firm is asked once for what is missing, and hands it in or lets it lapse (rows 5–7)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import FILERS, STAGES
from subsidy_match.claims.transition import Branch, ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    for source, role, duty, guards in STAGES[:-1]:
        in_time = (Guard.SILENCE_RUNNING,) if source is State.SUBMITTED else ()
        yield Transition(
            "5",
            (source,),
            Event.REQUEST_CORRECTION,
            State.CORRECTION,
            frozenset({role}),
            duty,
            (*guards, *in_time, Guard.DUE_IN_TIME),
            clock=ClockEffect.STOP,
            needs=("items", "due_on"),
            takes=("note",),
        )
    for when, target in (
        (Branch.ASKED_IN_SUBMITTED, State.SUBMITTED),
        (Branch.ASKED_IN_ACCEPTED, State.ACCEPTED),
        (Branch.ASKED_IN_REVIEW, State.IN_REVIEW),
        (Branch.ASKED_IN_RECHECK, State.IN_REVIEW),  # decision record 0018: the pass before it is void
    ):
        yield Transition(
            "6",
            (State.CORRECTION,),
            Event.RESUBMIT,
            target,
            FILERS,
            Duty.FILER,
            (
                Guard.MAY_FILE,
                Guard.BEFORE_CORRECTION_DUE,
                Guard.FAVOURABLE_OR_REASON,
                Guard.AMOUNT_KNOWN,
                Guard.MATERIALS_COMPLETE,
                Guard.DOCUMENTS_KNOWN,
                Guard.ITEMS_FREE,
                Guard.EXCLUSIVE_FREE,
            ),
            FundEffect.REBASE,
            ClockEffect.RESUME,
            when,
            takes=("amount", "reason", "note", "materials", "deferred_until"),
            reassess=True,
        )
    yield Transition(
        "7",
        (State.CORRECTION,),
        Event.LAPSE,
        State.LAPSED,
        frozenset({Role.SYSTEM}),
        guards=(Guard.AFTER_CORRECTION_DUE, Guard.NOTHING_PARKED),
        fund=FundEffect.RELEASE,
        clock=ClockEffect.END,
    )
