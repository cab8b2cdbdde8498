from __future__ import annotations

from fractions import Fraction

import pytest
from claims_world import FUND, World
from sqlalchemy import text

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.deadline.sweeper import sweep
from subsidy_match.claims.states import State
from subsidy_match.store.unit import in_unit

ALL = 1_000_000_00


def accepted(world: World, amount: int, period: str) -> Claim:
    world.assume(amount_min=amount, amount_max=amount)
    return world.walk(State.ACCEPTED, period=period)


def waits(world: World, *claims: Claim) -> list[bool]:
    return [world.desk.claim(claim.id).is_waiting for claim in claims]


@pytest.fixture
def queue(world: World) -> tuple[Claim, Claim, Claim, Claim]:
    """One claim that holds all the money, and three that wait: for half, for all, for a little."""
    return (
        accepted(world, ALL, "2022"),
        accepted(world, ALL // 2, "2023"),
        accepted(world, ALL, "2024"),
        accepted(world, 1_00, "2025"),
    )


def test_money_given_back_goes_to_whoever_waits_longest_and_nobody_jumps_the_queue(world: World, queue):
    holder, half, whole, little = queue
    assert waits(world, half, whole, little) == [True, True, True]
    world.fire(holder, "withdraw", "applicant")
    assert waits(world, half, whole, little) == [False, True, True]
    assert world.fund().reserved == ALL // 2


def test_whoever_leaves_the_queue_makes_room(world: World, queue):
    holder, _, whole, little = queue
    world.fire(holder, "withdraw", "applicant")
    world.fire(whole, "withdraw", "applicant")
    assert waits(world, little) == [False]


def test_new_money_serves_the_queue(world: World, queue):
    _, half, whole, little = queue
    actor = {"actor": world.people["fund"], "at": world.now}
    world.money.allocate(FUND, ALL // 2, document_no="指2号", **actor)
    assert waits(world, half, whole, little) == [False, True, True]
    world.open_fund("other", ALL + 1_00)
    world.money.transfer("other", FUND, ALL + 1_00, document_no="调1号", **actor)
    assert waits(world, half, whole, little) == [False, False, False]
    assert world.fund().available == 0


def test_a_frozen_fund_serves_nobody_until_it_is_free_again(world: World, queue):
    holder, half, *_ = queue
    actor = {"actor": world.people["fund"], "at": world.now}
    world.money.freeze(FUND, note="审计", **actor)
    world.fire(holder, "withdraw", "applicant")
    assert waits(world, half) == [True]
    world.money.unfreeze(FUND, note="审计结束", **actor)
    assert waits(world, half) == [False]


def test_serving_again_does_nothing_and_leaves_no_trace(world: World, queue):
    holder, half, *_ = queue
    world.fire(holder, "withdraw", "applicant")
    count = text("SELECT count(*) FROM audit_entries")
    before = in_unit(world.engine, lambda s: s.scalar(count))
    assert world.money.serve_waitlist(at=world.now) == []
    assert in_unit(world.engine, lambda s: s.scalar(count)) == before
    step = world.desk.timeline(half.id)[-1]
    assert (step.event, step.actor) == ("reserve", "system")


def test_a_sweep_serves_what_was_missed(world: World, queue):
    holder, half, *_ = queue
    actor = {"actor": world.people["fund"], "at": world.now}
    world.money.freeze(FUND, note="审计", **actor)
    world.fire(holder, "withdraw", "applicant")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE funds SET frozen = :no"), {"no": False})
    assert world.money.serve_waitlist(at=world.now) == [half.id]


def test_a_sweep_plans_nothing_for_those_who_wait_for_a_closed_fund(world: World, queue):
    holder, half, *_ = queue
    world.money.close(FUND, document_no="结1号", actor=world.people["fund"], at=world.now)
    world.fire(holder, "withdraw", "applicant")
    report = sweep(world.desk, at=world.now)
    assert (waits(world, half), report.done, report.refused) == ([True], (), ())


def test_serving_in_one_fund_makes_way_in_another(world: World):
    world.open_fund("province", 1_00)
    alone = (Share(FUND, Fraction(1)),)
    both = (Share(FUND, Fraction(1, 2)), Share("province", Fraction(1, 2)))
    world.assume(funding=both)
    shared = accepted(world, 4_00, "2023")
    world.assume(funding=alone)
    behind = accepted(world, 1_00, "2024")
    assert waits(world, shared, behind) == [True, True]
    world.money.allocate("province", 1_00, document_no="指3号", actor=world.people["fund"], at=world.now)
    assert waits(world, shared, behind) == [False, False]


def test_a_claim_cut_while_it_waits_may_fit(world: World, queue):
    _, half, *_ = queue
    world.money.allocate(FUND, 7_00, document_no="指4号", actor=world.people["fund"], at=world.now)
    assigned = world.carry_on(half, State.IN_REVIEW)
    world.fire(assigned, "pass", "reviewer", amount=7_00, reason="核减")
    assert (waits(world, half), world.fund().available) == ([False], 0)
