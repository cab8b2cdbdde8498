"""Others are asked while a claim is in review: opinions, inspection, experts, audit (row 8a)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import ClockEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    review = (State.IN_REVIEW,)
    yield Transition(
        "8a",
        review,
        Event.OPEN_TASK,
        None,
        frozenset({Role.REVIEWER}),
        Duty.REVIEWER,
        (Guard.ASSIGNED_TO_ACTOR, Guard.DUE_IN_TIME, Guard.TASK_NEW),
        clock=ClockEffect.STOP_FOR_TASK,
        needs=("task_kind", "department", "due_on"),
        takes=("officer", "note"),
    )
    yield Transition(
        "8a",
        review,
        Event.ANSWER_TASK,
        None,
        frozenset({Role.TASK_OFFICER}),
        guards=(Guard.TASK_OPEN, Guard.TASK_OF_ACTOR),
        clock=ClockEffect.RESUME_FROM_TASK,
        needs=("task", "result", "opinion"),
    )
    yield Transition(
        "8a",
        review,
        Event.DROP_TASK,
        None,
        frozenset({Role.REVIEWER}),
        Duty.REVIEWER,
        (Guard.ASSIGNED_TO_ACTOR, Guard.TASK_OPEN),
        clock=ClockEffect.RESUME_FROM_TASK,
        needs=("task", "note"),
    )
