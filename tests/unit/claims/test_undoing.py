"""What undoes or mends a decision: appeals, revocation, withdrawal with consent, amendments, corrections on new facts."""

from __future__ import annotations

from fractions import Fraction

import pytest
from claims_world import FUND, World
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.amendments import amendments_of
from subsidy_match.claims.assessment import Limit, Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store.unit import in_unit

WHY = {"reason_code": "other", "note": "说明"}


def rejected(world: World) -> Claim:
    return world.fire(world.walk(State.IN_REVIEW), "reject", "reviewer", **WHY)


def appeal(world: World, claim: Claim) -> Claim:
    return world.fire(claim, "appeal", "applicant", reason="不服")


def uphold(world: World, claim: Claim, by: str = "supervisor") -> Claim:
    return world.fire(claim, "uphold_appeal", by, note="事实不清")


@pytest.mark.parametrize("end", [State.NOT_ACCEPTED, State.REJECTED, State.REVOKED])
def test_an_upheld_appeal_starts_again_from_review_and_is_paid_in_the_end(world: World, end: State):
    claim = {
        State.NOT_ACCEPTED: lambda: world.fire(world.walk(State.SUBMITTED), "refuse", "clerk", **WHY),
        State.REJECTED: lambda: rejected(world),
        State.REVOKED: lambda: world.fire(world.walk(State.PUBLISHED), "revoke", "supervisor_b", **WHY),
    }[end]()
    assert (claim.state, claim.ended_on, world.fund().available) == (end, business_day(world.now), 1_000_000_00)
    world.wait(3)
    claim = uphold(world, appeal(world, claim))
    assert (claim.state, claim.amount_approved, claim.assignee) == (State.IN_REVIEW, None, None)
    assert (world.fund().reserved, claim.ended_on) == (10_000_00, None)
    claim = world.fire(claim, "assign", "lead", assignee="reviewer_b")
    assert world.carry_on(claim, State.COMPLETED).paid == 10_000_00


def test_a_dismissed_appeal_leaves_the_decision_and_cannot_be_filed_again(world: World):
    claim = appeal(world, rejected(world))
    claim = world.fire(claim, "dismiss_appeal", "supervisor", note="维持")
    assert (claim.state, claim.asked_in, world.fund().reserved) == (State.REJECTED, None, 0)
    with pytest.raises(SubsidyError, match="appealed_before"):
        appeal(world, claim)


def test_a_new_decision_may_be_appealed_again(world: World):
    claim = uphold(world, appeal(world, rejected(world)))
    world.fire(claim, "assign", "lead", assignee="reviewer_b")
    claim = world.fire(claim, "reject", "reviewer_b", **WHY)
    assert appeal(world, claim).state is State.APPEAL


def test_the_days_of_an_appeal_do_not_count(world: World):
    claim = world.walk(State.IN_REVIEW)
    world.wait(1)
    claim = world.fire(claim, "reject", "reviewer", **WHY)
    world.wait(7)
    claim = uphold(world, appeal(world, claim))
    reading = world.desk.due_date(claim.id, on=business_day(world.now))
    assert reading is not None
    assert (reading.counted, reading.elapsed) == (1, 6)


@pytest.mark.parametrize(("days", "is_late"), [(60, False), (61, True)])
def test_an_appeal_has_its_time(world: World, days: int, is_late: bool):
    claim = rejected(world)
    world.wait(days)
    if is_late:
        with pytest.raises(SubsidyError, match="appeal_late"):
            appeal(world, claim)
    else:
        assert appeal(world, claim).state is State.APPEAL


def test_who_decided_before_does_not_decide_on_the_appeal(world: World):
    claim = world.fire(world.walk(State.PAYABLE), "revoke", "supervisor", **WHY)
    claim = appeal(world, claim)
    with pytest.raises(SubsidyError, match="not_new_decider"):
        uphold(world, claim, "supervisor")
    with pytest.raises(SubsidyError, match="role_missing"):
        world.fire(claim, "dismiss_appeal", "applicant", note="不服")
    assert uphold(world, claim, "supervisor_b").state is State.IN_REVIEW


