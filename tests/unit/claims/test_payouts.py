from __future__ import annotations

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from claims_world import FUND, OTHER_USCC, World
from people_kit import hire
from sqlalchemy import text

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.payment.batches import Batch, newest_batches
from subsidy_match.claims.payment.outgoing import write_once
from subsidy_match.claims.payment.payment_checks import check_totals
from subsidy_match.claims.payment.payment_states import BatchState, LineState
from subsidy_match.claims.payment.treasury_folder import TreasuryFolder, foreign_findings
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, SubsidyError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Role

NUMBER = "6222000000001234"
ONE = 10_000_00


def payable(world: World, count: int = 3) -> list[Claim]:
    claims = [world.walk(State.PUBLISHED, period=str(2020 + n)) for n in range(count)]
    world.wait(8)
    return [world.clear(claim) for claim in claims]


def make(world: World, claims: list[Claim]) -> Batch:
    return world.office.create_batch([c.id for c in claims], actor=world.people["maker"], at=world.now)


def approve(world: World, batch: Batch) -> Batch:
    return world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now)


def send(world: World, batch: Batch) -> Path:
    return world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now)


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_a_batch_of_several_claims_is_paid(world: World):
    batch = approve(world, make(world, payable(world)))
    send(world, batch)
    report = world.receipts([(line.instruction, line.amount, "成功", f"B{line.id}", "") for line in batch.lines])
    done = world.office.batch(batch.id)
    assert (report.settled, done.state, world.fund().paid) == (3, BatchState.CLOSED, 3 * ONE)
    assert {world.desk.claim(line.claim_id).state for line in done.lines} == {State.COMPLETED}
    assert in_unit(world.engine, check_totals) == []
    assert in_unit(world.engine, audit.verify) == []


def test_batches_are_listed_newest_first(world: World):
    first, second = payable(world, 2)
    batches = [make(world, [claim]).id for claim in (first, second)]
    assert [batch.id for batch in in_unit(world.engine, newest_batches)] == batches[::-1]
    assert [batch.id for batch in in_unit(world.engine, lambda s: newest_batches(s, 1))] == batches[1:]


def test_the_file_carries_control_totals_funds_and_the_account(world: World):
    path = send(world, approve(world, make(world, payable(world, 2))))
    control, indicator, header, *lines, again = rows_of(path)
    assert control == again
    assert indicator == ["指标控制行", f"示例指2026-{FUND}", "合计金额(元)", "20000.00"]
    assert control[3:6] == ["2", "合计金额(元)", "20000.00"]
    for line in lines:
        cells = dict(zip(header, line, strict=True))
        assert (cells["账号"], cells["金额(元)"], cells["功能科目"]) == (NUMBER, "10000.00", "2150805")
        assert FUND in cells["指标文号"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_account_number_is_nowhere_but_in_the_file(world: World):
    send(world, approve(world, make(world, payable(world, 1))))
    with world.engine.connect() as connection:
        for table in ("payee_accounts", "audit_entries", "outbox", "claim_steps", "payment_lines"):
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                assert NUMBER not in str(tuple(row))


def test_one_claim_that_cannot_be_paid_refuses_the_whole_batch(world: World):
    claims = payable(world)
    world.fire(claims[1], "hold", "supervisor", reason_code="under_inquiry")
    with pytest.raises(BatchRefused) as caught:
        make(world, claims)
    assert [(f.code, claims[1].id in caught.value.refused) for f in caught.value.findings] == [("claim_held", True)]
    assert {world.desk.claim(c.id).state for c in claims} == {State.PAYABLE}
    assert world.office.batches() == []
    chain = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claims[1].id}")))
    assert (chain[-1].action, chain[-1].outcome) == ("batch", audit.REFUSED)


def test_a_claim_held_after_the_approval_stops_the_sending_until_it_is_free_again(world: World):
    claims = payable(world, 2)
    batch = approve(world, make(world, claims))
    world.fire(claims[1], "hold", "supervisor", reason_code="under_inquiry")
    with pytest.raises(BatchRefused, match="claim_held") as caught:
        send(world, batch)
    assert ([f.code for f in caught.value.findings], list(caught.value.refused)) == (["claim_held"], [claims[1].id])
    assert world.office.batch(batch.id).state is BatchState.APPROVED
    assert not world.office.folder.exists()
    chain = in_unit(world.engine, lambda s: list(audit.entries(s, f"claim:{claims[1].id}")))
    assert (chain[-1].action, chain[-1].outcome) == ("send", audit.REFUSED)
    world.fire(claims[1], "unhold", "supervisor", reason_code="cleared")
    again = send(world, batch).read_bytes()
    world.fire(claims[1], "hold", "supervisor", reason_code="under_inquiry")
    assert send(world, batch).read_bytes() == again  # what is out is out


