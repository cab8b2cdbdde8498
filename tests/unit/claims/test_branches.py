"""What leaves the main path: correction, return, refusal, rejection, withdrawal, lapse, the waitlist, other chains."""

from __future__ import annotations

from fractions import Fraction

import pytest
from claims_world import FUND, OTHER_USCC, World

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.store.users import SYSTEM

ASKERS = {
    State.SUBMITTED: "clerk",
    State.ACCEPTED: "clerk",
    State.IN_REVIEW: "reviewer",
    State.IN_RECHECK: "rechecker",
}


def ask(world: World, claim: Claim, by: str) -> Claim:
    return world.fire(claim, "request_correction", by, items=["发票", "合同"], due_on="2026-06-08")


@pytest.mark.parametrize("state", ASKERS)
def test_a_correction_returns_to_the_stage_that_asked_and_stops_the_clock(world: World, state: State):
    claim = ask(world, world.walk(state), ASKERS[state])
    assert claim.asked_in is state
    world.wait(3)
    claim = world.fire(claim, "resubmit", "applicant")
    back = State.IN_REVIEW if state is State.IN_RECHECK else state  # a pass before it is void
    assert (claim.state, claim.asked_in, claim.corrections) == (back, None, 1)
    claim = world.carry_on(claim, State.COMPLETED)
    reading = world.desk.due_date(claim.id, on=business_day(world.now))
    assert reading is not None
    assert reading.counted <= 1


def test_a_correction_keeps_the_reserve_and_takes_over_the_new_amount(world: World):
    claim = ask(world, world.walk(State.IN_REVIEW), "reviewer")
    assert world.fund().reserved == 10_000_00
    world.assume(amount_min=6_000_00, amount_max=6_000_00)
    claim = world.fire(claim, "resubmit", "applicant")
    assert (claim.amount, world.fund().reserved) == (6_000_00, 6_000_00)


def test_a_second_notice_is_allowed_but_counted(world: World):
    claim = world.walk(State.IN_REVIEW)
    for _ in range(2):
        claim = world.fire(ask(world, claim, "reviewer"), "resubmit", "applicant")
    assert claim.corrections == 2


def test_after_its_due_date_a_correction_lapses_and_frees_the_money(world: World):
    claim = ask(world, world.walk(State.ACCEPTED), "clerk")
    with pytest.raises(Conflict, match="correction_not_overdue"):
        world.desk.fire(claim.id, "lapse", actor=SYSTEM, at=world.now)
    world.wait(8)
    with pytest.raises(Conflict, match="correction_overdue"):
        world.fire(claim, "resubmit", "applicant")
    claim = world.desk.fire(claim.id, "lapse", actor=SYSTEM, at=world.now)
    assert (claim.state, world.fund().reserved) == (State.LAPSED, 0)


def test_a_return_keeps_the_money_and_the_reviewer_passes_again(world: World):
    claim = world.walk(State.IN_APPROVAL)
    claim = world.fire(claim, "return", "approver", reason_code="amount_wrong", note="重新核算")
    assert (claim.state, world.fund().reserved) == (State.IN_REVIEW, 10_000_00)
    claim = world.fire(claim, "pass", "reviewer", amount=7_000_00, reason="核减")
    assert (claim.amount_proposed, world.fund().reserved) == (7_000_00, 7_000_00)


@pytest.mark.parametrize(
    ("state", "event", "by", "end"),
    [
        (State.SUBMITTED, "refuse", "clerk", State.NOT_ACCEPTED),
        (State.IN_REVIEW, "reject", "reviewer", State.REJECTED),
        (State.IN_RECHECK, "reject", "rechecker", State.REJECTED),
        (State.IN_APPROVAL, "reject", "approver", State.REJECTED),
        (State.APPROVED, "revoke", "supervisor", State.REVOKED),
        (State.PUBLISHED, "revoke", "supervisor", State.REVOKED),
        (State.PAYABLE, "revoke", "supervisor", State.REVOKED),
    ],
)
def test_an_unpaid_end_frees_money_and_place(world: World, state: State, event: str, by: str, end: State):
    world.assume(item_keys=("备案1",), exclusive_groups=("equipment",))
    claim = world.walk(state)
    claim = world.fire(claim, event, by, reason_code="other", note="说明")
    fund = world.fund()
    assert (claim.state, fund.reserved, fund.committed) == (end, 0, 0)
    assert world.draft().state is State.DRAFT  # the place and the item are free again


@pytest.mark.parametrize(
    "state",
    [State.DRAFT, State.SUBMITTED, State.ACCEPTED, State.CORRECTION, State.IN_REVIEW, State.IN_RECHECK],
)
def test_until_approval_the_applicant_may_withdraw(world: World, state: State):
    claim = world.walk(State.ACCEPTED if state is State.CORRECTION else state)
    if state is State.CORRECTION:
        ask(world, claim, "clerk")
    claim = world.fire(claim, "withdraw", "applicant")
    assert (claim.state, world.fund().reserved) == (State.WITHDRAWN, 0)


