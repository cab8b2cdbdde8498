from __future__ import annotations

import pytest
from claims_world import USCC, World

from subsidy_match.claims.states import State
from subsidy_match.store import audit
from subsidy_match.store.outbox import pending
from subsidy_match.store.unit import in_unit

MAIN = ["draft", "submit", "accept", "assign", "pass", "pass", "approve", "publish", "clear", "batch"]
MAIN += ["approve_payment", "settle", "complete"]


def test_a_claim_walks_from_draft_to_completed_within_its_limit(world: World):
    claim = world.walk(State.COMPLETED)
    steps = world.desk.timeline(claim.id)
    assert [step.event for step in steps] == MAIN
    assert claim.paid == 10_000_00
    assert steps[-1].elapsed_days == 6
    assert steps[-1].counted_days == 1  # the notice stopped the clock


def test_money_goes_from_reserved_to_committed_to_paid(world: World):
    held = []
    for state in (State.SUBMITTED, State.ACCEPTED, State.APPROVED, State.COMPLETED):
        world.walk(state, period=f"y{state}")
        fund = world.fund()
        held.append((fund.reserved, fund.committed, fund.paid))
    one = 10_000_00
    assert held == [(0, 0, 0), (one, 0, 0), (one, one, 0), (one, one, one)]


def test_each_step_has_one_audit_row_and_one_outbox_row(world: World):
    claim = world.walk(State.COMPLETED)
    subject = f"claim:{claim.id}"
    entries, messages = in_unit(
        world.engine, lambda s: (list(audit.entries(s, subject)), pending(s, "claim", limit=100))
    )
    assert [entry.action for entry in entries] == MAIN
    assert [message.key for message in messages] == [f"{subject}:{n}" for n in range(1, len(MAIN) + 1)]
    assert in_unit(world.engine, audit.verify) == []


@pytest.mark.parametrize("viewer", ["other_applicant"])
def test_another_firms_claim_does_not_exist_for_an_applicant(world: World, viewer: str):
    claim = world.walk(State.SUBMITTED)
    assert world.desk.list_claims(viewer=world.people[viewer]) == []
    assert [c.uscc for c in world.desk.list_claims(viewer=world.people["applicant"])] == [USCC]
    with pytest.raises(Exception, match="claim_unknown"):
        world.desk.claim(claim.id, viewer=world.people[viewer])
