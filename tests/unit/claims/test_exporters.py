from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import xlsxwriter
from claims_world import FUND, World
from python_calamine import CalamineWorkbook

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.payment.ageing import silence_findings, unanswered_lines
from subsidy_match.claims.payment.exporters import EXPORTERS, exporter
from subsidy_match.claims.payment.payment_states import LineState
from subsidy_match.claims.payment.payouts import Download
from subsidy_match.claims.payment.statements import RECEIPT_HEADER
from subsidy_match.claims.payment.treasury import Part, Payment, TreasuryFile, neutral
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit

ONE = 10_000_00
HOLDERS = ["=cmd|' /C calc'!A0", "+1", "@SUM(1)", "-2", "＝1+1", "示例有限公司", " =1"]  # noqa: RUF001


def payment(holder: str, position: int) -> Payment:
    return Payment(
        instruction=f"PB1-{position:05d}",
        holder=holder,
        bank_name="示例银行",
        number="6222000000001234",
        amount=ONE + position,
        indicator_no="示例指1号:1;示例指2号:2",
        function_code="2150805",
        spending_plan="计划",
        purpose="示例政策",
        claim_no="2026000001",
        parts=(Part("示例指1号", ONE), Part("示例指2号", position)),
    )


FILE = TreasuryFile("PB1", [payment(holder, n) for n, holder in enumerate(HOLDERS, 1)])
TOTAL = f"{(7 * ONE + 28) // 100}.28"


def read(name: str, content: bytes) -> list[list[str]]:
    if name == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [
        [str(cell) for cell in row] for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).to_python()
    ]


@pytest.mark.parametrize("name", EXPORTERS)
def test_every_format_carries_all_payments_their_controls_and_no_formula(name: str):
    known = exporter(name)
    content = known.write(FILE)
    assert content == known.write(FILE)
    cells = [cell for row in read(name, content) for cell in row]
    assert {neutral(holder) for holder in HOLDERS} <= set(cells)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))]  # noqa: RUF001
    assert {"6222000000001234", "7", TOTAL, "示例指1号", "70000.00", "示例指2号", "0.28"} <= set(cells)


def test_a_format_that_does_not_exist_is_refused(world: World):
    world.walk(State.IN_PAYMENT)
    with pytest.raises(InputError, match="format_unknown"):
        world.office.send_batch(1, actor=world.people["maker"], at=world.now, format="pdf")


def test_a_batch_keeps_the_format_in_which_it_was_sent(world: World):
    world.walk(State.IN_PAYMENT)
    maker = world.people["maker"]
    path = world.office.send_batch(1, actor=maker, at=world.now, format="xlsx")
    assert (path.suffix, path.stat().st_mode & 0o777) == (".xlsx", 0o600)
    assert any(FUND in cell for row in read("xlsx", path.read_bytes()) for cell in row)
    with pytest.raises(Conflict, match="file_format_fixed"):
        world.office.send_batch(1, actor=maker, at=world.now, format="csv")
    content = path.read_bytes()
    path.unlink()
    assert world.office.send_batch(1, actor=maker, at=world.now).read_bytes() == content
    assert [found.name for found in world.office.folder.iterdir()] == [path.name]


def test_the_file_is_handed_out_once_sent_to_cashiers_and_that_is_recorded(world: World):
    world.walk(State.IN_PAYMENT)
    maker = world.people["maker"]
    with pytest.raises(Conflict, match="batch_not_sent"):
        world.office.file(1, actor=maker, at=world.now)
    path = world.office.send_batch(1, actor=maker, at=world.now)
    with pytest.raises(InputError, match="role_missing"):
        world.office.file(1, actor=world.people["approver"], at=world.now)
    with pytest.raises(Conflict, match="file_format_fixed"):
        world.office.file(1, actor=maker, at=world.now, format="xlsx")
    found = world.office.file(1, actor=maker, at=world.now)
    assert found == Download(path.name, "text/csv", path.read_bytes())
    chain = in_unit(world.engine, lambda s: list(audit.entries(s, "payout:1")))
    assert [(e.action, e.outcome) for e in chain][-1] == ("download", "done")


def workbook(path: Path, rows: list[list[str | float]]) -> bytes:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("回单")
        for at, row in enumerate([list(RECEIPT_HEADER), *rows]):
            sheet.write_row(at, 0, row)
    return path.read_bytes()


def test_receipts_come_as_a_workbook_too(world: World, tmp_path: Path):
    claim = world.walk(State.IN_PAYMENT)
    world.office.send_batch(1, actor=world.people["maker"], at=world.now)
    line, reconciler = world.office.batch(1).lines[0], world.people["reconciler"]
    wrong = workbook(tmp_path / "a.xlsx", [[line.instruction, 10000.5, "1234", "成功", "B1", "2026-06-09", ""]])
    with pytest.raises(InputError) as caught:
        world.office.import_receipts(wrong, name="a.xlsx", actor=reconciler, at=world.now)
    assert [(f.code, str(f.at)) for f in caught.value.findings] == [("receipt_amount", "a.xlsx:A2")]
    rounded = workbook(
        tmp_path / "r.xlsx", [[line.instruction, 10000, "1234", "成功", 20260609123456789, "2026-06-09", ""]]
    )
    with pytest.raises(InputError, match="receipt_reference_rounded"):
        world.office.import_receipts(rounded, name="r.xlsx", actor=reconciler, at=world.now)
    good = workbook(tmp_path / "b.xlsx", [[line.instruction, 10000, "1234", "成功", "B1", "2026-06-09", ""]])
    assert world.office.import_receipts(good, name="b.xlsx", actor=reconciler, at=world.now).settled == 1
    assert world.office.import_receipts(good, name="c.xlsx", actor=reconciler, at=world.now).unchanged == 1
    assert world.desk.claim(claim.id).state is State.COMPLETED


def test_a_broken_workbook_is_refused(world: World):
    for content in (b"PK\x03\x04nothing", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600):
        with pytest.raises(InputError, match="receipts_unreadable"):
            world.office.import_receipts(content, name="x", actor=world.people["reconciler"], at=world.now)


def test_payments_that_the_bank_does_not_answer_are_told_by_working_days(world: World):
    world.walk(State.IN_PAYMENT)
    world.office.send_batch(1, actor=world.people["maker"], at=world.now)
    calendar = world.desk.calendar

    def silent(longer_than: int) -> list[LineState]:
        on = business_day(world.now)
        found = in_unit(world.engine, lambda s: unanswered_lines(s, calendar, on, longer_than=longer_than))
        assert len(silence_findings(found)) == len(found)
        return [line.state for line in found]

    assert silent(0) == []
    world.wait(7)
    assert (silent(4), silent(9)) == ([LineState.SENT], [])
    report = world.office.query_batch(1, actor=world.people["reconciler"], at=world.now)
    assert (report.unknown, silent(4)) == (1, [LineState.UNKNOWN])
    line = world.office.batch(1).lines[0]
    assert line.failure_code == "NO_ANSWER"
    answers = world.office.folder / "answers"
    answers.mkdir()
    text = f"{','.join(RECEIPT_HEADER)}\n{line.instruction},10000.00,1234,成功,B9,2026-06-09,\n"
    (answers / f"{line.instruction}.csv").write_text(text, encoding="utf-8")
    assert world.office.query_batch(1, actor=world.people["reconciler"], at=world.now).settled == 1
    assert silent(0) == []
