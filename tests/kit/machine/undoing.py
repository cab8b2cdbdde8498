"""Revoked, appealed, amended, withdrawn with consent, corrected on new facts."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

from claims_world import CALENDAR, FIRM
from hypothesis import strategies as st
from hypothesis.stateful import rule

from machine.base import CLAIMS, Base, tried
from machine.evidence import places_left, submitted, take_place
from machine.filing import SHARINGS
from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition

_DECIDED = ("NOT_ACCEPTED", "REJECTED", "REVOKED")


class Undoing(Base):
    """Claims come back from the dead, and corrected ones stand on new facts."""

    @rule(claim_id=CLAIMS, uphold=st.booleans(), by=st.sampled_from(["supervisor", "supervisor_b", "everything"]))
    def appeal(self, claim_id: int, uphold: bool, by: str):
        if self.model.claims[claim_id].state in _DECIDED:
            self.fire(claim_id, "appeal", "applicant")
            self.fire(claim_id, "uphold_appeal" if uphold else "dismiss_appeal", by)

    @rule(claim_id=CLAIMS, consent=st.booleans(), by=st.sampled_from(["supervisor", "everything"]))
    def ask_to_withdraw(self, claim_id: int, consent: bool, by: str):
        self.fire(claim_id, "request_withdrawal", "applicant")
        self.fire(claim_id, "consent_withdrawal" if consent else "refuse_withdrawal", by)

    @rule(claim_id=CLAIMS, shares=st.sampled_from(SHARINGS), item=st.sampled_from("abcx"))
    def correct_on_new_facts(self, claim_id: int, shares: dict[str, Fraction], item: str):
        claim = self.model.claims[claim_id]
        if claim.state != "CORRECTION":
            return
        before = claim.shares, claim.item
        taken = any(other is not claim and other.item == item for other in submitted(self.model))
        claim.shares, claim.item = shares, item
        if taken:
            self.world.assessor.answer = self.answer_for(claim)
            moved, _ = tried(lambda: self.world.fire(claim_id, "resubmit", "applicant"))
            assert moved is None
        else:
            self.fire(claim_id, "resubmit", "applicant")
        if claim.state == "CORRECTION":
            claim.shares, claim.item = before


def _new_decider(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return attempt.who not in claim.deciders and all(person != attempt.who for person, _ in claim.duties)


def _not_filer(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return (attempt.who, "filer") not in claim.duties


def _place_free(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    others = [other for other in submitted(model) if other is not claim]
    return (
        all(other.key != claim.key for other in model.live() if other is not claim)
        and all(other.item != claim.item for other in others)
        and bool(places_left(model, claim))
    )


def _in_time(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    assert claim.decided_on is not None
    due = claim.decided_on + timedelta(days=60)
    while not CALENDAR.is_working_day(due):
        due += timedelta(days=1)
    return attempt.today <= due


def _halved(claim: ModelClaim) -> int:
    return max(claim.amount // 2, 1)


def _amends(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return _halved(claim) != (claim.proposed if claim.state == "IN_RECHECK" else claim.claimed)


def _amend(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    if claim.state == "IN_RECHECK":
        claim.proposed = _halved(claim)
    else:
        claim.claimed = _halved(claim)


def _decided(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.decided_on, claim.appealed = attempt.today, False


def _appeal(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.appealed, claim.asked_in = True, claim.state


def _answered(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.asked_in = ""
    if row.event == "uphold_appeal":
        claim.assignee, claim.proposed, claim.approved = "", None, None
        take_place(model, claim, row, attempt)
        if claim.rank is None:
            claim.rank = model.rank_now(claim)


def _withdrawal(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.withdrawal_asked = row.event == "request_withdrawal"


def _amount(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    return {"amount": _halved(claim)}


TOPIC = Topic(
    guards={
        "new_decider": _new_decider,
        "not_filer": _not_filer,
        "place_free": _place_free,
        "appeal_in_time": _in_time,
        "not_appealed": lambda model, claim, attempt: not claim.appealed,
        "amends": _amends,
        "renames": lambda model, claim, attempt: False,  # it is always the name that the claim has
        "no_withdrawal_asked": lambda model, claim, attempt: not claim.withdrawal_asked,
        "withdrawal_asked": lambda model, claim, attempt: claim.withdrawal_asked,
    },
    apply={
        "refuse": _decided,
        "reject": _decided,
        "revoke": _decided,
        "appeal": _appeal,
        "uphold_appeal": _answered,
        "dismiss_appeal": _answered,
        "request_withdrawal": _withdrawal,
        "consent_withdrawal": _withdrawal,
        "refuse_withdrawal": _withdrawal,
        "amend": _amend,
    },
    payload={
        "amend": _amount,
        "rename": lambda machine, claim, attempt: {"enterprise_name": FIRM, "document_no": "登1号"},
        "appeal": lambda machine, claim, attempt: {"reason": "不服"},
    },
    dead=frozenset({"REVOKED", "APPEAL"}),
)
