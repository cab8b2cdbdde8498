from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from claims_world import FIRM, World, receipt_file

from subsidy_match.claims.payment.batches import Batch
from subsidy_match.claims.payment.parking import parked_findings
from subsidy_match.claims.payment.payment_states import LineState
from subsidy_match.claims.payment.resolving import ParkedOffice
from subsidy_match.claims.states import State
from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

ONE = 10_000_00
HEADER = "支付令号,金额(元),账号后四位,结果,银行流水号,到账日期,失败代码"


@pytest.fixture
def sent(world: World) -> Batch:
    claims = [world.walk(State.PUBLISHED, period=str(2020 + n)) for n in range(2)]
    world.wait(8)
    ids = [world.clear(claim).id for claim in claims]
    batch = world.office.create_batch(ids, actor=world.people["maker"], at=world.now)
    world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now)
    world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)
    return batch


def good(batch: Batch, position: int) -> tuple[str, int, str, str, str]:
    line = batch.lines[position]
    return (line.instruction, line.amount, "成功", f"B{line.id}", "")


def states(world: World, batch: Batch) -> list[LineState]:
    return [line.state for line in world.office.batch(batch.id).lines]


def test_the_same_file_again_changes_nothing(world: World, sent: Batch):
    rows = [good(sent, 0), good(sent, 1)]
    world.receipts(rows)
    fund, claims = world.fund(), world.desk.list_claims()
    again = world.receipts(rows)
    assert (again.settled, again.unchanged) == (0, 2)
    assert (world.fund(), world.desk.list_claims()) == (fund, claims)


def bad_lines(batch: Batch) -> dict[str, tuple[tuple[str, int, str, str, str], str]]:
    name, amount, success, ref, _ = good(batch, 1)
    return {
        "unknown instruction": (("PB0-1", amount, success, ref, ""), "receipt_unknown"),
        "other amount": ((name, amount + 1, success, ref, ""), "receipt_amount"),
        "no reference": ((name, amount, success, "", ""), "receipt_incomplete"),
        "no outcome": ((name, amount, "", ref, ""), "receipt_outcome"),
        "repeated": (good(batch, 0), "receipt_repeated"),
    }


@pytest.mark.parametrize("kind", ["unknown instruction", "other amount", "no reference", "no outcome", "repeated"])
def test_one_bad_line_refuses_the_whole_file_and_says_where(world: World, sent: Batch, kind: str):
    bad, code = bad_lines(sent)[kind]
    with pytest.raises(InputError) as caught:
        world.receipts([good(sent, 0), bad], name="回单.csv")
    (finding,) = caught.value.findings
    assert (finding.code, str(finding.at)) == (code, "回单.csv:3")
    assert states(world, sent) == [LineState.SENT, LineState.SENT]
    assert world.fund().paid == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        "别的,表头".encode(),
        HEADER.encode("gb18030"),
        f'{HEADER}\n"a'.encode(),
        f"{HEADER}\na,b".encode(),
        f"{HEADER}\nPB1,1e3x,1234,成功,B,2026-06-20,".encode(),
        f"{HEADER}\nPB1,NaN,1234,成功,B,2026-06-20,".encode(),
        f"{HEADER}\nPB1,10.001,1234,成功,B,2026-06-20,".encode(),
        f"{HEADER}\nPB1,-5,1234,成功,B,2026-06-20,".encode(),
    ],
)
def test_a_file_of_another_kind_is_refused(world: World, content: bytes):
    with pytest.raises(InputError) as caught:
        world.office.import_receipts(content, name="x", actor=world.people["reconciler"], at=world.now)
    assert caught.value.code in ("receipts_unreadable", "receipts_invalid")


