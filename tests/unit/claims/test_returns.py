from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from claims_world import FIRM, World, return_file
from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.fund.funds import check_balances
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.payment.bank_records import ParkedAnswerRow
from subsidy_match.claims.payment.batches import Line
from subsidy_match.claims.payment.lines.steps import Hand
from subsidy_match.claims.payment.parking import Parked, parked_findings, take_in
from subsidy_match.claims.payment.payment_checks import check_payments, check_totals
from subsidy_match.claims.payment.payment_states import BatchState, LineState
from subsidy_match.claims.payment.payments import payments_of
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.payment.resolving import ParkedOffice
from subsidy_match.claims.recovery import check_recoveries, recoveries_of
from subsidy_match.claims.states import State
from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

ONE = 10_000_00


@pytest.fixture
def paid(world: World) -> Claim:
    return world.walk(State.COMPLETED)


def line_of(world: World) -> Line:
    return world.office.batches()[-1].lines[0]


def row(line: Line, **changes: Any) -> tuple[str, int, str, str, str]:
    said = {"instruction": line.instruction, "amount": line.amount, "ref": line.bank_ref or "", "back": "R1"} | changes
    return (said["instruction"], said["amount"], said["ref"], said["back"], said.get("code", "ACCOUNT_CLOSED"))


def new_account(world: World, number: str = "6222000000007777", *, verify: bool = True) -> int:
    account = world.desk.register_account(
        uscc=world.desk.list_claims()[0].uscc,
        holder=FIRM,
        bank_name="示例二行",
        number=number,
        actor=world.people["applicant"],
        at=world.now,
    )
    if verify:
        world.desk.verify_account(account.id, actor=world.people["clerk"], at=world.now)
    return account.id


def check(world: World) -> None:
    for what in (check_totals, check_payments, check_balances, audit.verify):
        assert in_unit(world.engine, what) == []


def test_a_payment_that_came_back_is_committed_again_and_paid_to_another_account(world: World, paid: Claim):
    first = line_of(world)
    world.wait(10)
    assert world.returns([row(first)]).returned == 1
    claim = world.desk.claim(paid.id)
    assert (claim.state, world.fund().committed, world.fund().paid) == (State.PAY_FAILED, ONE, 0)
    assert line_of(world).state is LineState.RETURNED
    assert payments_of(world.engine, claim.uscc) == []
    world.fire(claim, "set_account", "applicant", account_id=new_account(world))
    done = world.carry_on(world.desk.claim(paid.id), State.COMPLETED)
    second = line_of(world)
    assert (done.paid, second.parent_id, second.last_four) == (ONE, first.id, "7777")
    assert second.instruction != first.instruction
    assert len(payments_of(world.engine, claim.uscc)) == 1
    check(world)


def test_the_days_in_which_the_claim_was_over_do_not_count(world: World, paid: Claim):
    ended = world.desk.timeline(paid.id)[-1]
    world.wait(14)
    world.returns([row(line_of(world))])
    back = world.desk.timeline(paid.id)[-1]
    assert (back.event, back.counted_days) == ("bank_return", ended.counted_days)
    assert back.elapsed_days == ended.elapsed_days + 9  # one of ten is a holiday


def test_the_account_that_was_closed_is_not_paid_again(world: World, paid: Claim):
    world.returns([row(line_of(world))])
    account = world.desk.accounts(paid.uscc)[0].id
    with pytest.raises(SubsidyError, match="account_refused"):
        world.fire(paid.id, "set_account", "applicant", account_id=account)
    with pytest.raises(SubsidyError, match="account_unverified"):
        world.fire(paid.id, "set_account", "applicant", account_id=new_account(world, verify=False))


def test_the_account_that_was_closed_is_the_same_one_when_it_is_entered_anew(world: World, paid: Claim):
    world.returns([row(line_of(world))])
    with pytest.raises(SubsidyError, match="account_refused"):
        world.fire(paid.id, "set_account", "applicant", account_id=new_account(world, "6222000000001234"))


def test_a_batch_of_which_a_payment_came_back_is_not_sent_again(world: World, paid: Claim):
    batch = world.office.batches()[0]
    again = lambda: world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)  # noqa: E731
    again()
    world.returns([row(line_of(world), code="PAYEE_REFUSED")])
    with pytest.raises(SubsidyError, match="batch_answered"):
        again()
    entry = in_unit(world.engine, lambda s: list(audit.entries(s, f"payout:{batch.id}")))[-1]
    assert (entry.action, entry.outcome) == ("send", audit.REFUSED)


