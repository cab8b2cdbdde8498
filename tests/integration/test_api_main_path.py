"""One claim from draft to completion over HTTP, every post held by another person, on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_world import FIRM, FUND, ApiWorld, api_home, build_api

from subsidy_match.store import audit, outbox
from subsidy_match.store.unit import in_unit

EVENTS = ["draft", "submit", "accept", "assign", "pass", "pass", "approve", "publish", "clear", "batch"]
EVENTS += ["approve_payment", "settle", "complete"]
PEOPLE = ["applicant", "applicant", "clerk", "lead", "reviewer", "rechecker", "approver", "notice", "notice"]
PEOPLE += ["maker", "checker", "reconciler", "system"]

__all__ = ["api_home"]


@pytest.fixture
def world(tmp_path: Path, api_home: Path, store_url: str) -> Iterator[ApiWorld]:
    world = build_api(tmp_path, api_home, store_url)
    yield world
    world.client.close()
    world.platform.close()


def complete(world: ApiWorld) -> int:
    claim = world.walk("PAYABLE")
    batch = world.post("/v1/payouts", "maker", {"claim_ids": [claim]}).json()
    world.post(f"/v1/payouts/{batch['id']}/approve", "checker")
    batch = world.post(f"/v1/payouts/{batch['id']}/send", "maker").json()
    assert world.receipts(batch).json()["settled"] == 1
    return claim


def test_a_claim_is_paid_and_every_step_is_on_record(world: ApiWorld):
    claim = complete(world)
    shown = world.get(f"/v1/claims/{claim}", "applicant").json()
    assert (shown["state"], shown["paid"], shown["version"]) == ("COMPLETED", 10_000_00, len(EVENTS))
    steps = world.get(f"/v1/claims/{claim}/timeline", "clerk").json()
    assert [(step["event"], step["actor"]) for step in steps] == list(zip(EVENTS, PEOPLE, strict=True))
    assert steps[-1]["counted_days"] <= 10


def test_the_fund_has_paid_and_holds_nothing_more(world: ApiWorld):
    complete(world)
    fund = world.get(f"/v1/funds/{FUND}", "supervisor").json()
    assert (fund["reserved"], fund["committed"], fund["paid"]) == (0, 0, 10_000_00)


def test_each_step_left_one_audit_row_and_one_message(world: ApiWorld):
    claim = complete(world)
    assert [entry.action for entry in world.audit(f"claim:{claim}")] == EVENTS
    messages = in_unit(world.platform.engine, lambda s: outbox.pending(s, "claim", limit=100))
    assert len(messages) == len(EVENTS)
    assert in_unit(world.platform.engine, audit.verify) == []


def test_what_was_paid_is_history_for_the_next_match(world: ApiWorld):
    complete(world)
    payments = world.platform.payments(FIRM)
    assert [(payment.policy_id, payment.amount) for payment in payments] == [("demo-active", 10_000_00)]
    assert world.get(f"/v1/enterprises/{FIRM}/matches", "applicant").status_code == 200
