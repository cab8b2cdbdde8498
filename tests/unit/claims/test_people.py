from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from claims_world import CONTACT, FIRM, OTHER_USCC, PEOPLE, USCC, World, receipt_file
from people_kit import declare, hire, lend, set_rule
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from subsidy_match.claims.assessment import Share
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund.fund_records import Mode
from subsidy_match.claims.official.objections import Objector
from subsidy_match.claims.people import administration, authorisations, delegations, interests
from subsidy_match.claims.people.administration import Rights
from subsidy_match.claims.people.records import DelegationRow
from subsidy_match.claims.people.standing import officer_findings
from subsidy_match.claims.states import State
from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUBLIC, Role, Scope, user_by_login


def refused(work: Callable[[], Any]) -> str:
    with pytest.raises(SubsidyError) as caught:
        work()
    return caught.value.code


def in_store(world: World, work: Callable[..., Any], *given: Any, by: str, **more: Any) -> Any:
    return in_unit(world.engine, lambda s: work(s, *given, actor=world.people[by], at=world.now, **more))


def number(world: World, login: str) -> None:
    in_store(world, administration.link_person, login, f"工号{login}", by="everything")


class TestScopes:
    def test_a_role_reaches_its_department_only(self, world: World):
        set_rule(world, department="工信局")
        hire(world, "near", Role.CLERK, scopes=[Scope(Role.CLERK, "工信局")])
        hire(world, "far", Role.CLERK, scopes=[Scope(Role.CLERK, "科技局")])
        claim = world.walk(State.SUBMITTED)
        assert refused(lambda: world.fire(claim, "accept", "far")) == "out_of_scope"
        assert world.fire(claim, "accept", "near").state is State.ACCEPTED

    def test_a_new_rule_moves_no_claim_in_hand_to_another_department(self, world: World):
        set_rule(world, department="工信局")
        hire(world, "old", Role.REVIEWER, scopes=[Scope(Role.REVIEWER, "工信局")])
        hire(world, "new", Role.REVIEWER, scopes=[Scope(Role.REVIEWER, "科技局")])
        claim = world.walk(State.ACCEPTED)
        world.wait(1)
        set_rule(world, department="科技局")
        later = world.walk(State.ACCEPTED, period="2027")
        for one, theirs, other in ((claim, "old", "new"), (later, "new", "old")):
            assert (
                refused(lambda one=one, who=other: world.fire(one, "assign", "lead", assignee=who)) == "assignee_unfit"
            )
            assert world.fire(one, "assign", "lead", assignee=theirs).assignee == theirs

    def test_a_role_reaches_its_funds_only(self, world: World):
        hire(world, "other_fund", Role.CLERK, scopes=[Scope(Role.CLERK, fund="elsewhere")])
        claim = world.walk(State.SUBMITTED)
        assert refused(lambda: world.fire(claim, "accept", "other_fund")) == "out_of_scope"

    def test_a_reviewer_out_of_scope_is_not_assigned(self, world: World):
        set_rule(world, department="工信局")
        hire(world, "far", Role.REVIEWER, scopes=[Scope(Role.REVIEWER, "科技局")])
        claim = world.walk(State.ACCEPTED)
        assert refused(lambda: world.fire(claim, "assign", "lead", assignee="far")) == "assignee_unfit"


