"""Documents of allocation: one person drafts, another issues, claims become payable, and void before payment."""

from __future__ import annotations

from fractions import Fraction
from threading import Thread

import pytest
from claims_world import FUND, World
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.official.fund_allocations import Allocation, check_allocations
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.migration import downgrade, upgrade
from subsidy_match.store.unit import in_unit

NUMBER = "示例财建〔2026〕1号"


def over(world: World, count: int = 2) -> list[Claim]:
    claims = [world.walk(State.PUBLISHED, period=str(2020 + n)) for n in range(count)]
    world.wait(8)
    return claims


def draft(world: World, claims: list[Claim], number: str = NUMBER, by: str = "notice") -> Allocation:
    ids, actor = [c.id for c in claims], world.people[by]
    return world.allocations.draft(ids, number=number, title="示例下达", actor=actor, at=world.now)


def issue(world: World, made: Allocation, by: str = "approver") -> Allocation:
    return world.allocations.issue(made.id, actor=world.people[by], at=world.now)


def void(world: World, made: Allocation, by: str = "approver") -> Allocation:
    actor = world.people[by]
    return world.allocations.void(made.id, reason_code="allocation_error", actor=actor, at=world.now)


def clear(world: World, made: Allocation) -> Allocation:
    return world.allocations.clear(made.id, actor=world.people["notice"], at=world.now)


def states(world: World, claims: list[Claim]) -> list[State]:
    return [world.desk.claim(c.id).state for c in claims]


def test_a_document_has_its_totals_by_fund_and_makes_its_claims_payable(world: World):
    world.open_fund("province", 1_000_000_00)
    world.assume(funding=(Share(FUND, Fraction(1, 3)), Share("province", Fraction(2, 3))))
    claims = over(world)
    made = draft(world, claims)
    assert (made.total, dict(made.funds)) == (20_000_00, {FUND: 6_666_66, "province": 13_333_34})
    with pytest.raises(SubsidyError, match="allocation_missing"):
        world.fire(claims[0], "clear", "notice")
    clear(world, issue(world, made))
    assert states(world, claims) == [State.PAYABLE] * 2
    assert world.desk.timeline(claims[0].id)[-1].detail["allocation_no"] == NUMBER
    assert in_unit(world.engine, check_allocations) == []


def test_whoever_drafted_a_document_does_not_issue_it(world: World):
    made = draft(world, over(world, 1), by="everything")
    with pytest.raises(SubsidyError, match="duty_conflict"):
        issue(world, made, by="everything")
    with pytest.raises(SubsidyError, match="role_missing"):
        issue(world, made, by="notice_b")
    with pytest.raises(IntegrityError), world.engine.begin() as connection:
        connection.execute(text("UPDATE fund_allocations SET issuer = maker, state = 'ISSUED'"))
    refused = in_unit(world.engine, lambda s: list(audit.entries(s, f"allocation:{made.id}")))
    assert [entry.outcome for entry in refused] == ["done", "refused", "refused"]


def test_nothing_is_issued_while_a_notice_runs_or_an_objection_is_open(world: World):
    running = world.walk(State.PUBLISHED)
    made = draft(world, [running])
    with pytest.raises(BatchRefused, match="notice_running"):
        issue(world, made)
    number = world.desk.timeline(running.id)[-1].detail["notice_no"]
    clerk = world.people["clerk"]
    world.objections.file(number, running.claim_no, evidence="名单有误", objector=None, actor=clerk, at=world.now)
    world.wait(8)
    with pytest.raises(BatchRefused, match="allocation_unfit"):
        issue(world, made)
    with pytest.raises(BatchRefused, match="allocation_unfit"):
        draft(world, [world.walk(State.APPROVED, period="2025")], "2")


def test_a_claim_that_comes_under_objection_after_the_issue_keeps_no_other_waiting(world: World):
    claims = over(world)
    made = issue(world, draft(world, claims))
    number = world.desk.timeline(claims[0].id)[-1].detail["notice_no"]
    clerk, supervisor = world.people["clerk"], world.people["supervisor"]
    objection = world.objections.file(
        number, claims[0].claim_no, evidence="名单有误", objector=None, actor=clerk, at=world.now
    )
    clear(world, made)
    assert states(world, claims) == [State.OBJECTION, State.PAYABLE]
    world.objections.dismiss(objection.id, reason_code="other", answer="不实", actor=supervisor, at=world.now)
    world.wait(1)
    clear(world, made)
    assert states(world, claims) == [State.PAYABLE] * 2


