"""Funds alone: whatever is done to them in whatever order, they do what a plain model says, on both stores."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from claims_world import CALENDAR, MORNING
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from machine.base import tried

from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.fund_office import FundOffice, NewFund
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.funds import Posting
from subsidy_match.store import audit
from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import ALL_FUNDS, Actor, Role

EXAMPLES = int(os.environ.get("CLAIMS_EXAMPLES", "20"))
OFFICER = Actor("fund", "甲", frozenset({Role.FUND}), funds=frozenset({ALL_FUNDS}))
YEARS = {"a26": 2026, "b26": 2026, "a27": 2027}
FUNDS = st.sampled_from([*YEARS, "nowhere"])
AMOUNTS = st.sampled_from([0, 1, 7, 40, 100])
DOCUMENTS = st.sampled_from(["文1", "文2", "文3"])
# what a claim's step asks of its fund: operation → (from, to), "free" is what is left of the allocation
CLAIM_OPS: dict[Op, tuple[str, str]] = {
    Op.RESERVE: ("free", "reserved"),
    Op.RELEASE: ("reserved", "free"),
    Op.COMMIT: ("reserved", "committed"),
    Op.UNCOMMIT: ("committed", "free"),
    Op.PAY: ("committed", "paid"),
    Op.RETURN: ("paid", "committed"),
    Op.RECOVER: ("paid", "free"),
    Op.RECOVER_OUT: ("paid", "gone"),
}


@dataclass
class ModelFund:
    """Where the money of a fund lies."""

    money: dict[str, int] = field(
        default_factory=lambda: {"free": 0, "reserved": 0, "committed": 0, "paid": 0, "gone": 0}
    )
    frozen: bool = False
    closings: list[list[Any]] = field(default_factory=list)  # [document, amount, carried]

    @property
    def closed(self) -> bool:
        return bool(self.closings)

    @property
    def open(self) -> bool:
        return not self.closed


class FundsMachine(RuleBasedStateMachine):
    """Attempts anything; the model says whether it must work."""

    fresh: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.engine = open_engine(self.fresh())
        self.office = FundOffice(self.engine, CALENDAR)
        self.now = MORNING
        self.funds: dict[str, ModelFund] = {}
        self.documents: set[tuple[str, ...]] = set()
        self.posted = 0

    def teardown(self) -> None:
        self.engine.dispose()

    def attempt(self, must: bool, work: Callable[..., Any]) -> bool:
        self.now += timedelta(seconds=1)
        done, refusal = tried(lambda: work(actor=OFFICER, at=self.now) or True)
        assert (done is not None) is must, refusal
        return must

    @rule(fund=st.sampled_from(list(YEARS)), amount=AMOUNTS)
    def open(self, fund: str, amount: int):
        new = NewFund(fund, "资金", "fund", YEARS[fund], allocated=amount, mode=Mode.FIFO)
        if self.attempt(fund not in self.funds, lambda **by: self.office.open(new, **by)):
            self.funds[fund] = ModelFund()
            self.funds[fund].money["free"] = amount

    @rule(fund=FUNDS, amount=AMOUNTS, document=DOCUMENTS)
    def allocate(self, fund: str, amount: int, document: str):
        found, key = self.funds.get(fund), ("allocate", fund, document)
        must = found is not None and found.open and amount > 0 and key not in self.documents
        if self.attempt(must, lambda **by: self.office.allocate(fund, amount, document_no=document, **by)):
            self.documents.add(key)
            self.funds[fund].money["free"] += amount

    @rule(source=FUNDS, into=FUNDS, amount=AMOUNTS, document=DOCUMENTS)
    def transfer(self, source: str, into: str, amount: int, document: str):
        out, to, key = self.funds.get(source), self.funds.get(into), ("transfer", source, into, document)
        must = (
            out is not None
            and to is not None
            and source != into
            and out.open
            and to.open
            and not out.frozen
            and 0 < amount <= out.money["free"]
            and key not in self.documents
        )
        if self.attempt(must, lambda **by: self.office.transfer(source, into, amount, document_no=document, **by)):
            self.documents.add(key)
            self.funds[source].money["free"] -= amount
            self.funds[into].money["free"] += amount

    @rule(fund=FUNDS, frozen=st.booleans())
    def freeze(self, fund: str, frozen: bool):
        found = self.funds.get(fund)
        change = self.office.freeze if frozen else self.office.unfreeze
        if self.attempt(found is not None and found.frozen is not frozen, lambda **by: change(fund, note="x", **by)):
            self.funds[fund].frozen = frozen

    @rule(fund=FUNDS, document=DOCUMENTS)
    def close(self, fund: str, document: str):
        found = self.funds.get(fund)
        must = (
            found is not None
            and document not in [closing[0] for closing in found.closings]
            and (found.open or found.money["free"] > 0)
        )
        if self.attempt(must, lambda **by: self.office.close(fund, document_no=document, **by)):
            money = self.funds[fund].money
            self.funds[fund].closings.append([document, money["free"], False])
            money["gone"] += money["free"]
            money["free"] = 0

    @rule(source=FUNDS, into=FUNDS, amount=st.one_of(st.none(), AMOUNTS), document=DOCUMENTS)
    def carry_over(self, source: str, into: str, amount: int | None, document: str):
        out, to = self.funds.get(source), self.funds.get(into)
        waiting = [closing for closing in (out.closings if out else []) if closing[1] and not closing[2]]
        wanted = (waiting[0][1] if waiting else 0) if amount is None else amount
        must = (
            bool(waiting)
            and to is not None
            and to.open
            and YEARS[into] == YEARS[source] + 1
            and 0 < wanted <= waiting[0][1]
        )
        if self.attempt(must, lambda **by: self.office.carry_over(source, into, amount, document_no=document, **by)):
            waiting[0][2] = True
            self.funds[into].money["free"] += wanted

    @rule(fund=st.sampled_from(list(YEARS)), op=st.sampled_from(list(CLAIM_OPS)), amount=AMOUNTS)
    def claim_step(self, fund: str, op: Op, amount: int):
        found, (source, target) = self.funds.get(fund), CLAIM_OPS[op]
        barred = found is not None and op in (Op.RESERVE, Op.COMMIT) and (found.frozen or found.closed)
        must = found is not None and not barred and 0 < amount <= found.money[source]
        self.posted += 1
        posting = Posting(fund, op, amount, f"step:{self.posted}", self.now, "clerk")
        if self.attempt(must, lambda **_: in_unit(self.engine, lambda s: funds.post(s, posting))):
            self.funds[fund].money[source] -= amount
            self.funds[fund].money[target] += amount

    @invariant()
    def balances_are_as_the_model_says(self):
        for found in in_unit(self.engine, funds.list_funds, immediate=False):
            said = self.funds[found.id]
            held = {kind: said.money[kind] for kind in ("reserved", "committed", "paid")}
            assert {kind: getattr(found, kind) for kind in held} == held
            assert found.available == said.money["free"]
            assert (found.is_frozen, found.is_closed) == (said.frozen, said.closed)

    @invariant()
    def balances_are_the_fold_of_the_entries_and_every_chain_verifies(self):
        assert in_unit(self.engine, funds.check_balances, immediate=False) == []
        assert in_unit(self.engine, audit.verify, immediate=False) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_funds_follow_the_model(fresh_store: Callable[[], str]):
    machine = type("Machine", (FundsMachine,), {"fresh": staticmethod(fresh_store)})
    run_machine(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=bool(os.environ.get("CI")),  # see the machine of claims
        ),
    )
