"""A moment before the last step: some clock is wrong, and nothing happens but an audit row."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from claims_world import CONTACT, World, receipt_file
from sqlalchemy import text

from subsidy_match.claims.clock import TOLERANCE, business_day
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.official.notice_office import NoticeOffice
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

MOMENT = TOLERANCE + timedelta(microseconds=1)


def refused(world: World, subject: str) -> list[str]:
    entries = in_unit(world.engine, lambda s: list(audit.entries(s, subject)))
    return [json.loads(entry.detail)["code"] for entry in entries if entry.outcome == audit.REFUSED]


def test_an_event_before_the_last_step_is_refused_and_audited(world: World):
    claim = world.walk(State.SUBMITTED)
    world.now -= MOMENT
    with pytest.raises(Conflict, match="clock_skew") as caught:
        world.fire(claim, "accept", "clerk")
    assert "2026-06-01 09:00:00" in caught.value.zh
    assert world.desk.claim(claim.id) == claim
    assert world.fund().reserved == 0
    assert refused(world, f"claim:{claim.id}") == ["clock_skew"]
    world.now += MOMENT
    assert world.fire(claim, "accept", "clerk").state is State.ACCEPTED


def test_a_moment_just_before_the_last_step_is_written_down_as_that_of_the_last_step(world: World):
    claim = world.walk(State.SUBMITTED)
    last, world.now = world.now, world.now - TOLERANCE
    accepted = world.fire(claim, "accept", "clerk")
    assert (accepted.updated_at, accepted.accepted_on) == (last, business_day(last))
    assert [step.at for step in world.desk.timeline(claim.id)] == [last] * 3
    assert refused(world, f"claim:{claim.id}") == []
    with world.engine.connect() as connection:
        moments = connection.execute(text("SELECT count(DISTINCT at) FROM audit_entries WHERE outcome = 'done'"))
        assert (
            moments.scalar_one() == connection.execute(text("SELECT count(DISTINCT at) FROM claim_steps")).scalar_one()
        )


def test_just_before_midnight_after_a_step_of_the_next_day_counts_as_the_next_day(world: World):
    claim = world.walk(State.SUBMITTED)
    midnight = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)  # 2 June in China
    world.now = midnight
    world.fire(claim, "hold", "supervisor", reason_code="other")
    world.now = midnight - timedelta(milliseconds=1)
    world.fire(claim, "unhold", "supervisor", reason_code="other")
    assert world.desk.timeline(claim.id)[-1].on == business_day(midnight)


def test_without_tolerance_no_moment_before_the_last_step_is_taken(world: World):
    claim = world.walk(State.SUBMITTED)
    strict = replace(world.desk, tolerance=timedelta(0))
    early = world.now - timedelta(microseconds=1)
    with pytest.raises(Conflict, match="clock_skew"):
        strict.fire(claim.id, "accept", actor=world.people["clerk"], at=early)


def test_a_batch_within_the_tolerance_is_made_checked_and_sent_in_order(world: World):
    claim = world.walk(State.PAYABLE)
    last, office, maker = world.now, world.office, world.people["maker"]
    batch = office.create_batch([claim.id], actor=maker, at=last - TOLERANCE)
    office.approve_batch(batch.id, actor=world.people["checker"], at=last - TOLERANCE)
    office.send_batch(batch.id, actor=maker, at=last - TOLERANCE)
    assert world.desk.claim(claim.id).updated_at == last


def test_a_batch_before_the_last_step_of_a_claim_names_the_claim(world: World):
    claim = world.walk(State.PAYABLE)
    early = world.now - MOMENT
    with pytest.raises(BatchRefused) as caught:
        world.office.create_batch([claim.id], actor=world.people["maker"], at=early)
    assert [finding.code for finding in caught.value.findings] == ["clock_skew"]
    assert refused(world, f"claim:{claim.id}") == ["clock_skew"]
    assert list(world.office.batches()) == []


def test_a_batch_is_not_sent_before_it_was_checked_nor_settled_before_it_was_sent(world: World):
    claim = world.walk(State.IN_PAYMENT)
    batch, maker = world.office.batches()[0], world.people["maker"]
    with pytest.raises(Conflict, match="clock_skew"):
        world.office.send_batch(batch.id, actor=maker, at=world.now - MOMENT)
    assert not world.office.folder.exists()
    world.office.send_batch(batch.id, actor=maker, at=world.now + MOMENT)
    line = batch.lines[0]
    receipts = receipt_file([(line.instruction, line.amount, "成功", "B1", "")])
    with pytest.raises((Conflict, InputError), match="clock_skew"):
        world.office.import_receipts(receipts, name="r.csv", actor=world.people["reconciler"], at=world.now)
    assert world.desk.claim(claim.id).state is State.IN_PAYMENT
    assert refused(world, f"payout:{batch.id}") == refused(world, "payouts") == ["clock_skew"]


def test_the_tolerance_of_the_desk_holds_for_notices_and_receipts_as_well(world: World):
    wide = replace(world.desk, tolerance=timedelta(seconds=30))
    early, notice = timedelta(seconds=20), world.people["notice"]
    claim, office = world.walk(State.APPROVED), NoticeOffice(wide)
    made = office.draft([claim.id], number="公示1", title="示例", contact=CONTACT, actor=notice, at=world.now)
    office.publish(made.id, actor=notice, at=world.now - early)
    assert world.desk.claim(claim.id).state is State.PUBLISHED
    paying = world.walk(State.IN_PAYMENT, period="2025")
    (batch,) = world.office.batches()
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    (line,) = batch.lines
    receipts = receipt_file([(line.instruction, line.amount, "成功", "B1", "")])
    bank = replace(world.office, desk=wide)
    bank.import_receipts(receipts, name="r.csv", actor=world.people["reconciler"], at=world.now - early)
    assert world.desk.claim(paying.id).state is State.COMPLETED
