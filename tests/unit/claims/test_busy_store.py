"""A store that another holds: whatever was rolled back is done again from its beginning, as if it had never been tried."""

from __future__ import annotations

import pytest
from busy_once import busy_once
from claims_world import MORNING, USCC, World

from subsidy_match.claims.payment.parking import parked_findings
from subsidy_match.claims.sealed import sealed_findings
from subsidy_match.claims.states import State
from subsidy_match.claims.store_checks import STORE_CHECKS
from subsidy_match.store import audit
from subsidy_match.store import unit as units
from subsidy_match.store.engine import open_engine
from subsidy_match.store.idempotency import Held, reserve
from subsidy_match.store.read_log import Read, note_read, reads
from subsidy_match.store.unit import in_unit


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_FIRST_PAUSE", 0)


def found(world: World) -> list[object]:
    """Whatever ``doctor`` finds in the store."""
    checks = (*STORE_CHECKS, parked_findings, lambda s: sealed_findings(s, world.desk.sealer), audit.verify)
    return [finding for check in checks for finding in in_unit(world.engine, check, immediate=False)]


def test_a_claim_whose_every_commit_was_tried_twice_is_paid_and_the_doctor_finds_nothing(world: World):
    with busy_once(world.engine) as failed:
        claim = world.walk(State.COMPLETED)
    assert len(failed) > claim.version
    assert found(world) == []
    assert [step.version for step in world.desk.timeline(claim.id)] == list(range(1, claim.version + 1))
    assert (world.fund().paid, claim.paid) == (10_000_00, 10_000_00)


def test_a_rolled_back_row_leaves_its_id_to_others(world: World, store_url: str):
    theirs = open_engine(store_url)
    with busy_once(world.engine, lambda: reserve(theirs, scope="b", key="k", request_hash="0" * 64, at=MORNING)):
        assert isinstance(reserve(world.engine, scope="a", key="k", request_hash="0" * 64, at=MORNING), Held)
    with busy_once(world.engine, lambda: note_read(theirs, Read(MORNING, "lead", "account", USCC))):
        note_read(world.engine, Read(MORNING, "clerk", "account", USCC))
    theirs.dispose()
    assert {read.actor for read in in_unit(world.engine, reads, immediate=False)} == {"clerk", "lead"}
