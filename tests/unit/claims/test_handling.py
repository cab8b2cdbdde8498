from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from claims_world import FUND, USCC, World
from people_kit import answer, ask, declare, hire, lend, set_rule, tasks
from policy_world import load, only
from shipped import POLICIES
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.handling.rules import Band, TaskRule
from subsidy_match.claims.matched import handling_of
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store.users import Role, Scope

TAX, LABOUR = "税务局", "人社局"


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(SubsidyError) as caught:
        work()
    return caught.value.code


@pytest.fixture
def asked(world: World) -> World:
    hire(world, "tax", Role.TASK_OFFICER, department=TAX)
    hire(world, "labour", Role.TASK_OFFICER, department=LABOUR)
    return world


class TestTasks:
    @pytest.mark.parametrize(("need", "answers", "passes"), [(2, 1, False), (2, 2, True), (1, 1, True)])
    def test_review_passes_with_the_quorum_and_not_before(self, asked: World, need: int, answers: int, passes: bool):
        set_rule(asked, tasks=(TaskRule("opinion", (TAX, LABOUR), need),))
        claim = asked.walk(State.IN_REVIEW)
        assert refused(lambda: asked.fire(claim, "pass", "reviewer")) == "quorum_missing"
        opened = [ask(asked, claim, "opinion", department) for department in (TAX, LABOUR)]
        for task, who in list(zip(opened, ("tax", "labour"), strict=True))[:answers]:
            answer(asked, claim, task, who)
        if not passes:
            assert refused(lambda: asked.fire(claim, "pass", "reviewer")) == "quorum_missing"
            return
        assert asked.fire(claim, "pass", "reviewer").state is State.IN_RECHECK
        assert not any(task.is_open for task in tasks(asked, claim))

    def test_an_answer_against_bars_and_a_new_one_takes_its_place(self, asked: World):
        claim = asked.walk(State.IN_REVIEW)
        answer(asked, claim, ask(asked, claim, "opinion", TAX), "tax", "unfavourable")
        assert refused(lambda: asked.fire(claim, "pass", "reviewer")) == "quorum_missing"
        answer(asked, claim, ask(asked, claim, "opinion", TAX), "tax")
        asked.fire(claim, "pass", "reviewer")

    def test_only_the_department_asked_answers_and_once(self, asked: World):
        claim = asked.walk(State.IN_REVIEW)
        task = ask(asked, claim, "opinion", TAX)
        assert refused(lambda: answer(asked, claim, task, "labour")) == "task_not_yours"
        answer(asked, claim, task, "tax")
        assert refused(lambda: answer(asked, claim, task, "tax")) == "task_closed"
        other = asked.walk(State.IN_REVIEW, period="2025")
        assert refused(lambda: answer(asked, other, task, "tax")) == "task_unknown"

    def test_the_filer_and_the_interested_do_not_answer(self, asked: World):
        hire(asked, "twin", Role.APPLICANT, Role.TASK_OFFICER, department=TAX, firms=[USCC])
        claim = asked.draft(by="twin")
        asked.fire(claim, "submit", "twin")
        asked.fire(claim, "accept", "clerk")
        asked.fire(claim, "assign", "lead", assignee="reviewer")
        task = ask(asked, claim, "opinion", TAX)
        assert refused(lambda: answer(asked, claim, task, "twin")) == "duty_conflict"
        declare(asked, "tax", USCC)
        assert refused(lambda: answer(asked, claim, task, "tax")) == "interest_declared"

    def test_a_department_has_one_open_task_of_a_kind(self, asked: World):
        claim = asked.walk(State.IN_REVIEW)
        ask(asked, claim, "opinion", TAX)
        assert refused(lambda: ask(asked, claim, "opinion", TAX)) == "task_open_already"
        columns = "claim_id, kind, department, due_on, correction, opened_version, opened_by, opened_at, is_open"
        copy = text(f"INSERT INTO claim_tasks ({columns}) SELECT {columns} FROM claim_tasks")  # no input
        with pytest.raises(IntegrityError), asked.engine.begin() as connection:
            connection.execute(copy)

    def test_an_inspection_stops_the_clock_and_an_opinion_does_not(self, asked: World):
        claim = asked.walk(State.IN_REVIEW)
        opinion, inspection = ask(asked, claim, "opinion", TAX), ask(asked, claim, "inspection", TAX)
        asked.wait(7)
        reading = asked.desk.due_date(claim.id, on=business_day(asked.now))
        assert reading is not None
        assert (reading.elapsed, reading.counted, reading.is_stopped) == (5, 0, True)
        answer(asked, claim, inspection, "tax")
        asked.wait(1)
        answer(asked, claim, opinion, "tax")
        reading = asked.desk.due_date(claim.id, on=business_day(asked.now))
        assert reading is not None
        assert (reading.counted, reading.is_stopped) == (1, False)

    def test_two_inspections_at_once_stop_it_until_the_last_is_answered(self, asked: World):
        claim = asked.walk(State.IN_REVIEW)
        first, second = ask(asked, claim, "inspection", TAX), ask(asked, claim, "audit", LABOUR)
        answer(asked, claim, first, "tax")
        reading = asked.desk.due_date(claim.id, on=business_day(asked.now) + timedelta(days=1))
        assert reading is not None
        assert reading.is_stopped
        asked.fire(claim, "drop_task", "reviewer", task=second.id, note="不再需要")
        reading = asked.desk.due_date(claim.id, on=business_day(asked.now) + timedelta(days=1))
        assert reading is not None
        assert not reading.is_stopped

    def test_a_correction_voids_what_was_said_before_it(self, asked: World):
        set_rule(asked, tasks=(TaskRule("opinion", (TAX,), 1),))
        claim = asked.walk(State.IN_REVIEW)
        answer(asked, claim, ask(asked, claim, "opinion", TAX), "tax")
        ask(asked, claim, "inspection", LABOUR)
        due = (business_day(asked.now) + timedelta(days=9)).isoformat()
        asked.fire(claim, "request_correction", "reviewer", items=["发票"], due_on=due)
        assert [task.is_open for task in tasks(asked, claim)] == [False, False]
        asked.fire(claim, "resubmit", "applicant")
        assert refused(lambda: asked.fire(claim, "pass", "reviewer")) == "quorum_missing"
        assert all(task.is_void for task in tasks(asked, claim))

    def test_whoever_was_asked_without_a_rule_is_asked_again_after_a_correction(self, asked: World):
        claim = asked.walk(State.IN_REVIEW)
        answer(asked, claim, ask(asked, claim, "opinion", TAX), "tax", "unfavourable")
        due = (business_day(asked.now) + timedelta(days=9)).isoformat()
        asked.fire(claim, "request_correction", "reviewer", items=["发票"], due_on=due)
        asked.fire(claim, "resubmit", "applicant")
        assert refused(lambda: asked.fire(claim, "pass", "reviewer")) == "quorum_missing"
        answer(asked, claim, ask(asked, claim, "opinion", TAX), "tax")
        assert asked.fire(claim, "pass", "reviewer").state is State.IN_RECHECK

    def test_nobody_answers_their_own_question(self, asked: World):
        for login in ("asks", "takes_over"):
            hire(asked, login, Role.REVIEWER, Role.TASK_OFFICER, department=TAX)
        claim = asked.walk(State.ACCEPTED)
        asked.fire(claim, "assign", "lead", assignee="asks")
        task = ask(asked, claim, "opinion", TAX, by="asks")
        asked.fire(claim, "assign", "lead", assignee="takes_over")
        for login in ("asks", "takes_over"):
            assert refused(lambda who=login: answer(asked, claim, task, who)) == "duty_conflict"

    def test_whoever_answered_does_not_review(self, asked: World):
        hire(asked, "answers", Role.REVIEWER, Role.TASK_OFFICER, department=TAX)
        claim = asked.walk(State.IN_REVIEW)
        answer(asked, claim, ask(asked, claim, "opinion", TAX), "answers")
        assert refused(lambda: asked.fire(claim, "assign", "lead", assignee="answers")) == "duty_conflict"

    def test_a_deputy_answers_for_their_department(self, asked: World):
        lend(asked, "tax", "notice", Role.TASK_OFFICER)
        claim = asked.walk(State.IN_REVIEW)
        answer(asked, claim, ask(asked, claim, "opinion", TAX, officer="tax"), "notice")
        assert tasks(asked, claim)[0].closed_by == "notice"


