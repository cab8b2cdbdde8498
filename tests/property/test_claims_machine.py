"""Whatever anybody attempts in whatever order: claims and funds do what a plain model says, on both stores."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from claims_model import CROSSES, DEAD, Model, ModelClaim
from claims_world import ASSESSMENT, OTHER_USCC, USCC, build_world
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import text

from subsidy_match.claims import funds
from subsidy_match.claims.assessment import Share
from subsidy_match.claims.batches import check_totals
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.engine import open_engine
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import SYSTEM

EXAMPLES = int(os.environ.get("CLAIMS_EXAMPLES", "20"))
CITY, PROVINCE = "city", "province"
ALLOCATED = {CITY: 30_000_01, PROVINCE: 20_000_00}
SHARINGS = [
    {CITY: Fraction(1)},
    {CITY: Fraction(1, 3), PROVINCE: Fraction(2, 3)},
    {CITY: Fraction(1, 7), PROVINCE: Fraction(6, 7)},
]
AMOUNTS = st.sampled_from([25_000_00, 10_000_01, 1, 7_777_77])  # few of them exhaust the funds
USUAL = {
    "DRAFT": ("submit", "applicant"),
    "SUBMITTED": ("accept", "clerk"),
    "ACCEPTED": ("assign", "lead"),
    "IN_REVIEW": ("pass", ""),  # whoever it is assigned to
    "IN_RECHECK": ("pass", "rechecker"),
    "IN_APPROVAL": ("approve", "approver"),
    "APPROVED": ("publish", "notice"),
    "PUBLISHED": ("clear", "notice"),
    "CORRECTION": ("resubmit", "applicant"),
    "PAY_FAILED": ("set_account", "applicant"),
}
DESK_EVENTS = sorted({str(row.event) for row in TRANSITIONS if row.door == "desk" and row.sources})
ACTORS = ["applicant", "clerk", "lead", "reviewer", "rechecker", "approver", "notice", "supervisor", "everything"]
FIELDS: dict[str, Any] = {"reason_code": "other", "note": "说明", "items": ["发票"]}


def tried(work: Callable[[], Any]) -> tuple[Any, SubsidyError | None]:
    """What ``work`` gives, or why it was refused."""
    try:
        return work(), None
    except SubsidyError as refusal:
        return None, refusal


class ClaimsMachine(RuleBasedStateMachine):
    """Fires anything at anything, and asks the model whether it must work."""

    fresh: Callable[[], str]
    claims = Bundle("claims")
    batches = Bundle("batches")
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = build_world(open_engine(self.fresh()), Path(self.folder.name))
        self.world.give_account(uscc=OTHER_USCC, number="6222000000005678")
        for fund, allocated in ALLOCATED.items():
            self.world.open_fund(fund, allocated)
        self.world.people = dict(self.world.people) | {"system": SYSTEM}
        self.model = Model(ALLOCATED)

    def teardown(self) -> None:
        self.world.engine.dispose()
        self.folder.cleanup()

    @property
    def today(self):
        return business_day(self.world.now)

    @initialize(target=claims, amounts=st.lists(AMOUNTS, min_size=3, max_size=3))
    def begin(self, amounts: list[int]):
        drafts = zip(amounts, ["2022", "2023", "2024"], "xyz", SHARINGS, strict=True)
        return multiple(*(self._draft(USCC, period, item, amount, shares) for amount, period, item, shares in drafts))

    @rule(
        target=claims,
        firm=st.sampled_from([USCC, OTHER_USCC]),
        period=st.sampled_from(["2024", "2025", "2026"]),
        item=st.sampled_from("abcx"),
        amount=AMOUNTS,
        shares=st.sampled_from(SHARINGS),
    )
    def draft(self, firm: str, period: str, item: str, amount: int, shares: dict[str, Fraction]):
        made = self._draft(firm, period, item, amount, shares)
        return multiple() if made is None else made

    def _draft(self, firm: str, period: str, item: str, amount: int, shares: dict[str, Fraction]) -> int | None:
        funding = tuple(Share(fund, share) for fund, share in shares.items())
        self.world.assessor.answer = replace(
            ASSESSMENT,
            amount_min=amount,
            amount_max=amount,
            funding=funding,
            item_keys=(item,),
            exclusive_groups=("projects",),
        )
        claim, refusal = tried(lambda: self.world.draft(uscc=firm, period=period))
        assert (claim is not None) is self.model.may_draft((firm, period), item), refusal
        if claim is None:
            return None
        made = ModelClaim((firm, period), item, amount, shares, duties=[("applicant", "filer")])
        self.model.claims[claim.id] = made
        return int(claim.id)

    @rule(
        claim_id=claims,
        event=st.sampled_from(DESK_EVENTS),
        who=st.sampled_from([*ACTORS, "system"]),
        assignee=st.sampled_from(["reviewer", "everything"]),
        cut=st.booleans(),
    )
    def attempt(self, claim_id: int, event: str, who: str, assignee: str, cut: bool):
        self._attempt(claim_id, event, who, assignee, cut=cut)

    @rule(claim_id=claims, steps=st.integers(1, 12), cut=st.booleans())
    def walk(self, claim_id: int, steps: int, cut: bool):
        """The usual next steps by whoever usually does them, so that claims get far."""
        for _ in range(steps):
            state = self.model.claims[claim_id].state
            if state == "PUBLISHED":
                self.world.wait(9)
            if state in USUAL:
                event, who = USUAL[state]
                self._attempt(claim_id, event, who or self.model.claims[claim_id].assignee, "reviewer", cut=cut)

    @rule(claim_id=claims)
    def leave_the_waitlist(self, claim_id: int):
        self._attempt(claim_id, "reserve", "lead", "reviewer", cut=False)

    def _attempt(self, claim_id: int, event: str, who: str, assignee: str, *, cut: bool) -> None:
        claim = self.model.claims[claim_id]
        reduced = max(claim.estimate // 2, 1) if cut and claim.state == "IN_REVIEW" and event == "pass" else None
        row = self.model.row(claim, event, who, self.today, assignee)
        if row is not None and row.door != "desk":
            row = None
        payload = self._payload(claim, event, assignee, reduced)
        amounts = {"amount_min": claim.estimate, "amount_max": claim.estimate}
        self.world.assessor.answer = replace(self.world.assessor.answer, **amounts)
        moved, refusal = tried(lambda: self.world.fire(claim_id, event, who, **payload))
        assert (moved is None) is (row is None), refusal
        if row is not None:
            self.model.apply(claim, row, who, self.today, cut=reduced, assignee=assignee)

    def _payload(self, claim: ModelClaim, event: str, assignee: str, reduced: int | None) -> dict[str, Any]:
        named = [row for row in TRANSITIONS if row.event == event and claim.state in row.sources]
        row = named[0] if named else next(row for row in TRANSITIONS if row.event == event)
        given = {name: FIELDS[name] for name in row.needs if name in FIELDS}
        if event == "request_correction":
            given["due_on"] = self.today + timedelta(days=5)
        if event == "assign":
            given["assignee"] = assignee
        if event == "set_account":
            given["account_id"] = self.world.desk.accounts(claim.key[0])[0].id
        if event == "approve" or reduced is not None:
            given["reason"] = "核减"
        if reduced is not None:
            given["amount"] = reduced
        return given

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int):
        self.world.wait(days)

    @rule(
        target=batches,
        chosen=st.lists(claims, min_size=1, max_size=4, unique=True),
        who=st.sampled_from(["maker", "maker", "everything", "reviewer"]),
    )
    def make_batch(self, chosen: list[int], who: str):
        payable = [claim_id for claim_id in chosen if self.model.claims[claim_id].state == "PAYABLE"]
        chosen = payable or chosen  # mostly batches that can work, now and then one that cannot
        rows = {i: self.model.row(self.model.claims[i], "batch", who, self.today) for i in chosen}
        make = lambda: self.world.office.create_batch(chosen, actor=self.world.people[who], at=self.world.now)  # noqa: E731
        batch, refusal = tried(make)
        assert (batch is None) is (None in rows.values()), refusal
        if batch is None:
            return multiple()
        for line in batch.lines:
            row = rows[line.claim_id]
            assert row is not None
            claim = self.model.claims[line.claim_id]
            self.model.apply(claim, row, who, self.today, cut=None, assignee="")
            claim.instruction = line.instruction
            assert line.amount == claim.amount
        return batch.id

    @rule(
        target=sent,
        batch_id=consumes(batches),
        who=st.sampled_from(["checker", "checker", "everything"]),
        agree=st.booleans(),
    )
    def check_batch(self, batch_id: int, who: str, agree: bool):
        office, actor = self.world.office, self.world.people[who]
        lines = office.batch(batch_id).lines
        event = "approve_payment" if agree else "unbatch"
        rows = {n.claim_id: self.model.row(self.model.claims[n.claim_id], event, who, self.today) for n in lines}
        why = {} if agree else {"reason_code": "other"}
        act = office.approve_batch if agree else office.refuse_batch
        batch, refusal = tried(lambda: act(batch_id, actor=actor, at=self.world.now, **why))
        assert (batch is None) is (None in rows.values()), refusal
        if batch is None:
            return multiple()
        for claim_id, row in rows.items():
            assert row is not None
            self.model.apply(self.model.claims[claim_id], row, who, self.today, cut=None, assignee="")
        if not agree:
            return multiple()
        office.send_batch(batch_id, actor=self.world.people["maker"], at=self.world.now)
        return batch_id

    @rule(batch_id=sent, outcome=st.sampled_from(["成功", "失败", "未知"]), first_only=st.booleans())
    def receipts(self, batch_id: int, outcome: str, first_only: bool):
        lines = self.world.office.batch(batch_id).lines[: 1 if first_only else None]
        code = "ACCOUNT_CLOSED" if outcome == "失败" else ""
        rows = [(line.instruction, line.amount, outcome, f"B{line.id}", code) for line in lines]
        contradicts = {("SETTLED", "失败"), ("FAILED", "成功")}
        expected = not any((str(line.state), outcome) in contradicts for line in lines)
        report, refusal = tried(lambda: self.world.receipts(rows))
        assert (report is not None) is expected, refusal
        if report is None:
            return
        events = {"成功": ["settle", "complete"], "失败": ["fail"], "未知": []}[outcome]
        for line in lines:
            if line.state in ("SENT", "UNKNOWN"):
                self._follow(self.model.claims[line.claim_id], events)

    def _follow(self, claim: ModelClaim, events: list[str]) -> None:
        for event in events:
            who = "system" if event == "complete" else "reconciler"
            row = self.model.row(claim, event, who, self.today)
            assert row is not None
            self.model.apply(claim, row, who, self.today, cut=None, assignee="")

    @invariant()
    def funds_are_as_the_model_says_and_never_overspent(self):
        for fund_id in ALLOCATED:
            found = self.world.fund(fund_id)
            said = [self.model.total(fund_id, kind) for kind in ("reserved", "committed", "paid")]
            assert [found.reserved, found.committed, found.paid] == said
            assert min(said) >= 0
            assert found.allocated >= sum(said)
        assert in_unit(self.world.engine, funds.check_balances) == []

    @invariant()
    def claims_are_as_the_model_says_and_their_money_fits_their_state(self):
        for claim in self.world.desk.list_claims():
            said = self.model.claims[claim.id]
            assert (claim.state, claim.version, claim.amount) == (said.state, said.version, said.amount)
            assert (claim.is_held, claim.is_waiting) == (said.is_held, said.is_waiting)
            held = Counter[str]()
            for part in claim.funds:
                held.update(reserved=part.reserved, committed=part.committed, paid=part.paid)
            assert {kind for kind, amount in held.items() if amount} <= _kinds_of(claim.state)
            assert sum(held.values()) in (0, claim.amount)

    @invariant()
    def nobody_did_what_the_duties_forbid(self):
        for claim_id in self.model.claims:
            done = {(step.actor, str(step.duty)) for step in self.world.desk.timeline(claim_id) if step.duty}
            for person, duty in done:
                assert not any((person, other) in done and (duty, other) in CROSSES for _, other in done)

    @invariant()
    def every_step_is_in_audit_and_outbox_once(self):
        assert in_unit(self.world.engine, audit.verify) == []
        with self.world.engine.connect() as connection:
            count = lambda query: connection.execute(text(query)).scalar_one()  # noqa: E731
            steps = count("SELECT count(*) FROM claim_steps")
            done = count("SELECT count(*) FROM audit_entries WHERE subject LIKE 'claim:%' AND outcome = 'done'")
            assert steps == done == count("SELECT count(*) FROM outbox WHERE topic = 'claim'")
            assert steps == sum(claim.version for claim in self.model.claims.values())

    @invariant()
    def places_items_and_open_lines_are_taken_once(self):
        live = [claim for claim in self.model.claims.values() if claim.state not in DEAD]
        assert len({claim.key for claim in live}) == len({claim.item for claim in live}) == len(live)
        open_lines = Counter(
            line.claim_id
            for batch in self.world.office.batches()
            for line in batch.lines
            if line.state not in ("SETTLED", "FAILED")
        )
        assert set(open_lines.values()) <= {1}
        assert in_unit(self.world.engine, check_totals) == []


def _kinds_of(state: str) -> set[str]:
    if state in ("ACCEPTED", "CORRECTION", "IN_REVIEW", "IN_RECHECK", "IN_APPROVAL"):
        return {"reserved"}
    if state in ("APPROVED", "PUBLISHED", "PAYABLE", "IN_PAYMENT", "PAY_FAILED"):
        return {"committed"}
    return {"paid"} if state in ("PAID", "COMPLETED") else set()


@pytest.mark.slow
def test_claims_and_funds_follow_the_model(fresh_store: Callable[[], str]):
    machine = type("Machine", (ClaimsMachine,), {"fresh": staticmethod(fresh_store)})
    run_machine(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
