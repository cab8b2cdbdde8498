"""Commands about money that must come back: list, propose, approve or refuse, receive, write off."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.reading import visible_row
from subsidy_match.claims.recovery import Recovery, recoveries_of
from subsidy_match.claims.states import Event
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import JSON, business_today, now, platform
from subsidy_match.cli.output import print_json, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit

__all__ = ["app"]

app = typer.Typer(help="追回 / Recoveries: money paid that must come back.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="办件号 / id of the claim")]
Fen = Annotated[int, typer.Option(min=1, help="金额(分)/ amount in 分")]
Reason = Annotated[str, typer.Option(help="理由代码 / coded reason")]
Note = Annotated[str, typer.Option(help="说明 / note")]


@app.command("list")
def list_recoveries(claim_id: Id, as_json: Annotated[bool, JSON] = False) -> None:
    """一个办件的追回 / The recoveries of a claim."""
    with platform() as wired:
        found = _read(wired, claim_id)
    if as_json:
        print_json([_plain(recovery) for recovery in found])
        return
    rows = [(r.id, r.state, yuan_text(r.amount), yuan_text(r.recovered), yuan_text(r.rest)) for r in found]
    header = ("id", "状态 / state", "应追回 / amount", "已追回 / recovered", "余额 / rest")
    print_table(header, rows, right=(0, 2, 3, 4))


@app.command()
def propose(
    claim_id: Id,
    login: As,
    amount: Fen,
    reason: Reason,
    note: Note,
    due: Annotated[list[str], typer.Option(help="分期 日期=分,可多次 / instalment DAY=FEN, may be repeated")],
    to: Annotated[str, typer.Option(help="fund 退回资金 / treasury 上缴国库")] = "fund",
) -> None:
    """提出追回 / Propose a recovery."""
    plan = [_instalment(text) for text in due]
    given = {"amount": amount, "returns_to": to, "reason_code": reason, "note": note, "plan": plan}
    _fire(claim_id, Event.PROPOSE_RECOVERY, login, given)


@app.command()
def approve(claim_id: Id, login: As) -> None:
    """批准追回(须由未经办人员)/ Approve the recovery, as somebody new to the claim."""
    _fire(claim_id, Event.APPROVE_RECOVERY, login, {})


@app.command()
def refuse(claim_id: Id, login: As, note: Note) -> None:
    """不同意追回 / Refuse the recovery."""
    _fire(claim_id, Event.REFUSE_RECOVERY, login, {"note": note})


@app.command()
def receive(
    claim_id: Id,
    login: As,
    amount: Fen,
    reference: Annotated[str, typer.Option(help="流水号,只能登记一次 / reference, entered once")],
    on: Annotated[str, typer.Option(help="到账日期 / day of receipt")] = "",
) -> None:
    """登记追回到账 / Enter money that came back."""
    day = on or business_day(now()).isoformat()
    given = {"amount": amount, "reference": reference, "received_on": day}
    _fire(claim_id, Event.RECEIVE_RECOVERY, login, given)


@app.command("write-off")
def write_off(claim_id: Id, login: As, reason: Reason, note: Note) -> None:
    """提出核销余款 / Propose to give up the rest."""
    _fire(claim_id, Event.PROPOSE_WRITE_OFF, login, {"reason_code": reason, "note": note})


@app.command("approve-write-off")
def approve_write_off(claim_id: Id, login: As) -> None:
    """批准核销(提出人不得批准)/ Approve the write-off, as another person."""
    _fire(claim_id, Event.APPROVE_WRITE_OFF, login, {})


@app.command("refuse-write-off")
def refuse_write_off(claim_id: Id, login: As, note: Note) -> None:
    """不同意核销 / Refuse the write-off."""
    _fire(claim_id, Event.REFUSE_WRITE_OFF, login, {"note": note})


def _fire(claim_id: int, event: Event, login: str, payload: dict[str, Any]) -> None:
    with platform() as wired:
        actor = caller(wired.engine, login)
        claim = wired.desk.fire(claim_id, event, actor=actor, at=now(), payload=payload)
        print_text(f"{claim.claim_no}  {claim.state_zh} / {claim.state_en}  {yuan_text(claim.paid)}")


def _instalment(text: str) -> dict[str, Any]:
    day, _, amount = text.partition("=")
    if not amount.isdecimal():
        raise InputError("plan_wrong", f"分期应为 日期=分:{text}", f"an instalment is DAY=FEN: {text}")
    return {"due_on": day, "amount": int(amount)}


def _read(wired: Platform, claim_id: int) -> list[Recovery]:
    return in_unit(wired.engine, lambda s: list(recoveries_of(s, visible_row(s, claim_id, None).id)), immediate=False)


def _plain(recovery: Recovery) -> dict[str, Any]:
    today: date = business_today()
    return {
        "id": recovery.id,
        "state": str(recovery.state),
        "amount": recovery.amount,
        "recovered": recovery.recovered,
        "rest": recovery.rest,
        "overdue": recovery.overdue_on(today),
        "returns_to": recovery.returns_to,
        "plan": [{"due_on": due.due_on.isoformat(), "amount": due.amount} for due in recovery.plan],
        "receipts": [
            {"reference": r.reference, "amount": r.amount, "received_on": r.received_on.isoformat()}
            for r in recovery.receipts
        ],
    }