class TestPersons:
    def test_two_logins_of_one_person_are_one_for_the_duties(self, world: World):
        hire(world, "day", Role.REVIEWER, person="工号7")
        hire(world, "night", Role.RECHECKER, person="工号7")
        claim = world.walk(State.ACCEPTED)
        world.fire(claim, "assign", "lead", assignee="day")
        world.fire(claim, "pass", "day")
        assert refused(lambda: world.fire(claim, "pass", "night")) == "duty_conflict"

    def test_a_person_named_later_counts_for_what_was_done_before(self, world: World):
        claim = world.walk(State.IN_RECHECK)
        for login in ("reviewer", "rechecker"):
            in_store(world, administration.link_person, login, "工号8", by="everything")
        world.people = {**world.people, "rechecker": in_unit(world.engine, lambda s: user_by_login(s, "rechecker"))}
        assert refused(lambda: world.fire(claim, "pass", "rechecker")) == "duty_conflict"

    def test_a_person_once_named_stays(self, world: World):
        in_store(world, administration.link_person, "clerk", "工号9", by="everything")
        again = lambda: in_store(world, administration.link_person, "clerk", "工号10", by="everything")  # noqa: E731
        assert refused(again) == "person_fixed"

    @pytest.mark.parametrize("same", ["\uff11001a", " 1001a", "1001A\u3000"])
    def test_one_staff_number_is_one_person_however_it_is_typed(self, world: World, same: str):
        assert hire(world, "night", Role.CLERK, person=same).person == "1001A"
        in_store(world, administration.link_person, "clerk", "1001a", by="everything")
        assert in_unit(world.engine, lambda s: user_by_login(s, "clerk")).person == "1001A"

    @pytest.mark.parametrize("wrong", ["", " ", "\u200b", "1001\u200b", "10 01", "\u04101", "9" * 41])
    def test_a_staff_number_that_two_could_read_differently_is_none(self, world: World, wrong: str):
        name = lambda: in_store(world, administration.link_person, "clerk", wrong, by="everything")  # noqa: E731
        assert refused(name) == "person_invalid"

    def test_a_number_in_two_forms_in_an_older_store_is_told_and_said_again(self, world: World):
        for login, number in (("clerk", "1001"), ("approver", "1001 ")):
            hire(world, f"{login}_x", Role(login), person="1001")
            with world.engine.begin() as connection:
                last = "(SELECT max(user_id) FROM user_persons)"
                told = text(f"UPDATE user_persons SET person = :n WHERE user_id = {last}")
                connection.execute(told, {"n": number})
        doubts = lambda: [f.code for f in in_unit(world.engine, lambda s: [*officer_findings(s)])]  # noqa: E731
        assert doubts().count("person_forms") == 1
        in_store(world, administration.link_person, "approver_x", "1001", by="everything")
        assert "person_forms" not in doubts()


