from __future__ import annotations

import pytest
from claims_world import OTHER_USCC, USCC, World
from people_kit import declare, hire, set_rule

from subsidy_match.claims.handling.rules import Band
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Door
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role, Scope


def test_a_stale_version_says_who_changed_the_claim_and_when(world: World):
    claim = world.walk(State.SUBMITTED)
    world.fire(claim, "accept", "clerk")
    with pytest.raises(Conflict, match="stale_version") as caught:
        world.desk.fire(
            claim.id, "request_correction", actor=world.people["clerk"], at=world.now, expected_version=claim.version
        )
    assert "甲clerk" in caught.value.zh
    assert "2026-06-01" in caught.value.en
    assert caught.value.hint
    assert "version 3" in caught.value.hint


def test_a_stale_version_tells_those_outside_no_officer_but_the_department(world: World):
    claim = world.walk(State.SUBMITTED)
    world.fire(claim, "accept", "clerk")
    with pytest.raises(Conflict, match="stale_version") as caught:
        world.desk.fire(
            claim.id, "withdraw", actor=world.people["applicant"], at=world.now, expected_version=claim.version
        )
    told = caught.value
    assert "clerk" not in f"{told.zh} {told.en} {told.hint}"
    assert world.desk.timeline(claim.id)[-1].department in told.zh
    assert told.hint == f"version 3 at {world.now.isoformat()}"


def test_the_evidence_is_pinned_at_submission_and_approval(world: World):
    claim = world.walk(State.IN_APPROVAL)
    world.assume(evidence=b'{"at":"approval"}')
    claim = world.fire(claim, "approve", "approver")
    pinned = {step.event: step.version for step in world.desk.timeline(claim.id) if step.event in ("submit", "approve")}
    assert world.desk.evidence(claim.id, pinned[Event.SUBMIT]) == b'{"verdict":"eligible"}'
    assert world.desk.evidence(claim.id, pinned[Event.APPROVE]) == b'{"at":"approval"}'
    with pytest.raises(NotFound, match="evidence_unknown"):
        world.desk.evidence(claim.id, 1)


def test_the_claim_keeps_the_text_and_data_it_was_last_decided_on(world: World):
    claim = world.walk(State.IN_APPROVAL)
    world.assume(policy_hash="q" * 64, snapshot_id="s2")
    claim = world.fire(claim, "approve", "approver")
    assert (claim.policy_hash, claim.snapshot_id) == ("q" * 64, "s2")


def test_what_is_done_also_is_in_the_same_transaction(world: World):
    claim = world.walk(State.SUBMITTED)

    def fail(session, moved):
        assert moved.state is State.ACCEPTED
        raise Conflict("request_in_flight", "处理中", "in flight")

    with pytest.raises(Conflict, match="request_in_flight"):
        world.desk.fire(claim.id, "accept", actor=world.people["clerk"], at=world.now, also=fail)
    assert world.desk.claim(claim.id) == claim
    assert world.fund().reserved == 0


def test_refused_drafts_are_audited_with_the_firm(world: World):
    with pytest.raises(Exception, match="not_your_firm"):
        world.draft(by="other_applicant")
    entries = in_unit(world.engine, lambda s: list(audit.entries(s, f"enterprise:{USCC}")))
    assert (entries[-1].action, entries[-1].outcome) == ("draft", audit.REFUSED)


def test_an_unfavourable_verdict_needs_a_reason_to_start(world: World):
    world.assume(verdict="unknown")
    with pytest.raises(Conflict, match="verdict_needs_reason"):
        world.draft()
    assert world.draft(reason="数据尚未入库,附证明").verdict == "unknown"


def test_claims_are_listed_by_what_is_asked(world: World):
    one, two = world.walk(State.ACCEPTED), world.draft(uscc=OTHER_USCC)
    asked = {
        "state": ClaimFilter(states=(State.DRAFT,)),
        "firm": ClaimFilter(uscc=USCC),
        "fund": ClaimFilter(fund_id="none"),
        "after": ClaimFilter(after=one.id),
        "page": ClaimFilter(limit=1),
    }
    found = {name: [claim.id for claim in world.desk.list_claims(wanted)] for name, wanted in asked.items()}
    assert found == {"state": [two.id], "firm": [one.id], "fund": [], "after": [two.id], "page": [one.id]}


