from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from claims_world import FUND, USCC, World
from people_kit import declare
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund import funds
from subsidy_match.claims.fund.allocation_runs import Run
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.ledger_checks import check_runs, check_shares
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

POOL, STEP = "pool", 100_00
PERIODS = ("2023", "2024", "2025")


@pytest.fixture
def pooled(world: World) -> World:
    world.open_fund(POOL, 10_050_00, mode=Mode.POOLED, step=STEP)
    world.assume(funding=(Share(POOL, Fraction(1)),))
    return world


def asking(world: World, *amounts: int, state: State = State.IN_RECHECK) -> list[Claim]:
    found = []
    for amount, period in zip(amounts, PERIODS, strict=False):
        world.assume(amount_min=amount, amount_max=amount)
        found.append(world.walk(state, period=period))
    return found


def draft(world: World, who: str = "fund", budget: int | None = None) -> Run:
    return world.money.draft_run(POOL, budget=budget, actor=world.people[who], at=world.now)


def confirm(world: World, run: Run, who: str = "fund_b") -> Run:
    return world.money.confirm_run(run.id, actor=world.people[who], at=world.now)


def held(world: World, claim: Claim) -> int:
    return sum(part.reserved for part in world.desk.claim(claim.id).funds)


def sound(world: World) -> bool:
    return all(
        in_unit(world.engine, check) == [] for check in (funds.check_balances, check_shares, check_runs, audit.verify)
    )


def test_a_pooled_fund_reserves_nothing_before_its_run(pooled: World):
    (claim,) = asking(pooled, 6_000_00)
    assert (held(pooled, claim), claim.is_waiting, pooled.fund(POOL).reserved) == (0, False, 0)
    with pytest.raises(Conflict, match="not_allotted"):
        pooled.fire(claim, "pass", "rechecker")


def test_a_run_shares_the_budget_pro_rata_and_floors_to_the_step(pooled: World):
    claims = asking(pooled, 6_000_00, 12_000_00)
    run = draft(pooled)
    # 10 050 of 18 000: 3 350 and 6 700, floored to whole hundreds
    assert [part.share for part in run.parts] == [3_300_00, 6_700_00]
    assert (run.needed, run.total, run.budget) == (18_000_00, 10_000_00, 10_050_00)
    assert pooled.fund(POOL).reserved == 0
    confirm(pooled, run)
    assert [held(pooled, claim) for claim in claims] == [3_300_00, 6_700_00]
    assert pooled.fund(POOL).available == 50_00
    assert sound(pooled)


def test_an_allotted_claim_is_paid_its_share(pooled: World):
    first, _ = asking(pooled, 6_000_00, 12_000_00)
    confirm(pooled, draft(pooled))
    claim = pooled.desk.claim(first.id)
    pooled.assume(amount_min=6_000_00, amount_max=6_000_00)
    assert pooled.carry_on(claim, State.COMPLETED).paid == 3_300_00
    assert sound(pooled)


def test_where_the_budget_is_enough_everyone_gets_all_of_it(pooled: World):
    claims = asking(pooled, 4_000_01, 3)
    confirm(pooled, draft(pooled))
    assert [held(pooled, claim) for claim in claims] == [4_000_01, 3]


def test_a_share_below_a_step_is_none_and_bars_from_approval(pooled: World):
    big, small = asking(pooled, 50_000_00, 200_00)
    confirm(pooled, draft(pooled))
    assert (held(pooled, big), held(pooled, small)) == (10_000_00, 0)
    with pytest.raises(Conflict, match="not_allotted"):
        pooled.fire(small, "pass", "rechecker")
    pooled.fire(small, "reject", "rechecker", reason_code="no_budget")


def test_without_re_examination_the_approval_waits_for_the_run(pooled: World):
    pooled.assume(with_recheck=False)
    (claim,) = asking(pooled, 20_000_00, state=State.IN_APPROVAL)
    with pytest.raises(Conflict, match="not_allotted"):
        pooled.fire(claim, "approve", "approver")
    confirm(pooled, draft(pooled))
    assert pooled.fire(claim, "approve", "approver").amount_approved == 10_000_00


def test_whoever_made_a_run_does_not_confirm_it(pooled: World):
    asking(pooled, 6_000_00)
    run = draft(pooled)
    with pytest.raises(Forbidden, match="run_same_person"):
        confirm(pooled, run, "fund")
    with pytest.raises(Forbidden, match="role_missing"):
        confirm(pooled, run, "approver")
    with pytest.raises(IntegrityError), pooled.engine.begin() as connection:
        connection.execute(text("UPDATE allocation_runs SET state = 'confirmed', checker = maker"))
    assert confirm(pooled, run, "supervisor").checker == "supervisor"


def test_whoever_filed_a_claim_takes_no_part_in_its_run(pooled: World):
    pooled.assume(amount_min=5, amount_max=5)
    claim = pooled.draft()  # by another of the firm
    for event, who, payload in (
        ("submit", "everything", {}),
        ("accept", "clerk", {}),
        ("assign", "lead", {"assignee": "reviewer"}),
        ("pass", "reviewer", {}),
    ):
        pooled.fire(claim, event, who, **payload)
    with pytest.raises(Forbidden, match="duty_conflict"):
        draft(pooled, "everything")
    with pytest.raises(Forbidden, match="duty_conflict"):
        confirm(pooled, draft(pooled), "everything")


