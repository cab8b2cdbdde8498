"""Several reasons may stop one clock at once; the end of one is not that of another."""

from __future__ import annotations

from datetime import date

import pytest
from claims_world import CALENDAR, World
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import ClockReading, business_day
from subsidy_match.claims.deadline.pausing import Stop, resume, stop
from subsidy_match.claims.deadline.stage_clock import clocks_of, note_due
from subsidy_match.claims.deadline.sweeper import plan
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict
from subsidy_match.store.unit import in_unit


def halt(world: World, claim_id: int, reason: Stop, of_what: str = "") -> None:
    def work(session: Session) -> None:
        claim = locked_row(session, claim_id)
        stop(session, claim, reason, on=business_day(world.now), version=claim.version, of_what=of_what)
        note_due(session, claim, CALENDAR, business_day(world.now))

    in_unit(world.engine, work)


def go_on(world: World, claim_id: int, reason: Stop, of_what: str = "") -> bool:
    def work(session: Session) -> bool:
        claim = locked_row(session, claim_id)
        ended = resume(session, claim, reason, on=business_day(world.now), of_what=of_what)
        note_due(session, claim, CALENDAR, business_day(world.now))
        return ended

    return in_unit(world.engine, work)


def clock(world: World, claim_id: int) -> ClockReading:
    reading = world.desk.due_date(claim_id, on=business_day(world.now))
    assert reading is not None
    return reading


def test_the_clock_runs_again_only_once_every_reason_has_ended(world: World):
    claim = world.walk(State.IN_REVIEW)
    halt(world, claim.id, Stop.INSPECTION)
    halt(world, claim.id, Stop.EXPERT_REVIEW)
    world.wait(1)
    assert go_on(world, claim.id, Stop.INSPECTION)
    world.wait(1)
    assert clock(world, claim.id).is_stopped
    assert not go_on(world, claim.id, Stop.INSPECTION)
    assert go_on(world, claim.id, Stop.EXPERT_REVIEW)
    world.wait(1)
    reading = clock(world, claim.id)
    assert (reading.is_stopped, reading.elapsed, reading.counted) == (False, 3, 1)


def test_two_of_one_reason_are_told_apart_and_none_is_stopped_twice(world: World):
    claim = world.walk(State.IN_REVIEW)
    halt(world, claim.id, Stop.AUDIT, "firm A")
    halt(world, claim.id, Stop.AUDIT, "firm B")
    with pytest.raises(Conflict, match="already_stopped"):
        halt(world, claim.id, Stop.AUDIT, "firm A")
    world.wait(1)
    go_on(world, claim.id, Stop.AUDIT, "firm A")
    assert clock(world, claim.id).is_stopped


def test_a_correction_handed_in_does_not_end_an_inspection(world: World):
    claim = world.walk(State.IN_REVIEW)
    halt(world, claim.id, Stop.INSPECTION)
    world.fire(claim, "request_correction", "reviewer", items=["发票"], due_on=date(2026, 6, 10))
    world.wait(1)
    world.fire(claim, "resubmit", "applicant")
    world.wait(1)
    assert clock(world, claim.id).counted == 0
    assert clock(world, claim.id).is_stopped
    assert go_on(world, claim.id, Stop.INSPECTION)


def test_a_stop_stops_the_stage_as_well_and_is_no_change_of_calendar(world: World):
    claim = world.walk(State.IN_REVIEW)
    halt(world, claim.id, Stop.INSPECTION)
    world.wait(21)
    go_on(world, claim.id, Stop.INSPECTION)
    on = business_day(world.now)
    _, stage = in_unit(world.engine, lambda s: clocks_of(s, locked_row(s, claim.id), CALENDAR, on))
    assert stage is not None
    assert (stage.counted, stage.elapsed) == (0, 14)
    assert plan(world.desk, at=world.now) == ()


def test_the_end_of_a_claim_ends_every_stop(world: World):
    claim = world.walk(State.IN_REVIEW)
    halt(world, claim.id, Stop.INSPECTION)
    world.fire(claim, "withdraw", "applicant")
    assert not clock(world, claim.id).is_stopped


def test_before_acceptance_there_is_nothing_to_stop(world: World):
    claim = world.walk(State.SUBMITTED)
    halt(world, claim.id, Stop.INSPECTION)
    assert not go_on(world, claim.id, Stop.INSPECTION)
