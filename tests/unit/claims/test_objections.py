"""Objections: they stop the notice, are decided by somebody new, and protect whoever made them."""

from __future__ import annotations

import pytest
from claims_world import FUND, World
from sqlalchemy import select, text

from subsidy_match.claims.assessment import Limit
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.evidence_records import ExclusiveCap
from subsidy_match.claims.fund.funds import freeze_fund
from subsidy_match.claims.official.notice_list import read_list
from subsidy_match.claims.official.objection_values import Objection
from subsidy_match.claims.official.objections import Objector
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUBLIC

WHO = Objector("李某某", "0517-12345678")
ONE = 10_000_00


def number_of(world: World, claim: Claim) -> str:
    return str(world.desk.timeline(claim.id)[-1].detail["notice_no"])


def under_objection(world: World, *, after: int = 2) -> tuple[Claim, Objection, str]:
    """A claim whose notice had run for some days when somebody objected."""
    claim = world.walk(State.PUBLISHED)
    number = number_of(world, claim)
    world.wait(after)
    return claim, file(world, claim, number), number


def file(world: World, claim: Claim, number: str, **more: object) -> Objection:
    said = {"evidence": "发票为虚开", "objector": WHO, "actor": PUBLIC, "at": world.now} | more
    return world.objections.file(number, claim.claim_no, **said)  # type: ignore[arg-type]


def decide(world: World, objection: Objection, how: str, by: str = "supervisor") -> Objection:
    act = getattr(world.objections, how)
    done: Objection = act(objection.id, reason_code="other", answer="经核查", actor=world.people[by], at=world.now)
    return done


def test_a_dismissed_objection_lets_the_notice_run_on_for_the_days_that_were_left(world: World):
    claim, objection, _ = under_objection(world)  # filed Wednesday; Thursday, Friday and Monday were left
    assert (objection.days_left, world.desk.claim(claim.id).state) == (3, State.OBJECTION)
    world.wait(20)
    reading = world.desk.due_date(claim.id, on=business_day(world.now))
    assert reading is not None
    assert (reading.counted, reading.is_stopped) == (0, True)
    decide(world, objection, "dismiss")
    running = world.desk.claim(claim.id)
    assert (running.state, str(running.notice_until)) == (State.PUBLISHED, "2026-06-26")
    with pytest.raises(SubsidyError, match="notice_running"):
        world.fire(claim, "clear", "notice")
    world.wait(5)
    assert world.clear(claim).state is State.PAYABLE


def test_a_notice_is_found_however_its_number_is_typed(world: World):
    claim = world.publish(world.walk(State.APPROVED), number="示例公示〔2026〕1号")
    assert read_list(world.engine, "示例公示[２０２６]1号").number == "示例公示〔2026〕1号"  # noqa: RUF001
    file(world, claim, "示例公示(2026)１号")
    assert world.desk.timeline(claim.id)[-1].detail["notice_no"] == "示例公示〔2026〕1号"
    with pytest.raises(SubsidyError, match="notice_unknown"):
        read_list(world.engine, "示例公示〔2026〕11号")


def test_upheld_the_claim_is_reviewed_again_with_its_money_reserved_and_the_approval_on_record(world: World):
    claim, objection, number = under_objection(world)
    decide(world, objection, "uphold")
    back = world.desk.claim(claim.id)
    assert (back.state, back.amount_approved, back.amount) == (State.IN_REVIEW, None, ONE)
    assert (world.fund().reserved, world.fund().committed) == (ONE, 0)
    assert "approve" in [step.event for step in world.desk.timeline(claim.id)]
    with pytest.raises(SubsidyError, match="notice_closed"):
        file(world, claim, number)
    assert world.carry_on(back, State.COMPLETED).paid == ONE


def test_revoked_the_claim_ends_and_its_money_and_place_are_free(world: World):
    claim, objection, _ = under_objection(world)
    decide(world, objection, "revoke")
    ended = world.desk.claim(claim.id)
    assert (ended.state, world.fund().reserved, world.fund().committed) == (State.REVOKED, 0, 0)
    assert ended.ended_on == business_day(world.now)
    assert world.draft().id != claim.id


def test_a_frozen_fund_does_not_keep_an_approval_from_being_undone(world: World):
    claim, objection, _ = under_objection(world)
    in_unit(world.engine, lambda s: freeze_fund(s, FUND, frozen=True, note="审计", at=world.now, actor="admin"))
    decide(world, objection, "uphold")
    assert world.desk.claim(claim.id).state is State.IN_REVIEW


def test_several_objections_are_answered_one_by_one_and_the_last_lets_the_notice_run(world: World):
    claim, first, number = under_objection(world)
    second = file(world, claim, number, objector=None, actor=world.people["clerk"])
    assert second.days_left == first.days_left
    decide(world, first, "dismiss")
    assert world.desk.claim(claim.id).state is State.OBJECTION
    decide(world, second, "dismiss")
    assert world.desk.claim(claim.id).state is State.PUBLISHED
    assert [str(step.event) for step in world.desk.timeline(claim.id)][-4:] == [
        "object",
        "object",
        "answer_objection",
        "dismiss_objection",
    ]
    with pytest.raises(SubsidyError, match="objection_decided"):
        decide(world, first, "revoke", by="supervisor_b")