@pytest.mark.parametrize("shared", ["place", "item"])
def test_an_appeal_cannot_be_upheld_into_a_place_that_is_taken(world: World, shared: str):
    world.assume(item_keys=("备案1",), exclusive_groups=("equipment",))
    claim = appeal(world, rejected(world))
    if shared == "place":
        world.assume(item_keys=("备案2",))
    newer = world.walk(State.SUBMITTED, period="2026" if shared == "place" else "2027")
    with pytest.raises(SubsidyError, match="place_taken") as caught:
        uphold(world, claim)
    assert newer.claim_no in caught.value.zh
    assert (world.desk.claim(claim.id), world.fund().reserved) == (claim, 0)
    world.fire(newer, "withdraw", "applicant")
    uphold(world, claim)
    world.assume(item_keys=("备案1",))
    with pytest.raises(SubsidyError, match="item_already_used"):
        world.walk(State.SUBMITTED, period="2028")


def test_an_upheld_appeal_takes_another_place_where_its_own_is_taken(world: World):
    world.assume(limits=(Limit("two-a-year", 2, "year"),))
    claim = appeal(world, world.fire(world.walk(State.IN_REVIEW), "reject", "reviewer", **WHY))
    first, second = (world.walk(State.SUBMITTED, subject=name) for name in "ab")  # on both places
    with pytest.raises(SubsidyError, match="exclusive_taken") as caught:
        uphold(world, claim)
    assert first.claim_no in caught.value.zh
    assert second.claim_no in caught.value.zh
    assert world.desk.claim(claim.id) == claim
    world.fire(second, "withdraw", "applicant")
    assert uphold(world, claim).state is State.IN_REVIEW
    with pytest.raises(SubsidyError, match="exclusive_taken"):
        world.walk(State.SUBMITTED, subject="c")


def test_an_upheld_appeal_waits_where_the_fund_is_short(world: World):
    claim = appeal(world, rejected(world))
    world.assume(amount_min=995_000_00, amount_max=995_000_00)
    world.walk(State.ACCEPTED, period="2027")
    claim = uphold(world, claim)
    assert (claim.state, claim.is_waiting, world.fund().reserved) == (State.IN_REVIEW, True, 995_000_00)


LATE = [State.IN_APPROVAL, State.APPROVED, State.PUBLISHED, State.PAYABLE]


@pytest.mark.parametrize("state", LATE)
def test_late_withdrawal_takes_a_request_and_a_consent(world: World, state: State):
    claim = world.walk(state)
    for event, by in (("withdraw", "applicant"), ("withdraw", "supervisor")):
        with pytest.raises(SubsidyError, match="event_not_allowed"):
            world.fire(claim, event, by)
    with pytest.raises(SubsidyError, match="withdrawal_not_asked"):
        world.fire(claim, "consent_withdrawal", "supervisor")
    world.fire(claim, "request_withdrawal", "applicant", note="项目终止")
    with pytest.raises(SubsidyError, match="withdrawal_asked"):
        world.fire(claim, "request_withdrawal", "applicant_b")
    claim = world.fire(claim, "consent_withdrawal", "supervisor")
    assert (claim.state, world.fund().available) == (State.WITHDRAWN, 1_000_000_00)


def test_a_refused_withdrawal_changes_nothing_and_payment_waits_for_the_answer(world: World):
    claim = world.walk(State.PAYABLE)
    world.fire(claim, "request_withdrawal", "applicant")
    with pytest.raises(SubsidyError, match="withdrawal_asked"):
        world.carry_on(claim, State.IN_PAYMENT)
    claim = world.fire(claim, "refuse_withdrawal", "supervisor", reason_code="payment_under_way", note="即将支付")
    assert world.carry_on(claim, State.COMPLETED).paid == 10_000_00


def test_who_asked_to_withdraw_does_not_consent(world: World):
    claim = world.walk(State.APPROVED)
    world.fire(claim, "request_withdrawal", "everything")
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(claim, "consent_withdrawal", "everything")


