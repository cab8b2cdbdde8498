"""Claims of a closed fund move, money and all, to the fund that its money was carried over to; or nothing moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from claims_world import FUND, World
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from store_truths import check_store

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund.forecast import forecast
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.fund.funds import Fund
from subsidy_match.claims.fund.rehoming_office import Rehomed, Rehoming, RehomingOffice
from subsidy_match.claims.official.objections import Objector
from subsidy_match.claims.reading import ClaimFilter
from subsidy_match.claims.states import State
from subsidy_match.claims.store_checks import STORE_CHECKS
from subsidy_match.errors import Conflict, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUBLIC

ALL, ONE, NEXT = 1_000_000_00, 10_000_00, "next"
KINDS = ("allocated", "reserved", "committed", "paid")


@pytest.fixture
def two(world: World) -> World:
    world.open_fund(NEXT, 0, year=2027)
    return world


def by(world: World, who: str = "fund") -> dict[str, Any]:
    return {"actor": world.people[who], "at": world.now}


def end_year(world: World, carried: int | None = None, fund: str = FUND, into: str = NEXT) -> None:
    world.money.close(fund, document_no="结1号", **by(world))
    world.money.carry_over(fund, into, carried, document_no="转1号", **by(world))


def office(world: World) -> RehomingOffice:
    return RehomingOffice(world.engine, world.desk.calendar)


def rehome(world: World, claim: Claim, who: str = "fund", source: str = FUND, into: str = NEXT) -> Rehomed:
    return office(world).rehome(claim.id, source, into, document_no="列1号", **by(world, who))


def rehome_all(world: World, **more: Any) -> Rehoming:
    return office(world).rehome_all(FUND, NEXT, document_no="列1号", **by(world), **more)


def held(world: World, claim: Claim) -> dict[str, tuple[int, int, int]]:
    found = world.desk.claim(claim.id)
    return {part.fund_id: (part.reserved, part.committed, part.paid) for part in found.funds}


def chain(world: World, subject: str) -> list[audit.Entry]:
    return in_unit(world.engine, lambda session: list(audit.entries(session, subject)))


def sums(world: World) -> list[int]:
    both: tuple[Fund, ...] = (world.fund(), world.fund(NEXT))
    return [sum(getattr(fund, kind) for fund in both) for kind in KINDS]


def check(world: World, *, one_fund: bool = True) -> None:
    if one_fund:  # which is all that these know of
        check_store(world.engine)
    assert in_unit(world.engine, audit.verify) == []
    assert [finding for found in STORE_CHECKS for finding in in_unit(world.engine, found)] == []


MOVABLE = {
    State.DRAFT: (0, 0, 0),
    State.ACCEPTED: (ONE, 0, 0),
    State.APPROVED: (0, ONE, 0),
}


@pytest.mark.parametrize("state", MOVABLE)
def test_a_claim_moves_with_all_that_is_held_for_it_and_is_paid_from_the_new_fund(two: World, state: State):
    claim = two.walk(state)
    end_year(two)
    before = sums(two)
    done = rehome(two, claim)
    assert (done.reserved, done.committed) == MOVABLE[state][:2]
    assert held(two, claim) == {NEXT: MOVABLE[state]}
    assert sums(two) == before
    assert (two.fund().reserved, two.fund().committed, two.fund().available) == (0, 0, sum(MOVABLE[state]))
    check(two)
    paid = two.carry_on(two.desk.claim(claim.id), State.COMPLETED)
    assert held(two, paid) == {NEXT: (0, 0, ONE)}
    assert (two.fund().paid, two.fund(NEXT).paid) == (0, ONE)
    check(two)


def test_timeline_audit_and_both_funds_say_from_where_to_where_and_why(two: World):
    claim = two.walk(State.APPROVED)
    end_year(two)
    done = rehome(two, claim)
    now, step = two.desk.claim(claim.id), two.desk.timeline(claim.id)[-1]
    assert (now.version, now.state, step.version) == (claim.version + 1, State.APPROVED, done.version)
    assert (step.event, step.actor, step.duty) == ("rehome", "fund", None)
    assert {name: step.detail[name] for name in ("fund", "to_fund", "document_no")} == {
        "fund": FUND,
        "to_fund": NEXT,
        "document_no": "列1号",
    }
    assert step.detail["money"] == {
        f"uncommit {FUND}": ONE,
        f"reserve {NEXT}": ONE,
        f"commit {NEXT}": ONE,
    }
    for fund in (FUND, NEXT):
        told = [entry for entry in chain(two, f"fund:{fund}") if entry.action == "rehome"]
        assert [json.loads(entry.detail)["document"] for entry in told] == ["列1号"]


def test_what_comes_free_is_taken_back_and_carried_over_in_its_turn(two: World):
    claims = [two.walk(State.ACCEPTED, period=period) for period in ("2024", "2025")]
    end_year(two, ONE)
    first, second = rehome_all(two).outcomes
    assert (first.rehomed is not None, second.refusal and second.refusal.code) == (True, "fund_short")
    assert [held(two, claim) for claim in claims] == [{NEXT: (ONE, 0, 0)}, {FUND: (ONE, 0, 0)}]
    two.money.close(FUND, document_no="结2号", **by(two))
    two.money.carry_over(FUND, NEXT, document_no="转2号", **by(two))
    assert (rehome_all(two).moved, two.fund().reserved, two.fund(NEXT).reserved) == (1, 0, 2 * ONE)
    check(two)


def test_of_several_funds_only_the_closed_one_changes_places(two: World):
    two.open_fund("province", ALL)
    two.assume(funding=(Share(FUND, Fraction(1, 3)), Share("province", Fraction(2, 3))))
    claim = two.walk(State.ACCEPTED)
    end_year(two)
    was = held(two, claim)
    rehome(two, claim)
    assert held(two, claim) == {NEXT: was[FUND], "province": was["province"]}
    shares = {part.fund_id: part.share for part in two.desk.claim(claim.id).funds}
    assert shares == {NEXT: "1/3", "province": "2/3"}
    assert two.carry_on(two.desk.claim(claim.id), State.COMPLETED).paid == ONE
    check(two, one_fund=False)


def test_a_claim_that_draws_on_both_funds_draws_on_the_new_one_alone(two: World):
    two.money.transfer(FUND, NEXT, ONE, document_no="调1号", **by(two))
    two.assume(funding=(Share(FUND, Fraction(1, 4)), Share(NEXT, Fraction(3, 4))))
    claim = two.walk(State.ACCEPTED)
    end_year(two)
    rehome(two, claim)
    assert held(two, claim) == {NEXT: (ONE, 0, 0)}
    assert two.desk.claim(claim.id).funds[0].share == "1/1"
    check(two)


def test_a_waiting_claim_keeps_its_place_in_the_new_queue(two: World):
    """It was accepted before the one that waits there, so that it gets the money first; and not before there is enough."""
    two.open_fund("spare", 0)
    two.money.transfer(FUND, "spare", ALL - ONE - 1, document_no="调1号", **by(two))
    holder, early = (two.walk(State.ACCEPTED, period=period) for period in ("2022", "2023"))
    two.wait(1)
    two.assume(funding=(Share(NEXT, Fraction(1)),))
    late = two.walk(State.ACCEPTED, period="2024")
    end_year(two)
    rehome(two, early)
    waiting = ClaimFilter(fund_id=NEXT, is_waiting=True)
    assert [claim.id for claim in two.desk.list_claims(waiting)] == [early.id, late.id]
    two.money.allocate(NEXT, ONE - 1, document_no="指1号", **by(two))
    assert held(two, early) == {NEXT: (ONE, 0, 0)}
    assert [claim.id for claim in two.desk.list_claims(waiting)] == [late.id]
    assert held(two, holder) == {FUND: (ONE, 0, 0)}
    check(two)


def test_a_waiting_claim_is_served_at_once_where_there_is_money(two: World):
    two.money.freeze(FUND, note="审计", **by(two))
    claim = two.walk(State.ACCEPTED)
    assert claim.is_waiting
    end_year(two)
    two.money.unfreeze(FUND, note="审计结束", **by(two))
    assert rehome(two, claim).reserved == 0
    assert (two.desk.claim(claim.id).is_waiting, held(two, claim)) == (False, {NEXT: (ONE, 0, 0)})
    check(two)


def corrected(world: World) -> tuple[Claim, Callable[[], Claim]]:
    claim = world.walk(State.IN_REVIEW)
    claim = world.fire(claim, "request_correction", "reviewer", items=["发票"], due_on="2026-06-20")
    return claim, lambda: world.fire(claim, "resubmit", "applicant")


def objected(world: World) -> tuple[Claim, Callable[[], Claim]]:
    claim = world.walk(State.PUBLISHED)
    number = world.desk.timeline(claim.id)[-1].detail["notice_no"]
    who = Objector("李某某", "0517-12345678")
    filed = world.objections.file(number, claim.claim_no, evidence="不实", objector=who, actor=PUBLIC, at=world.now)

    def uphold() -> Claim:
        said = {"reason_code": "facts_to_recheck", "answer": "需复核"}
        world.objections.uphold(filed.id, **said, **by(world, "supervisor"))
        return world.desk.claim(claim.id)

    return world.desk.claim(claim.id), uphold


def returned(world: World) -> tuple[Claim, Callable[[], Claim]]:
    claim = world.walk(State.IN_RECHECK)
    return claim, lambda: world.fire(claim, "return", "rechecker", reason_code="procedure")


def withdrawn(world: World) -> tuple[Claim, Callable[[], Claim]]:
    claim = world.walk(State.ACCEPTED)
    return claim, lambda: world.fire(claim, "withdraw", "applicant")


@pytest.mark.parametrize("story", [corrected, objected, returned, withdrawn])
def test_whatever_happens_later_happens_in_the_new_fund(two: World, story: Callable[[World], Any]):
    claim, go_on = story(two)
    end_year(two)
    rehome(two, claim)
    after = go_on()
    money = 0 if after.state is State.WITHDRAWN else ONE
    assert held(two, after) == {NEXT: (money, 0, 0)}
    assert (two.fund().reserved, two.fund(NEXT).reserved) == (0, money)
    check(two)
    if money:
        assert held(two, two.carry_on(after, State.APPROVED)) == {NEXT: (0, ONE, 0)}


def test_a_claim_whose_appeal_is_upheld_after_the_closing_waits_and_moves(two: World):
    claim = two.fire(two.walk(State.IN_REVIEW), "reject", "reviewer", reason_code="other", note="无")
    end_year(two)
    (left,) = two.money.closings(FUND)[0].stranded
    assert (left.claim_id, left.held, left.waits_for) == (claim.id, 0, "appeal")
    with pytest.raises(Conflict, match="event_not_allowed"):
        rehome(two, claim)
    two.fire(claim, "appeal", "applicant", reason="复议")
    upheld = two.fire(claim, "uphold_appeal", "supervisor", note="支持")
    assert (upheld.is_waiting, two.money.closings(FUND)[0].stranded[0].waits_for) == (True, "money")
    rehome(two, claim)
    assert held(two, claim) == {NEXT: (ONE, 0, 0)}
    check(two)


def test_a_correction_with_other_shares_is_worked_out_in_the_new_fund(two: World):
    two.open_fund("province", ALL)
    claim, resubmit = corrected(two)
    end_year(two)
    rehome(two, claim)
    two.assume(funding=(Share(FUND, Fraction(1, 2)), Share("province", Fraction(1, 2))))
    assert held(two, resubmit()) == {NEXT: (ONE // 2, 0, 0), "province": (ONE // 2, 0, 0)}
    check(two, one_fund=False)


def test_a_payment_that_came_back_stays_with_the_fund_that_paid_it(two: World):
    claim = two.walk(State.COMPLETED)
    end_year(two)
    line = two.office.batches()[-1].lines[0]
    two.returns([(line.instruction, line.amount, line.bank_ref or "", "R1", "ACCOUNT_CLOSED")])
    assert (two.desk.claim(claim.id).state, held(two, claim)) == (State.PAY_FAILED, {FUND: (0, ONE, 0)})
    with pytest.raises(Conflict, match="event_not_allowed"):
        rehome(two, claim)
    account = two.give_account(number="6222000000005678")
    two.fire(claim, "set_account", "applicant", account_id=account)
    with pytest.raises(Conflict, match="payment_begun"):
        rehome(two, claim)
    assert held(two, two.carry_on(two.desk.claim(claim.id), State.COMPLETED)) == {FUND: (0, 0, ONE)}
    check(two)


def test_a_document_of_allocation_is_voided_first(two: World):
    claim = two.walk(State.PAYABLE)
    end_year(two)
    with pytest.raises(Conflict, match="allocation_live"):
        rehome(two, claim)
    (made,) = two.allocations.allocations()
    two.allocations.void(made.id, reason_code="allocation_error", **by(two, "approver"))
    rehome(two, claim)
    assert held(two, claim) == {NEXT: (0, ONE, 0)}
    again = two.allocate(two.desk.claim(claim.id))
    assert again.funds == {NEXT: ONE}
    assert two.allocations.allocation(made.id).funds == {FUND: ONE}
    check(two)


def test_a_run_drafted_before_the_year_ended_gives_nothing_of_the_new_fund(world: World):
    for fund, year, allocated in (("pool", 2026, 5_000_00), ("pool-next", 2027, 5_000_00)):
        world.open_fund(fund, allocated, mode=Mode.POOLED, year=year)
    world.assume(funding=(Share("pool", Fraction(1)),))
    claim = world.walk(State.IN_RECHECK)
    run = world.money.draft_run("pool", **by(world))
    end_year(world, fund="pool", into="pool-next")
    rehome(world, claim, source="pool", into="pool-next")
    with pytest.raises(Conflict, match="claim_changed"):
        world.money.confirm_run(run.id, **by(world, "fund_b"))
    new = world.money.draft_run("pool-next", **by(world))
    world.money.confirm_run(new.id, **by(world, "fund_b"))
    assert held(world, claim) == {"pool-next": (ONE, 0, 0)}
    check(world)


def approved(world: World) -> Claim:
    claim = world.walk(State.APPROVED)
    end_year(world)
    return claim


def not_closed(world: World) -> None:
    claim = world.walk(State.ACCEPTED)
    rehome(world, claim)


def not_carried(world: World) -> None:
    claim = approved(world)
    world.open_fund("other", ALL, year=2027)
    rehome(world, claim, into="other")


def short(world: World) -> None:
    claim = world.walk(State.ACCEPTED)
    end_year(world, ONE - 1)
    rehome(world, claim)


def frozen(world: World, fund: str) -> None:
    claim = world.walk(State.DRAFT)
    end_year(world)
    world.money.freeze(fund, note="审计", **by(world))
    rehome(world, claim)


def closed(world: World) -> None:
    claim = world.walk(State.DRAFT)
    end_year(world)
    world.money.close(NEXT, document_no="结2号", **by(world))
    rehome(world, claim)


def other_mode(world: World) -> None:
    world.open_fund("pool", 0, mode=Mode.POOLED, year=2027)
    claim = world.walk(State.ACCEPTED)
    end_year(world, into="pool")
    rehome(world, claim, into="pool")


def in_payment(world: World) -> None:
    claim = world.walk(State.IN_PAYMENT)
    end_year(world)
    rehome(world, claim)


def paid(world: World) -> None:
    claim = world.walk(State.COMPLETED)
    end_year(world)
    rehome(world, claim)


def twice(world: World) -> None:
    claim = approved(world)
    rehome(world, claim)
    rehome(world, claim)


def foreign(world: World) -> None:
    world.open_fund("other", ALL)
    world.assume(funding=(Share("other", Fraction(1)),))
    claim = approved(world)
    rehome(world, claim)


def keeper_of_one(world: World) -> None:
    claim = approved(world)
    keeper = replace(world.people["fund"], funds=frozenset({FUND}))
    office(world).rehome(claim.id, FUND, NEXT, document_no="列1号", actor=keeper, at=world.now)


def filer(world: World) -> None:
    claim = world.draft(by="everything")
    end_year(world)
    rehome(world, claim, "everything")


REFUSED: dict[str, tuple[Callable[[World], None], str]] = {
    "not closed": (not_closed, "fund_not_closed"),
    "not carried over": (not_carried, "fund_not_carried"),
    "unknown fund": (lambda w: rehome(w, approved(w), into="nowhere") and None, "fund_unknown"),
    "short": (short, "fund_short"),
    "frozen source": (lambda w: frozen(w, FUND), "fund_frozen"),
    "frozen target": (lambda w: frozen(w, NEXT), "fund_frozen"),
    "closed target": (closed, "fund_closed"),
    "another mode": (other_mode, "fund_mode_differs"),
    "in payment": (in_payment, "event_not_allowed"),
    "paid": (paid, "event_not_allowed"),
    "twice": (twice, "rehomed_already"),
    "another fund's": (foreign, "fund_not_of_claim"),
    "role": (lambda w: rehome(w, approved(w), "approver") and None, "role_missing"),
    "keeper of one": (keeper_of_one, "fund_not_yours"),
    "filer": (filer, "duty_conflict"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_moves_nothing_and_is_written_down(two: World, name: str):
    attempt, code = REFUSED[name]
    with pytest.raises(SubsidyError) as refused:
        attempt(two)
    assert refused.value.code == code
    (claim,) = two.desk.list_claims()
    entry = chain(two, f"claim:{claim.id}")[-1]
    assert (entry.action, entry.outcome, json.loads(entry.detail)["code"]) == ("rehome", "refused", code)
    assert len(two.desk.timeline(claim.id)) == claim.version
    moved = in_unit(two.engine, lambda s: s.scalar(text("SELECT count(*) FROM claim_rehomings")))
    assert moved == (code == "rehomed_already")
    check(two)


def test_nobody_rehomes_at_the_desk(two: World):
    claim = approved(two)
    with pytest.raises(Conflict, match="event_not_allowed"):
        two.fire(claim, "rehome", "fund", fund=FUND, to_fund=NEXT, document_no="列1号")


def test_an_error_in_the_middle_leaves_nothing(two: World):
    claim = approved(two)
    shown, before = two.desk.claim(claim.id), sums(two)
    writes = fail_at = 0

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal writes
        is_write = statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        writes += is_write
        if is_write and writes == fail_at:
            raise RuntimeError(statement)

    event.listen(two.engine, "before_cursor_execute", fail)
    while True:
        fail_at, writes = fail_at + 1, 0
        try:
            rehome(two, claim)
        except RuntimeError:
            assert (two.desk.claim(claim.id), sums(two)) == (shown, before)
            continue
        break
    event.remove(two.engine, "before_cursor_execute", fail)
    assert fail_at > 12
    assert held(two, claim) == {NEXT: (0, ONE, 0)}
    check(two)


def test_a_whole_fund_is_moved_claim_by_claim_and_again_what_was_left(two: World):
    listed = two.walk(State.PAYABLE, period="2022")
    states = (State.SUBMITTED, State.APPROVED, State.ACCEPTED, State.COMPLETED)
    others = [two.walk(state, period=str(2023 + n)) for n, state in enumerate(states)]
    end_year(two)
    done = rehome_all(two, most=2)
    assert [outcome.claim_id for outcome in done.outcomes if outcome.rehomed] == [others[1].id, others[2].id]
    assert (done.moved, done.left) == (2, 2)
    again = rehome_all(two)
    said = {one.claim_no: one.refusal.code if one.refusal else None for one in again.outcomes}
    assert said == {listed.claim_no: "allocation_live", others[0].claim_no: None}
    assert (again.moved, again.refused, again.left) == (1, 1, 1)
    assert {c.id for c in two.desk.list_claims(ClaimFilter(fund_id=NEXT))} == {claim.id for claim in others[:3]}
    found = in_unit(two.engine, lambda s: forecast(s, NEXT, on=two.today))
    assert {part.state: part.held for part in found.pending} == {"SUBMITTED": 0, "ACCEPTED": ONE, "APPROVED": ONE}
    check(two)


def test_a_whole_fund_is_not_begun_where_it_cannot_be(two: World):
    claim = two.walk(State.ACCEPTED)
    with pytest.raises(SubsidyError, match="fund_not_closed"):
        rehome_all(two)
    end_year(two)
    for who, document, code in (("approver", "列1号", "role_missing"), ("fund", " ", "field_invalid")):
        with pytest.raises(SubsidyError, match=code):
            office(two).rehome_all(FUND, NEXT, document_no=document, **by(two, who))
        assert (chain(two, f"fund:{FUND}")[-1].action, chain(two, f"fund:{FUND}")[-1].outcome) == ("rehome", "refused")
    assert held(two, claim) == {FUND: (ONE, 0, 0)}


def test_the_database_itself_refuses_another_way_or_a_second_time(two: World):
    claim = approved(two)
    rehome(two, claim)
    insert = text(
        "INSERT INTO claim_rehomings (claim_id, version, source_id, target_id, closing_id, document_no, reserved,"
        " committed, at, actor) VALUES (:claim, 99, :source, :target, :closing, 'x', 0, 0, '2027-01-01', 'x')"
    )
    good = {"claim": claim.id, "source": FUND, "target": NEXT, "closing": two.money.closings(FUND)[0].id}
    for wrong in ({}, {"source": NEXT, "target": FUND}, {"closing": 99}, {"target": "nowhere"}):
        with pytest.raises(IntegrityError), two.engine.begin() as connection:
            connection.execute(insert, good | wrong)


def test_a_share_of_the_next_year_moves_on_to_the_year_after(two: World):
    two.open_fund("after", 0, year=2028)
    claim, resubmit = corrected(two)
    end_year(two)
    rehome(two, claim)
    end_year(two, fund=NEXT, into="after")
    rehome(two, claim, source=NEXT, into="after")
    assert held(two, resubmit()) == {"after": (ONE, 0, 0)}
    check(two)