def test_a_claim_is_in_one_live_document_and_numbers_are_used_once(world: World):
    claims = over(world)
    draft(world, claims[:1])
    with pytest.raises(SubsidyError, match="number_taken"):
        draft(world, claims[1:])
    with pytest.raises(BatchRefused, match="allocation_taken"):
        draft(world, claims, "2")
    other = draft(world, claims[1:], "3")
    again = text(
        "INSERT INTO fund_allocation_claims SELECT :doc, claim_id, amount, is_live FROM fund_allocation_claims WHERE claim_id = :claim"
    )
    with pytest.raises(IntegrityError), world.engine.begin() as connection:
        connection.execute(again, {"doc": other.id, "claim": claims[0].id})


def test_two_spellings_of_one_number_at_the_same_moment_are_one_number(world: World):
    """The second is drafted before the first is written down: the database has the last word."""
    (first,) = over(world, 1)
    world.open_fund("province", 1_000_000_00)
    world.assume(funding=(Share("province", Fraction(1)),))  # whoever lists claims of one fund waits for its lock
    second = world.walk(State.PUBLISHED, period="2021")
    outcome: list[str] = []

    def draft_other() -> None:
        try:
            draft(world, [second], "示例财建[2026]1号")
        except SubsidyError as refusal:
            outcome.append(refusal.code)

    rival = Thread(target=draft_other)

    def meanwhile(*_: object) -> None:
        rival.start()
        rival.join(timeout=1)  # where it is not held up it is through by now

    actor = world.people["notice"]
    world.allocations.draft([first.id], number=NUMBER, title="示例下达", actor=actor, at=world.now, also=meanwhile)
    rival.join()
    assert outcome == ["number_taken"]


def test_a_store_that_has_one_number_in_two_spellings_is_migrated(world: World, store_url: str):
    first, second = over(world)
    draft(world, [first])
    void(world, draft(world, [second], "示例财建〔2026〕2号"))
    world.engine.dispose()
    downgrade(store_url, "0018")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE fund_allocations SET number = '示例财建[2026]1号' WHERE id = 2"))
    world.engine.dispose()
    upgrade(store_url)
    with pytest.raises(SubsidyError, match=NUMBER):
        draft(world, [second], "示例财建﹝2026﹞1号")


def test_totals_that_do_not_fit_are_not_issued_and_are_found(world: World):
    made = draft(world, over(world, 1))
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE fund_allocations SET total = total + 1"))
    with pytest.raises(SubsidyError, match="allocation_totals"):
        issue(world, made)
    assert [finding.code for finding in in_unit(world.engine, check_allocations)] == ["F015"]


def test_a_void_document_takes_its_claims_back_and_they_are_allocated_anew(world: World):
    claims = over(world)
    made = issue(world, draft(world, claims))
    clear(world, made)
    assert str(void(world, made).state) == "VOID"
    assert states(world, claims) == [State.PUBLISHED] * 2
    with pytest.raises(SubsidyError, match="allocation_missing"):
        world.fire(claims[0], "clear", "notice")
    with pytest.raises(SubsidyError, match="allocation_state"):
        issue(world, made)
    assert world.clear(*claims).state is State.PAYABLE


def test_without_notice_a_void_document_leaves_the_claim_approved(world: World):
    world.assume(notice_days=0)
    claim = world.walk(State.APPROVED)
    made = issue(world, draft(world, [claim]))
    clear(world, made)
    void(world, made)
    assert states(world, [claim]) == [State.APPROVED]


def test_what_is_in_payment_is_not_made_void(world: World):
    claims = over(world)
    made = issue(world, draft(world, claims))
    clear(world, made)
    world.office.create_batch([claims[0].id], actor=world.people["maker"], at=world.now)
    with pytest.raises(BatchRefused, match="event_not_allowed"):
        void(world, made)
    with pytest.raises(SubsidyError, match="role_missing"):
        void(world, made, by="notice")
    assert states(world, claims) == [State.IN_PAYMENT, State.PAYABLE]


def test_a_claim_that_left_keeps_the_draft_from_being_issued(world: World):
    claims = over(world)
    made = draft(world, claims)
    world.fire(claims[0], "revoke", "supervisor", reason_code="other", note="说明")
    with pytest.raises(BatchRefused, match="claim_left_document"):
        issue(world, made)
    void(world, made, by="notice")
    assert world.clear(claims[1]).state is State.PAYABLE


def test_a_notice_whose_claim_is_allocated_is_not_withdrawn(world: World):
    claims = over(world, 1)
    issue(world, draft(world, claims))
    notice = world.notices.notices()[0]
    with pytest.raises(BatchRefused, match="allocation_live"):
        world.notices.withdraw(notice.id, reason_code="notice_error", actor=world.people["notice"], at=world.now)
