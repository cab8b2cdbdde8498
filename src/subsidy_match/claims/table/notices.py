"""Public notice, and clearance for payment (rows 12, 15)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Branch, ClockEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield Transition(
        "12",
        (State.APPROVED,),
        Event.PUBLISH,
        State.PUBLISHED,
        frozenset({Role.NOTICE}),
        clock=ClockEffect.STOP,
        when=Branch.WITH_NOTICE,
        takes=("notice_no", "note"),
    )
    clearers = frozenset({Role.SYSTEM, Role.NOTICE})
    yield Transition(
        "15",
        (State.PUBLISHED,),
        Event.CLEAR,
        State.PAYABLE,
        clearers,
        guards=(Guard.NOTICE_OVER,),
        clock=ClockEffect.RESUME,
        takes=("note",),
    )
    yield Transition(
        "15", (State.APPROVED,), Event.CLEAR, State.PAYABLE, clearers, when=Branch.WITHOUT_NOTICE, takes=("note",)
    )
