"""Figures of the office: whose claim it is, what is late, what is paid."""

from __future__ import annotations

from datetime import timedelta

from claims_world import CALENDAR, World

from subsidy_match.claims.deadline.sweeper import sweep
from subsidy_match.claims.states import State
from subsidy_match.claims.statistics import Figures, read_statistics
from subsidy_match.store.unit import in_unit


def figures(world: World, days: int = 0) -> Figures:
    on = (world.now + timedelta(days=days)).date()
    (found,) = in_unit(world.engine, lambda s: read_statistics(s, CALENDAR, on=on), immediate=False)
    return found


def test_what_time_accepted_counts_for_the_department_that_handles_it(world: World):
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE funds SET department = '科技局'")
    claim = world.walk(State.SUBMITTED)
    world.now += timedelta(days=12)
    sweep(world.desk, at=world.now)
    assert world.desk.claim(claim.id).state is State.ACCEPTED
    assert figures(world).department == "科技局"


def test_a_claim_that_ended_late_stays_overdue(world: World):
    claim = world.walk(State.IN_APPROVAL)
    world.now += timedelta(days=400)
    world.fire(claim, "reject", "approver", reason_code="condition_not_met")
    assert world.desk.claim(claim.id).ended_on is not None
    assert (figures(world).overdue, figures(world, days=400).overdue) == (1, 1)


def test_a_payment_that_the_bank_gave_back_is_none(world: World):
    world.walk(State.COMPLETED)
    assert figures(world).paid == 1
    line = world.office.batches()[-1].lines[0]
    world.returns([(line.instruction, line.amount, line.bank_ref or "", "R1", "ACCOUNT_CLOSED")])
    assert (figures(world).paid, figures(world).days_max) == (0, None)
