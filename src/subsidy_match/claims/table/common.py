"""What several topics of the table say alike."""

from __future__ import annotations

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.states import FINAL, State
from subsidy_match.claims.transition import Guard
from subsidy_match.store.users import Role

__all__ = ["FILERS", "LIVE", "STAGES"]

FILERS = frozenset({Role.APPLICANT, Role.AGENT})
LIVE = tuple(state for state in State if state not in FINAL)
STAGES: tuple[tuple[State, Role, Duty, tuple[Guard, ...]], ...] = (
    (State.SUBMITTED, Role.CLERK, Duty.CLERK, ()),
    (State.ACCEPTED, Role.CLERK, Duty.CLERK, ()),
    (State.IN_REVIEW, Role.REVIEWER, Duty.REVIEWER, (Guard.ASSIGNED_TO_ACTOR,)),
    (State.IN_RECHECK, Role.RECHECKER, Duty.RECHECKER, ()),
    (State.IN_APPROVAL, Role.APPROVER, Duty.APPROVER, (Guard.MAY_USE_FUNDS,)),
)
"""The stages in which officers decide, with who decides there and what is asked of them."""