class TestSecondPerson:
    """Whoever has two logins is one person wherever two are needed, and so is whoever is stood in for."""

    @pytest.fixture(autouse=True)
    def one_person(self, world: World):
        for posts in ("supervisor", "fund", "notice", "applicant"):
            for login in (posts, f"{posts}_b"):
                in_store(world, administration.link_person, login, f"工号{posts}", by="everything")
        hire(world, "issuer", Role.APPROVER, person="工号notice")
        hire(world, "overseer", Role.SUPERVISOR)
        hire(world, "consenter", Role.SUPERVISOR, person="工号applicant")
        known = {login: in_unit(world.engine, lambda s, who=login: user_by_login(s, who)) for login in world.people}
        world.people = known

    def test_proposes_a_recovery_and_does_not_decide_on_it(self, world: World):
        claim = propose_recovery(world, world.walk(State.COMPLETED))
        assert refused(lambda: world.fire(claim, "approve_recovery", "supervisor_b")) == "not_new_decider"

    def test_gives_up_the_rest_only_by_another(self, world: World):
        claim = propose_recovery(world, world.walk(State.COMPLETED))
        claim = world.fire(claim, "approve_recovery", "approver_b")
        world.fire(claim, "propose_write_off", "supervisor", reason_code="dissolved", note="企业已注销")
        assert refused(lambda: world.fire(claim, "approve_write_off", "supervisor_b")) == "duty_conflict"

    def test_decides_on_no_appeal_against_themselves(self, world: World):
        claim = world.fire(world.walk(State.PAYABLE), "revoke", "supervisor", reason_code="other", note="不符")
        claim = world.fire(claim, "appeal", "applicant", reason="不服")
        assert refused(lambda: world.fire(claim, "dismiss_appeal", "supervisor_b", note="维持")) == "not_new_decider"

    def test_objects_and_does_not_decide_on_it(self, world: World):
        claim = world.publish(world.walk(State.APPROVED), number="公示1号")
        by = {"objector": None, "actor": world.people["supervisor"], "at": world.now}
        objection = world.objections.file("公示1号", claim.claim_no, evidence="重复申报", **by)

        def dismiss(who: str) -> Any:
            given = {"reason_code": "other", "answer": "不成立", "actor": world.people[who], "at": world.now}
            return world.objections.dismiss(objection.id, **given)

        assert refused(lambda: dismiss("supervisor_b")) == "decider_not_new"
        assert dismiss("overseer").state == "DISMISSED"

    def test_files_and_does_not_consent_to_withdrawal(self, world: World):
        claim = world.fire(world.walk(State.PAYABLE), "request_withdrawal", "applicant")
        assert refused(lambda: world.fire(claim, "consent_withdrawal", "consenter")) == "duty_conflict"

    def test_drafts_a_document_of_allocation_and_does_not_issue_it(self, world: World):
        claim = world.walk(State.PUBLISHED)
        world.wait(8)
        by = {"actor": world.people["notice"], "at": world.now}
        made = world.allocations.draft([claim.id], number="下达1号", title="示例下达", **by)
        issue = lambda who: world.allocations.issue(made.id, actor=world.people[who], at=world.now)  # noqa: E731
        assert refused(lambda: issue("issuer")) == "duty_conflict"
        assert issue("approver_b").issuer == "approver_b"

    def test_makes_a_run_and_does_not_confirm_it(self, world: World):
        world.open_fund("pool", 5_000_00, mode=Mode.POOLED)
        world.assume(funding=(Share("pool", Fraction(1)),))
        world.walk(State.IN_RECHECK)
        run = world.money.draft_run("pool", actor=world.people["fund"], at=world.now)
        confirm = lambda who: world.money.confirm_run(run.id, actor=world.people[who], at=world.now)  # noqa: E731
        assert refused(lambda: confirm("fund_b")) == "run_same_person"
        assert confirm("supervisor").checker == "supervisor"

    def test_whoever_was_stood_in_for_is_not_new_either(self, world: World):
        lend(world, "approver", "lead", Role.APPROVER)
        claim = world.fire(world.walk(State.IN_APPROVAL), "approve", "lead")
        claim = propose_recovery(world, world.carry_on(claim, State.COMPLETED))
        assert refused(lambda: world.fire(claim, "approve_recovery", "approver")) == "not_new_decider"
        assert world.fire(claim, "approve_recovery", "approver_b").state is State.RECOVERING


def propose_recovery(world: World, claim: Claim) -> Claim:
    plan = [{"due_on": "2026-07-01", "amount": 6_000_00}]
    given = {"amount": 6_000_00, "returns_to": "fund", "reason_code": "overpaid", "note": "多付", "plan": plan}
    return world.fire(claim, "propose_recovery", "supervisor", **given)