def test_the_events_offered_are_those_of_role_state_and_duty(world: World):
    claim = world.walk(State.IN_RECHECK)
    offered = {name: {row.event for row in _offered(world, claim.id, name)} for name in ("rechecker", "reviewer")}
    assert offered["rechecker"] == {
        Event.REQUEST_CORRECTION,
        Event.AMEND,
        Event.PASS,
        Event.RETURN,
        Event.REJECT,
        Event.ACKNOWLEDGE_RISK,
    }
    assert offered["reviewer"] == {Event.ACKNOWLEDGE_RISK}


def test_what_is_certain_to_be_refused_to_somebody_is_not_offered(world: World):
    reviewed = world.carry_on(world.draft(by="everything"), State.IN_REVIEW)
    by_desk = {name: _by_desk(world, reviewed.id, name) for name in ("everything", "reviewer", "reviewer_b")}
    assert by_desk["everything"] == {"withdraw", "supply", "set_account"}  # whoever filed is no officer there
    assert by_desk["reviewer"] - by_desk["reviewer_b"] == {
        *("pass", "reject", "amend", "request_correction", "open_task", "drop_task")
    }
    declare(world, "supervisor", reviewed.uscc)
    assert _by_desk(world, reviewed.id, "supervisor") == set()
    assert "hold" in _by_desk(world, reviewed.id, "supervisor_b")
    hire(world, "elsewhere", Role.SUPERVISOR, scopes=[Scope(Role.SUPERVISOR, fund="elsewhere")])
    assert _by_desk(world, reviewed.id, "elsewhere") == set()


def test_whoever_decided_is_not_offered_the_appeal(world: World):
    hire(world, "many", Role.REVIEWER, Role.SUPERVISOR)
    claim = world.fire(world.walk(State.ACCEPTED), "assign", "lead", assignee="many")
    world.fire(claim, "reject", "many", reason_code="condition_not_met")
    world.fire(claim, "appeal", "applicant", reason="事实有误")
    assert "uphold_appeal" not in _by_desk(world, claim.id, "many")
    assert "uphold_appeal" in _by_desk(world, claim.id, "supervisor")


def test_an_approver_is_offered_what_still_wants_them(world: World):
    set_rule(world, bands=(Band(0, 2),))
    claim = world.walk(State.IN_APPROVAL)
    hire(world, "no_fund", Role.APPROVER, funds=[])
    wanted = {"endorse", "approve"}
    assert (_by_desk(world, claim.id, "approver") & wanted, _by_desk(world, claim.id, "no_fund")) == (
        {"endorse"},
        set(),
    )
    world.fire(claim, "endorse", "approver")
    offered = [_by_desk(world, claim.id, name) & wanted for name in ("approver", "approver_b")]
    assert offered == [set(), {"approve"}]


def _by_desk(world: World, claim_id: int, name: str) -> set[str]:
    return {str(row.event) for row in _offered(world, claim_id, name) if row.door is Door.DESK}


def _offered(world: World, claim_id: int, name: str):
    return world.desk.possible_events(claim_id, actor=world.people[name], on=world.today)


def test_matching_is_not_asked_for_somebody_who_may_not_act(world: World):
    claim, before = world.walk(State.IN_APPROVAL), world.assessor.calls
    with pytest.raises(Exception, match="role_missing"):
        world.fire(claim, "approve", "clerk")
    assert world.assessor.calls == before


def test_matching_is_not_asked_for_a_claim_that_somebody_may_not_draft(world: World):
    hire(world, "agent", Role.AGENT, firms=[USCC])
    for by, code in (
        ("clerk", "role_missing"),
        ("other_applicant", "not_your_firm"),
        ("agent", "authorisation_missing"),
    ):
        with pytest.raises(Forbidden, match=code):
            world.draft(by=by)
    assert world.assessor.calls == 0


def test_an_unknown_claim_leaves_no_chain(world: World):
    with pytest.raises(NotFound, match="claim_unknown"):
        world.fire(999, "accept", "clerk")
    assert in_unit(world.engine, lambda s: audit.heads(s, "claim:999")) == {}
