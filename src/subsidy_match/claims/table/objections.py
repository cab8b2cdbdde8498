"""Objections to what a public notice says, and how they are decided (rows 13, 14)."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import ClockEffect, Door, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]

_OBJECTORS = frozenset(Role) - {Role.APPLICANT, Role.AGENT, Role.PUSH, Role.SYSTEM}
_DECIDER = frozenset({Role.SUPERVISOR})
_NEEDS = ("objection", "reason_code", "note")
_NEW = Guard.OBJECTION_DECIDER_NEW


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    yield from _filed()
    yield from _dismissed()
    yield from _upheld()


def _filed() -> Iterator[Transition]:
    needs = ("notice_no", "objection")
    yield Transition(
        "13",
        (State.PUBLISHED,),
        Event.OBJECT,
        State.OBJECTION,
        _OBJECTORS,
        clock=ClockEffect.TURN,
        needs=needs,
        door=Door.NOTICES,
    )
    # A further one joins those that are being looked into.
    yield Transition("13", (State.OBJECTION,), Event.OBJECT, None, _OBJECTORS, needs=needs, door=Door.NOTICES)


def _dismissed() -> Iterator[Transition]:
    here = (State.OBJECTION,)
    yield Transition(
        "14",
        here,
        Event.ANSWER_OBJECTION,
        None,
        _DECIDER,
        guards=(_NEW, Guard.OTHER_OBJECTIONS),
        needs=_NEEDS,
        door=Door.NOTICES,
    )
    yield Transition(
        "14",
        here,
        Event.DISMISS_OBJECTION,
        State.PUBLISHED,
        _DECIDER,
        guards=(_NEW, Guard.LAST_OBJECTION),
        clock=ClockEffect.TURN,
        needs=_NEEDS,
        door=Door.NOTICES,
    )


def _upheld() -> Iterator[Transition]:
    for event, target, fund, clock in (
        (Event.UPHOLD_OBJECTION, State.IN_REVIEW, FundEffect.REOPEN, ClockEffect.RESUME),
        (Event.REVOKE, State.REVOKED, FundEffect.RELEASE, ClockEffect.END),
    ):
        yield Transition(
            "14",
            (State.OBJECTION,),
            event,
            target,
            _DECIDER,
            guards=(_NEW, Guard.NOTHING_PARKED),
            fund=fund,
            clock=clock,
            needs=_NEEDS,
            door=Door.NOTICES,
        )