class TestBesideTheDesk:
    """Documents, batches and accounts are no way round interest, scope and duties."""

    @pytest.fixture(params=["interest_declared", "duty_conflict", "out_of_scope"])
    def why(self, world: World, request: pytest.FixtureRequest) -> str:
        """Why a person of all posts, ``odd``, may not handle the claims of a firm."""
        roles = [role for roles in PEOPLE.values() for role in roles if role is not Role.ADMIN]
        scopes = [Scope(role, "科技局") for role in dict.fromkeys(roles)] if request.param == "out_of_scope" else []
        firms = [USCC] if request.param == "duty_conflict" else []
        hire(world, "odd", *roles, scopes=scopes, firms=firms)
        if request.param == "interest_declared":
            declare(world, "odd", USCC)
        return request.param

    def test_whoever_is_too_near_or_too_far_makes_no_document_and_sends_nothing(self, world: World, why: str):
        def no(work: Callable[..., Any], *given: Any, **more: Any) -> None:
            with pytest.raises(SubsidyError) as caught:
                work(*given, actor=world.people["odd"], at=world.now, **more)
            assert why in (caught.value.code, *(found.code for found in caught.value.findings))

        draft = world.draft(by="odd" if why == "duty_conflict" else "applicant")
        claim, named = world.carry_on(draft, State.APPROVED), {"number": "号1", "title": "示例"}
        no(world.notices.draft, [claim.id], **named, contact=CONTACT)
        claim = world.publish(claim)
        notice = world.notices.notices()[-1]
        no(world.notices.withdraw, notice.id, reason_code="other")
        world.wait(8)
        no(world.notices.close, notice.id)
        no(world.allocations.draft, [claim.id], **named)
        by = {"actor": world.people["notice"], "at": world.now}
        made = world.allocations.draft([claim.id], **named, **by)
        no(world.allocations.issue, made.id)
        no(world.allocations.void, made.id, reason_code="other")
        world.allocations.issue(made.id, actor=world.people["approver"], at=world.now)
        no(world.allocations.clear, made.id)
        world.allocations.clear(made.id, **by)
        world.carry_on(world.desk.claim(claim.id), State.IN_PAYMENT)
        (batch,) = world.office.batches()
        no(world.office.send_batch, batch.id)
        world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
        no(world.office.file, batch.id)

    def test_nor_verifies_the_account_nor_sees_who_objected(self, world: World, why: str):
        draft = world.draft(by="odd" if why == "duty_conflict" else "applicant")
        claim = world.publish(world.carry_on(draft, State.APPROVED), number="公示1号")
        given = {"evidence": "重复申报", "objector": Objector("李某", "0517-1"), "actor": PUBLIC, "at": world.now}
        objection = world.objections.file("公示1号", claim.claim_no, **given)
        odd = {"actor": world.people["odd"], "at": world.now}
        assert refused(lambda: world.objections.objector(objection.id, **odd)) == why
        account = {"uscc": USCC, "holder": FIRM, "bank_name": "示例银行", "number": "6222000000004321"}
        entered = world.desk.register_account(**account, actor=world.people["applicant"], at=world.now)
        assert refused(lambda: world.desk.verify_account(entered.id, **odd)) == why
        if why != "duty_conflict":  # whoever files for a firm enters its account
            assert refused(lambda: world.desk.register_account(**account, **odd)) == why

    @pytest.mark.parametrize(
        ("state", "event", "fields"),
        [
            (State.ACCEPTED, "assign", {"assignee": "reviewer"}),
            (State.APPROVED, "hold", {"reason_code": "under_inquiry"}),
        ],
    )
    def test_whoever_filed_does_nothing_to_the_claim_as_an_officer(
        self, world: World, state: State, event: str, fields: dict[str, str]
    ):
        claim = world.carry_on(world.draft(by="everything"), state)
        assert refused(lambda: world.fire(claim, event, "everything", **fields)) == "duty_conflict"

    def test_whoever_filed_does_not_take_the_receipt_in(self, world: World):
        claim = world.carry_on(world.draft(by="everything"), State.PAYABLE)
        claim = world.carry_on(claim, State.IN_PAYMENT)
        (batch,) = world.office.batches()
        world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
        (line,) = batch.lines
        content = receipt_file([(line.instruction, line.amount, "成功", "B1", "")], on=world.today)
        by = {"actor": world.people["everything"], "at": world.now}
        with pytest.raises(InputError) as caught:
            world.office.import_receipts(content, name="r.csv", **by)
        assert [finding.code for finding in caught.value.findings] == ["duty_conflict"]
        assert world.desk.claim(claim.id).state is State.IN_PAYMENT


