"""Commands about payouts: the treasury file out, the receipts in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subsidy_match.claims.payouts import PayoutOffice
from subsidy_match.cli.context import JSON, now, platform
from subsidy_match.cli.output import note, print_json, print_table, print_text
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import user_by_login

__all__ = ["app", "office"]

app = typer.Typer(help="兑付:支付文件与回单 / Payouts: treasury file out, receipts in.", no_args_is_help=True)
Login = Annotated[str, typer.Option("--as", help="以谁的身份 / login of whoever acts")]


def office(wired: Platform) -> PayoutOffice:
    """The payout office of a platform."""
    return PayoutOffice(wired.desk, wired.settings.treasury)


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
    rows = [(b.id, b.number, b.state, len(b.lines), yuan_text(b.total)) for b in found]
    print_table(("id", "批次 / number", "状态 / state", "笔数 / lines", "金额 / total"), rows, right=(0, 3, 4))


@app.command()
def export(batch_id: Annotated[int, typer.Argument(help="批次 / batch")], login: Login) -> None:
    """写出已复核批次的支付文件 / Write the treasury file of an approved batch."""
    with platform() as wired:
        actor = in_unit(wired.engine, lambda session: user_by_login(session, login), immediate=False)
        print_text(str(office(wired).send_batch(batch_id, actor=actor, at=now())))


@app.command()
def reconcile(file: Annotated[Path, typer.Argument(help="银行回单文件 / receipt file")], login: Login) -> None:
    """导入回单:全部成功或全部不动 / Take receipts in, all or nothing."""
    with platform() as wired:
        actor = in_unit(wired.engine, lambda session: user_by_login(session, login), immediate=False)
        report = office(wired).import_receipts(file.read_bytes(), name=file.name, actor=actor, at=now())
        print_text(
            f"到账 / settled {report.settled},失败 / failed {report.failed},待查 / unknown {report.unknown},"
            f"重复 / unchanged {report.unchanged}"
        )
        for doubt in report.doubts:
            note(str(doubt))