def test_whoever_has_an_interest_in_a_firm_drafts_no_run_over_its_claims(pooled: World):
    asking(pooled, 6_000_00)
    declare(pooled, "fund", USCC)
    with pytest.raises(Forbidden, match="interest_declared"):
        draft(pooled)


def test_a_claim_that_changed_since_makes_the_run_void(pooled: World):
    claims = asking(pooled, 6_000_00, 12_000_00)
    run = draft(pooled)
    pooled.fire(claims[0], "withdraw", "applicant")
    with pytest.raises(Conflict, match="claim_changed") as refused:
        confirm(pooled, run)
    assert (refused.value.code, len(refused.value.findings)) == ("run_outdated", 1)
    assert (held(pooled, claims[1]), pooled.fund(POOL).reserved) == (0, 0)
    assert pooled.money.cancel_run(run.id, actor=pooled.people["fund"], at=pooled.now).state == "cancelled"
    with pytest.raises(Conflict, match="run_state"):
        confirm(pooled, run)
    confirm(pooled, draft(pooled))
    assert held(pooled, claims[1]) == 10_000_00


def test_one_run_at_a_time(pooled: World):
    asking(pooled, 6_000_00)
    run = draft(pooled)
    with pytest.raises(Conflict, match="run_open"):
        draft(pooled)
    confirm(pooled, run)
    with pytest.raises(Conflict, match="run_empty"):
        draft(pooled)
    with pytest.raises(Conflict, match="run_state"):
        confirm(pooled, run)


def test_money_that_left_since_the_draft_stops_the_whole_run(pooled: World):
    claims = asking(pooled, 4_000_00, 4_000_00)
    run = draft(pooled)
    pooled.money.transfer(POOL, FUND, 5_000_00, document_no="调1号", actor=pooled.people["fund"], at=pooled.now)
    with pytest.raises(Conflict, match="fund_short"):
        confirm(pooled, run)
    assert [held(pooled, claim) for claim in claims] == [0, 0]
    assert sound(pooled)


def test_a_budget_is_within_what_is_free(pooled: World):
    asking(pooled, 6_000_00)
    for wrong in (10_050_01, 0, -1):
        with pytest.raises(Conflict, match="fund_short"):
            draft(pooled, budget=wrong)
    assert draft(pooled, budget=1_000_00).total == 1_000_00


def test_a_claim_corrected_upwards_gives_its_share_back_and_joins_the_next_run(pooled: World):
    (claim,) = asking(pooled, 20_000_00)
    confirm(pooled, draft(pooled))
    pooled.fire(claim, "return", "rechecker", reason_code="amount_wrong")
    pooled.fire(claim, "pass", "reviewer", amount=15_000_00, reason="重新核定")
    assert (held(pooled, claim), pooled.fund(POOL).reserved) == (0, 0)
    confirm(pooled, draft(pooled))
    assert held(pooled, claim) == 10_000_00


def test_a_claim_returned_and_passed_again_keeps_its_share(pooled: World):
    (claim,) = asking(pooled, 20_000_00)
    confirm(pooled, draft(pooled))
    pooled.fire(claim, "return", "rechecker", reason_code="procedure")
    pooled.fire(claim, "pass", "reviewer")
    assert held(pooled, claim) == 10_000_00
    pooled.fire(claim, "return", "rechecker", reason_code="amount_wrong")
    pooled.fire(claim, "pass", "reviewer", amount=7_000_00, reason="核减")
    assert held(pooled, claim) == 7_000_00
    assert pooled.fire(claim, "pass", "rechecker").state is State.IN_APPROVAL


def test_a_pooled_fund_bears_a_claim_alone(pooled: World):
    pooled.assume(funding=(Share(POOL, Fraction(1, 2)), Share(FUND, Fraction(1, 2))))
    with pytest.raises(InputError, match="funds_mixed"):
        pooled.draft()


def test_nobody_fires_a_share_at_the_desk(pooled: World):
    (claim,) = asking(pooled, 6_000_00)
    with pytest.raises(Conflict, match="event_not_allowed"):
        pooled.fire(claim, "allot", "fund", amount=1, run="AR1")


@pytest.mark.parametrize("state", ["freeze", "close"])
def test_no_run_on_a_frozen_or_closed_fund(pooled: World, state: str):
    asking(pooled, 6_000_00)
    actor: dict[str, Any] = {"actor": pooled.people["fund"], "at": pooled.now}
    run = draft(pooled)
    if state == "freeze":
        pooled.money.freeze(POOL, note="审计", **actor)
    else:
        pooled.money.close(POOL, document_no="结1号", **actor)
    with pytest.raises(Conflict, match="fund_"):
        confirm(pooled, run)
    pooled.money.cancel_run(run.id, **actor)
    with pytest.raises(Conflict, match=r"fund_frozen|fund_closed"):
        draft(pooled)