class TestDelegation:
    @pytest.mark.parametrize("role", [Role.NOTICE, Role.MAKER, Role.CHECKER, Role.RECONCILER, Role.FUND])
    def test_a_role_that_signs_documents_or_moves_money_is_not_lent(self, world: World, role: Role):
        assert refused(lambda: lend(world, "everything", "clerk", role)) == "delegation_unfit"

    def test_a_deputy_acts_as_themselves_and_the_duty_counts_for_both(self, world: World):
        hire(world, "both", Role.APPROVER, Role.MAKER)
        lend(world, "both", "notice", Role.APPROVER)
        claim = world.fire(world.walk(State.IN_APPROVAL), "approve", "notice")
        step = world.desk.timeline(claim.id)[-1]
        assert (step.actor, step.duty, step.detail["for"]) == ("notice", "approver", "both")
        claim = world.carry_on(claim, State.PAYABLE)
        make = lambda: world.office.create_batch([claim.id], actor=world.people["both"], at=world.now)  # noqa: E731
        assert refused(make) == "batch_refused"

    def test_nobody_gets_round_the_duties_by_a_deputy(self, world: World):
        hire(world, "many", Role.REVIEWER, Role.APPROVER)
        lend(world, "many", "notice", Role.APPROVER)
        claim = world.walk(State.ACCEPTED)
        world.fire(claim, "assign", "lead", assignee="many")
        world.fire(claim, "pass", "many")
        world.fire(claim, "pass", "rechecker")
        assert refused(lambda: world.fire(claim, "approve", "notice")) == "duty_conflict"

    def test_a_deputy_with_an_earlier_duty_is_barred(self, world: World):
        lend(world, "approver", "rechecker", Role.APPROVER)
        claim = world.walk(State.IN_APPROVAL)
        assert refused(lambda: world.fire(claim, "approve", "rechecker")) == "duty_conflict"

    def test_only_on_its_days_and_until_it_is_ended(self, world: World):
        lent = lend(world, "approver", "notice", Role.APPROVER, days=1)
        claim = world.walk(State.IN_APPROVAL)
        world.wait(2)
        assert refused(lambda: world.fire(claim, "approve", "notice")) == "role_missing"
        again = lend(world, "approver", "notice", Role.APPROVER)
        in_store(world, delegations.end_delegation, again.id, by="approver")
        assert refused(lambda: world.fire(claim, "approve", "notice")) == "role_missing"
        assert [d.ended_by for d in in_unit(world.engine, delegations.delegations)] == [None, "approver"]
        assert lent.id != again.id

    def test_the_reviewers_deputy_passes_what_was_assigned_to_the_reviewer(self, world: World):
        lend(world, "reviewer", "reviewer_b", Role.REVIEWER)
        claim = world.fire(world.walk(State.IN_REVIEW), "pass", "reviewer_b")
        assert world.desk.timeline(claim.id)[-1].detail["for"] == "reviewer"

    def test_what_is_lent_reaches_no_further_than_the_lenders_scope(self, world: World):
        set_rule(world, department="工信局")
        hire(world, "far", Role.APPROVER, scopes=[Scope(Role.APPROVER, "科技局")])
        lend(world, "far", "notice", Role.APPROVER)
        claim = world.walk(State.IN_APPROVAL)
        assert refused(lambda: world.fire(claim, "approve", "notice")) == "role_missing"

    def test_who_may_lend_what(self, world: World):
        assert refused(lambda: lend(world, "approver", "approver", Role.APPROVER)) == "self_grant"
        assert refused(lambda: lend(world, "approver", "clerk", Role.MAKER)) == "delegation_unfit"
        assert refused(lambda: lend(world, "approver", "clerk", Role.APPROVER, by="clerk")) == "role_missing"
        assert refused(lambda: lend(world, "approver", "everything", Role.APPROVER, by="everything")) == "self_grant"
        assert refused(lambda: lend(world, "everything", "clerk", Role.ADMIN)) == "delegation_unfit"

    def test_what_was_lent_before_its_role_stopped_being_lendable_is_of_no_use_and_told(self, world: World):
        claim = world.walk(State.PUBLISHED)
        world.wait(8)
        world.allocate(claim)
        lent = {"principal": "notice", "deputy": "clerk", "role": "notice_officer", "reason": "出差"}
        days = {"from_on": world.today, "until_on": world.today + timedelta(days=1)}
        made = {"made_by": "notice", "made_at": world.now}
        in_unit(world.engine, lambda s: s.add(DelegationRow(**lent, **days, **made)))
        events = world.desk.possible_events(claim.id, actor=world.people["clerk"], on=world.today)
        assert "clear" not in {row.event for row in events}
        assert refused(lambda: world.fire(claim, "clear", "clerk")) == "role_missing"
        told = lambda day: in_unit(world.engine, lambda s: delegations.delegation_findings(s, day))  # noqa: E731
        (found,) = told(world.today)
        assert (found.code, "notice_officer" in found.en) == ("delegation_unlendable", True)
        assert told(world.today + timedelta(days=2)) == []


