"""Money paid that must come back: proposed, approved by another, received by instalments, written off (row 21)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]

_PAID = (State.PAID, State.COMPLETED, State.RECOVERED, State.WRITTEN_OFF)
_OPEN = (State.RECOVERING,)
_PROPOSERS = frozenset({Role.SUPERVISOR})
_DECIDERS = frozenset({Role.SUPERVISOR, Role.APPROVER})


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield from _demand()
    yield from _receipts()
    yield from _write_off()


def _demand() -> Iterator[Transition]:
    yield Transition(
        "21",
        _PAID,
        Event.PROPOSE_RECOVERY,
        None,
        _PROPOSERS,
        guards=(Guard.NOT_FILER, Guard.RECOVERABLE, Guard.PLAN_ADDS_UP),
        needs=("amount", "returns_to", "reason_code", "note", "plan"),
    )
    decided = (Guard.NEW_DECIDER, Guard.MAY_USE_FUNDS, Guard.RECOVERY_PROPOSED)
    yield Transition(
        "21a",
        _PAID,
        Event.APPROVE_RECOVERY,
        State.RECOVERING,
        _DECIDERS,
        guards=decided,
        clock=ClockEffect.END,
        takes=("recovery", "note"),
    )
    yield Transition(
        "21b",
        _PAID,
        Event.REFUSE_RECOVERY,
        None,
        _DECIDERS,
        guards=decided,
        needs=("note",),
        takes=("recovery",),
    )


def _receipts() -> Iterator[Transition]:
    yield Transition(
        "21c",
        _OPEN,
        Event.RECEIVE_RECOVERY,
        None,
        frozenset({Role.RECONCILER}),
        guards=(Guard.NOT_FILER, Guard.MAY_USE_FUNDS, Guard.RECOVERY_OPEN, Guard.RECEIPT_FITS),
        fund=FundEffect.RECOVER,
        needs=("amount", "reference", "received_on"),
        takes=("recovery", "note"),
    )
    yield Transition(
        "21d",
        _OPEN,
        Event.CLOSE_RECOVERY,
        State.RECOVERED,
        frozenset({Role.SYSTEM}),
        guards=(Guard.RECOVERY_SETTLED,),
    )


def _write_off() -> Iterator[Transition]:
    yield Transition(
        "21e",
        _OPEN,
        Event.PROPOSE_WRITE_OFF,
        None,
        _PROPOSERS,
        guards=(Guard.NOT_FILER, Guard.RECOVERY_OPEN, Guard.NO_WRITE_OFF_PROPOSED),
        needs=("reason_code", "note"),
        takes=("recovery",),
    )
    decided = (Guard.WRITE_OFF_PROPOSED, Guard.WRITE_OFF_BY_ANOTHER, Guard.MAY_USE_FUNDS)
    yield Transition(
        "21f",
        _OPEN,
        Event.APPROVE_WRITE_OFF,
        State.WRITTEN_OFF,
        _DECIDERS,
        guards=decided,
        takes=("recovery", "note"),
    )
    yield Transition(
        "21g",
        _OPEN,
        Event.REFUSE_WRITE_OFF,
        None,
        _DECIDERS,
        guards=decided,
        needs=("note",),
        takes=("recovery",),
    )