def test_a_claim_that_is_not_payable_is_named(world: World):
    claims = [*payable(world, 1), world.walk(State.ACCEPTED)]
    with pytest.raises(BatchRefused, match="event_not_allowed") as caught:
        make(world, claims)
    assert list(caught.value.refused) == [claims[1].id]


def test_what_is_done_also_is_undone_with_the_record_of_sending(world: World):
    batch = approve(world, make(world, payable(world, 1)))

    def fail(session, done) -> None:
        assert done.state is BatchState.SENT
        raise Conflict("request_in_flight", "处理中", "in flight")

    with pytest.raises(Conflict, match="request_in_flight"):
        world.office.send_batch(batch.id, actor=world.people["maker"], at=world.now, also=fail)
    assert world.office.batch(batch.id).state is BatchState.SENDING
    send(world, batch)
    assert world.office.batch(batch.id).state is BatchState.SENT


def test_what_is_done_also_is_undone_with_the_batch(world: World):
    batch = make(world, payable(world, 1))

    def fail(session, done) -> None:
        assert done.state is BatchState.APPROVED
        raise Conflict("request_in_flight", "处理中", "in flight")

    with pytest.raises(Conflict, match="request_in_flight"):
        world.office.approve_batch(batch.id, actor=world.people["checker"], at=world.now, also=fail)
    assert world.office.batch(batch.id) == batch


@pytest.mark.parametrize(
    ("credit", "code"),
    [(Standing(clear=False, zh="失信", en="discredited"), "credit_bad"), (Standing(clear=None), "credit_unknown")],
)
def test_credit_is_checked_again_before_payment(world: World, credit: Standing, code: str):
    claims = payable(world, 1)
    world.assessor.credit = credit
    with pytest.raises(BatchRefused, match=code):
        make(world, claims)


def test_whoever_touched_the_account_does_not_make_the_batch(world: World):
    claims = payable(world, 1)
    account = world.desk.register_account(
        uscc=claims[0].uscc,
        holder=claims[0].enterprise_name,
        bank_name="示例银行",
        number="6222000000009999",
        actor=world.people["applicant"],
        at=world.now,
    )
    world.fire(claims[0], "set_account", "applicant", account_id=account.id)
    with pytest.raises(BatchRefused, match="account_unverified"):
        make(world, claims)
    hire(world, "both", Role.CLERK, Role.MAKER)
    world.desk.verify_account(account.id, actor=world.people["both"], at=world.now)
    with pytest.raises(BatchRefused, match="duty_conflict"):
        world.office.create_batch([claims[0].id], actor=world.people["both"], at=world.now)


def test_a_claim_is_in_one_open_batch_only(world: World):
    claims = payable(world, 1)
    make(world, claims)
    with pytest.raises(BatchRefused, match="event_not_allowed"):
        make(world, claims)
    with pytest.raises(SubsidyError, match="batch_repeats_claim"):
        make(world, [*claims, *claims])
    with pytest.raises(SubsidyError, match="batch_empty"):
        make(world, [])


def test_a_batch_sent_back_frees_its_claims_for_a_new_line(world: World):
    claims = payable(world, 1)
    first = make(world, claims)
    world.office.refuse_batch(first.id, actor=world.people["checker"], at=world.now, reason_code="batch_error")
    assert world.desk.claim(claims[0].id).state is State.PAYABLE
    second = make(world, claims)
    assert second.lines[0].instruction != first.lines[0].instruction
    assert world.office.batch(first.id).lines[0].state is LineState.FAILED


def test_a_batch_moves_in_order_only(world: World):
    batch = make(world, payable(world, 1))
    with pytest.raises(Conflict, match="batch_state"):
        send(world, batch)
    approve(world, batch)
    with pytest.raises(Conflict, match="batch_state"):
        approve(world, batch)
    with pytest.raises(Conflict, match="batch_state"):
        world.office.refuse_batch(batch.id, actor=world.people["checker"], at=world.now, reason_code="other")


def test_sending_again_writes_the_same_bytes(world: World):
    batch = approve(world, make(world, payable(world, 1)))
    path = send(world, batch)
    before = path.read_bytes()
    path.unlink()
    assert send(world, batch).read_bytes() == before
    world.receipts([(batch.lines[0].instruction, ONE, "成功", "B1", "")])
    assert send(world, batch).read_bytes() == before


