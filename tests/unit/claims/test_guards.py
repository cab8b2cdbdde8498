"""Every way in which the main path says no: a stable code, nothing changed, one audit row of the refused attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from claims_world import FUND, OTHER_USCC, World

from subsidy_match.claims.assessment import Material
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

Attempt = Callable[[World, Any], object]
PAPERS = (Material("plan", "方案", "plan"), Material("audit", "审计报告", "audit report", deferrable=True))

REFUSALS: dict[str, tuple[State, dict[str, Any], Attempt, str]] = {
    "another firm's claim": (State.DRAFT, {}, lambda w, c: w.fire(c, "submit", "other_applicant"), "not_your_firm"),
    "no role": (State.SUBMITTED, {}, lambda w, c: w.fire(c, "accept", "approver"), "role_missing"),
    "wrong state": (State.DRAFT, {}, lambda w, c: w.fire(c, "approve", "approver"), "event_not_allowed"),
    "unknown event": (State.DRAFT, {}, lambda w, c: w.fire(c, "explode", "approver"), "event_unknown"),
    "payout event at the desk": (State.PAYABLE, {}, lambda w, c: w.fire(c, "batch", "maker"), "event_not_allowed"),
    "unknown field": (State.SUBMITTED, {}, lambda w, c: w.fire(c, "accept", "clerk", colour="red"), "field_unknown"),
    "missing field": (State.SUBMITTED, {}, lambda w, c: w.fire(c, "refuse", "clerk"), "field_missing"),
    "float amount": (State.IN_REVIEW, {}, lambda w, c: w.fire(c, "pass", "reviewer", amount=1.5), "field_invalid"),
    "true as amount": (State.IN_REVIEW, {}, lambda w, c: w.fire(c, "pass", "reviewer", amount=True), "field_invalid"),
    "control characters": (
        State.SUBMITTED,
        {},
        lambda w, c: w.fire(c, "accept", "clerk", note="a\x00b"),
        "field_invalid",
    ),
    "unknown reason": (
        State.SUBMITTED,
        {},
        lambda w, c: w.fire(c, "refuse", "clerk", reason_code="mood"),
        "reason_unknown",
    ),
    "reason of another event": (
        State.SUBMITTED,
        {},
        lambda w, c: w.fire(c, "refuse", "clerk", reason_code="cleared"),
        "reason_unknown",
    ),
    "verdict turned": (
        State.DRAFT,
        {"verdict": "ineligible"},
        lambda w, c: w.fire(c, "submit", "applicant"),
        "verdict_needs_reason",
    ),
    "no amount": (
        State.DRAFT,
        {"amount_max": None},
        lambda w, c: w.fire(c, "submit", "applicant"),
        "amount_unknown",
    ),
    "more than the rules give": (
        State.DRAFT,
        {},
        lambda w, c: w.fire(c, "submit", "applicant", amount=10_000_01),
        "amount_above_rules",
    ),
    "missing paper": (
        State.DRAFT,
        {"materials": PAPERS},
        lambda w, c: w.fire(c, "submit", "applicant", materials={"plan": "deferred"}),
        "material_missing",
    ),
    "paper to follow without date": (
        State.DRAFT,
        {"materials": PAPERS},
        lambda w, c: w.fire(c, "submit", "applicant", materials={"plan": "paper", "audit": "deferred"}),
        "field_missing",
    ),
    "somebody else's account": (
        State.DRAFT,
        {},
        lambda w, c: w.fire(c, "submit", "applicant", account_id=w.give_account(uscc=OTHER_USCC)),
        "account_missing",
    ),
    "account in another name": (
        State.SUBMITTED,
        {},
        lambda w, c: w.fire(c, "set_account", "applicant", account_id=w.give_account(holder="别家有限公司")),
        "payee_mismatch",
    ),
    "assigning without lead": (
        State.ACCEPTED,
        {},
        lambda w, c: w.fire(c, "assign", "reviewer", assignee="everything"),
        "not_lead",
    ),
    "assignee is no reviewer": (
        State.ACCEPTED,
        {},
        lambda w, c: w.fire(c, "assign", "lead", assignee="approver"),
        "assignee_unfit",
    ),
    "unknown assignee": (
        State.ACCEPTED,
        {},
        lambda w, c: w.fire(c, "assign", "lead", assignee="nobody"),
        "user_unknown",
    ),
    "not the assignee": (State.IN_REVIEW, {}, lambda w, c: w.fire(c, "pass", "everything"), "not_assignee"),
    "amount outside without reason": (
        State.IN_REVIEW,
        {},
        lambda w, c: w.fire(c, "pass", "reviewer", amount=9_999_99),
        "amount_out_of_bounds",
    ),
    "approving another amount": (
        State.IN_APPROVAL,
        {},
        lambda w, c: w.fire(c, "approve", "approver", amount=5_000_00),
        "amount_not_proposed",
    ),
    "verdict turned at approval": (
        State.IN_APPROVAL,
        {"verdict": "unknown"},
        lambda w, c: w.fire(c, "approve", "approver", reason="照批"),
        "verdict_changed",
    ),
    "bounds turned at approval": (
        State.IN_APPROVAL,
        {"amount_max": 8_000_00},
        lambda w, c: w.fire(c, "approve", "approver"),
        "amount_out_of_bounds",
    ),
    "notice still running": (State.PUBLISHED, {}, lambda w, c: w.fire(c, "clear", "notice"), "notice_running"),
    "not allocated": (
        State.PUBLISHED,
        {},
        lambda w, c: (w.wait(8), w.fire(c, "clear", "notice")),
        "allocation_missing",
    ),
    "notice at the desk": (State.APPROVED, {}, lambda w, c: w.fire(c, "publish", "notice"), "event_not_allowed"),
    "objection at the desk": (State.PUBLISHED, {}, lambda w, c: w.fire(c, "object", "notice"), "event_not_allowed"),
    "not on hold": (
        State.ACCEPTED,
        {},
        lambda w, c: w.fire(c, "unhold", "supervisor", reason_code="cleared"),
        "claim_not_held",
    ),
    "not waiting": (State.ACCEPTED, {}, lambda w, c: w.fire(c, "reserve", "lead"), "not_waiting"),
    "paid claims stay": (State.COMPLETED, {}, lambda w, c: w.fire(c, "withdraw", "applicant"), "event_not_allowed"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_a_code_changes_nothing_and_is_audited(world: World, name: str):
    state, changes, attempt, code = REFUSALS[name]
    claim, fund = world.walk(state), world.fund()
    world.assume(**changes)
    with pytest.raises(SubsidyError) as caught:
        attempt(world, claim)
    assert caught.value.code == code
    assert caught.value.zh
    assert world.desk.claim(claim.id) == claim
    assert world.fund() == fund
    last = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claim.id}")))[-1]
    assert last.outcome == audit.REFUSED
    assert f'"code":"{code}"' in last.detail
    assert in_unit(world.engine, audit.verify) == []


def test_a_person_without_the_fund_cannot_approve(world: World):
    from dataclasses import replace

    claim = world.walk(State.IN_APPROVAL)
    world.people = dict(world.people) | {"approver": replace(world.people["approver"], funds=frozenset({"other"}))}
    with pytest.raises(SubsidyError, match="fund_not_yours"):
        world.fire(claim, "approve", "approver")


def test_a_frozen_fund_bars_approval(world: World):
    from subsidy_match.claims.fund.funds import freeze_fund

    claim = world.walk(State.IN_APPROVAL)
    in_unit(world.engine, lambda s: freeze_fund(s, FUND, frozen=True, note="审计", at=world.now, actor="admin"))
    with pytest.raises(SubsidyError, match="fund_frozen"):
        world.fire(claim, "approve", "approver")
    in_unit(world.engine, lambda s: freeze_fund(s, FUND, frozen=False, note="结束", at=world.now, actor="admin"))
    assert world.fire(claim, "approve", "approver").state is State.APPROVED


def test_an_override_needs_a_reason_and_is_recorded(world: World):
    claim = world.walk(State.IN_REVIEW)
    world.fire(claim, "pass", "reviewer", amount=8_000_00, reason="核减发票")
    world.fire(claim, "pass", "rechecker")
    with pytest.raises(SubsidyError, match="amount_out_of_bounds"):
        world.fire(claim, "approve", "approver")
    done = world.fire(claim, "approve", "approver", reason="同意核减")
    assert (done.amount_approved, world.fund().committed) == (8_000_00, 8_000_00)
    assert world.desk.timeline(claim.id)[-1].detail["reason"] == "同意核减"


def test_papers_given_and_papers_to_follow_are_recorded(world: World):
    world.assume(materials=PAPERS)
    claim = world.draft()
    given = {"plan": "paper", "audit": "deferred"}
    world.fire(claim, "submit", "applicant", materials=given, deferred_until="2026-07-01")
    assert world.desk.timeline(claim.id)[-1].detail["materials"] == given


@pytest.mark.parametrize("where", ["accept", "approve", "batch"])
def test_a_hold_bars_acceptance_approval_and_payment(world: World, where: str):
    state, act = {
        "accept": (State.SUBMITTED, lambda c: world.fire(c, "accept", "clerk")),
        "approve": (State.IN_APPROVAL, lambda c: world.fire(c, "approve", "approver")),
        "batch": (
            State.PAYABLE,
            lambda c: world.office.create_batch([c.id], actor=world.people["maker"], at=world.now),
        ),
    }[where]
    claim = world.walk(state)
    world.fire(claim, "hold", "supervisor", reason_code="under_inquiry")
    with pytest.raises(SubsidyError, match="claim_held"):
        act(claim)
    world.fire(claim, "unhold", "supervisor", reason_code="cleared")
    act(claim)