def test_a_return_of_tomorrow_is_refused(world: World, paid: Claim):
    content = return_file([row(line_of(world))], on=date(2026, 6, 10))
    with pytest.raises(InputError) as caught:
        world.office.import_returns(content, name="r.csv", actor=world.people["reconciler"], at=world.now)
    assert [(f.code, str(f.at)) for f in caught.value.findings] == [("receipt_in_future", "r.csv:2")]
    assert world.desk.claim(paid.id) == paid


def test_what_the_payee_sent_back_may_go_to_the_same_account(world: World, paid: Claim):
    world.returns([row(line_of(world), code="PAYEE_REFUSED")])
    account = world.desk.accounts(paid.uscc)[0].id
    assert world.fire(paid.id, "set_account", "applicant", account_id=account).state is State.PAYABLE


def test_a_return_known_already_changes_nothing(world: World, paid: Claim):
    line = line_of(world)
    world.returns([row(line)])
    before = world.desk.claim(paid.id)
    assert world.returns([row(line)]).unchanged == 1  # the very same file
    assert world.returns([row(line, code="BANK_RETURNED")]).unchanged == 1  # another file that says it again
    assert world.receipts([(line.instruction, line.amount, "成功", line.bank_ref or "", "")]).unchanged == 1
    assert world.desk.claim(paid.id) == before
    check(world)


def test_a_reason_that_nobody_knows_is_told_but_the_money_is_back(world: World, paid: Claim):
    report = world.returns([row(line_of(world), code="E99")])
    assert (report.returned, [doubt.code for doubt in report.doubts]) == (1, ["return_code_unknown"])


def test_a_reason_longer_than_is_kept_does_not_refuse_the_file(world: World, paid: Claim):
    report = world.returns([row(line_of(world), code="客户账户信息核对不一致" * 6)])
    line = line_of(world)
    assert (report.returned, line.state, len(line.failure_code or "")) == (1, LineState.RETURNED, 40)


WRONG = {
    "receipt_unknown": {"instruction": "PB0-1"},
    "receipt_amount": {"amount": ONE - 1},
    "return_reference": {"ref": "OTHER"},
    "return_incomplete": {"back": ""},
}


@pytest.mark.parametrize("code", WRONG)
def test_one_bad_line_refuses_the_whole_file(world: World, paid: Claim, code: str):
    bad = row(line_of(world), **WRONG[code])
    world.walk(State.COMPLETED, period="2025")
    good = row(line_of(world), back="R2")
    with pytest.raises(InputError) as caught:
        world.returns([good, bad])
    assert [(finding.code, str(finding.at)) for finding in caught.value.findings] == [(code, "returns.csv:3")]
    assert world.desk.claim(paid.id) == paid
    assert world.fund().paid == 2 * ONE
    chain = in_unit(world.engine, lambda s: list(audit.entries(s, "payouts")))
    assert (chain[-1].action, chain[-1].outcome) == ("returns", audit.REFUSED)


def test_a_line_that_was_not_settled_cannot_come_back(world: World):
    claim = world.walk(State.IN_PAYMENT)
    line = line_of(world)
    world.office.send_batch(world.office.batches()[0].id, actor=world.people["maker"], at=world.now)
    with pytest.raises(InputError, match="line_event_not_allowed"):
        world.returns([row(line, ref="B1")])
    assert world.desk.claim(claim.id).state is State.IN_PAYMENT


def test_the_account_in_a_receipt_must_be_that_of_the_line(world: World):
    world.walk(State.IN_PAYMENT)
    batch = world.office.batches()[0]
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    line = batch.lines[0]
    content = (
        "支付令号,金额(元),账号后四位,结果,银行流水号,到账日期,失败代码\n"
        f"{line.instruction},10000.00,9999,成功,B1,2026-06-09,"
    ).encode()
    with pytest.raises(InputError) as caught:
        world.office.import_receipts(content, name="r.csv", actor=world.people["reconciler"], at=world.now)
    assert [(f.code, str(f.at)) for f in caught.value.findings] == [("receipt_account", "r.csv:2")]
    assert line_of(world).state is LineState.SENT


def test_one_reference_settles_one_payment(world: World, paid: Claim):
    other = world.walk(State.IN_PAYMENT, period="2025")
    batch = world.office.batches()[-1]
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    taken = world.office.batches()[0].lines[0].bank_ref or ""
    line = batch.lines[0]
    with pytest.raises(InputError, match="receipt_reference_used"):
        world.receipts([(line.instruction, line.amount, "成功", taken, "")])
    assert world.desk.claim(other.id).state is State.IN_PAYMENT


def approved(world: World) -> tuple[int, int]:
    claim = world.walk(State.IN_PAYMENT)
    return world.office.batches()[-1].id, claim.id