class TestInterests:
    @pytest.mark.parametrize(
        ("state", "event", "who"),
        [("SUBMITTED", "accept", "clerk"), ("IN_REVIEW", "pass", "reviewer"), ("IN_APPROVAL", "approve", "approver")],
    )
    def test_an_interest_bars_from_events_of_that_firm(self, world: World, state: str, event: str, who: str):
        declare(world, who, USCC)
        claim = world.walk(State(state)) if who != "reviewer" else world.walk(State.ACCEPTED)
        if who == "reviewer":
            assert refused(lambda: world.fire(claim, "assign", "lead", assignee=who)) == "interest_declared"
            return
        assert refused(lambda: world.fire(claim, event, who)) == "interest_declared"
        assert world.desk.claim(claim.id).version == claim.version

    def test_nor_can_a_deputy_act_for_whoever_has_it_or_have_it(self, world: World):
        declare(world, "approver", USCC, by="supervisor")
        lend(world, "approver", "notice", Role.APPROVER)
        claim = world.walk(State.IN_APPROVAL)
        assert refused(lambda: world.fire(claim, "approve", "notice")) == "interest_declared"

    def test_only_somebody_else_ends_it(self, world: World):
        declared = declare(world, "supervisor", USCC)
        end = interests.end_interest
        assert refused(lambda: in_store(world, end, declared.id, by="supervisor")) == "self_grant"
        assert refused(lambda: in_store(world, end, declared.id, by="clerk")) == "role_missing"
        assert in_store(world, end, declared.id, by="supervisor_b").ended_by == "supervisor_b"
        assert refused(lambda: in_store(world, end, declared.id, by="supervisor_b")) == "interest_ended"

    def test_the_store_itself_bars_ending_ones_own(self, world: World):
        declare(world, "supervisor", USCC)
        with pytest.raises(IntegrityError), world.engine.begin() as connection:
            connection.execute(text("UPDATE interests SET ended_by = login, ended_at = made_at"))

    def test_it_is_declared_once(self, world: World):
        declare(world, "clerk", USCC)
        assert refused(lambda: declare(world, "clerk", USCC)) == "interest_known"

    def test_an_account_of_that_firm_is_not_theirs_to_verify(self, world: World):
        declare(world, "clerk", USCC)
        assert refused(lambda: world.give_account(number="6222000000009999")) == "interest_declared"