def test_a_claim_has_its_place_alone(world: World):
    world.draft()
    with pytest.raises(Conflict, match="duplicate_claim"):
        world.draft()
    assert world.draft(subject="project-2").subject == "project-2"
    assert world.draft(uscc=OTHER_USCC).uscc == OTHER_USCC


def test_a_paid_claim_keeps_its_place(world: World):
    world.walk(State.COMPLETED)
    with pytest.raises(Conflict, match="duplicate_claim"):
        world.draft()


def test_an_item_is_used_once_in_its_group_across_firms(world: World):
    world.assume(item_keys=("备案1", "备案2"), exclusive_groups=("equipment",))
    draft, first = (
        world.draft(uscc=OTHER_USCC),
        world.walk(State.SUBMITTED),
    )  # the draft was there first and bars nobody
    world.give_account(uscc=OTHER_USCC)
    world.assume(item_keys=("备案2",))
    with pytest.raises(Conflict, match="item_already_used"):
        world.fire(draft, "submit", "applicant")
    world.assume(exclusive_groups=("another",))
    world.fire(draft, "submit", "applicant")
    assert first.state is State.SUBMITTED


def test_without_recheck_a_pass_goes_straight_to_approval(world: World):
    world.assume(with_recheck=False)
    claim = world.walk(State.IN_REVIEW)
    assert world.fire(claim, "pass", "reviewer").state is State.IN_APPROVAL


def test_without_notice_an_approved_claim_is_cleared_at_once(world: World):
    world.assume(notice_days=0)
    claim = world.walk(State.APPROVED)
    with pytest.raises(Conflict, match="notice_unfit"):
        world.publish(claim)
    assert world.clear(claim).state is State.PAYABLE


def test_no_apply_starts_without_application_and_ends_paid(world: World):
    world.assume(channel="no_apply")
    claim = world.desk.start_no_apply(uscc=OTHER_USCC, policy_id="p", period="2026", at=world.now)
    assert (claim.state, claim.filer, claim.account_id) == (State.ACCEPTED, "push", None)
    claim = world.carry_on(claim, State.PAYABLE)
    with pytest.raises(BatchRefused, match="account_missing"):
        world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)
    world.give_account(uscc=OTHER_USCC)
    assert world.carry_on(claim, State.COMPLETED).paid == 10_000_00


def test_push_may_start_no_other_channel(world: World):
    with pytest.raises(Exception, match="channel_needs_person"):
        world.desk.start_no_apply(uscc=OTHER_USCC, policy_id="p", period="2026", at=world.now)


def test_a_short_fund_puts_claims_on_the_waitlist_in_the_order_of_acceptance(world: World):
    world.assume(amount_min=600_000_00, amount_max=600_000_00)
    first, second, third = (world.walk(State.ACCEPTED, period=str(year)) for year in (2024, 2025, 2026))
    assert [first.is_waiting, second.is_waiting, third.is_waiting] == [False, True, True]
    assert world.fund().reserved == 600_000_00
    with pytest.raises(Conflict, match="not_reserved"):
        world.carry_on(second, State.APPROVED)
    with pytest.raises(Conflict, match="not_first_in_line"):
        world.fire(third, "reserve", "lead")
    with pytest.raises(Conflict, match="fund_short"):
        world.fire(second, "reserve", "lead")
    world.fire(first, "withdraw", "applicant")
    second = world.desk.claim(second.id)
    assert (second.is_waiting, world.fund().reserved) == (False, 600_000_00)
    assert world.carry_on(second, State.APPROVED).amount_approved == 600_000_00


def test_a_small_claim_does_not_jump_the_queue(world: World):
    world.assume(amount_min=1_100_000_00, amount_max=1_100_000_00)
    world.walk(State.ACCEPTED)
    world.assume(amount_min=1_00, amount_max=1_00)
    assert world.walk(State.ACCEPTED, period="2025").is_waiting


def test_several_funds_bear_their_shares_exactly(world: World):
    world.open_fund("province", 1_000_000_00)
    thirds = (Share(FUND, Fraction(1, 3)), Share("province", Fraction(2, 3)))
    world.assume(funding=thirds, amount_min=100_00, amount_max=100_00)
    world.walk(State.COMPLETED)
    assert [world.fund().paid, world.fund("province").paid] == [33_33, 66_67]


def test_when_one_of_several_funds_is_short_none_is_touched(world: World):
    world.open_fund("province", 50_00)
    world.assume(funding=(Share(FUND, Fraction(1, 3)), Share("province", Fraction(2, 3))))
    assert world.walk(State.ACCEPTED).is_waiting
    assert [world.fund().reserved, world.fund("province").reserved] == [0, 0]


def test_a_claim_on_a_fund_that_does_not_exist_is_refused(world: World):
    world.assume(funding=(Share("nowhere", Fraction(1)),))
    with pytest.raises(NotFound, match="fund_unknown"):
        world.draft()


def test_shares_that_do_not_add_up_are_refused(world: World):
    world.assume(funding=(Share(FUND, Fraction(1, 3)),))
    with pytest.raises(Exception, match="shares_wrong"):
        world.draft()
