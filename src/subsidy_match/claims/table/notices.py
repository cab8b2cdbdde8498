"""Public notice, and clearance for payment by a document of allocation (rows 12, 15)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Branch, ClockEffect, Door, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]

_OFFICER = frozenset({Role.NOTICE})
_CLEARERS = frozenset({Role.SYSTEM, Role.NOTICE})
_ISSUERS = frozenset({Role.APPROVER, Role.SUPERVISOR})
_WHY = ("reason_code",)


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield from _notice()
    yield from _clearance()


def _notice() -> Iterator[Transition]:
    yield Transition(
        "12",
        (State.APPROVED,),
        Event.PUBLISH,
        State.PUBLISHED,
        _OFFICER,
        guards=(Guard.NOT_FILER,),
        clock=ClockEffect.STOP,
        when=Branch.WITH_NOTICE,
        needs=("notice_no", "notice_until"),
        takes=("note",),
        door=Door.NOTICES,
    )
    yield Transition(
        "12w",
        (State.PUBLISHED,),
        Event.UNPUBLISH,
        State.APPROVED,
        _OFFICER,
        guards=(Guard.NOT_FILER, Guard.NOT_ALLOCATED),
        clock=ClockEffect.RESUME,
        needs=("notice_no", *_WHY),
        takes=("note",),
        door=Door.NOTICES,
    )


def _clearance() -> Iterator[Transition]:
    more = ("allocation_no", "note")
    yield Transition(
        "15",
        (State.PUBLISHED,),
        Event.CLEAR,
        State.PAYABLE,
        _CLEARERS,
        guards=(Guard.NOT_FILER, Guard.NOTICE_OVER, Guard.ALLOCATED),
        clock=ClockEffect.RESUME,
        takes=more,
    )
    yield Transition(
        "15",
        (State.APPROVED,),
        Event.CLEAR,
        State.PAYABLE,
        _CLEARERS,
        guards=(Guard.NOT_FILER, Guard.ALLOCATED),
        when=Branch.WITHOUT_NOTICE,
        takes=more,
    )
    for when, target in ((Branch.WITH_NOTICE, State.PUBLISHED), (Branch.WITHOUT_NOTICE, State.APPROVED)):
        yield Transition(
            "15v",
            (State.PAYABLE,),
            Event.RECALL,
            target,
            _ISSUERS,
            guards=(Guard.NOT_FILER, Guard.NOTHING_PARKED),  # only where it is payable can a late payment be recorded
            when=when,
            needs=("allocation_no", *_WHY),
            takes=("note",),
            door=Door.ALLOCATIONS,
        )
