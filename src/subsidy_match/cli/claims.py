"""Commands about claims: list, show with timeline and clock, and act as a named person."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import ClockReading
from subsidy_match.claims.service import ClaimFilter
from subsidy_match.claims.states import State
from subsidy_match.cli.acting import As, caller
from subsidy_match.cli.context import JSON, business_today, now, platform
from subsidy_match.cli.output import first, print_json, print_table, print_text
from subsidy_match.errors import InputError
from subsidy_match.money import yuan_text
from subsidy_match.platform import Platform

__all__ = ["app", "print_claim"]

app = typer.Typer(help="办件:受理到兑付 / Claims, from acceptance to payout.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="办件号 / id of the claim")]


@app.command("list")
def list_claims(
    state: Annotated[list[str] | None, typer.Option(help="状态 / state")] = None,
    uscc: Annotated[str | None, typer.Option(help="企业 / firm")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多 / at most")] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """列出办件 / List claims."""
    wanted = ClaimFilter(states=tuple(_state(name) for name in state or ()), uscc=uscc, limit=limit + 1)
    with platform() as wired:
        found = first(wired.desk.list_claims(wanted), limit)
    if as_json:
        print_json([_plain(claim) for claim in found])
        return
    rows = [(c.id, c.claim_no, c.enterprise_name, c.policy_zh, yuan_text(c.amount), c.state_zh) for c in found]
    print_table(
        ("id", "编号 / no.", "企业 / firm", "政策 / policy", "金额 / amount", "状态 / state"), rows, right=(0, 4)
    )


@app.command()
def risks(claim_id: Id) -> None:
    """风险清单,须确认者在前 / Risks of a claim, those that wait for an answer first."""
    with platform() as wired:
        found = wired.desk.risks(claim_id, at=now())
    rows = [
        (r.id, r.zh, r.en, "待确认 / open" if r.is_open else (r.answered_by and f"{r.answered_by}: {r.note}") or "")
        for r in found
    ]
    print_table(("编号 / id", "风险", "risk", "确认 / answer"), rows)


@app.command()
def deferred() -> None:
    """容缺未补交的材料 / Documents that firms still owe, soonest first."""
    with platform() as wired:
        found = wired.desk.deferred(on=business_today())
    rows = [
        (d.claim_no, d.enterprise_name, d.material, d.due_on, "逾期 / overdue" if d.is_overdue else "") for d in found
    ]
    print_table(("编号 / no.", "企业 / firm", "材料 / document", "应补交 / due", ""), rows)


@app.command()
def show(claim_id: Id, as_json: Annotated[bool, JSON] = False) -> None:
    """一件的时间线和时限 / Timeline and clock of one claim."""
    with platform() as wired:
        print_claim(wired, claim_id, as_json=as_json)


@app.command()
def fire(
    claim_id: Id,
    event: Annotated[str, typer.Argument(help="事件 / event, e.g. accept")],
    login: As,
    payload: Annotated[str, typer.Option(help="附带内容 JSON / fields of the event")] = "{}",
) -> None:
    """办理一步 / Let an event happen to a claim."""
    fields = _fields(payload)
    with platform() as wired:
        actor = caller(wired.engine, login)
        claim = wired.desk.fire(claim_id, event, actor=actor, at=now(), payload=fields)
        print_text(f"{claim.claim_no}  {claim.state_zh} / {claim.state_en}")


def print_claim(wired: Platform, claim_id: int, *, as_json: bool = False) -> None:
    """Print a claim with its timeline and its clock."""
    claim, steps = wired.desk.claim(claim_id), wired.desk.timeline(claim_id)
    reading = wired.desk.due_date(claim_id, on=claim.ended_on or business_today())
    if as_json:
        timeline = [
            {
                "event": str(s.event),
                "to": str(s.to_state),
                "by": s.actor_name,
                "on": s.on.isoformat(),
                "days": s.counted_days,
            }
            for s in steps
        ]
        print_json({**_plain(claim), "timeline": timeline, "clock": _clock(reading)})
        return
    print_text(
        f"{claim.claim_no}  {claim.enterprise_name}  {claim.policy_zh}  {yuan_text(claim.amount)}  {claim.state_zh}"
    )
    rows = [(s.on, s.zh, s.actor_name, s.to_state, "" if s.counted_days is None else s.counted_days) for s in steps]
    print_table(("日期 / day", "事件 / event", "经办 / by", "状态 / state", "计时 / WD"), rows, right=(4,))
    if reading is not None:
        provisional = " (暂定 / provisional)" if reading.due.provisional else ""
        print_text(
            f"时限 {reading.limit} 个工作日,已用 {reading.counted},自然历时 {reading.elapsed} 个工作日,到期 {reading.due.on}{provisional}"
        )


def _fields(payload: str) -> dict[str, Any]:
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError) as error:  # a number may be too long to read, a list too deep
        raise InputError("bad_json", "附带内容不是 JSON", f"the payload is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InputError("bad_json", "附带内容须为 JSON 对象", 'the payload is not an object, e.g. {"note": "…"}')
    return fields


def _state(name: str) -> State:
    try:
        return State(name.upper())
    except ValueError:
        raise InputError(
            "state_unknown", f"没有这个状态:{name}", f"no such state: {name}", hint=", ".join(State)
        ) from None


def _plain(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "claim_no": claim.claim_no,
        "uscc": claim.uscc,
        "enterprise": claim.enterprise_name,
        "policy_id": claim.policy_id,
        "period": claim.period,
        "subject": claim.subject,
        "state": str(claim.state),
        "version": claim.version,
        "amount": claim.amount,
        "paid": claim.paid,
    }


def _clock(reading: ClockReading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "limit": reading.limit,
        "counted": reading.counted,
        "elapsed": reading.elapsed,
        "due": reading.due.on.isoformat(),
        "provisional": reading.due.provisional,
        "light": reading.light.value,
    }
