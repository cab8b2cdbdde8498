"""SIGKILL before any statement between draft and settlement: after the restart nothing is lost, doubled or half done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from claims_world import FUND, World
from killer import Killer, killer
from store_truths import check_store

from subsidy_match.claims.states import State

SAMPLE = 12
"""How many of the statements are tried; with ``KILL_EVERY`` set, every one."""
LEAST_KILLED = 4


@pytest.fixture(scope="module")
def executioner() -> Iterator[Killer]:
    with killer() as process:
        yield process


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_before_any_statement_everything_holds_and_the_claim_is_paid_once(
    world: World, store_url: str, tmp_path: Path, executioner: Killer
):
    how, statements = executioner.walk(store_url, tmp_path, world.draft(period="whole").id)
    assert how == "done"
    every = 1 if os.environ.get("KILL_EVERY") else max(statements // SAMPLE, 1)
    deaths = range(1, statements + 1, every)
    for kill in deaths:
        claim = world.draft(period=f"k{kill}").id
        assert executioner.walk(store_url, tmp_path, claim, kill=kill) == ("killed", kill)
        check_store(world.engine, tmp_path / "payouts")
        assert executioner.walk(store_url, tmp_path, claim)[0] == "done"
    check_store(world.engine, tmp_path / "payouts")
    paid = [world.desk.claim(number) for number in range(1, len(deaths) + 2)]
    assert {claim.state for claim in paid} == {State.COMPLETED}
    assert world.fund().paid == sum(claim.paid for claim in paid) == sum(claim.amount for claim in paid)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_while_claims_move_to_the_next_fund_each_is_in_one_and_the_rest_moves_later(
    world: World, store_url: str, tmp_path: Path, executioner: Killer
):
    world.open_fund("next", 0, year=2027)
    states = (State.APPROVED, State.ACCEPTED, State.APPROVED, State.ACCEPTED)
    claims = [world.walk(state, period=f"m{number}") for number, state in enumerate(states)]
    by = {"actor": world.people["fund"], "at": world.now}
    world.money.close(FUND, document_no="结1号", **by)
    world.money.carry_over(FUND, "next", document_no="转1号", **by)
    killed = 0
    for kill in range(12, 1000, 9):
        how, _ = executioner.rehome(store_url, tmp_path, FUND, "next", kill=kill)
        check_store(world.engine)
        assert {len(world.desk.claim(claim.id).funds) for claim in claims} == {1}
        if how == "done":
            break
        killed += 1
    assert killed >= LEAST_KILLED
    assert executioner.rehome(store_url, tmp_path, FUND, "next")[0] == "done"
    check_store(world.engine)
    assert [part.fund_id for claim in claims for part in world.desk.claim(claim.id).funds] == ["next"] * len(claims)
    assert {world.desk.claim(claim.id).version - claim.version for claim in claims} == {1}