class TestAuthorisation:
    def give(
        self, world: World, *, until: int = 30, policy: str = "*", by: str = "clerk"
    ) -> authorisations.Authorisation:
        today = date(2026, 6, 1)
        return in_store(  # type: ignore[no-any-return]
            world,
            authorisations.authorise,
            by=by,
            login="agent",
            uscc=USCC,
            policy_id=policy,
            document_sha256="a" * 64,
            from_on=today,
            until_on=today + timedelta(days=until),
        )

    def test_an_agent_files_only_with_an_authorisation_in_force(self, world: World):
        hire(world, "agent", Role.AGENT, firms=[USCC])
        assert refused(lambda: world.draft(by="agent")) == "authorisation_missing"
        given = self.give(world)
        claim = world.draft(by="agent")
        in_store(world, authorisations.revoke_authorisation, given.id, by="applicant")
        assert refused(lambda: world.fire(claim, "submit", "agent")) == "authorisation_missing"

    def test_it_ends_with_its_last_day_and_covers_its_policy_only(self, world: World):
        hire(world, "agent", Role.AGENT, firms=[USCC])
        self.give(world, policy="another")
        assert refused(lambda: world.draft(by="agent")) == "authorisation_missing"
        self.give(world, until=1)
        world.wait(2)
        assert refused(lambda: world.draft(by="agent")) == "authorisation_missing"

    def test_an_agent_sees_a_firm_only_while_authorised(self, world: World):
        agent = hire(world, "agent", Role.AGENT, firms=[USCC])
        seen = lambda day: in_unit(world.engine, lambda s: authorisations.seen_today(s, agent, day)).firms  # noqa: E731
        self.give(world, until=1)
        assert (seen(date(2026, 6, 2)), seen(date(2026, 6, 3))) == (frozenset({USCC}), frozenset())

    def test_an_agent_who_is_a_firms_own_as_well_needs_one_for_every_other_firm(self, world: World):
        hire(world, "agent", Role.AGENT, firms=[OTHER_USCC])
        given = self.give(world)
        with world.engine.begin() as connection:  # nobody can be made both any more; older stores have such people
            connection.execute(
                text("INSERT INTO user_roles (user_id, role) SELECT id, 'applicant' FROM users WHERE login = 'agent'")
            )
        world.people = {**world.people, "agent": in_unit(world.engine, lambda s: user_by_login(s, "agent"))}
        claim = world.draft(by="agent")
        in_store(world, authorisations.revoke_authorisation, given.id, by="applicant")
        assert refused(lambda: world.fire(claim, "submit", "agent")) == "authorisation_missing"
        assert world.draft(by="agent", uscc=OTHER_USCC).uscc == OTHER_USCC
        agent = world.people["agent"]
        assert in_unit(world.engine, lambda s: authorisations.seen_today(s, agent, world.today)).firms == {OTHER_USCC}

    def test_an_agent_ends_their_own_and_no_other_agents(self, world: World):
        hire(world, "agent", Role.AGENT)
        hire(world, "rival", Role.AGENT, firms=[USCC])
        given = self.give(world)
        end = lambda by: in_store(world, authorisations.revoke_authorisation, given.id, by=by)  # noqa: E731
        assert [refused(lambda by=by: end(by)) for by in ("rival", "other_applicant")] == ["role_missing"] * 2
        assert end("agent").ended_by == "agent"

    def test_who_records_it(self, world: World):
        hire(world, "agent", Role.AGENT)
        assert refused(lambda: self.give(world, by="notice")) == "role_missing"


class TestAdministration:
    def test_nobody_changes_their_own_rights_nor_those_of_their_other_login(self, world: World):
        change = lambda login, by: in_store(  # noqa: E731
            world, administration.change_rights, login, Rights(roles=[Role.APPROVER]), by=by
        )
        assert refused(lambda: change("everything", "everything")) == "self_grant"
        hire(world, "boss", Role.ADMIN, person="工号1")
        hire(world, "boss_too", Role.CLERK, person="工号1")
        assert refused(lambda: change("boss_too", "boss")) == "self_grant"
        assert refused(lambda: change("clerk", "supervisor")) == "role_missing"
        assert refused(lambda: change("clerk", "boss")) == "person_missing"
        of_nobody = Rights(roles=[Role.PUBLIC])
        rights = lambda: in_store(world, administration.change_rights, "clerk", of_nobody, by="boss")  # noqa: E731
        assert refused(rights) == "role_reserved"
        number(world, "clerk")
        assert change("clerk", "boss").roles == {Role.APPROVER}

    def test_every_change_is_audited_with_what_was_before(self, world: World):
        number(world, "clerk")
        rights = Rights(roles=[Role.APPROVER], scopes=[Scope(Role.APPROVER, "工信局", "*", 2)], funds=["*"])
        in_store(world, administration.change_rights, "clerk", rights, by="everything")
        _, entry = in_unit(world.engine, lambda s: list(audit.entries(s, subject="user:clerk")))
        assert (entry.action, entry.actor) == ("change_rights", "everything")
        assert '"was":{"firms":[],"funds":["*"],"roles":["clerk"]' in str(entry.detail)
        assert in_unit(world.engine, audit.verify) == []

    def test_a_scope_belongs_to_a_role_that_is_held(self, world: World):
        number(world, "clerk")
        rights = Rights(roles=[Role.CLERK], scopes=[Scope(Role.APPROVER)])
        assert refused(lambda: in_store(world, administration.change_rights, "clerk", rights, by="everything")) == (
            "scope_invalid"
        )