class TestEndorsements:
    def test_a_large_amount_takes_several_people(self, world: World):
        set_rule(world, bands=(Band(5_000_00, needed=2),))
        claim = world.walk(State.IN_APPROVAL)
        assert refused(lambda: world.fire(claim, "approve", "approver")) == "approvals_missing"
        world.fire(claim, "endorse", "approver")
        assert refused(lambda: world.fire(claim, "approve", "approver")) == "endorsed_before"
        assert refused(lambda: world.fire(claim, "endorse", "approver_b")) == "endorsement_unneeded"
        assert world.fire(claim, "approve", "approver_b").state is State.APPROVED

    def test_a_small_amount_takes_one(self, world: World):
        set_rule(world, bands=(Band(50_000_00, needed=2),))
        claim = world.walk(State.IN_APPROVAL)
        assert refused(lambda: world.fire(claim, "endorse", "approver")) == "endorsement_unneeded"
        world.fire(claim, "approve", "approver")

    def test_nobody_approves_twice_by_a_deputy(self, world: World):
        set_rule(world, bands=(Band(0, needed=2),))
        claim = world.walk(State.IN_APPROVAL)
        world.fire(claim, "endorse", "approver")
        lend(world, "approver", "notice", Role.APPROVER)
        assert refused(lambda: world.fire(claim, "approve", "notice")) == "endorsed_before"

    def test_a_return_voids_endorsements(self, world: World):
        set_rule(world, bands=(Band(0, needed=2),))
        claim = world.walk(State.IN_APPROVAL)
        world.fire(claim, "endorse", "approver")
        world.fire(claim, "return", "approver_b", reason_code="facts_unclear")
        world.fire(claim, "pass", "reviewer")
        world.fire(claim, "pass", "rechecker")
        assert refused(lambda: world.fire(claim, "approve", "approver")) == "approvals_missing"

    def test_duties_hold_for_each_of_them(self, world: World):
        set_rule(world, bands=(Band(0, needed=2),))
        hire(world, "mixed", Role.APPROVER, Role.RECHECKER, Role.MAKER)
        claim = world.walk(State.IN_RECHECK)
        world.fire(claim, "pass", "mixed")
        assert refused(lambda: world.fire(claim, "endorse", "mixed")) == "duty_conflict"

    def test_the_last_has_the_level_of_the_band(self, world: World):
        set_rule(world, bands=(Band(0, level=2),))
        hire(world, "chief", Role.APPROVER, scopes=[Scope(Role.APPROVER, level=2)])
        claim = world.walk(State.IN_APPROVAL)
        assert refused(lambda: world.fire(claim, "approve", "approver")) == "level_too_low"
        assert world.fire(claim, "approve", "chief").state is State.APPROVED

    def test_a_later_rule_does_not_reach_claims_in_hand(self, world: World):
        claim = world.walk(State.IN_APPROVAL)
        world.wait(1)
        set_rule(world, bands=(Band(0, needed=3),))
        assert world.fire(claim, "approve", "approver").state is State.APPROVED


