"""The bodies of answers, made from the values of the library. Money is whole 分; moments are UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from subsidy_api.schemas import Body, Label
from subsidy_match.claims.states import State

__all__ = [
    "AccountBody",
    "BatchBody",
    "ClaimBody",
    "ClockBody",
    "CollectionBody",
    "EventBody",
    "FactValue",
    "FirmBody",
    "FundBody",
    "FundEntryBody",
    "FundPartBody",
    "LineBody",
    "NoticeBody",
    "ReceiptsBody",
    "SourceBody",
    "StepBody",
]


class SourceBody(Body):
    """Where a value comes from."""

    department: str
    label: Label
    as_of: date | None
    batch: str | None
    quality: Literal["department", "declared", "derived"]


class FactValue(Body):
    """One value of an enterprise document; money in 分, ratios in millionths."""

    fact: str
    year: int | None
    label: Label
    value: int | bool | str | list[str]
    unit: str
    source: SourceBody | None


class CollectionBody(Body):
    """One list of an enterprise document; ``loaded`` is the day of each department's list."""

    label: Label
    rows: list[dict[str, int | bool | str | list[str] | None]]
    loaded: dict[str, date]
    disputed: bool
    source: SourceBody | None


class FirmBody(Body):
    """One enterprise document (一企一档); what is absent is unknown."""

    uscc: str
    name: str
    snapshot: str
    facts: list[FactValue]
    collections: dict[str, CollectionBody]


class NoticeBody(Body):
    """One notice to a firm."""

    id: int
    uscc: str
    run_id: str
    at: datetime
    content: dict[str, Any]


class AccountBody(Body):
    """A bank account without its number."""

    id: int
    uscc: str
    holder: str
    bank_name: str
    last_four: str
    entered_by: str
    verified_by: str | None
    is_verified: bool


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


class ClaimBody(Body):
    """A claim as it stands; ``version`` is its ETag, amounts in 分."""

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


class FundBody(Body):
    """A fund as it stands (分)."""

    id: str
    name_zh: str
    name_en: str
    department: str
    year: int
    indicator_no: str
    function_code: str
    spending_plan: str
    is_frozen: bool
    allocated: int
    reserved: int
    committed: int
    paid: int
    available: int


class FundEntryBody(Body):
    """One movement of a fund (分)."""

    id: int
    claim_id: int | None
    key: str
    op: str
    amount: int
    at: datetime
    actor: str


class LineBody(Body):
    """One payment of a batch (分)."""

    id: int
    claim_id: int
    instruction: str
    amount: int
    state: str
    bank_ref: str | None
    failure_code: str | None
    settled_on: date | None


class BatchBody(Body):
    """A payout batch (分)."""

    id: int
    number: str
    state: str
    maker: str
    checker: str | None
    total: int
    file_sha256: str | None
    made_at: datetime
    sent_at: datetime | None
    lines: list[LineBody]


class ReceiptsBody(Body):
    """How many payments a receipt file settled, failed, left unknown or knew already."""

    settled: int
    failed: int
    unknown: int
    unchanged: int
