"""Off the waitlist, approved or rejected."""

from __future__ import annotations

from hypothesis.stateful import rule

from machine.base import CLAIMS, Base
from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition


class Decision(Base):
    """Claims leave the waitlist by the lead's hand."""

    @rule(claim_id=CLAIMS)
    def leave_the_waitlist(self, claim_id: int):
        self.fire(claim_id, "reserve", "lead")


def _first_in_line(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return claim.is_waiting and not model.others_wait(claim, earlier_only=True)


def _reserve(model: Model, claim: ModelClaim) -> None:
    claim.is_waiting = False
    claim.hold("reserved", claim.parts())


def _approve(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.approved = claim.amount


TOPIC = Topic(
    guards={
        "reserved_in_full": lambda model, claim, attempt: not claim.is_waiting and claim.is_allotted,
        "first_in_line": _first_in_line,
    },
    affordable={"reserve": lambda model, claim, row: model.fits(claim)},
    apply={"approve": _approve},
    money={"reserve": _reserve, "commit": lambda model, claim: claim.hold("committed", claim.held("reserved"))},
    kinds={"IN_APPROVAL": "reserved", "APPROVED": "committed"},
    usual={"IN_APPROVAL": ("approve", "approver")},
    payload={"approve": lambda machine, claim, attempt: {"reason": "核减"}},
    dead=frozenset({"REJECTED"}),
)
