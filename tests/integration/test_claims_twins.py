"""The same thing asked for twice at the same moment happens once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from claims_world import World

from subsidy_match.claims.assessment import Limit
from subsidy_match.claims.states import State
from subsidy_match.errors import RetryableError, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

RIVALS = 6


def at_once(work: Callable[[int], Any]) -> list[str]:
    """The codes of refusals, or ``done``, of several threads doing the same."""

    def one(number: int) -> str:
        while True:
            try:
                work(number)
            except RetryableError:
                continue
            except SubsidyError as refusal:
                return refusal.findings[0].code if refusal.findings else refusal.code
            return "done"

    with ThreadPoolExecutor(RIVALS) as pool:
        return sorted(pool.map(one, range(RIVALS)))


def test_one_claim_for_one_place(world: World):
    assert at_once(lambda _: world.draft()) == ["done", *["duplicate_claim"] * (RIVALS - 1)]
    assert len(world.desk.list_claims()) == 1
    assert in_unit(world.engine, audit.verify) == []


def test_one_use_of_one_item(world: World):
    world.assume(item_keys=("备案1",), exclusive_groups=("equipment",))
    drafts = [world.draft(period=str(2020 + n)) for n in range(RIVALS)]
    submit = lambda n: world.fire(drafts[n], "submit", "applicant")  # noqa: E731
    assert at_once(submit) == ["done", *["item_already_used"] * (RIVALS - 1)]


def test_one_place_in_a_group_of_one_a_year(world: World):
    world.assume(limits=(Limit("one-a-year", 1, "year"),))
    drafts = [world.draft(subject=f"p{n}") for n in range(RIVALS)]
    submit = lambda n: world.fire(drafts[n], "submit", "applicant")  # noqa: E731
    assert at_once(submit) == ["done", *["exclusive_taken"] * (RIVALS - 1)]


def test_a_cap_is_never_exceeded(world: World):
    world.assume(limits=(Limit("capped", cap=25_000_00),))
    claims = [world.walk(State.IN_APPROVAL, subject=f"p{n}") for n in range(RIVALS)]
    approve = lambda n: world.fire(claims[n], "approve", "approver")  # noqa: E731
    assert at_once(approve) == [*["cap_exceeded"] * (RIVALS - 2), "done", "done"]
    assert world.fund().committed == 20_000_00


def test_one_approval(world: World):
    claim = world.walk(State.IN_APPROVAL)
    codes = at_once(lambda _: world.fire(claim, "approve", "approver"))
    assert codes.count("done") == 1
    assert set(codes) <= {"done", "event_not_allowed", "stale_version"}
    assert world.fund().committed == 10_000_00


def test_one_batch(world: World):
    claim = world.walk(State.PAYABLE)
    make = lambda _: world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)  # noqa: E731
    assert at_once(make) == ["done", *["event_not_allowed"] * (RIVALS - 1)]
    assert len(world.office.batches()) == 1


def test_one_settlement(world: World):
    claim = world.walk(State.PAYABLE)
    batch = world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)
    world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now)
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    receipt = [(batch.lines[0].instruction, batch.total, "成功", "B1", "")]
    assert at_once(lambda _: world.receipts(receipt)) == ["done"] * RIVALS
    assert world.fund().paid == 10_000_00
    assert in_unit(world.engine, audit.verify) == []