def test_an_approved_batch_is_cancelled_before_it_is_sent(world: World):
    batch_id, claim_id = approved(world)
    checker = world.people["checker"]
    with pytest.raises(BatchRefused, match="role_missing"):
        world.office.cancel_batch(batch_id, actor=world.people["clerk"], at=world.now, reason_code="batch_error")
    done = world.office.cancel_batch(batch_id, actor=checker, at=world.now, reason_code="payment_stopped")
    assert (done.state, done.lines[0].state, done.lines[0].failure_code) == (
        BatchState.CANCELLED,
        LineState.FAILED,
        "BATCH_CANCELLED",
    )
    assert world.desk.claim(claim_id).state is State.PAYABLE
    with pytest.raises(SubsidyError, match="batch_state"):
        world.office.send_batch(batch_id, actor=world.people["maker"], at=world.now)
    assert not world.office.folder.exists()
    assert world.carry_on(world.desk.claim(claim_id), State.COMPLETED).paid == ONE
    assert line_of(world).parent_id == done.lines[0].id
    check(world)


def test_what_was_sent_cannot_be_cancelled(world: World):
    batch_id, _ = approved(world)
    world.office.send_batch(batch_id, actor=world.people["maker"], at=world.now)
    with pytest.raises(SubsidyError, match="batch_state"):
        world.office.cancel_batch(batch_id, actor=world.people["checker"], at=world.now, reason_code="batch_error")


def test_credit_is_read_once_more_before_the_file_goes_out(world: World):
    batch_id, claim_id = approved(world)
    world.assessor.credit = Standing(clear=False, zh="失信", en="discredited")
    with pytest.raises(BatchRefused, match="credit_bad") as caught:
        world.office.send_batch(batch_id, actor=world.people["maker"], at=world.now)
    assert list(caught.value.refused) == [claim_id]
    assert world.office.batch(batch_id).state is BatchState.APPROVED
    assert not world.office.folder.exists()


def test_the_controls_of_a_batch_add_up_wherever_its_payments_are(world: World):
    claims = [world.walk(State.PUBLISHED, period=str(2020 + n)) for n in range(3)]
    world.wait(8)
    world.clear(*claims)
    ids = [claim.id for claim in claims]
    batch = world.office.create_batch(ids, actor=world.people["maker"], at=world.now)
    assert batch.totals.waiting.count == 3
    world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now)
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    good, bad, lost = batch.lines
    world.receipts([(good.instruction, ONE, "成功", "B1", ""), (bad.instruction, ONE, "失败", "", "ACCOUNT_CLOSED")])
    totals = world.office.batch(batch.id).totals
    counts = (totals.reconciled.count, totals.returned.count, totals.failed.count, totals.unknown.count)
    assert (counts, totals.waiting.count) == ((1, 0, 1, 1), 0)
    assert world.office.batch(batch.id).state is BatchState.SENT
    world.returns([row(world.office.batch(batch.id).lines[0])])
    assert world.office.batch(batch.id).totals.returned.amount == ONE
    world.receipts([(lost.instruction, ONE, "成功", "B3", "")])
    assert world.office.batch(batch.id).state is BatchState.CLOSED
    check(world)


def recovering(world: World, amount: int = ONE, to: str = "fund") -> Claim:
    plan = [{"due_on": "2026-08-01", "amount": amount}]
    given = {"amount": amount, "returns_to": to, "reason_code": "overpaid", "note": "多付", "plan": plan}
    world.fire(world.walk(State.COMPLETED), "propose_recovery", "supervisor", **given)
    return world.fire(world.desk.list_claims()[-1], "approve_recovery", "supervisor_b")


@pytest.mark.parametrize(("to", "allocated"), [("fund", 1_000_000_00), ("treasury", 990_000_00)])
@pytest.mark.parametrize("written_off", [False, True])
def test_a_return_settles_the_recovery_of_all_that_was_paid(
    world: World, to: str, allocated: int, *, written_off: bool
):
    claim = recovering(world, to=to)
    world.fire(claim, "propose_write_off", "supervisor", reason_code="uncollectable", note="已注销")
    if written_off:
        world.fire(claim, "approve_write_off", "approver_b")
    assert world.returns([row(line_of(world))]).returned == 1
    after, fund = world.desk.claim(claim.id), world.fund()
    assert (after.state, after.paid, fund.paid, fund.committed) == (State.RECOVERED, 0, 0, 0)
    assert fund.allocated == fund.available == allocated
    (recovery,) = in_unit(world.engine, lambda s: recoveries_of(s, claim.id))
    assert (str(recovery.state), recovery.rest, recovery.receipts[0].reference) == ("recovered", 0, "R1")
    assert world.returns([row(line_of(world), code="BANK_RETURNED")]).unchanged == 1
    assert in_unit(world.engine, check_recoveries) == []
    check(world)