@pytest.mark.parametrize(("outcome", "code"), [("未知", ""), ("失败", "TIMEOUT")])
def test_what_is_not_definite_stays_in_payment_and_may_settle_later(world: World, sent: Batch, outcome: str, code: str):
    name, amount, *_ = good(sent, 0)
    assert world.receipts([(name, amount, outcome, "", code)]).unknown == 1
    assert states(world, sent)[0] is LineState.UNKNOWN
    assert world.desk.claim(sent.lines[0].claim_id).state is State.IN_PAYMENT
    with pytest.raises(SubsidyError, match="event_not_allowed"):
        world.office.create_batch([sent.lines[0].claim_id], actor=world.people["maker"], at=world.now)
    assert world.receipts([good(sent, 0)]).settled == 1


@pytest.mark.parametrize(
    ("outcome", "bank_code", "told"),
    [
        ("好", "", "bank_result_unknown"),
        ("失败", "E" * 99, "failure_code_unknown"),
        ("失败", "", "failure_code_unknown"),
    ],
)
def test_an_answer_that_nobody_knows_leaves_that_payment_unknown_and_is_told(
    world: World, sent: Batch, outcome: str, bank_code: str, told: str
):
    name, amount, *_ = good(sent, 1)
    report = world.receipts([good(sent, 0), (name, amount, outcome, "B9", bank_code)], name="回单.csv")
    assert (report.settled, report.failed, report.unknown) == (1, 0, 1)
    assert [(doubt.code, str(doubt.at)) for doubt in report.doubts] == [(told, "回单.csv:3")]
    assert states(world, sent) == [LineState.SETTLED, LineState.UNKNOWN]
    entry = in_unit(world.engine, lambda s: list(audit.entries(s, f"payout:{sent.id}")))[-1]
    assert list(json.loads(entry.detail)["doubts"]) == [name]
    assert world.receipts([good(sent, 1)]).settled == 1


def test_a_definite_failure_keeps_the_money_and_a_new_account_leads_to_a_new_line(world: World, sent: Batch):
    name, amount, *_ = good(sent, 0)
    world.receipts([(name, amount, "失败", "B9", "ACCOUNT_CLOSED")])
    claim = world.desk.claim(sent.lines[0].claim_id)
    assert (claim.state, world.fund().committed) == (State.PAY_FAILED, 2 * ONE)
    unverified = world.desk.register_account(
        uscc=claim.uscc,
        holder=FIRM,
        bank_name="示例二行",
        number="6222000000007777",
        actor=world.people["applicant"],
        at=world.now,
    )
    with pytest.raises(SubsidyError, match="account_unverified"):
        world.fire(claim, "set_account", "applicant", account_id=unverified.id)
    world.desk.verify_account(unverified.id, actor=world.people["clerk"], at=world.now)
    claim = world.fire(claim, "set_account", "applicant", account_id=unverified.id)
    assert world.carry_on(claim, State.COMPLETED).paid == ONE
    retry = world.office.batches()[-1].lines[0]
    assert retry.instruction != name


def test_a_receipt_that_contradicts_what_is_known_is_parked_and_told(world: World, sent: Batch):
    name, amount, _, ref, _ = good(sent, 0)
    world.receipts([good(sent, 0)])
    for row in ((name, amount, "失败", ref, "ACCOUNT_CLOSED"), (name, amount, "成功", "OTHER", "")):
        report = world.receipts([row])
        assert (report.settled, report.unchanged, [d.code for d in report.doubts]) == (0, 0, ["receipt_contradicts"])
    assert [str(one.kind) for one in ParkedOffice(world.desk).answers()] == ["failure", "success"]
    assert world.receipts([(name, amount, "未知", "", "")]).unchanged == 1
    assert world.fund().paid == ONE


