"""A payment that the bank said had failed and that was made after all, settled by a supervisor's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from claims_world import World
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from store_truths import check_store

from subsidy_match.claims.official.allocation_office import AllocationOffice
from subsidy_match.claims.payment.batches import Batch, Line
from subsidy_match.claims.payment.parking import parked_findings
from subsidy_match.claims.payment.payment_states import BatchState, LineState
from subsidy_match.claims.payment.payout_records import BankFileRow, LineStepRow
from subsidy_match.claims.payment.resolving import ParkedOffice
from subsidy_match.claims.records import ClaimShare, ClaimStep
from subsidy_match.claims.states import State
from subsidy_match.claims.store_checks import STORE_CHECKS
from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.store.migration import downgrade, upgrade
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

ONE = 10_000_00


@pytest.fixture
def line(world: World) -> Line:
    """A payment that the bank refused, beside one that it has not answered yet."""
    sent = send(world, world.walk(State.PAYABLE, period="2020").id, world.walk(State.PAYABLE, period="2021").id)
    say(world, sent.lines[0], "失败", "")
    return sent.lines[0]


def send(world: World, *claims: int) -> Batch:
    batch = world.office.create_batch(list(claims), actor=world.people["maker"], at=world.now)
    world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now)
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    return world.office.batch(batch.id)


def batch_of(world: World, line: Line) -> Batch:
    return next(batch for batch in world.office.batches() if line.id in {one.id for one in batch.lines})


def say(world: World, line: Line, outcome: str, ref: str) -> Any:
    code = "BANK_REJECTED" if outcome == "失败" else ""
    return world.receipts([(line.instruction, line.amount, outcome, ref, code)])


def try_again(world: World, line: Line) -> None:
    """Make the claim of a failed payment payable once more."""
    account = world.desk.claim(line.claim_id).account_id
    world.fire(line.claim_id, "set_account", "applicant", account_id=account)


def as_paid(world: World, by: Actor | None = None) -> None:
    (one,) = ParkedOffice(world.desk).answers()
    actor = by or world.people["supervisor"]
    ParkedOffice(world.desk).resolve(one.id, "银行确认已付", paid=True, actor=actor, at=world.now)


def rows(world: World, *tables: str) -> list[Any]:
    read = lambda s: [list(s.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))) for table in tables]  # noqa: E731
    return in_unit(world.engine, read, immediate=False)


@pytest.mark.parametrize("again", [False, True], ids=["failed", "payable-again"])
def test_a_late_success_settles_its_line_and_completes_the_claim(world: World, line: Line, again: bool):
    if again:
        try_again(world, line)
    say(world, line, "成功", "LATE")
    as_paid(world)
    batch = batch_of(world, line)
    settled = batch.lines[0]
    assert (settled.state, settled.bank_ref, settled.failure_code) == (LineState.SETTLED, "LATE", None)
    assert (batch.state, batch.totals.reconciled.amount) == (BatchState.SENT, ONE)
    claim = world.desk.claim(line.claim_id)
    assert (claim.state, claim.paid, world.fund().paid, world.fund().committed) == (State.COMPLETED, ONE, ONE, ONE)
    assert last_steps(world, line) == ["settle supervisor", "complete system", "settle_late supervisor"]
    assert [finding for check in STORE_CHECKS for finding in in_unit(world.engine, check)] == []
    check_store(world.engine)
    (known,) = ParkedOffice(world.desk).answers(resolved=True)
    assert (known.resolved_by, known.resolved_at, known.note) == ("supervisor", world.now, "银行确认已付")


def test_the_step_of_a_late_payment_names_the_file_that_told_of_it(world: World, line: Line):
    say(world, line, "成功", "LATE")
    as_paid(world)
    newest = select(LineStepRow).where(LineStepRow.line_id == line.id).order_by(LineStepRow.seq.desc()).limit(1)
    step = in_unit(world.engine, lambda s: s.scalars(newest).one(), immediate=False)
    told = select(BankFileRow).order_by(BankFileRow.id.desc()).limit(1)
    file = in_unit(world.engine, lambda s: s.scalars(told).one(), immediate=False)
    assert (step.event, step.source, step.file_id) == ("settle_late", "statement", file.id)


def test_an_answer_that_an_older_store_parked_gets_its_file(world: World, line: Line, store_url: str):
    world.wait(1)
    say(world, line, "成功", "LATE")
    (before,) = rows(world, "parked_answers")
    world.engine.dispose()
    downgrade(store_url, "0017")
    upgrade(store_url)
    (after,) = rows(world, "parked_answers")
    assert [one._mapping for one in after] == [one._mapping for one in before]
    assert after[0].file_id is not None


def test_what_was_said_of_a_parked_answer_stays(world: World, line: Line):
    say(world, line, "成功", "LATE")
    (one,) = ParkedOffice(world.desk).answers()
    ParkedOffice(world.desk).resolve(one.id, "银行误报", actor=world.people["supervisor"], at=world.now)
    for change in ("note = 'x'", "resolved_by = 'x'", "resolved_by = NULL, resolved_at = NULL", "file_id = NULL"):
        with pytest.raises(DBAPIError, match="never change"), world.engine.begin() as connection:
            connection.execute(text(f"UPDATE parked_answers SET {change}"))


def last_steps(world: World, line: Line) -> list[str]:
    steps = select(ClaimStep).where(ClaimStep.claim_id == line.claim_id).order_by(ClaimStep.version)
    moves = select(LineStepRow).where(LineStepRow.line_id == line.id).order_by(LineStepRow.seq)
    read = lambda s: [f"{n.event} {n.actor}" for n in (*s.scalars(steps).all()[-2:], s.scalars(moves).all()[-1])]  # noqa: E731
    return in_unit(world.engine, read, immediate=False)


def test_what_was_settled_late_is_paid_once_and_may_come_back(world: World, line: Line):
    say(world, line, "成功", "LATE")
    as_paid(world)
    assert say(world, line, "成功", "late").unchanged == 1
    with pytest.raises(SubsidyError, match="event_not_allowed"):
        world.office.create_batch([line.claim_id], actor=world.people["maker"], at=world.now)
    with pytest.raises(InputError, match="receipt_reference_used"):
        say(world, batch_of(world, line).lines[1], "成功", "LATE")
    assert world.returns([(line.instruction, ONE, "LATE", "R1", "ACCOUNT_CLOSED")]).returned == 1
    assert (world.desk.claim(line.claim_id).state, world.fund().paid) == (State.PAY_FAILED, 0)
    check_store(world.engine)


def _failure_of_a_settled_one(world: World, line: Line) -> None:
    other = batch_of(world, line).lines[1]
    say(world, other, "成功", "B1")
    say(world, other, "失败", "")


def _second_number(world: World, line: Line) -> None:
    other = batch_of(world, line).lines[1]
    say(world, other, "成功", "B1")
    say(world, other, "成功", "B2")


def _in_payment(world: World, line: Line) -> None:
    try_again(world, line)
    send(world, line.claim_id)
    say(world, line, "成功", "LATE")


def _paid_by_another(world: World, line: Line) -> None:
    try_again(world, line)
    (other,) = send(world, line.claim_id).lines
    say(world, other, "成功", "B1")
    say(world, line, "成功", "LATE")


def _withdrawn(world: World, line: Line) -> None:
    try_again(world, line)
    world.fire(line.claim_id, "request_withdrawal", "applicant")
    world.fire(line.claim_id, "consent_withdrawal", "supervisor")
    say(world, line, "成功", "LATE")


def _less_committed(world: World, line: Line) -> None:
    say(world, line, "成功", "LATE")
    less = update(ClaimShare).where(ClaimShare.claim_id == line.claim_id).values(committed=ClaimShare.committed - 1)
    in_unit(world.engine, lambda session: session.execute(less))


def _number_taken(world: World, line: Line) -> None:
    say(world, line, "成功", "LATE")
    say(world, batch_of(world, line).lines[1], "成功", "late")


def _never_sent(world: World, line: Line) -> None:
    try_again(world, line)
    batch = world.office.create_batch([line.claim_id], actor=world.people["maker"], at=world.now)
    world.office.refuse_batch(batch.id, actor=world.people["checker"], at=world.now, reason_code="other")
    say(world, batch.lines[0], "成功", "LATE")


@pytest.mark.parametrize(
    ("happen", "code"),
    [
        (_failure_of_a_settled_one, "parked_not_success"),
        (_second_number, "claim_elsewhere"),
        (_in_payment, "claim_elsewhere"),
        (_paid_by_another, "claim_elsewhere"),
        (_withdrawn, "claim_elsewhere"),
        (_less_committed, "committed_differs"),
        (_number_taken, "receipt_reference_used"),
        (_never_sent, "line_never_sent"),
    ],
)
def test_what_cannot_be_settled_late_is_refused_and_changes_nothing(
    world: World, line: Line, happen: Callable[[World, Line], None], code: str
):
    happen(world, line)
    tables = ("claims", "claim_steps", "payment_lines", "payment_line_steps", "fund_entries", "parked_answers")
    before = rows(world, *tables)
    with pytest.raises(SubsidyError) as caught:
        as_paid(world)
    assert (caught.value.code, rows(world, *tables) == before) == (code, True)


def _revoke(world: World, line: Line) -> None:
    world.fire(line.claim_id, "revoke", "supervisor", reason_code="other", note="不符")


def _withdraw(world: World, line: Line) -> None:
    try_again(world, line)
    world.fire(line.claim_id, "request_withdrawal", "applicant")
    world.fire(line.claim_id, "consent_withdrawal", "supervisor")


def _void(world: World, line: Line) -> None:
    try_again(world, line)
    AllocationOffice(world.desk).void(1, reason_code="other", note="错", actor=world.people["supervisor"], at=world.now)


@pytest.mark.parametrize("give_up", [_revoke, _withdraw, _void])
def test_money_that_the_bank_may_have_paid_is_not_given_up(
    world: World, line: Line, give_up: Callable[[World, Line], None]
):
    say(world, line, "成功", "LATE")
    with pytest.raises(SubsidyError, match="answer_parked"):
        give_up(world, line)
    assert world.fund().committed == 2 * ONE
    as_paid(world)
    assert (world.desk.claim(line.claim_id).state, world.fund().paid) == (State.COMPLETED, ONE)


def test_an_answer_that_comes_after_the_claim_has_ended_says_what_to_do(world: World, line: Line):
    _revoke(world, line)
    say(world, line, "成功", "LATE")
    (told,) = in_unit(world.engine, parked_findings)
    with pytest.raises(SubsidyError, match="claim_elsewhere") as refused:
        as_paid(world)
    assert ("is revoked" in told.en, "paid once" in str(told.hint), refused.value.hint) == (True, True, told.hint)
    (one,) = ParkedOffice(world.desk).answers()
    ParkedOffice(world.desk).resolve(one.id, "企业已退还", actor=world.people["supervisor"], at=world.now)
    assert in_unit(world.engine, parked_findings) == []


def test_an_appeal_revives_a_claim_that_was_paid_after_it_had_ended(world: World, line: Line):
    _revoke(world, line)
    say(world, line, "成功", "LATE")
    world.fire(line.claim_id, "appeal", "applicant", reason="不服")
    world.fire(line.claim_id, "uphold_appeal", "supervisor_b", note="已核对")
    world.carry_on(world.fire(line.claim_id, "assign", "lead", assignee="reviewer"), State.PAYABLE)
    as_paid(world, world.people["supervisor_b"])
    assert (world.desk.claim(line.claim_id).state, world.fund().paid) == (State.COMPLETED, ONE)


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("maker", "duty_conflict"),
        ("checker", "duty_conflict"),
        ("reconciler", "duty_conflict"),
        ("applicant", "filed this claim"),
    ],
)
def test_whoever_had_a_part_in_the_payment_or_filed_does_not_settle_it(world: World, line: Line, who: str, code: str):
    say(world, line, "成功", "LATE")
    with pytest.raises(SubsidyError, match=code):
        as_paid(world, replace(world.people[who], roles=frozenset({Role.SUPERVISOR})))
    assert (world.desk.claim(line.claim_id).state, world.fund().paid) == (State.PAY_FAILED, 0)
