"""Commands about payouts: batches made, approved, cancelled and sent; receipts, returns and answers taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from subsidy_match.claims.payment.batches import Batch, Line, newest_batches
from subsidy_match.claims.payment.payment_states import BATCH_STATE_NAMES, LINE_STATE_NAMES
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.payment.receipts import ReceiptReport
from subsidy_match.claims.payment.resolving import ParkedOffice
from subsidy_match.claims.payment.treasury_folder import TreasuryFolder
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import first, note, print_json, print_table, print_text
from subsidy_match.errors import Finding
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["app", "office"]

app = typer.Typer(
    help="兑付:批次、支付文件、回单与退票 / Payouts: batches, treasury files, receipts and returns.",
    no_args_is_help=True,
)
BatchId = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="批次 / batch")]
Claims = Annotated[list[int], typer.Argument(min=1, max=2**63 - 1, help="办件 / claims")]
Reason = Annotated[str, typer.Option(help="理由代码 / reason code")]
Remark = Annotated[str | None, typer.Option("--note", help="说明 / note")]


def office(wired: Platform) -> PayoutOffice:
    """The payout office of a platform."""
    return PayoutOffice(wired.desk, wired.settings.treasury)


@contextmanager
def _as(login: str) -> Iterator[tuple[PayoutOffice, Actor]]:
    with platform() as wired:
        yield office(wired), caller(wired.engine, login)


@app.command("list")
def list_batches(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多几个 / how many at most")] = 50,
    all_of_them: Annotated[bool, typer.Option("--all", help="全部 / every one")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """列出批次,最新的在前 / List batches, the newest first."""
    wanted = None if all_of_them else limit + 1
    with platform() as wired:
        found = in_unit(wired.engine, lambda session: newest_batches(session, wanted), immediate=False)
    if not all_of_them and len(found) > limit:
        found = found[:limit]
        note(f"只列出最新{limit}个,另有更早的:--limit、--all / only the newest {limit}; there are older ones")
    if as_json:
        print_json([_plain(batch) | {"lines": len(batch.lines)} for batch in found])
        return
    _show(found)


@app.command()
def show(batch_id: BatchId, as_json: Annotated[bool, JSON] = False) -> None:
    """一个批次及其支付明细 / One batch with its payments."""
    with platform() as wired:
        found = office(wired).batch(batch_id)
    if as_json:
        print_json(_plain(found) | {"lines": [_plain_line(line) for line in found.lines]})
        return
    _show([found])
    rows = [
        (
            n.instruction,
            n.claim_id,
            yuan_text(n.amount),
            n.last_four,
            " / ".join(LINE_STATE_NAMES[n.state]),
            n.bank_ref or "",
        )
        for n in found.lines
    ]
    columns = (
        "支付令号 / instruction",
        "办件 / claim",
        "金额 / amount",
        "账号 / account",
        "状态 / state",
        "流水号 / reference",
    )
    print_table(columns, rows, right=(1, 2))


@app.command()
def make(claims: Claims, login: As) -> None:
    """制单:全部可支付才成批 / Make a batch of payable claims, all or none."""
    with _as(login) as (found, actor):
        _show([found.create_batch(claims, actor=actor, at=now())])


@app.command()
def approve(batch_id: BatchId, login: As) -> None:
    """复核批次 / Approve a batch as its checker."""
    with _as(login) as (found, actor):
        _show([found.approve_batch(batch_id, actor=actor, at=now())])


@app.command()
def refuse(batch_id: BatchId, login: As, reason: Reason = "batch_error", remark: Remark = None) -> None:
    """退回待复核的批次,办件回到待兑付 / Send a batch back as its checker: its claims are payable again."""
    with _as(login) as (found, actor):
        _show([found.refuse_batch(batch_id, actor=actor, at=now(), reason_code=reason, note=remark)])


@app.command()
def cancel(batch_id: BatchId, login: As, reason: Reason = "batch_error", remark: Remark = None) -> None:
    """撤销已复核未发送的批次 / Call an approved batch off before it is sent."""
    with _as(login) as (found, actor):
        _show([found.cancel_batch(batch_id, actor=actor, at=now(), reason_code=reason, note=remark)])


@app.command()
def export(
    batch_id: BatchId,
    login: As,
    form: Annotated[str | None, typer.Option("--format", help="支付文件格式 / format of the file: csv | xlsx")] = None,
) -> None:
    """发送已复核批次,写出支付文件 / Send an approved batch: write its treasury file."""
    with _as(login) as (found, actor):
        print_text(str(found.send_batch(batch_id, actor=actor, at=now(), format=form)))


@app.command()
def reconcile(file: Annotated[Path, typer.Argument(help="银行回单文件 / receipt file")], login: As) -> None:
    """导入回单:全部成功或全部不动 / Take receipts in, all or nothing."""
    with _as(login) as (found, actor):
        _tell(found.import_receipts(file.read_bytes(), name=file.name, actor=actor, at=now()))


@app.command()
def returns(file: Annotated[Path, typer.Argument(help="银行退票文件 / file of returns")], login: As) -> None:
    """导入退票:全部成功或全部不动 / Take returned payments in, all or nothing."""
    with _as(login) as (found, actor):
        report = found.import_returns(file.read_bytes(), name=file.name, actor=actor, at=now())
    print_text(f"退回 / returned {report.returned},重复 / unchanged {report.unchanged}")
    _doubts(report.doubts)


@app.command()
def query(batch_id: BatchId, login: As) -> None:
    """向银行查询未答复的支付 / Ask the bank about payments that it has not answered."""
    with _as(login) as (found, actor):
        _tell(found.query_batch(batch_id, actor=actor, at=now()))


@app.command()
def parked(
    every: Annotated[bool, typer.Option("--all", help="含已处理 / with those dealt with")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="最多几条 / how many at most")] = 1000,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """列出须人工核对的银行答复 / List answers of the bank that wait for a person."""
    with platform() as wired:
        found = first(ParkedOffice(wired.desk).answers(limit=limit + 1, resolved=every), limit)
    if as_json:
        print_json([{name: _json(value) for name, value in asdict(one).items()} for one in found])
        return
    rows = [(one.id, one.instruction, one.kind, yuan_text(one.amount), one.reference, one.note or "") for one in found]
    columns = ("id", "支付令号 / instruction", "答复 / answer", "金额 / amount", "流水号 / reference", "处理 / note")
    print_table(columns, rows, right=(0, 3))


@app.command()
def resolve(
    parked_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="待查答复 / parked answer")],
    login: As,
    remark: Annotated[str, typer.Option("--note", help="核对结果与处理 / what was found and done")],
    paid: Annotated[
        bool, typer.Option("--paid", help="失败后确已到账:登记到账并办结 / it was paid after the failure: settle it")
    ] = False,
) -> None:
    """监督人员写明一条答复如何处理 / A supervisor says what was done about a parked answer."""
    with _as(login) as (found, actor):
        done = ParkedOffice(found.desk).resolve(parked_id, remark, paid=paid, actor=actor, at=now())
    print_text(f"{done.id} {done.instruction} {done.kind}")


@app.command()
def foreign() -> None:
    """列出本库没有记录的支付文件 / List payment files of which the store knows nothing."""
    with platform() as wired:
        found = TreasuryFolder(wired.desk, wired.settings.treasury).foreign()
    print_table(("文件 / file", "sha256"), [(file.name, file.sha256) for file in found])


@app.command("confirm-file")
def confirm_file(
    name: Annotated[str, typer.Argument(help="文件名 / name of the file")],
    login: As,
    remark: Annotated[str, typer.Option("--note", help="核实结果 / what became of it")],
) -> None:
    """监督人员写明一个未知支付文件的去向 / A supervisor says what became of a file that the store does not know."""
    with _as(login) as (found, actor):
        TreasuryFolder(found.desk, found.folder).confirm(name, remark, actor=actor, at=now())


def _show(found: Sequence[Batch]) -> None:
    rows = [(b.id, b.number, " / ".join(BATCH_STATE_NAMES[b.state]), len(b.lines), yuan_text(b.total)) for b in found]
    print_table(("id", "批次 / number", "状态 / state", "笔数 / lines", "金额 / total"), rows, right=(0, 3, 4))


def _plain(batch: Batch) -> dict[str, Any]:
    return {"id": batch.id, "number": batch.number, "state": batch.state, "total": batch.total}


def _plain_line(line: Line) -> dict[str, Any]:
    names = ("instruction", "claim_id", "amount", "last_four", "state", "bank_ref", "failure_code")
    return {name: getattr(line, name) for name in names}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _tell(report: ReceiptReport) -> None:
    print_text(
        f"到账 / settled {report.settled},失败 / failed {report.failed},待查 / unknown {report.unknown},"
        f"重复 / unchanged {report.unchanged}"
    )
    _doubts(report.doubts)


def _doubts(doubts: Sequence[Finding]) -> None:
    for doubt in doubts:
        note(str(doubt))
