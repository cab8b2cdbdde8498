"""Assignment, review and re-examination, and the way back (rows 8–9b)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import STAGES
from subsidy_match.claims.transition import Branch, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    assigners = frozenset({Role.LEAD, Role.REVIEWER})
    for source in (State.ACCEPTED, State.IN_REVIEW):
        yield Transition(
            "8",
            (source,),
            Event.ASSIGN,
            State.IN_REVIEW,
            assigners,
            guards=(Guard.NOT_FILER, Guard.ASSIGNEE_FIT),
            takes=("assignee", "note"),
        )
    for when, target in ((Branch.WITH_RECHECK, State.IN_RECHECK), (Branch.WITHOUT_RECHECK, State.IN_APPROVAL)):
        yield Transition(
            "9",
            (State.IN_REVIEW,),
            Event.PASS,
            target,
            frozenset({Role.REVIEWER}),
            Duty.REVIEWER,
            # Acceptance by silence, a correction or a document that followed may have left an original unseen.
            (Guard.ASSIGNED_TO_ACTOR, Guard.QUORUM_REACHED, Guard.PAPERS_SEEN, Guard.AMOUNT_WITHIN_BOUNDS),
            FundEffect.ADJUST,
            when=when,
            takes=("amount", "reason", "note", "papers_seen"),
        )
    yield Transition(
        "9i",
        (State.ACCEPTED,),
        Event.PASS,
        State.IN_APPROVAL,
        frozenset({Role.SYSTEM}),
        guards=(Guard.NOT_HELD, Guard.PASSES_BY_ITSELF, Guard.AMOUNT_WITHIN_BOUNDS),
        fund=FundEffect.ADJUST,
    )
    yield Transition(
        "9a",
        (State.IN_RECHECK,),
        Event.PASS,
        State.IN_APPROVAL,
        frozenset({Role.RECHECKER}),
        Duty.RECHECKER,
        (Guard.ALLOTTED,),
        takes=("note",),
    )
    for source, role, duty, guards in STAGES[3:]:
        yield Transition(
            "9b",
            (source,),
            Event.RETURN,
            State.IN_REVIEW,
            frozenset({role}),
            duty,
            guards,
            needs=("reason_code",),
            takes=("note",),
        )
