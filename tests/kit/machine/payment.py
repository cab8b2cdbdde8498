"""Accounts, batches, files, receipts and returned payments."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from claims_world import SECOND
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, invariant, multiple, rule

from machine.base import CLAIMS, Base, tried
from machine.model import Attempt, ModelClaim, Topic
from machine.recovery import settled_by_return
from subsidy_match.claims.payment.parking import ParkedAnswer
from subsidy_match.claims.payment.payment_checks import check_payments
from subsidy_match.claims.payment.resolving import ParkedOffice
from subsidy_match.store.unit import in_unit

BATCHES, APPROVED, SENT = Bundle("batches"), Bundle("approved"), Bundle("sent")


class Payment(Base):
    """Batches are made, checked, sent and answered by the bank."""

    @rule(
        target=BATCHES,
        chosen=st.lists(CLAIMS, min_size=1, max_size=4, unique=True),
        who=st.sampled_from(["maker", "maker_b", "everything", "reviewer"]),
    )
    def make_batch(self, chosen: list[int], who: str):
        payable = [claim_id for claim_id in chosen if self.model.claims[claim_id].state == "PAYABLE"]
        chosen = payable or chosen  # mostly batches that can work, now and then one that cannot
        attempt = Attempt(who, self.today)
        rows = {i: self.model.row(self.model.claims[i], "batch", attempt) for i in chosen}
        make = lambda: self.world.office.create_batch(chosen, actor=self.world.people[who], at=self.world.now)  # noqa: E731
        batch, refusal = tried(make)
        assert (batch is None) is (None in rows.values()), refusal
        if batch is None:
            return multiple()
        self.follow(rows, who)
        for line in batch.lines:
            claim = self.model.claims[line.claim_id]
            claim.instruction = line.instruction
            assert line.amount == claim.amount
        return batch.id

    @rule(
        target=APPROVED,
        batch_id=consumes(BATCHES),
        who=st.sampled_from(["checker", "checker_b", "everything"]),
        agree=st.sampled_from([True, True, False]),
    )
    def check_batch(self, batch_id: int, who: str, agree: bool):
        office, actor = self.world.office, self.world.people[who]
        event, attempt = "approve_payment" if agree else "unbatch", Attempt(who, self.today)
        claims = [line.claim_id for line in office.batch(batch_id).lines]
        rows = {i: self.model.row(self.model.claims[i], event, attempt) for i in claims}
        why = {} if agree else {"reason_code": "other"}
        act = office.approve_batch if agree else office.refuse_batch
        batch, refusal = tried(lambda: act(batch_id, actor=actor, at=self.world.now, **why))
        assert (batch is None) is (None in rows.values()), refusal
        if batch is None:
            return multiple()
        self.follow(rows, who)
        return batch_id if agree else multiple()

    @rule(target=SENT, batch_id=consumes(APPROVED), free=st.booleans())
    def send_batch(self, batch_id: int, free: bool):
        office, claims = self.world.office, [line.claim_id for line in self.world.office.batch(batch_id).lines]
        for claim_id in claims:
            if free and self.model.claims[claim_id].is_held:
                self.fire(claim_id, "unhold", "supervisor")
        is_held = any(self.model.claims[claim_id].is_held or self.model.claims[claim_id].parked for claim_id in claims)
        path, refusal = tried(lambda: office.send_batch(batch_id, actor=self.world.people["maker"], at=self.world.now))
        assert (path is None) is is_held, refusal
        return multiple() if path is None else batch_id

    @rule(target=SENT, claim_id=CLAIMS, second=st.booleans())
    def walk_to_the_bank(self, claim_id: int, second: bool):
        """The usual way of one claim up to the file, so that the bank has something to answer."""
        suffix = SECOND if second else ""
        self.walk(claim_id, 12, cut=False, second=second)
        batch = self.make_batch([claim_id], f"maker{suffix}")
        if isinstance(batch, int):
            batch = self.check_batch(batch, f"checker{suffix}", agree=True)
        return self.send_batch(batch, free=False) if isinstance(batch, int) else multiple()

    @rule(batch_id=SENT, outcome=st.sampled_from(["成功", "失败", "未知", "待处理"]), first_only=st.booleans())
    def receipts(self, batch_id: int, outcome: str, first_only: bool):
        lines = self.world.office.batch(batch_id).lines[: 1 if first_only else None]
        code = "ACCOUNT_CLOSED" if outcome == "失败" else ""
        rows = [(line.instruction, line.amount, outcome, f"B{line.id}", code) for line in lines]
        contradicts = {("SETTLED", "失败"), ("RETURNED", "失败"), ("FAILED", "成功")}
        is_old = self._is_old_file(rows)
        report, refusal = tried(lambda: self.world.receipts(rows))
        assert report is not None, refusal
        if is_old:
            assert (report.unchanged, len(report.doubts)) == (len(rows), 0)
            return
        for line in lines:
            claim, said = self.model.claims[line.claim_id], f"{line.instruction} {outcome}"
            if (str(line.state), outcome) in contradicts and said not in claim.answered:
                claim.parked.add(said)
        told = sum(doubt.code == "receipt_contradicts" for doubt in report.doubts)
        assert told == sum(f"{n.instruction} {outcome}" in self.model.claims[n.claim_id].parked for n in lines)
        events = {"成功": ["settle", "complete"], "失败": ["fail"]}.get(outcome, [])
        for line in lines:
            if line.state in ("SENT", "UNKNOWN"):
                self._answered(line.claim_id, events)

    def _is_old_file(self, rows: list[tuple[str, int, str, str, str]]) -> bool:
        """Whether this very file was taken in before: it is no news, unless something of it waits for a person."""
        file = (self.today, tuple(rows))
        was_taken, _ = file in self.files, self.files.add(file)
        waiting = {one.instruction for one in ParkedOffice(self.world.desk).answers()}
        return was_taken and waiting.isdisjoint(row[0] for row in rows)

    @rule(paid=st.booleans())
    def answer_for_what_was_parked(self, paid: bool):
        """A supervisor finds out that a payment was made after all, or says something else about it."""
        office, who = ParkedOffice(self.world.desk), Attempt("supervisor", self.today)
        for one in office.answers():
            claim = self.model.claims[one.claim_id]
            row = self.model.row(claim, "settle", who) if paid and self._is_late(claim, one) else None
            answer = partial(office.resolve, one.id, "已核对", actor=self.world.people["supervisor"], at=self.world.now)
            done, refusal = tried(lambda say=answer: say(paid=paid))
            assert (done is None) is (paid and row is None), refusal
            if row is not None:
                self._answered(one.claim_id, ["settle", "complete"], by="supervisor")
            elif paid:
                answer(paid=False)
            outcome = {"success": "成功", "failure": "失败"}.get(one.kind)
            claim.parked.discard(f"{one.instruction} {outcome}")
            claim.answered.add(f"{one.instruction} {outcome}")

    @rule(batch_id=SENT, give_up=st.sampled_from(["revoke", "set_account"]), paid=st.booleans())
    def the_bank_takes_its_failure_back(self, batch_id: int, give_up: str, paid: bool):
        """What failed was paid after all; somebody tries to go on before a supervisor has looked at it."""
        self.receipts(batch_id, "失败", first_only=False)
        self.receipts(batch_id, "成功", first_only=False)
        for line in self.world.office.batch(batch_id).lines:
            self.fire(line.claim_id, give_up, "supervisor_b" if give_up == "revoke" else "applicant")
        self.answer_for_what_was_parked(paid)

    @rule(batch_id=consumes(APPROVED), who=st.sampled_from(["maker_b", "checker", "supervisor", "clerk"]))
    def cancel_batch(self, batch_id: int, who: str):
        office, attempt = self.world.office, Attempt(who, self.today)
        claims = [line.claim_id for line in office.batch(batch_id).lines]
        rows = {i: self.model.row(self.model.claims[i], "cancel_payment", attempt) for i in claims}
        actor, why = self.world.people[who], "payment_stopped"
        batch, refusal = tried(lambda: office.cancel_batch(batch_id, actor=actor, at=self.world.now, reason_code=why))
        assert (batch is None) is (None in rows.values()), refusal
        if batch is not None:
            self.follow(rows, who)

    @rule(batch_id=SENT, again=st.booleans())
    def come_back(self, batch_id: int, again: bool):
        """The bank sends back what it settled, and perhaps says so once more."""
        lines = [line for line in self.world.office.batch(batch_id).lines if line.state == "SETTLED"]
        rows = [(line.instruction, line.amount, line.bank_ref or "", f"R{line.id}", "ACCOUNT_CLOSED") for line in lines]
        left = {line.claim_id for line in lines if self._needs_a_person(line.claim_id)}
        report, refusal = tried(lambda: self.world.returns(rows))
        assert report is not None, refusal
        assert report.returned == len(lines) - len(left)
        for line in lines:
            if line.claim_id in left:
                continue
            self._answered(line.claim_id, ["bank_return"])
        if again:
            assert self.world.returns(rows).returned == 0

    @rule(batch_id=SENT)
    def ask_the_bank(self, batch_id: int):
        """Nobody at the bank knows: what was sent is unknown, and nothing else changes."""
        before = {line.id: str(line.state) for line in self.world.office.batch(batch_id).lines}
        self.world.office.query_batch(batch_id, actor=self.world.people["reconciler"], at=self.world.now)
        for line in self.world.office.batch(batch_id).lines:
            assert str(line.state) == before[line.id].replace("SENT", "UNKNOWN")

    @invariant()
    def payments_agree_with_themselves_and_no_claim_is_paid_twice(self):
        assert in_unit(self.world.engine, check_payments) == []
        settled = Counter[int]()
        for batch in self.world.office.batches():
            totals = batch.totals
            parts = (totals.reconciled, totals.returned, totals.failed, totals.unknown, totals.waiting)
            assert sum(part.amount for part in parts) == batch.total
            settled.update(line.claim_id for line in batch.lines if line.state == "SETTLED")
        assert set(settled.values()) <= {1}
        paid = {claim_id for claim_id, claim in self.model.claims.items() if claim.state in ("PAID", "COMPLETED")}
        assert set(settled) == paid

    def _needs_a_person(self, claim_id: int) -> bool:
        claim = self.model.claims[claim_id]
        return claim.state in ("RECOVERING", "RECOVERED", "WRITTEN_OFF") and settled_by_return(claim) is None

    def _is_late(self, claim: ModelClaim, one: ParkedAnswer) -> bool:
        """Whether it is a success that may yet be recorded: the claim waits with just the money that was paid."""
        held = sum(claim.held("committed").values())
        return one.kind == "success" and claim.state in ("PAY_FAILED", "PAYABLE") and held == one.amount

    def _answered(self, claim_id: int, events: list[str], *, by: str = "reconciler") -> None:
        for event in events:
            who = "system" if event == "complete" else by
            row = self.model.row(self.model.claims[claim_id], event, Attempt(who, self.today))
            self.follow({claim_id: row}, who)


def _newest_account(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    if claim.state == "PAY_FAILED":  # the bank refused the one that it had
        machine.world.give_account(uscc=claim.key[0], number="6222000000009999")
    return {"account_id": machine.world.desk.accounts(claim.key[0])[0].id}


TOPIC = Topic(
    guards={"nothing_parked": lambda model, claim, attempt: not claim.parked},
    money={
        "pay": lambda model, claim: claim.hold("paid", claim.held("committed")),
        "return": lambda model, claim: claim.hold("committed", claim.held("paid")),
    },
    kinds={"IN_PAYMENT": "committed", "PAY_FAILED": "committed", "PAID": "paid", "COMPLETED": "paid"},
    usual={"PAY_FAILED": ("set_account", "applicant")},
    payload={"set_account": _newest_account},
)
