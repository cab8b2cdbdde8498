from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from claims_world import World
from force import by_force
from people_kit import hire, lend
from sqlalchemy import text

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.duties import FORBIDDEN, Duty, PastDuty, is_barred
from subsidy_match.claims.duty_checks import check_past_duties
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.people import administration
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import State
from subsidy_match.errors import SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role

TWIN = "everything"  # somebody with every role there is, administrator included
STAGES: dict[Duty, tuple[State, Callable[[World, Claim, str], object]]] = {
    Duty.CLERK: (State.SUBMITTED, lambda w, c, who: w.fire(c, "accept", who)),
    Duty.REVIEWER: (State.ACCEPTED, lambda w, c, who: (w.fire(c, "assign", who), w.fire(c, "pass", who))),
    Duty.RECHECKER: (State.IN_RECHECK, lambda w, c, who: w.fire(c, "pass", who)),
    Duty.APPROVER: (State.IN_APPROVAL, lambda w, c, who: w.fire(c, "approve", who)),
    Duty.MAKER: (State.PAYABLE, lambda w, c, who: w.office.create_batch([c.id], actor=w.people[who], at=w.now)),
    Duty.CHECKER: (State.IN_PAYMENT, lambda w, c, who: _check(w, c, who)),
}
USUAL = {
    Duty.FILER: "applicant",
    Duty.CLERK: "clerk",
    Duty.REVIEWER: "reviewer",
    Duty.RECHECKER: "rechecker",
    Duty.APPROVER: "approver",
    Duty.MAKER: "maker",
    Duty.CHECKER: "checker",
}
ORDER = list(Duty)


def _check(world: World, claim: Claim, who: str) -> object:
    del claim
    (batch,) = world.office.batches()
    return world.office.approve_batch(batch.id, actor=world.people[who], at=world.now)


def walk_with(world: World, twin: Duty, state: State) -> Claim:
    """Bring a claim to ``state`` with the person of many roles in the duty ``twin``."""
    usual = dict(world.people)
    world.people = usual | {USUAL[twin]: usual[TWIN]}
    before = State.PAYABLE if state is State.IN_PAYMENT else state
    # The usual path assigns the usual reviewer by name.
    claim = _walk_reviewed_by_twin(world, before) if twin is Duty.REVIEWER else world.walk(before)
    if state is State.IN_PAYMENT:
        world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)
    world.people = usual
    return claim


def _walk_reviewed_by_twin(world: World, state: State) -> Claim:
    claim = world.walk(State.ACCEPTED)
    claim = world.fire(claim, "assign", "lead", assignee=TWIN)
    return world.carry_on(claim, state)


PAIRS = sorted(
    (tuple(sorted(pair, key=ORDER.index)) for pair in FORBIDDEN), key=lambda pair: [ORDER.index(d) for d in pair]
)


def test_the_table_has_every_cross_of_the_specification():
    assert len(FORBIDDEN) == 17


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_cross_of_the_table_is_refused_and_audited(world: World, first: Duty, second: Duty):
    state, act = STAGES[second]
    claim = walk_with(world, first, state)
    before = world.desk.claim(claim.id)
    with pytest.raises((Forbidden, BatchRefused)) as caught:
        act(world, claim, TWIN)
    codes = {caught.value.code, *(finding.code for finding in caught.value.findings)}
    assert "duty_conflict" in codes
    assert replace(world.desk.claim(claim.id), updated_at=before.updated_at).state in (before.state, State.IN_REVIEW)
    last = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claim.id}")))[-1]
    assert (last.outcome, last.actor) == (audit.REFUSED, TWIN)
    assert '"code":"duty_conflict"' in last.detail


@pytest.mark.parametrize(
    ("first", "second"), [(Duty.CLERK, d) for d in (Duty.REVIEWER, Duty.RECHECKER, Duty.MAKER, Duty.CHECKER)]
)
def test_what_the_table_allows_is_allowed(world: World, first: Duty, second: Duty):
    state, act = STAGES[second]
    claim = walk_with(world, first, state)
    act(world, claim, TWIN)
    assert {step.duty for step in world.desk.timeline(claim.id) if step.actor == TWIN} >= {first, second}


def test_the_order_of_duties_does_not_matter():
    for pair in FORBIDDEN:
        one, other = tuple(pair)
        assert is_barred("甲", one, [PastDuty("甲", other)]) is other
        assert is_barred("甲", other, [PastDuty("乙", one)]) is None


def found(world: World) -> list[tuple[str, str, bool]]:
    findings = in_unit(world.engine, check_past_duties, immediate=False)
    return [(one.code, one.severity, "approver" in one.zh) for one in findings]


def test_the_record_is_asked_again_for_two_duties_of_one_person(world: World):
    hire(world, "deputy")
    lend(world, "approver", "deputy", Role.APPROVER)
    claim = world.walk(State.IN_APPROVAL)
    world.fire(claim, "approve", "deputy")
    assert found(world) == []
    forge = text("UPDATE claim_steps SET actor = 'approver' WHERE duty = 'clerk'")
    in_unit(world.engine, by_force("claim_steps", lambda session: session.execute(forge)))
    assert found(world) == [("F022", "error", True)]  # what the deputy did is a duty of the approver as well


def test_two_logins_said_to_be_one_person_after_both_acted_are_a_warning(world: World):
    world.walk(State.APPROVED)
    world.wait(1)
    for login in ("reviewer", "approver"):
        link = partial(administration.link_person, login=login, person="工号8", actor=world.people[TWIN], at=world.now)
        in_unit(world.engine, link)
    assert [(code, severity) for code, severity, _ in found(world)] == [("F022", "warning")]


def test_a_return_does_not_wash_the_past_away(world: World):
    claim = world.walk(State.IN_RECHECK)
    claim = world.fire(claim, "return", "rechecker", reason_code="facts_unclear")
    with pytest.raises(Forbidden, match="duty_conflict"):
        world.fire(claim, "assign", "lead", assignee=_reviewer_too(world, "rechecker"))


def test_asking_for_a_correction_is_a_duty_as_well(world: World):
    claim = world.walk(State.ACCEPTED)
    claim = world.fire(claim, "request_correction", TWIN, items=["发票"], due_on="2026-06-10")
    claim = world.fire(claim, "resubmit", "applicant")
    claim = world.carry_on(claim, State.IN_APPROVAL)
    with pytest.raises(SubsidyError, match="duty_conflict"):
        world.fire(claim, "approve", TWIN)


def _reviewer_too(world: World, login: str) -> str:
    from subsidy_match.store.users import Role, UserRole, UserRow

    def add(session):
        row = session.query(UserRow).filter_by(login=login).one()
        row.roles.append(UserRole(role=str(Role.REVIEWER)))

    in_unit(world.engine, add)
    return login