def test_an_amendment_keeps_both_values_and_moves_the_reserve(world: World):
    claim = world.walk(State.IN_REVIEW)
    claim = world.fire(claim, "amend", "reviewer", amount=8_000_00, note="发票重复")
    claim = world.fire(claim, "pass", "reviewer", reason="核减")
    claim = world.fire(claim, "amend", "rechecker", amount=7_000_00, note="再核减")
    assert (claim.amount_claimed, claim.amount, world.fund().reserved) == (8_000_00, 7_000_00, 7_000_00)
    found = in_unit(world.engine, lambda s: amendments_of(s, claim.id))
    assert [(a.field, a.old_value, a.new_value, a.note, a.actor) for a in found] == [
        ("amount_claimed", None, "800000", "发票重复", "reviewer"),
        ("amount_proposed", "800000", "700000", "再核减", "rechecker"),
    ]
    last = world.desk.timeline(claim.id)[-1]
    assert last.detail["amended"] == {"amount_proposed": {"old": 8_000_00, "new": 7_000_00}}


def test_an_amended_account_is_the_firms_own(world: World):
    claim, own = world.walk(State.SUBMITTED), world.give_account(number="6222000000009999")
    stranger = world.give_account(holder="别家有限公司")
    with pytest.raises(SubsidyError, match="payee_mismatch"):
        world.fire(claim, "amend", "clerk", account_id=stranger, note="更换")
    assert world.fire(claim, "amend", "clerk", account_id=own, note="更换").account_id == own


@pytest.mark.parametrize(
    ("state", "by", "given", "code"),
    [
        (State.IN_REVIEW, "reviewer", {"amount": 1}, "field_missing"),
        (State.IN_REVIEW, "reviewer", {"note": "无"}, "amendment_empty"),
        (State.IN_REVIEW, "reviewer_b", {"amount": 1, "note": "改"}, "not_assignee"),
        (State.IN_RECHECK, "rechecker", {"amount": 10_000_00, "note": "照旧"}, "amendment_empty"),
        (State.IN_REVIEW, "reviewer", {"amount": 10_000_01, "note": "改"}, "amount_above_rules"),
        (State.IN_APPROVAL, "approver", {"amount": 1, "note": "改"}, "event_not_allowed"),
        (State.APPROVED, "clerk", {"amount": 1, "note": "改"}, "event_not_allowed"),
    ],
)
def test_an_amendment_is_refused(world: World, state: State, by: str, given: dict[str, object], code: str):
    claim = world.walk(state)
    with pytest.raises(SubsidyError, match=code):
        world.fire(claim, "amend", by, **given)
    assert world.desk.claim(claim.id) == claim


def ask(world: World, state: State, by: str) -> Claim:
    return world.fire(world.walk(state), "request_correction", by, items=["发票"], due_on="2026-06-08")


def test_a_correction_takes_over_items_and_frees_the_old_ones(world: World):
    world.assume(item_keys=("旧", "留"), exclusive_groups=("equipment",))
    claim = ask(world, State.IN_REVIEW, "reviewer")
    world.assume(item_keys=("留", "新"))
    world.fire(claim, "resubmit", "applicant")
    world.assume(item_keys=("旧",))
    other = world.walk(State.SUBMITTED, period="2027")
    for period, key in (("2028", "留"), ("2029", "新")):
        world.assume(item_keys=(key,))
        with pytest.raises(SubsidyError, match="item_already_used"):
            world.walk(State.SUBMITTED, period=period)
    assert other.state is State.SUBMITTED


def test_a_correction_cannot_take_what_another_claim_has(world: World):
    world.assume(item_keys=("甲",), exclusive_groups=("equipment",))
    claim = ask(world, State.IN_REVIEW, "reviewer")
    world.assume(item_keys=("乙",))
    world.walk(State.SUBMITTED, period="2027")
    with pytest.raises(SubsidyError, match="item_already_used"):
        world.fire(claim, "resubmit", "applicant")
    assert world.desk.claim(claim.id).state is State.CORRECTION