def test_what_is_upheld_ends_the_joined_objections_as_well(world: World):
    claim, first, number = under_objection(world)
    second = file(world, claim, number)
    decide(world, first, "revoke")
    assert str(world.objections.objection(second.id).state) == "UPHELD"
    assert [o.id for o in world.objections.objections(claim_id=claim.id)] == [first.id, second.id]


def test_money_of_a_revoked_claim_goes_to_whoever_waits_for_it(world: World):
    _, objection, _ = under_objection(world)
    world.assume(amount_min=995_000_00, amount_max=995_000_00)
    waiting = world.walk(State.ACCEPTED, period="2027")
    assert waiting.is_waiting
    decide(world, objection, "revoke")
    assert (world.desk.claim(waiting.id).is_waiting, world.fund().reserved) == (False, 995_000_00)


def test_whoever_answered_one_of_several_objections_does_not_decide_on_the_appeal(world: World):
    claim, first, number = under_objection(world)
    second = file(world, claim, number)
    decide(world, first, "dismiss")
    decide(world, second, "revoke", by="supervisor_b")
    world.fire(claim, "appeal", "applicant", reason="不服")
    for decider in ("supervisor", "supervisor_b"):
        with pytest.raises(SubsidyError, match="not_new_decider"):
            world.fire(claim, "dismiss_appeal", decider, note="说明")
    assert world.fire(claim, "dismiss_appeal", "everything", note="说明").state is State.REVOKED


@pytest.mark.parametrize(
    "part", ["clerk", "rechecker", "approver", "earlier decision", "withdrawal refused", "objector"]
)
def test_whoever_took_part_before_does_not_decide(world: World, part: str):
    twin, usual = "everything", dict(world.people)
    if part in usual:
        world.people = usual | {part: usual[twin]}
    claim = world.walk(State.PUBLISHED)
    world.people = usual
    number = number_of(world, claim)
    filer = usual[twin] if part == "objector" else usual["lead"]
    if part == "earlier decision":
        decide(world, file(world, claim, number), "dismiss", by=twin)
    if part == "withdrawal refused":
        world.fire(claim, "request_withdrawal", "applicant")
        world.fire(claim, "refuse_withdrawal", twin, reason_code="other", note="说明")
    objection = file(world, claim, number, objector=None, actor=filer)
    before = world.desk.claim(claim.id)
    for how in ("dismiss", "uphold", "revoke"):
        with pytest.raises(SubsidyError, match="decider_not_new"):
            decide(world, objection, how, by=twin)
    assert world.desk.claim(claim.id) == before
    last = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claim.id}")))[-1]
    assert (last.outcome, last.actor) == (audit.REFUSED, twin)
    decide(world, objection, "dismiss", by="supervisor_b")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"objector": None}, "objector_missing"),
        ({"objector": Objector(" ", "1")}, "objector_missing"),
        ({"evidence": " "}, "field_missing"),
        ({"evidence": "a\x00"}, "field_invalid"),
        ({"actor": "applicant"}, "role_missing"),
    ],
)
def test_an_objection_needs_words_and_a_name(world: World, changes: dict[str, object], code: str):
    claim = world.walk(State.PUBLISHED)
    if "actor" in changes:
        changes = {"actor": world.people["applicant"]}
    with pytest.raises(SubsidyError, match=code):
        file(world, claim, number_of(world, claim), **changes)
    assert list(world.objections.objections()) == []
    assert world.desk.claim(claim.id).state is State.PUBLISHED


def test_a_claim_of_another_notice_or_a_closed_one_takes_no_objection(world: World):
    claim, other = world.walk(State.PUBLISHED), world.walk(State.PUBLISHED, period="2025")
    number = number_of(world, claim)
    with pytest.raises(SubsidyError, match="claim_not_in_notice"):
        file(world, other, number)
    with pytest.raises(SubsidyError, match="notice_unknown"):
        file(world, claim, "没有")
    world.wait(8)
    notice = next(n for n in world.notices.notices() if n.number == number)
    world.notices.close(notice.id, actor=world.people["notice"], at=world.now)
    with pytest.raises(SubsidyError, match="notice_closed"):
        file(world, claim, number)


def test_the_objector_is_sealed_shown_to_those_who_answer_and_the_look_is_on_record(world: World):
    _, objection, _ = under_objection(world)
    with pytest.raises(SubsidyError, match="role_missing"):
        world.objections.objector(objection.id, actor=world.people["reviewer"], at=world.now)
    assert world.objections.objector(objection.id, actor=world.people["supervisor"], at=world.now) == WHO
    with world.engine.connect() as connection:
        for table in ("objections", "claim_steps", "audit_entries", "outbox"):
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert rows
            assert WHO.name not in str(rows)
            assert WHO.contact not in str(rows)
    looks = in_unit(world.engine, lambda s: list(audit.entries(s, f"objection:{objection.id}")))
    assert [(look.actor, look.outcome) for look in looks] == [("reviewer", "refused"), ("supervisor", "done")]


def test_a_claim_approved_again_after_an_objection_uses_up_its_cap_once(world: World):
    world.assume(limits=(Limit("capped", cap=15_000_00),))
    claim, objection, _ = under_objection(world)
    decide(world, objection, "uphold")
    assert world.carry_on(world.desk.claim(claim.id), State.APPROVED).state is State.APPROVED
    with world.engine.connect() as connection:
        assert connection.execute(select(ExclusiveCap.used)).scalars().all() == [ONE]
