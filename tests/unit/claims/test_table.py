from __future__ import annotations

from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subsidy_match.claims.fields import FIELDS
from subsidy_match.claims.guards import GUARDS
from subsidy_match.claims.handbook import render_states
from subsidy_match.claims.reasons import REASONS
from subsidy_match.claims.states import EVENT_NAMES, FINAL, STATE_NAMES, UNDOING, Event, State
from subsidy_match.claims.steps import matches_branch
from subsidy_match.claims.table import TRANSITIONS, rows_for
from subsidy_match.claims.transition import Branch, FundEffect, Guard


def test_every_name_in_the_table_has_its_meaning():
    assert set(GUARDS) == set(Guard)
    assert set(STATE_NAMES) == set(State)
    assert set(EVENT_NAMES) == set(Event)
    assert {name for row in TRANSITIONS for name in (*row.needs, *row.takes)} == set(FIELDS)


def test_every_event_and_guard_is_used():
    assert {row.event for row in TRANSITIONS} == set(Event)
    assert {guard for row in TRANSITIONS for guard in row.guards} == set(Guard)


def test_every_state_can_be_reached_and_left_unless_final():
    reached, grown = set(), {row.target for row in TRANSITIONS if not row.sources}
    while grown != reached:
        reached = set(grown)
        grown |= {row.target for row in TRANSITIONS if set(row.sources) & reached and row.target}
    assert reached == set(State)
    usual = {source for row in TRANSITIONS if row.target and row.event not in UNDOING for source in row.sources}
    assert usual == set(State) - FINAL


def test_only_what_undoes_leads_out_of_a_final_state():
    out = {row.event for row in TRANSITIONS if row.target and set(row.sources) & FINAL}
    assert out == UNDOING


def claims_of_every_kind() -> list[Any]:
    asked = [None, State.SUBMITTED, State.ACCEPTED, State.IN_REVIEW, State.IN_RECHECK]
    appealed = [State.NOT_ACCEPTED, State.REJECTED, State.REVOKED]
    return [
        SimpleNamespace(with_recheck=recheck, notice_days=days, asked_in=stage)
        for recheck in (True, False)
        for days in (0, 5)
        for stage in (*asked, *appealed)
    ]


@pytest.mark.parametrize("claim", claims_of_every_kind())
def test_no_claim_has_two_rows_for_one_event(claim: Any):
    for state in State:
        for event in Event:
            fitting = [row for row in rows_for(state, event) if matches_branch(row.when, claim)]
            assert len(fitting) <= 1


def test_every_branch_is_decided_by_the_claim():
    for branch in Branch:
        assert any(matches_branch(branch, claim) for claim in claims_of_every_kind())


def test_every_event_that_needs_a_reason_code_has_reasons():
    for row in TRANSITIONS:
        if "reason_code" in row.needs:
            own = [reason for reason in REASONS.values() if row.event in reason.events and reason.code != "other"]
            assert own, row.event


def test_the_handbook_is_current():
    page = Path(__file__).parents[3] / "docs" / "claims-states.md"
    assert page.read_text(encoding="utf-8") == render_states(), "make pages"


def test_money_and_state_belong_together():
    """Whatever ends a claim unpaid gives its money back, and only approval commits and settlement pays."""
    for row in TRANSITIONS:
        if row.target in (State.REJECTED, State.LAPSED, State.WITHDRAWN, State.REVOKED):
            assert row.fund == "release"
        if row.fund == "commit":
            assert row.target is State.APPROVED
        if row.fund == "pay":
            assert row.target is State.PAID
        if row.fund == "recover":
            assert row.sources == (State.RECOVERING,)
    assert not any(set(a.sources) & set(b.sources) and a == b for a, b in combinations(TRANSITIONS, 2))


def test_what_gives_money_up_waits_while_the_bank_may_have_paid_it():
    """From where a payment failed on, the bank's word that it was made after all may have come in and been parked."""
    reached, grown = set[State](), {State.PAYABLE, State.PAY_FAILED}
    while grown != reached:
        reached = set(grown)
        grown |= {row.target for row in TRANSITIONS if set(row.sources) & reached and row.target}
    giving_up = {FundEffect.RELEASE, FundEffect.REOPEN}
    # One under appeal holds no money: whatever led to it gave that back.
    rows = [row for row in TRANSITIONS if row.fund in giving_up and set(row.sources) & reached - {State.APPEAL}]
    assert {row.row for row in rows} >= {"7", "11", "14", "14r", "23", "23b"}
    # A document voided takes the claim from where alone the payment can be recorded.
    rows += [row for row in TRANSITIONS if row.event is Event.RECALL]
    assert [row for row in rows if Guard.NOTHING_PARKED not in row.guards] == []


def test_every_fund_effect_is_used():
    assert {row.fund for row in TRANSITIONS} == set(FundEffect)