@pytest.mark.parametrize("received", [0, 6_000_00])
def test_a_return_with_money_over_is_left_to_a_person_and_the_rest_of_the_file_counts(world: World, received: int):
    other = world.walk(State.COMPLETED, period="2025")
    theirs = line_of(world)
    claim = recovering(world, 6_000_00)
    if received:
        given = {"amount": received, "reference": "A1", "received_on": str(world.today)}
        world.fire(claim, "receive_recovery", "reconciler", **given)
    before = world.desk.claim(claim.id)
    report = world.returns([row(line_of(world)), row(theirs, back="R2")])
    assert (report.returned, report.unchanged, [d.code for d in report.doubts]) == (1, 0, ["return_under_recovery"])
    assert before.claim_no in report.doubts[0].zh
    assert [doubt.code for doubt in world.returns([row(line_of(world)), row(theirs, back="R2")]).doubts] == [
        "return_under_recovery"
    ]
    assert [finding.code for finding in in_unit(world.engine, parked_findings)] == ["F020"]
    assert world.desk.claim(claim.id) == before
    assert world.desk.claim(other.id).state is State.PAY_FAILED
    check(world)


def test_what_a_supervisor_says_meanwhile_of_a_parked_return_is_not_written_over(world: World):
    if world.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    recovering(world, 6_000_00)
    world.returns([row(line_of(world))])

    def take(session: Session) -> None:
        held = session.scalars(select(ParkedAnswerRow)).one()  # as it stood when the file began to be taken in
        by, at = world.people["supervisor"], world.now
        with ThreadPoolExecutor(1) as other:
            other.submit(ParkedOffice(world.desk).resolve, held.id, "已核对", actor=by, at=at).result()
        line = session.get_one(LineRow, held.line_id)
        take_in(Hand(session, world.people["reconciler"], world.now), line, Parked.RETURN, "R1")

    in_unit(world.engine, take)
    (known,) = ParkedOffice(world.desk).answers(resolved=True)
    assert (known.resolved_by, known.note) == ("supervisor", "已核对")


def test_a_parked_return_is_told_until_a_supervisor_says_what_was_done(world: World):
    other, parked = world.walk(State.COMPLETED, period="2025"), ParkedOffice(world.desk)
    claim = recovering(world, 6_000_00)
    file = [row(line_of(world))]
    world.returns(file)
    given = {"amount": 6_000_00, "reference": "r 1", "received_on": str(world.today)}
    plan = [{"due_on": "2027-01-04", "amount": ONE}]
    demand = {"amount": ONE, "returns_to": "fund", "reason_code": "fraud", "note": "虚报", "plan": plan}
    world.fire(other, "propose_recovery", "supervisor", **demand)
    world.fire(other, "approve_recovery", "supervisor_b")
    with pytest.raises(SubsidyError, match="recovery_reference_used"):
        world.fire(other, "receive_recovery", "reconciler", **given)
    assert world.fire(claim, "receive_recovery", "reconciler", **given).state is State.RECOVERED
    assert [doubt.code for doubt in world.returns(file).doubts] == ["return_under_recovery"]
    parked.resolve(parked.answers()[0].id, "余款已退企业", actor=world.people["supervisor"], at=world.now)
    again = world.returns(file)
    assert (again.unchanged, again.doubts, in_unit(world.engine, parked_findings)) == (1, (), [])
    check(world)


def test_a_return_closes_a_recovery_that_nobody_decided_on(world: World, paid: Claim):
    plan = [{"due_on": "2026-07-01", "amount": ONE}]
    demand = {"amount": ONE, "returns_to": "fund", "reason_code": "fraud", "note": "虚报", "plan": plan}
    world.fire(paid, "propose_recovery", "supervisor", **demand)
    world.returns([row(line_of(world))])
    assert [str(one.state) for one in in_unit(world.engine, lambda s: recoveries_of(s, paid.id))] == ["moot"]
    world.fire(paid, "revoke", "supervisor_b", reason_code="ground_established", note="虚报")
    check(world)


def test_the_number_of_a_return_is_not_that_of_the_payment_or_of_money_recovered(world: World):
    other = world.walk(State.COMPLETED, period="2025")
    theirs = line_of(world)
    claim = recovering(world)
    given = {"amount": 1_00, "reference": "A1", "received_on": str(world.today)}
    world.fire(claim, "receive_recovery", "reconciler", **given)
    for back in ("Ａ1", theirs.bank_ref):  # noqa: RUF001
        with pytest.raises(InputError, match="return_reference_used"):
            world.returns([row(theirs, back=back)])
    world.returns([row(theirs, back="R7")])
    with pytest.raises(SubsidyError, match="recovery_reference_used"):
        world.fire(claim, "receive_recovery", "reconciler", **(given | {"reference": "r7"}))
    assert world.desk.claim(other.id).state is State.PAY_FAILED
