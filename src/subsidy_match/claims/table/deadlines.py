"""What time alone brings about: deemed acceptance, drafts that give up their place, dates moved by a calendar."""

from __future__ import annotations

from collections.abc import Iterator

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table.common import LIVE
from subsidy_match.claims.transition import ClockEffect, FundEffect, Guard, Transition
from subsidy_match.store.users import Role

__all__ = ["rows"]


def rows() -> Iterator[Transition]:
    """Give the rows of this topic."""
    system = frozenset({Role.SYSTEM})
    yield Transition(
        "3d",
        (State.SUBMITTED,),
        Event.DEEM_ACCEPT,
        State.ACCEPTED,
        system,
        guards=(Guard.NOT_HELD, Guard.SILENCE_OVER),
        fund=FundEffect.RESERVE_OR_WAIT,
        clock=ClockEffect.START,
    )
    yield Transition(
        "7d",
        (State.DRAFT,),
        Event.LAPSE,
        State.LAPSED,
        system,
        guards=(Guard.DRAFT_EXPIRED,),
        fund=FundEffect.RELEASE,
        clock=ClockEffect.END,
    )
    dated = tuple(state for state in LIVE if state not in (State.DRAFT, State.SUBMITTED))
    yield Transition("25", dated, Event.REDATE, None, system, guards=(Guard.DATES_MOVED,))
