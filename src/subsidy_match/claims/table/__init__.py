"""The transition table of a claim, as data: code, documentation, diagram and property tests all read these rows.

Row numbers are those of the specification. A row fires from any of its ``sources``; where two rows share state and
event, ``when`` says which attribute of the claim chooses between them. ``target=None`` stays in the state.

A topic is a module with ``rows()``, and a line here; the order is that of the handbook.
"""

from __future__ import annotations

from functools import cache

from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table import (
    accounts,
    appeals,
    correction,
    deadlines,
    decision,
    ending,
    evidence,
    filing,
    notices,
    objections,
    payment,
    pooled,
    recovery,
    review,
    tasks,
    year_end,
)
from subsidy_match.claims.transition import Transition

__all__ = ["TRANSITIONS", "rows_for"]

TRANSITIONS: tuple[Transition, ...] = (
    *filing.rows(),
    *correction.rows(),
    *review.rows(),
    *pooled.rows(),
    *tasks.rows(),
    *decision.rows(),
    *notices.rows(),
    *objections.rows(),
    *accounts.rows(),
    *payment.rows(),
    *recovery.rows(),
    *appeals.rows(),
    *ending.rows(),
    *deadlines.rows(),
    *evidence.rows(),
    *year_end.rows(),
)


@cache
def rows_for(state: State | None, event: Event) -> tuple[Transition, ...]:
    """The rows that ``event`` may take from ``state``; ``None`` is before the claim exists."""
    if state is None:
        return tuple(row for row in TRANSITIONS if row.event is event and not row.sources)
    return tuple(row for row in TRANSITIONS if row.event is event and state in row.sources)
