"""Commands about payouts: batches made, approved, cancelled and sent; receipts, returns and answers taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.batches import Batch
from subsidy_match.claims.payouts import PayoutOffice
from subsidy_match.claims.receipts import ReceiptReport
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import note, print_json, print_table, print_text
from subsidy_match.errors import Finding
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, user_by_login

__all__ = ["app", "office"]

app = typer.Typer(
    help="兑付:批次、支付文件、回单与退票 / Payouts: batches, treasury files, receipts and returns.",
    no_args_is_help=True,
)
Login = Annotated[str, typer.Option("--as", help="以谁的身份 / login of whoever acts")]
BatchId = Annotated[int, typer.Argument(help="批次 / batch")]


def office(wired: Platform) -> PayoutOffice:
    """The payout office of a platform."""
    return PayoutOffice(wired.desk, wired.settings.treasury)


@contextmanager
def _as(login: str) -> Iterator[tuple[PayoutOffice, Actor]]:
    with platform() as wired:
        yield office(wired), in_unit(wired.engine, lambda s: user_by_login(s, login), immediate=False)


@app.command("list")
def list_batches(as_json: Annotated[bool, JSON] = False) -> None:
    """列出批次 / List batches."""
    with platform() as wired:
        found = office(wired).batches()
    if as_json:
        print_json(
            [{"id": b.id, "number": b.number, "state": b.state, "lines": len(b.lines), "total": b.total} for b in found]
        )
        return
    _show(found)


@app.command()
def make(claims: Annotated[list[int], typer.Argument(help="办件 / claims")], login: Login) -> None:
    """制单:全部可支付才成批 / Make a batch of payable claims, all or none."""
    with _as(login) as (found, actor):
        _show([found.create_batch(claims, actor=actor, at=now())])


@app.command()
def approve(batch_id: BatchId, login: Login) -> None:
    """复核批次 / Approve a batch as its checker."""
    with _as(login) as (found, actor):
        _show([found.approve_batch(batch_id, actor=actor, at=now())])


@app.command()
def cancel(
    batch_id: BatchId,
    login: Login,
    reason: Annotated[str, typer.Option(help="理由代码 / reason code")] = "batch_error",
    remark: Annotated[str | None, typer.Option("--note", help="说明 / note")] = None,
) -> None:
    """撤销已复核未发送的批次 / Call an approved batch off before it is sent."""
    with _as(login) as (found, actor):
        _show([found.cancel_batch(batch_id, actor=actor, at=now(), reason_code=reason, note=remark)])


@app.command()
def export(
    batch_id: BatchId,
    login: Login,
    form: Annotated[str | None, typer.Option("--format", help="csv | xlsx")] = None,
) -> None:
    """发送已复核批次,写出支付文件 / Send an approved batch: write its treasury file."""
    with _as(login) as (found, actor):
        print_text(str(found.send_batch(batch_id, actor=actor, at=now(), format=form)))


@app.command()
def reconcile(file: Annotated[Path, typer.Argument(help="银行回单文件 / receipt file")], login: Login) -> None:
    """导入回单:全部成功或全部不动 / Take receipts in, all or nothing."""
    with _as(login) as (found, actor):
        _tell(found.import_receipts(file.read_bytes(), name=file.name, actor=actor, at=now()))


@app.command()
def returns(file: Annotated[Path, typer.Argument(help="银行退票文件 / file of returns")], login: Login) -> None:
    """导入退票:全部成功或全部不动 / Take returned payments in, all or nothing."""
    with _as(login) as (found, actor):
        report = found.import_returns(file.read_bytes(), name=file.name, actor=actor, at=now())
    print_text(f"退回 / returned {report.returned},重复 / unchanged {report.unchanged}")
    _doubts(report.doubts)


@app.command()
def query(batch_id: BatchId, login: Login) -> None:
    """向银行查询未答复的支付 / Ask the bank about payments that it has not answered."""
    with _as(login) as (found, actor):
        _tell(found.query_batch(batch_id, actor=actor, at=now()))


def _show(found: Sequence[Batch]) -> None:
    rows = [(b.id, b.number, b.state, len(b.lines), yuan_text(b.total)) for b in found]
    print_table(("id", "批次 / number", "状态 / state", "笔数 / lines", "金额 / total"), rows, right=(0, 3, 4))


def _tell(report: ReceiptReport) -> None:
    print_text(
        f"到账 / settled {report.settled},失败 / failed {report.failed},待查 / unknown {report.unknown},"
        f"重复 / unchanged {report.unchanged}"
    )
    _doubts(report.doubts)


def _doubts(doubts: Sequence[Finding]) -> None:
    for doubt in doubts:
        note(str(doubt))