def test_a_late_success_bars_the_next_payment_until_a_supervisor_has_looked(world: World, sent: Batch):
    name, amount, *_ = good(sent, 0)
    claim_id, parked = sent.lines[0].claim_id, ParkedOffice(world.desk)
    world.receipts([(name, amount, "失败", "", "BANK_REJECTED")])
    world.fire(claim_id, "set_account", "applicant", account_id=world.desk.claim(claim_id).account_id)
    news = [(name, amount, "成功", "LATE", ""), good(sent, 1)]
    first, again = world.receipts(news), world.receipts(news)
    assert (first.settled, again.unchanged) == (1, 1)
    assert [[d.code for d in report.doubts] for report in (first, again)] == [["receipt_contradicts"]] * 2
    assert [finding.code for finding in in_unit(world.engine, parked_findings)] == ["F020"]
    with pytest.raises(SubsidyError) as caught:
        world.office.create_batch([claim_id], actor=world.people["maker"], at=world.now)
    assert [finding.code for finding in caught.value.findings] == ["answer_parked"]
    (one,) = parked.answers()
    with pytest.raises(SubsidyError, match="role_missing"):
        parked.resolve(one.id, "已查", actor=world.people["reconciler"], at=world.now)
    both = replace(world.people["reconciler"], roles=world.people["supervisor"].roles)
    with pytest.raises(SubsidyError, match="duty_conflict"):
        parked.resolve(one.id, "已查", actor=both, at=world.now)
    parked.resolve(one.id, "银行更正", actor=world.people["supervisor"], at=world.now)
    with pytest.raises(SubsidyError, match="parked_resolved"):
        parked.resolve(one.id, "银行更正", actor=world.people["supervisor"], at=world.now)
    assert (world.receipts(news).unchanged, parked.answers()) == (2, [])
    world.office.create_batch([claim_id], actor=world.people["maker"], at=world.now)


def test_nothing_is_settled_before_its_batch_was_made(world: World, sent: Batch):
    content = receipt_file([good(sent, 0)], on=date(1999, 1, 1))
    with pytest.raises(InputError, match="receipt_too_early"):
        world.office.import_receipts(content, name="r", actor=world.people["reconciler"], at=world.now)


def test_a_reference_counts_once_however_wide_it_is_written(world: World, sent: Batch):
    world.receipts([(*good(sent, 0)[:3], "X1", "")])
    with pytest.raises(InputError, match="receipt_reference_used"):
        world.receipts([(*good(sent, 1)[:3], "ｘ１", "")])  # noqa: RUF001


def test_a_receipt_before_sending_is_refused(world: World):
    claim = world.walk(State.PAYABLE)
    batch = world.office.create_batch([claim.id], actor=world.people["maker"], at=world.now)
    with pytest.raises(InputError, match="line_event_not_allowed"):
        world.receipts([good(batch, 0)])


def test_a_receipt_of_tomorrow_is_refused_and_told_with_its_line(world: World, sent: Batch):
    tomorrow = date(2026, 6, 10)
    content = receipt_file([good(sent, 0), good(sent, 1)], on=tomorrow)

    def take_in() -> int:
        by = world.people["reconciler"]
        return world.office.import_receipts(content, name="回单.csv", actor=by, at=world.now).settled

    with pytest.raises(InputError) as caught:
        take_in()
    assert [(f.code, str(f.at)) for f in caught.value.findings] == [
        ("receipt_in_future", "回单.csv:2"),
        ("receipt_in_future", "回单.csv:3"),
    ]
    assert states(world, sent) == [LineState.SENT, LineState.SENT]
    world.now = world.now.replace(hour=15, minute=59, second=58)  # two seconds before midnight in China
    world.office = replace(world.office, desk=replace(world.desk, tolerance=timedelta(seconds=1)))
    with pytest.raises(InputError, match="receipt_in_future"):
        take_in()
    world.office = replace(world.office, desk=replace(world.desk, tolerance=timedelta(seconds=3)))
    assert take_in() == 2  # the clock of the bank may be ahead of ours


def test_a_file_with_more_lines_than_a_statement_takes_values_is_told_line_by_line(world: World, sent: Batch):
    rows = [good(sent, 0), *((f"PB0-{n}", ONE, "成功", f"X{n}", "") for n in range(70_000))]
    with pytest.raises(InputError) as caught:
        world.receipts(rows)
    assert (len(caught.value.findings), {f.code for f in caught.value.findings}) == (70_000, {"receipt_unknown"})


def test_the_helper_writes_what_the_bank_would(sent: Batch):
    assert receipt_file([good(sent, 0)]).decode("utf-8-sig").splitlines()[0] == HEADER
