"""Claims, their clock, their steps, and the events that can happen to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from subsidy_api.bodies.clock import StageBody
from subsidy_api.schemas import Body
from subsidy_match.claims.states import State

__all__ = ["AmendmentBody", "ClaimBody", "ClockBody", "EventBody", "FundPartBody", "StepBody"]


class FundPartBody(Body):
    """What one fund holds for a claim (分)."""

    fund_id: str
    share: str
    reserved: int
    committed: int
    paid: int


class ClockBody(Body):
    """The working-day clock on the day of the request."""

    elapsed: int
    counted: int
    limit: int
    left: int
    light: Literal["green", "yellow", "red"]
    is_stopped: bool
    due_on: date
    due_is_provisional: bool


class AmendmentBody(Body):
    """A field that an officer changed, with both values as text (amounts in 分)."""

    version: int
    field: str
    old_value: str | None
    new_value: str
    note: str | None
    actor_name: str
    at: datetime


class ClaimBody(Body):
    """A claim as it stands; ``version`` is its ETag, amounts in 分; ``open_risks`` wait for an officer's answer."""

    id: int
    claim_no: str
    version: int
    state: State
    state_zh: str
    state_en: str
    uscc: str
    enterprise_name: str
    policy_id: str
    policy_zh: str
    policy_en: str
    policy_hash: str
    snapshot_id: str
    period: str
    subject: str | None
    channel: str
    verdict: str
    amount: int
    amount_min: int | None
    amount_max: int | None
    amount_claimed: int | None
    amount_proposed: int | None
    amount_approved: int | None
    paid: int
    is_held: bool
    is_waiting: bool
    sla_days: int
    notice_days: int
    filer: str
    assignee: str | None
    account_id: int | None
    asked_in: State | None
    correction_due: date | None
    corrections: int
    notice_until: date | None
    created_at: datetime
    updated_at: datetime
    accepted_on: date | None
    ended_on: date | None
    funds: list[FundPartBody]
    clock: ClockBody | None = None
    amendments: list[AmendmentBody] | None = None  # told where one claim is shown, not in lists
    stage: StageBody | None = None
    open_risks: int | None = None


class StepBody(Body):
    """One step of a claim's timeline; the day counts are those of the clock at that step."""

    version: int
    event: str
    zh: str
    en: str
    from_state: State | None
    to_state: State
    actor: str | None
    actor_name: str
    department: str
    duty: str | None
    at: datetime
    on: date
    elapsed_days: int | None
    counted_days: int | None
    detail: dict[str, Any]


class EventBody(Body):
    """An event that the caller could fire now, with the fields of its payload."""

    event: str
    zh: str
    en: str
    target: State | None
    needs: list[str]
    takes: list[str]
