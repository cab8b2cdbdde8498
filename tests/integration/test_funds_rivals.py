"""Transfers both ways, a closing, new money and acceptances race on the same two funds: not one 分 is lost or made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from claims_world import FUND, World

from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.ledger_checks import check_shares
from subsidy_match.claims.fund.rehoming_office import RehomingOffice
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, RetryableError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

ONE, CLAIMS, ROUNDS = 10_000_00, 8, 6
ALL = 1_000_000_00


def stubborn(work: Callable[[], Any]) -> bool:
    """Try until it is done or refused."""
    while True:
        try:
            work()
        except RetryableError:
            continue
        except Conflict:
            return False
        return True


def race(*works: Callable[[], None]) -> list[BaseException]:
    """Run all at once; gives what nobody expected."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(works))

    def go(work: Callable[[], None]) -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.slow
def test_rivals_on_two_funds_lose_nothing(world: World):
    world.open_fund("next", 50 * ONE, year=2027)
    claims = [world.walk(State.SUBMITTED, period=str(2000 + number)) for number in range(CLAIMS)]
    by = {"actor": world.people["fund"], "at": world.now}
    taken: list[int] = []

    def accept(mine: list[Any]) -> None:
        for claim in mine:
            stubborn(lambda one=claim: world.fire(one, "accept", "clerk"))

    def move(source: str, target: str) -> None:
        for number in range(ROUNDS):
            stubborn(lambda n=number: world.money.transfer(source, target, 13 * ONE, document_no=f"调{n}号", **by))

    def close() -> None:
        stubborn(lambda: taken.append(world.money.close(FUND, document_no="结1号", **by).amount))

    def fill() -> None:
        for number in range(ROUNDS):
            stubborn(lambda n=number: world.money.allocate("next", ONE, document_no=f"指{n}号", **by))

    errors = race(
        lambda: accept(claims[::2]),
        lambda: accept(claims[1::2]),
        lambda: move(FUND, "next"),
        lambda: move("next", FUND),
        close,
        fill,
    )
    assert errors == []
    check(world, sum(taken))


def check(world: World, taken: int) -> None:
    closed, other = world.fund(), world.fund("next")
    assert closed.allocated + other.allocated + taken == ALL + 50 * ONE + ROUNDS * ONE
    found = world.desk.list_claims(ClaimFilter(limit=CLAIMS))
    assert {claim.state for claim in found} == {State.ACCEPTED}
    assert closed.reserved == sum(ONE for claim in found if not claim.is_waiting)
    assert (closed.is_closed, closed.available) == (True, 0)
    for sound in (funds.check_balances, check_shares, audit.verify):
        assert in_unit(world.engine, sound) == []


@pytest.mark.slow
def test_of_two_who_close_or_carry_over_one_does(world: World):
    world.open_fund("next", 0, year=2027)
    by = {"actor": world.people["fund"], "at": world.now}
    closed: list[int] = []
    carried: list[int] = []

    def close(number: int) -> None:
        stubborn(lambda: closed.append(world.money.close(FUND, document_no=f"结{number}号", **by).amount))

    def carry(number: int) -> None:
        stubborn(lambda: carried.append(world.money.carry_over(FUND, "next", document_no=f"转{number}号", **by).amount))

    assert race(*(lambda n=n: close(n) for n in range(4))) == []
    assert race(*(lambda n=n: carry(n) for n in range(4))) == []
    assert (closed, carried, world.fund("next").allocated) == ([ALL], [ALL], ALL)
    assert in_unit(world.engine, funds.check_balances) == []


@pytest.mark.slow
def test_of_rivals_who_move_the_same_claims_each_is_moved_once(world: World):
    world.open_fund("next", 0, year=2027)
    claims = [world.walk(State.ACCEPTED, period=str(2000 + number)) for number in range(CLAIMS)]
    by = {"actor": world.people["fund"], "at": world.now}
    world.money.close(FUND, document_no="结1号", **by)
    world.money.carry_over(FUND, "next", document_no="转1号", **by)
    office = RehomingOffice(world.engine, world.desk.calendar)

    def move() -> None:
        stubborn(lambda: office.rehome_all(FUND, "next", document_no="列1号", **by))

    def withdraw() -> None:
        for claim in claims[::3]:
            stubborn(lambda one=claim: world.fire(one, "withdraw", "applicant"))

    def close() -> None:
        stubborn(lambda: world.money.close(FUND, document_no="结2号", **by))

    assert race(move, move, withdraw, close) == []
    move()
    for claim in claims:
        steps = [step.event for step in world.desk.timeline(claim.id)][claim.version :]
        assert steps in (["rehome"], ["withdraw"], ["rehome", "withdraw"])
    assert (world.fund().reserved, world.fund("next").reserved) == (0, ONE * (CLAIMS - len(claims[::3])))
    for sound in (funds.check_balances, check_shares, audit.verify):
        assert in_unit(world.engine, sound) == []
