"""Asked for a correction, corrected, lapsed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from claims_world import CALENDAR

from machine.base import Base
from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition

_BACK_BEFORE_PASS = {"SUBMITTED", "ACCEPTED", "IN_REVIEW"}
_DAYS = timedelta(days=5)


def _ask(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.asked_in, claim.correction_due = claim.state, CALENDAR.add_working_days(attempt.today + _DAYS, 0).on


def _resubmit(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.asked_in, claim.correction_due = "", None
    claim.proposed = _proposed_after(claim, row)


def _proposed_after(claim: ModelClaim, row: Transition) -> int | None:
    return None if row.target in _BACK_BEFORE_PASS else claim.proposed


def _rebase(model: Model, claim: ModelClaim) -> None:
    """Bring the reserve to the claim's worth; where more is wanted than there is, all is given back and it waits."""
    if claim.is_pooled:
        claim.is_waiting = False
    if claim.rank is None or claim.is_waiting:
        return
    held = claim.held("reserved")
    more = any(part > held.get(fund, 0) for fund, part in claim.parts().items())
    if more and not claim.is_pooled and (not model.fits(claim) or model.others_wait(claim, earlier_only=True)):
        claim.money, claim.is_waiting = {}, True
        return
    claim.hold("reserved", claim.parts())


def _due(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    return {"due_on": attempt.today + _DAYS}


TOPIC = Topic(
    guards={
        "before_correction_due": lambda model, claim, a: a.today <= (claim.correction_due or a.today),
        "after_correction_due": lambda model, claim, a: a.today > (claim.correction_due or a.today),
    },
    money={"rebase": _rebase},
    apply={"request_correction": _ask, "resubmit": _resubmit},
    kinds={"CORRECTION": "reserved"},
    usual={"CORRECTION": ("resubmit", "applicant")},
    payload={"request_correction": _due},
    dead=frozenset({"LAPSED"}),
)