def test_a_correction_takes_over_shares_and_moves_the_reserve(world: World):
    world.open_fund("province", 900_000_00)
    claim = ask(world, State.IN_REVIEW, "reviewer")
    world.assume(funding=(Share(FUND, Fraction(1, 4)), Share("province", Fraction(3, 4))))
    claim = world.fire(claim, "resubmit", "applicant")
    assert [(part.fund_id, part.reserved) for part in claim.funds] == [(FUND, 2_500_00), ("province", 7_500_00)]
    assert (world.fund().reserved, world.fund("province").reserved) == (2_500_00, 7_500_00)
    claim = ask_again(world, claim)
    world.assume(funding=(Share("province", Fraction(1)),))
    claim = world.fire(claim, "resubmit", "applicant")
    assert [(part.fund_id, part.reserved) for part in claim.funds] == [("province", 10_000_00)]
    assert (world.fund().reserved, world.carry_on(claim, State.COMPLETED).paid) == (0, 10_000_00)


def ask_again(world: World, claim: Claim) -> Claim:
    return world.fire(claim, "request_correction", "reviewer", items=["合同"], due_on="2026-06-08")


def test_a_correction_asked_in_re_examination_voids_the_pass_before(world: World):
    claim = world.walk(State.IN_REVIEW)
    world.fire(claim, "pass", "reviewer", amount=8_000_00, reason="核减")
    claim = world.fire(claim, "request_correction", "rechecker", items=["发票"], due_on="2026-06-08")
    claim = world.fire(claim, "resubmit", "applicant")
    assert (claim.state, claim.amount_proposed, world.fund().reserved) == (State.IN_REVIEW, None, 10_000_00)
    assert world.fire(claim, "pass", "reviewer").state is State.IN_RECHECK


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE appeals SET decided_by = filed_by, outcome = 'upheld'",
        "UPDATE appeals SET outcome = 'upheld', decided_by = NULL",
        "INSERT INTO appeals (claim_id, decision, decided_state, reason, filed_by, filed_at) "
        "SELECT claim_id, decision, decided_state, reason, filed_by, filed_at FROM appeals",
    ],
)
def test_the_database_keeps_appeals_single_and_decided_by_another(world: World, change: str):
    appeal(world, rejected(world))
    with world.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(change))


def test_a_correction_that_asks_for_more_than_there_is_waits_and_is_served_in_its_turn(world: World):
    claim = ask(world, State.IN_REVIEW, "reviewer")
    world.assume(amount_min=1_500_000_00, amount_max=1_500_000_00)
    claim = world.fire(claim, "resubmit", "applicant")
    assert (claim.state, claim.is_waiting, world.fund().reserved) == (State.IN_REVIEW, True, 0)
    world.money.allocate(FUND, 500_000_00, document_no="指9号", actor=world.people["fund"], at=world.now)
    assert (world.desk.claim(claim.id).is_waiting, world.fund().reserved) == (False, 1_500_000_00)


def test_a_correction_under_a_frozen_fund_keeps_what_it_has_or_waits(world: World):
    claim = ask(world, State.IN_REVIEW, "reviewer")
    actor = {"actor": world.people["fund"], "at": world.now}
    world.money.freeze(FUND, note="审计", **actor)
    world.assume(amount_min=9_000_00, amount_max=9_000_00)
    claim = world.fire(claim, "resubmit", "applicant")
    assert (claim.is_waiting, world.fund().reserved) == (False, 9_000_00)
    claim = ask_again(world, claim)
    world.assume(amount_min=12_000_00, amount_max=12_000_00)
    assert world.fire(claim, "resubmit", "applicant").is_waiting
    world.money.unfreeze(FUND, note="审毕", **actor)
    assert (world.desk.claim(claim.id).is_waiting, world.fund().reserved) == (False, 12_000_00)


def test_a_correction_cannot_mix_a_pooled_fund_with_another(world: World):
    world.open_fund("pool", 900_000_00, mode=Mode.POOLED)
    claim = ask(world, State.IN_REVIEW, "reviewer")
    world.assume(funding=(Share(FUND, Fraction(1, 4)), Share("pool", Fraction(3, 4))))
    with pytest.raises(SubsidyError, match="funds_mixed"):
        world.fire(claim, "resubmit", "applicant")
    assert world.desk.claim(claim.id).funds == claim.funds
