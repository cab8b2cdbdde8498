"""Money that must come back: demanded, approved by another, received by instalments, given up."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from machine.base import CLAIMS, Base, tried
from machine.model import Attempt, Demand, Model, ModelClaim, Topic
from subsidy_match.claims.recovery import RecoveryState, check_recoveries, recoveries_of
from subsidy_match.claims.transition import Transition
from subsidy_match.store.unit import in_unit

_NUMBERS = count(1)
_DEMANDS = st.sampled_from(["propose_recovery", "approve_recovery", "refuse_recovery"])


class Recovering(Base):
    """Paid claims are demanded back."""

    @rule(claim_id=CLAIMS, steps=st.integers(1, 4), proposer=st.sampled_from(["supervisor", "supervisor_b"]))
    def recover(self, claim_id: int, steps: int, proposer: str):
        decider = "supervisor_b" if proposer == "supervisor" else "supervisor"
        self.fire(claim_id, "propose_recovery", proposer)
        self.fire(claim_id, "approve_recovery", decider)
        for _ in range(steps):
            self.fire(claim_id, "receive_recovery", "reconciler")

    @rule(
        claim_id=CLAIMS, who=st.sampled_from(["supervisor", "supervisor_b", "approver", "approver_b"]), event=_DEMANDS
    )
    def demand(self, claim_id: int, who: str, event: str):
        self.fire(claim_id, event, who)

    @rule(claim_id=CLAIMS, approve=st.booleans())
    def write_off(self, claim_id: int, approve: bool):
        self.fire(claim_id, "propose_write_off", "supervisor")
        self.fire(claim_id, "approve_write_off" if approve else "refuse_write_off", "supervisor_b")

    @rule(claim_id=CLAIMS)
    def enter_a_receipt_again(self, claim_id: int):
        used = [receipt.reference for found in self._recoveries(claim_id) for receipt in found.receipts]
        for reference in used[:1]:
            given = {"amount": 1, "reference": reference, "received_on": self.today}
            moved, _ = tried(lambda given=given: self.world.fire(claim_id, "receive_recovery", "reconciler", **given))
            assert moved is None

    @invariant()
    def recoveries_are_as_the_model_says(self):
        assert in_unit(self.world.engine, check_recoveries) == []
        for claim_id, claim in self.model.claims.items():
            found = self._recoveries(claim_id)
            assert sum(recovery.recovered for recovery in found) == claim.recovered
            in_hand = [r for r in found if r.state in (RecoveryState.PROPOSED, RecoveryState.OPEN)]
            said = [] if claim.demand is None else [(claim.demand.rest, claim.demand.is_open)]
            assert [(r.rest, r.state is RecoveryState.OPEN) for r in in_hand] == said
            assert all(r.decided_by != r.proposed_by for r in found)

    def _recoveries(self, claim_id: int) -> Any:
        return in_unit(self.world.engine, lambda session: recoveries_of(session, claim_id), immediate=False)


def _paid(claim: ModelClaim) -> int:
    return sum(claim.held("paid").values())


def _wanted(claim: ModelClaim, *, applied: bool = False) -> int:
    """What the machine demands: all, a part, or now and then more than was paid."""
    paid, version = _paid(claim), claim.version - applied
    return paid + 1 if version % 7 == 0 else max(paid // (1 + version % 3), 1)


def _instalment(claim: ModelClaim, *, applied: bool = False) -> int:
    rest = 1 if claim.demand is None else claim.demand.rest
    return rest if (claim.version - applied) % 2 else max(rest // 2, 1)


def _proposal(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    amount, due = _wanted(claim), attempt.today + timedelta(days=1)
    to = "treasury" if amount % 2 else "fund"
    return {"amount": amount, "returns_to": to, "plan": [{"due_on": due.isoformat(), "amount": amount}]}


def _receipt(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    return {"amount": _instalment(claim), "reference": f"Z{next(_NUMBERS)}", "received_on": attempt.today}


def _is_open(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return claim.demand is not None and claim.demand.is_open


def _is_proposed(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return claim.demand is not None and not claim.demand.is_open and claim.demand.amount <= _paid(claim)


def _is_another(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    assert claim.demand is not None
    return attempt.who != claim.demand.write_off_by and all(person != attempt.who for person, _ in claim.duties)


def _propose(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    amount, claim.given_up = _wanted(claim, applied=True), None
    claim.demand = Demand(amount, to_treasury=bool(amount % 2))


def _decide(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    assert claim.demand is not None
    if row.event == "refuse_recovery":
        claim.demand = None
        return
    claim.demand.is_open = True


def _receive(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    assert claim.demand is not None
    claim.demand.last = _instalment(claim, applied=True)
    claim.demand.received += claim.demand.last
    claim.recovered += claim.demand.last


def _recover(model: Model, claim: ModelClaim) -> None:
    """Take the instalment out of what each fund paid, by what it still has in it: whole parts, then largest rests."""
    assert claim.demand is not None
    paid, amount = claim.held("paid"), claim.demand.last
    total = sum(paid.values())
    parts = {fund: amount * part // total for fund, part in paid.items()}
    rests = sorted(paid, key=lambda fund: (-(amount * paid[fund] % total), fund))
    for fund in rests[: amount - sum(parts.values())]:
        parts[fund] += 1
    claim.hold("paid", {fund: paid[fund] - parts[fund] for fund in paid})
    if claim.demand.to_treasury:
        for fund, part in parts.items():
            model.gone[fund] = model.gone.get(fund, 0) + part


def _close(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.demand = None


def _write_off(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    assert claim.demand is not None
    claim.demand.write_off_by = attempt.who if row.event == "propose_write_off" else ""
    if row.event == "approve_write_off":
        claim.demand, claim.given_up = None, claim.demand


def settled_by_return(claim: ModelClaim) -> Demand | None:
    """The demand that a returned payment settles: it was for all that was paid, and nothing had come back."""
    demand = claim.demand if claim.state == "RECOVERING" else claim.given_up
    settles = demand is not None and not claim.recovered and demand.amount == _paid(claim) == claim.amount
    return demand if settles else None


def _come_back(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    if row.fund == "recover_return":
        claim.recovered = claim.amount
    elif claim.demand is not None and not claim.demand.is_open:
        claim.demand = None  # there is nothing left to demand


def _recover_return(model: Model, claim: ModelClaim) -> None:
    demand, paid = _settled(claim), claim.held("paid")
    if demand.to_treasury:
        for fund, part in paid.items():
            model.gone[fund] = model.gone.get(fund, 0) + part
    claim.money, claim.demand, claim.given_up = {}, None, None


def _settled(claim: ModelClaim) -> Demand:
    """The demand of a claim of which the return is already counted."""
    demand = claim.demand or claim.given_up
    assert demand is not None
    return demand


TOPIC = Topic(
    guards={
        "no_open_recovery": lambda model, claim, attempt: not model.is_recovering_from(claim.key[0]),
        "recoverable": lambda model, claim, attempt: claim.demand is None and _wanted(claim) <= _paid(claim),
        "recovery_proposed": _is_proposed,
        "recovery_open": _is_open,
        "receipt_fits": lambda model, claim, attempt: _instalment(claim) <= (claim.demand.rest if claim.demand else 0),
        "recovery_settled": lambda model, claim, attempt: claim.demand is not None and claim.demand.rest == 0,
        "return_settles_recovery": lambda model, claim, attempt: settled_by_return(claim) is not None,
        "no_write_off_proposed": lambda model, claim, attempt: not (claim.demand and claim.demand.write_off_by),
        "write_off_proposed": lambda model, claim, attempt: bool(claim.demand and claim.demand.write_off_by),
        "write_off_by_another": _is_another,
    },
    apply={
        "propose_recovery": _propose,
        "approve_recovery": _decide,
        "refuse_recovery": _decide,
        "receive_recovery": _receive,
        "bank_return": _come_back,
        "close_recovery": _close,
        "propose_write_off": _write_off,
        "approve_write_off": _write_off,
        "refuse_write_off": _write_off,
    },
    money={"recover": _recover, "recover_return": _recover_return},
    kinds={"RECOVERING": "paid", "RECOVERED": "paid", "WRITTEN_OFF": "paid"},
    usual={"RECOVERING": ("receive_recovery", "reconciler")},
    payload={"propose_recovery": _proposal, "receive_recovery": _receipt},
    follows={"receive_recovery": lambda c: "close_recovery" if c.demand is not None and c.demand.rest == 0 else None},
)