def test_a_crash_between_intent_and_file_leaves_a_batch_that_can_be_sent_again(world: World, monkeypatch):
    from subsidy_match.claims.payment import payouts

    batch = approve(world, make(world, payable(world, 1)))
    with monkeypatch.context() as patch:
        patch.setattr(payouts, "write_once", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            send(world, batch)
    stuck = world.office.batch(batch.id)
    assert (stuck.state, stuck.lines[0].state) == (BatchState.SENDING, LineState.SENT)
    send(world, batch)
    sent = world.office.batch(batch.id)
    assert (sent.state, sent.lines[0].instruction) == (BatchState.SENT, batch.lines[0].instruction)


def test_a_file_that_would_differ_is_not_sent_again(world: World):
    batch = approve(world, make(world, payable(world, 1)))
    send(world, batch).unlink()
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE claims SET policy_zh = '改过'"))
    with pytest.raises(Conflict, match="file_differs"):
        send(world, batch)


def test_only_cashiers_send_and_only_the_reconciler_takes_receipts_in(world: World):
    batch = approve(world, make(world, payable(world, 1)))
    with pytest.raises(SubsidyError, match="role_missing"):
        world.office.send_batch(batch.id, actor=world.people["approver"], at=world.now)
    with pytest.raises(SubsidyError, match="role_missing"):
        world.office.import_receipts(b"", name="r.csv", actor=world.people["maker"], at=world.now)


def test_the_file_is_for_those_who_may_use_its_funds(world: World):
    batch = approve(world, make(world, payable(world, 1)))
    stranger = replace(world.people["maker_b"], funds=frozenset({"elsewhere"}))
    with pytest.raises(SubsidyError, match="fund_not_yours"):
        world.office.send_batch(batch.id, actor=stranger, at=world.now)
    assert world.office.batch(batch.id).state is BatchState.APPROVED
    send(world, batch)
    with pytest.raises(SubsidyError, match="fund_not_yours"):
        world.office.file(batch.id, actor=stranger, at=world.now)
    assert world.office.file(batch.id, actor=world.people["maker_b"], at=world.now).content


def test_claims_of_two_firms_may_share_a_batch(world: World):
    world.give_account(uscc=OTHER_USCC, number="6222000000005678")
    claims = [world.walk(State.PAYABLE), world.walk(State.PAYABLE, uscc=OTHER_USCC)]
    path = send(world, approve(world, make(world, claims)))
    assert [row[4] for row in rows_of(path)[3:-1]] == [NUMBER, "6222000000005678"]


def test_a_file_that_was_sent_is_never_written_over(tmp_path: Path):
    path = write_once(tmp_path, "PB1.csv", b"sent")
    assert write_once(tmp_path, "PB1.csv", b"sent") == path
    with pytest.raises(Conflict, match="file_taken"):
        write_once(tmp_path, "PB1.csv", b"other")
    assert path.read_bytes() == b"sent"


def test_two_may_write_the_same_file_at_once(tmp_path: Path):
    content = b"x" * 200_000
    with ThreadPoolExecutor(2) as pool:
        for n in range(20):
            both = list(pool.map(lambda _, n=n: write_once(tmp_path, f"PB{n}.csv", content), range(2)))
            assert [path.read_bytes() for path in both] == [content, content]


def test_no_two_stores_give_the_same_number(world: World):
    one, two = payable(world, 2)
    tails = set()
    for claim in (one, two):
        found = re.fullmatch(r"PB\d{14}([A-Z2-7]{5})", make(world, [claim]).number)
        tails.add(found and found[1])
    assert (len(tails), None in tails) == (2, False)


def test_after_a_restore_nothing_is_sent_while_a_file_is_unknown(world: World):
    """What was sent since the backup lies in the folder, and the store that was put back has never heard of it."""
    folder, batch = TreasuryFolder(world.desk, world.office.folder), approve(world, make(world, payable(world, 1)))
    name = "PB20260608000001QQQQQ.csv"
    write_once(world.office.folder, name, b"sent before the disaster")
    with pytest.raises(Conflict, match="treasury_files_unknown") as caught:
        send(world, batch)
    assert name in caught.value.zh
    assert [finding.code for finding in foreign_findings(folder.foreign())] == ["F021"]
    with pytest.raises(SubsidyError, match="role_missing"):
        folder.confirm(name, "银行未收到", actor=world.people["maker"], at=world.now)
    folder.confirm(name, "银行未收到", actor=world.people["supervisor"], at=world.now)
    with pytest.raises(Conflict, match="foreign_file_confirmed"):
        folder.confirm(name, "已付", actor=world.people["supervisor_b"], at=world.now)
    assert send(world, batch).exists()
    assert folder.foreign() == []