class TestChannels:
    def test_instant_goes_from_submission_to_one_approver(self, world: World):
        world.assume(channel="instant")
        claim = world.fire(world.draft(), "submit", "applicant")
        assert claim.state is State.IN_APPROVAL
        steps = world.desk.timeline(claim.id)
        assert [(s.event, s.actor, s.duty) for s in steps[2:]] == [("accept", "system", None), ("pass", "system", None)]
        # No duty arose, so that one of the window may approve.
        hire(world, "window", Role.CLERK, Role.APPROVER)
        assert world.fire(claim, "approve", "window").state is State.APPROVED

    def test_instant_with_an_open_question_is_reviewed_by_a_person(self, world: World):
        world.assume(channel="instant", verdict="to_confirm")
        assert world.fire(world.draft(), "submit", "applicant").state is State.ACCEPTED

    def test_instant_with_tasks_is_reviewed_by_a_person(self, world: World):
        set_rule(world, tasks=(TaskRule("opinion", (TAX,), 1),))
        world.assume(channel="instant")
        assert world.fire(world.draft(), "submit", "applicant").state is State.ACCEPTED

    def test_instant_that_is_drawn_for_re_examination_is_looked_at_by_persons(self, world: World):
        world.assume(channel="instant", with_recheck=False, qa_percent=100)
        claim = world.fire(world.draft(), "submit", "applicant")
        assert claim.state is State.ACCEPTED
        assert world.carry_on(claim, State.IN_RECHECK).state is State.IN_RECHECK

    def test_instant_returned_by_the_approver_goes_the_long_way(self, world: World):
        world.assume(channel="instant")
        claim = world.fire(world.draft(), "submit", "applicant")
        world.fire(claim, "return", "approver", reason_code="facts_unclear")
        world.fire(claim, "assign", "lead", assignee="reviewer")
        assert world.fire(claim, "pass", "reviewer").state is State.IN_RECHECK

    def test_a_chain_without_acceptance_is_accepted_at_submission(self, world: World):
        world.assume(chain=("review", "approve", "publish", "pay"), with_recheck=False)
        claim = world.fire(world.draft(), "submit", "applicant")
        assert (claim.state, claim.accepted_on) == (State.ACCEPTED, business_day(world.now))

    def test_a_claim_on_hold_is_not_accepted_by_itself(self, world: World):
        world.assume(channel="instant")
        claim = world.fire(world.draft(), "hold", "supervisor", reason_code="under_inquiry")
        assert world.fire(claim, "submit", "applicant").state is State.SUBMITTED

    def test_the_chain_of_every_shipped_policy_walks_to_paid(self, world: World):
        kinds = {
            tuple(handling_of(policy).items()): policy for policy in POLICIES.policies if policy.amount is not None
        }
        assert {policy.channel.value for policy in kinds.values()} == {"no_apply", "instant", "fast", "committed"}
        assert all("pay" in policy.chain for policy in kinds.values())
        for number, policy in enumerate(kinds.values()):
            world.assume(**handling_of(policy), funding=(Share(FUND, Fraction(1)),))
            claim = world.draft(period=str(1950 + number))
            paid = walk_on(world, world.fire(claim, "submit", "applicant"))
            assert paid.state is State.COMPLETED
            events = [step.event for step in world.desk.timeline(claim.id)]
            assert ("publish" in events) is ("publish" in policy.chain and policy.notice_days > 0)


def walk_on(world: World, claim: Claim) -> Claim:
    if claim.notice_days == 0:
        claim = world.clear(world.carry_on(claim, State.APPROVED))
    else:
        claim = world.carry_on(claim, State.PUBLISHED)
        world.wait(20)  # the longest notice is ten working days
    return world.carry_on(claim, State.COMPLETED)


@pytest.mark.parametrize(
    ("said", "counts"), [("", False), (", notice_counts: false", False), (", notice_counts: true", True)]
)
def test_a_policy_says_whether_the_days_of_notice_count(tmp_path: Path, said: str, counts: bool):
    policy = only(load(tmp_path, sla="{total: 10, notice: 5" + said + "}"))
    assert handling_of(policy)["notice_counts"] is counts
