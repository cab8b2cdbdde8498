"""Money that must come back: who demands it, how it comes back, when it is given up, and what it bars meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from claims_world import FUND, OTHER_USCC, World
from people_kit import lend
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.payment.payments import all_payments, payments_of
from subsidy_match.claims.pending import pending_of
from subsidy_match.claims.recovery import Recovery, RecoveryState, WriteOffState, check_recoveries, recoveries_of
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role

TODAY = "2026-06-09"  # where a walk to COMPLETED ends


def propose(world: World, claim: Claim, amount: int = 6_000_00, by: str = "supervisor", **changes: Any) -> Claim:
    plan = [{"due_on": "2026-07-01", "amount": amount - 1_00}, {"due_on": "2026-08-01", "amount": 1_00}]
    given = {"amount": amount, "returns_to": "fund", "reason_code": "overpaid", "note": "多付", "plan": plan}
    return world.fire(claim, "propose_recovery", by, **(given | changes))


def open_recovery(world: World, amount: int = 6_000_00, **changes: Any) -> Claim:
    claim = propose(world, world.walk(State.COMPLETED), amount, **changes)
    return world.fire(claim, "approve_recovery", "supervisor_b")


def receive(world: World, claim: Claim, amount: int, reference: str, **changes: Any) -> Claim:
    given = {"amount": amount, "reference": reference, "received_on": TODAY} | changes
    return world.fire(claim, "receive_recovery", "reconciler", **given)


def recoveries(world: World, claim: Claim) -> list[Recovery]:
    return list(in_unit(world.engine, lambda s: recoveries_of(s, claim.id), immediate=False))


def test_instalments_bring_the_money_back_to_the_fund_and_close_the_recovery(world: World):
    claim = open_recovery(world)
    assert claim.state is State.RECOVERING
    claim = receive(world, claim, 2_500_00, "R1")
    assert (claim.state, claim.paid) == (State.RECOVERING, 7_500_00)
    claim = receive(world, claim, 3_500_00, "R2")
    assert (claim.state, claim.paid) == (State.RECOVERED, 4_000_00)
    fund = world.fund()
    assert (fund.paid, fund.allocated, fund.available) == (4_000_00, 1_000_000_00, 996_000_00)
    (recovery,) = recoveries(world, claim)
    assert (recovery.state, recovery.rest, len(recovery.receipts)) == (RecoveryState.RECOVERED, 0, 2)
    assert [step.actor for step in world.desk.timeline(claim.id)][-2:] == ["reconciler", "system"]
    assert in_unit(world.engine, check_recoveries) == []
    assert in_unit(world.engine, audit.verify) == []


def test_what_goes_to_the_treasury_leaves_the_fund(world: World):
    receive(world, open_recovery(world, returns_to="treasury"), 6_000_00, "R1")
    fund = world.fund()
    assert (fund.paid, fund.allocated, fund.available) == (4_000_00, 994_000_00, 990_000_00)


def test_several_funds_get_back_what_they_paid_to_the_cent(world: World):
    world.open_fund("province", 900_000_00)
    world.assume(funding=(Share(FUND, Fraction(1, 3)), Share("province", Fraction(2, 3))))
    claim = open_recovery(world, 10_000_00)
    for number, amount in enumerate((1, 3_333_33, 1, 6_666_65)):
        claim = receive(world, claim, amount, f"R{number}")
    assert (claim.state, claim.paid) == (State.RECOVERED, 0)
    assert (world.fund().paid, world.fund("province").paid) == (0, 0)


def test_what_was_kept_may_be_recovered_later_but_never_more(world: World):
    claim = receive(world, open_recovery(world), 6_000_00, "R1")
    with pytest.raises(SubsidyError, match="recovery_above_paid"):
        propose(world, claim, 4_000_01)
    propose(world, claim, 4_000_00)
    claim = world.fire(claim, "approve_recovery", "approver_b")
    assert receive(world, claim, 4_000_00, "R2").paid == 0


def test_what_was_recovered_no_longer_counts_as_received(world: World):
    claim = receive(world, open_recovery(world, 10_000_00), 6_000_00, "R1")
    (payment,) = payments_of(world.engine, claim.uscc)
    assert (payment.amount, payment.settled) == (4_000_00, 10_000_00)
    assert [one.is_paid for one in pending_of(world.engine, claim.uscc)] == [True]
    receive(world, claim, 4_000_00, "R2")
    (payment,) = all_payments(world.engine)[claim.uscc]
    assert (payment.amount, payment.settled) == (0, 10_000_00)
    # nothing of it is in the history any more, but the claim keeps its place
    assert [one.is_paid for one in pending_of(world.engine, claim.uscc)] == [False]


def test_while_money_is_being_recovered_the_firm_files_nothing_new(world: World):
    waiting = world.draft(period="2025")
    claim = open_recovery(world)
    for attempt in (lambda: world.draft(period="2027"), lambda: world.fire(waiting, "submit", "applicant")):
        with pytest.raises(SubsidyError, match="recovery_bars") as caught:
            attempt()
        assert claim.claim_no in caught.value.zh
    assert world.draft(uscc=OTHER_USCC).state is State.DRAFT
    receive(world, claim, 6_000_00, "R1")
    assert world.fire(waiting, "submit", "applicant").state is State.SUBMITTED


def test_a_proposal_alone_bars_nothing_and_can_be_refused(world: World):
    claim = propose(world, world.walk(State.COMPLETED))
    assert world.draft(period="2027").state is State.DRAFT
    claim = world.fire(claim, "refuse_recovery", "supervisor_b", note="依据不足")
    assert claim.state is State.COMPLETED
    assert [r.state for r in recoveries(world, claim)] == [RecoveryState.REFUSED]
    assert propose(world, claim).state is State.COMPLETED


def test_the_plan_says_what_is_overdue(world: World):
    claim = receive(world, open_recovery(world), 1_000_00, "R1")
    (recovery,) = recoveries(world, claim)
    days = [date(2026, 7, 1), date(2026, 7, 2), date(2026, 8, 2)]
    assert [recovery.overdue_on(day) for day in days] == [0, 4_999_00, 5_000_00]


def test_the_rest_is_given_up_only_by_a_second_person(world: World):
    claim = receive(world, open_recovery(world), 1_000_00, "R1")
    world.fire(claim, "propose_write_off", "supervisor", reason_code="dissolved", note="企业已注销")
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(claim, "approve_write_off", "supervisor")
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(claim, "approve_write_off", "approver")  # who approved the claim
    world.fire(claim, "refuse_write_off", "supervisor_b", note="再查")
    world.fire(claim, "propose_write_off", "supervisor", reason_code="dissolved", note="已查清")
    claim = world.fire(claim, "approve_write_off", "supervisor_b")
    assert (claim.state, claim.paid) == (State.WRITTEN_OFF, 9_000_00)
    (recovery,) = recoveries(world, claim)
    assert [(w.state, w.amount) for w in recovery.write_offs] == [
        (WriteOffState.REFUSED, None),
        (WriteOffState.APPROVED, 5_000_00),
    ]
    assert world.draft(period="2027").state is State.DRAFT


def test_a_write_off_is_moot_once_all_has_come_back(world: World):
    claim = open_recovery(world)
    world.fire(claim, "propose_write_off", "supervisor", reason_code="dissolved", note="企业已注销")
    receive(world, claim, 6_000_00, "R1")
    (recovery,) = recoveries(world, claim)
    assert [w.state for w in recovery.write_offs] == [WriteOffState.MOOT]


PAID: Callable[[World], Claim] = lambda w: w.walk(State.COMPLETED)  # noqa: E731
PROPOSED: Callable[[World], Claim] = lambda w: propose(w, PAID(w))  # noqa: E731
REFUSALS: dict[str, tuple[Callable[[World], Claim], Callable[[World, Claim], object], str]] = {
    "more than was paid": (PAID, lambda w, c: propose(w, c, 10_000_01), "recovery_above_paid"),
    "by nobody in charge": (PAID, lambda w, c: propose(w, c, by="clerk"), "role_missing"),
    "by the filer": (PAID, lambda w, c: propose(w, c, by="filer_too"), "duty_conflict"),
    "a plan that does not add up": (
        PAID,
        lambda w, c: propose(w, c, plan=[{"due_on": "2026-07-01", "amount": 1}]),
        "plan_wrong",
    ),
    "a plan of the past": (
        PAID,
        lambda w, c: propose(w, c, plan=[{"due_on": TODAY, "amount": 6_000_00}]),
        "plan_wrong",
    ),
    "an empty plan": (PAID, lambda w, c: propose(w, c, plan=[]), "field_missing"),
    "a plan of words": (PAID, lambda w, c: propose(w, c, plan=["七月"]), "field_invalid"),
    "nowhere to go": (PAID, lambda w, c: propose(w, c, returns_to="pocket"), "field_invalid"),
    "no such reason": (PAID, lambda w, c: propose(w, c, reason_code="mood"), "reason_unknown"),
    "before payment": (lambda w: w.walk(State.PAYABLE), propose, "event_not_allowed"),
    "two at once": (PROPOSED, propose, "recovery_exists"),
    "approved by the proposer": (PROPOSED, lambda w, c: w.fire(c, "approve_recovery", "supervisor"), "not_new_decider"),
    "approved by the approver": (PROPOSED, lambda w, c: w.fire(c, "approve_recovery", "approver"), "not_new_decider"),
    "another recovery": (
        PROPOSED,
        lambda w, c: w.fire(c, "approve_recovery", "supervisor_b", recovery=99),
        "recovery_unknown",
    ),
    "nothing proposed": (PAID, lambda w, c: w.fire(c, "approve_recovery", "supervisor_b"), "recovery_state"),
    "received before approval": (PROPOSED, lambda w, c: receive(w, c, 1, "R1"), "event_not_allowed"),
    "received too much": (open_recovery, lambda w, c: receive(w, c, 6_000_01, "R1"), "recovery_above_rest"),
    "received tomorrow": (
        open_recovery,
        lambda w, c: receive(w, c, 1, "R1", received_on="2026-06-10"),
        "field_invalid",
    ),
    "an endless reference": (open_recovery, lambda w, c: receive(w, c, 1, "9" * 201), "field_invalid"),
    "received twice": (
        lambda w: receive(w, open_recovery(w), 1, "R1"),
        lambda w, c: receive(w, c, 1, "R1"),
        "recovery_reference_used",
    ),
    "closed by hand": (open_recovery, lambda w, c: w.fire(c, "close_recovery", "supervisor"), "role_missing"),
    "written off unasked": (
        open_recovery,
        lambda w, c: w.fire(c, "approve_write_off", "supervisor_b"),
        "write_off_not_proposed",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_a_code_changes_nothing_and_is_audited(world: World, name: str):
    from dataclasses import replace

    begin, attempt, code = REFUSALS[name]
    supervisor, applicant = world.people["supervisor"], world.people["applicant"]
    world.people = dict(world.people) | {"filer_too": replace(applicant, roles=supervisor.roles)}
    claim = begin(world)
    before = claim, world.fund(), recoveries(world, claim)
    with pytest.raises(SubsidyError) as caught:
        attempt(world, claim)
    assert caught.value.code == code
    assert caught.value.zh
    assert (world.desk.claim(claim.id), world.fund(), recoveries(world, claim)) == before
    last = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claim.id}")))[-1]
    assert (last.outcome, f'"code":"{code}"' in last.detail) == (audit.REFUSED, True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE recoveries SET recovered = amount + 1",
        "UPDATE recoveries SET decided_by = proposed_by",
        "UPDATE recoveries SET state = 'recovered'",
        "UPDATE recoveries SET decided_by = NULL",
        "INSERT INTO recovery_receipts (recovery_id, reference, amount, received_on, at, actor) "
        "SELECT recovery_id, reference, 1, received_on, at, actor FROM recovery_receipts",
    ],
)
def test_the_database_itself_refuses_what_must_never_be(world: World, change: str):
    receive(world, open_recovery(world), 1, "R1")
    with world.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(change))


def test_receipts_that_do_not_add_up_are_found(world: World):
    receive(world, open_recovery(world), 2, "R1")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE recovery_receipts SET amount = 1"))
    assert [finding.code for finding in in_unit(world.engine, check_recoveries)] == ["F016"]


def test_what_a_deputy_proposed_is_not_approved_by_whom_they_stood_in_for(world: World):
    claim = open_recovery(world)
    lend(world, "supervisor_b", "lead", Role.SUPERVISOR)
    world.fire(claim, "propose_write_off", "lead", reason_code="dissolved", note="企业已注销")
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(claim, "approve_write_off", "supervisor_b")


def test_money_is_not_received_before_it_was_paid_and_amounts_are_told_in_one_unit(world: World):
    claim = open_recovery(world)
    with pytest.raises(SubsidyError, match="field_invalid"):
        receive(world, claim, 1_00, "A1", received_on="1900-01-01")
    with pytest.raises(SubsidyError) as caught:
        receive(world, claim, 6_001_00, "A1")
    assert (caught.value.zh, caught.value.en) == (
        "超过尚待追回的6,000元",
        "more than the 6,000 yuan still to come back",
    )
