"""Claims as bodies. A firm sees its claim and who has it by department; logins and notes of officers stay inside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from subsidy_api.bodies.claims import AmendmentBody, ClaimBody, ClockBody, StepBody
from subsidy_api.bodies.clock import StageBody
from subsidy_api.security import is_outsider
from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.amendments import Amendment, amendments_of
from subsidy_match.claims.claim import Claim, Step
from subsidy_match.claims.clock import ClockReading
from subsidy_match.claims.deadline.stage_clock import StageReading, clocks_of
from subsidy_match.claims.duties import Duty
from subsidy_match.claims.payload import desk_fields
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.risk.risks import risks_of
from subsidy_match.claims.states import EVENT_NAMES, STATE_NAMES, Event
from subsidy_match.store.users import Actor

__all__ = ["claim_body", "event_table", "shown_claim", "stage_body", "step_body", "told_in_full"]

# What a step says to the firm; the rest of its detail is the office's own.
_TOLD = frozenset({"reason_code", "items", "due_on", "amount", "notice_no", "deferred_until", "amended", "dates"})
_ADDRESSED = frozenset({Event.REFUSE, Event.REQUEST_CORRECTION, Event.REJECT, Event.REVOKE, Event.REFUSE_WITHDRAWAL})
_ADDRESSED |= {Event.UPHOLD_APPEAL, Event.DISMISS_APPEAL}
_OWN_DUTIES = frozenset({Duty.FILER})


def claim_body(session: Session, claim: Claim, calendar: WorkingCalendar, on: date, viewer: Actor) -> bytes:
    """The body of a claim within the transaction that changed it."""
    row = session.get_one(ClaimRow, claim.id)
    clock, stage = clocks_of(session, row, calendar, on)
    open_risks = None if is_outsider(viewer) else sum(risk.is_open for risk in risks_of(session, row))
    return (
        told_in_full(session, shown_claim(claim, clock, viewer, stage, open_risks=open_risks), viewer)
        .model_dump_json()
        .encode()
    )


def told_in_full(session: Session, body: ClaimBody, viewer: Actor) -> ClaimBody:
    """Add the amendments to the body of one claim; what an officer noted stays inside."""
    found = [
        AmendmentBody.model_validate({**_values(one), **_hidden(viewer)}) for one in amendments_of(session, body.id)
    ]
    return body.model_copy(update={"amendments": found})


def _values(amendment: Amendment) -> dict[str, Any]:
    return {name: getattr(amendment, name) for name in AmendmentBody.model_fields}


def _hidden(viewer: Actor) -> dict[str, Any]:
    return {"note": None} if is_outsider(viewer) else {}


def shown_claim(
    claim: Claim,
    clock: ClockReading | None,
    viewer: Actor,
    stage: StageReading | None = None,
    *,
    open_risks: int | None = None,
) -> ClaimBody:
    """A claim as ``viewer`` sees it; risks are the office's own."""
    hidden = {"assignee": None} if is_outsider(viewer) else {"open_risks": open_risks}
    return ClaimBody.model_validate(claim).model_copy(
        update={"clock": _clock(clock), "stage": None if stage is None else stage_body(stage), **hidden}
    )


def stage_body(reading: StageReading) -> StageBody:
    """The clock of one stage."""
    zh, en = STATE_NAMES[reading.stage]
    return StageBody(
        stage=reading.stage,
        stage_zh=zh,
        stage_en=en,
        entered_on=reading.entered_on,
        left_on=reading.left_on,
        elapsed=reading.elapsed,
        counted=reading.counted,
        limit=reading.limit,
        left=reading.left,
        light=reading.light.value,
        is_stopped=reading.is_stopped,
        due_on=None if reading.due is None else reading.due.on,
        due_is_provisional=reading.due is not None and reading.due.provisional,
    )


def step_body(step: Step, viewer: Actor) -> StepBody:
    """A step as ``viewer`` sees it."""
    body = StepBody.model_validate(step)
    if not is_outsider(viewer) or step.duty in _OWN_DUTIES:
        return body
    told = _TOLD | {"note"} if step.event in _ADDRESSED else _TOLD
    detail = {name: value for name, value in step.detail.items() if name in told}
    return body.model_copy(update={"actor": None, "detail": detail})


def event_table() -> str:
    """The events that can be fired here, with the fields of their payloads, from the transition table."""
    lines = [
        "办理一个事件 / Let something happen to a claim.",
        "",
        "| event | 名称 | needs | takes |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{e}` | {_name(e)} | {', '.join(n)} | {', '.join(t)} |" for e, (n, t) in desk_fields().items()]
    return "\n".join([*lines, "", "金额以分计 / money in 分."])


def _name(event: str) -> str:
    return EVENT_NAMES[Event(event)][0]


def _clock(reading: ClockReading | None) -> ClockBody | None:
    if reading is None:
        return None
    shown: Mapping[str, Any] = {
        "elapsed": reading.elapsed,
        "counted": reading.counted,
        "limit": reading.limit,
        "left": reading.left,
        "light": reading.light.value,
        "is_stopped": reading.is_stopped,
        "due_on": reading.due.on,
        "due_is_provisional": reading.due.provisional,
    }
    return ClockBody(**shown)
