"""The bodies of requests and answers. Money is whole 分 everywhere; days are ``YYYY-MM-DD``, moments ISO 8601 in UTC."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictInt,
    StringConstraints,
)

from subsidy_match.claims.states import State
from subsidy_match.profiles.uscc import normalise_uscc

__all__ = [
    "AccountBody",
    "BatchBody",
    "Body",
    "ClaimBody",
    "ClockBody",
    "EventBody",
    "FactValue",
    "FirmBody",
    "FundBody",
    "FundEntryBody",
    "Id",
    "Label",
    "Lang",
    "Line",
    "NewAccount",
    "NewBatch",
    "NewClaim",
    "NewEvent",
    "NoticeBody",
    "Page",
    "Problem",
    "ReceiptsBody",
    "Refusal",
    "StepBody",
    "Uscc",
]

Entry = TypeVar("Entry")


def _uscc(text: str) -> str:
    code = normalise_uscc(text)
    if len(code) != 18 or not (code.isascii() and code.isalnum()):
        raise ValueError("a unified social credit code has 18 digits and capital letters")
    return code


def _writable(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    # JSON may hold half of a character (\ud800), which no store can keep.
    json.dumps(value, ensure_ascii=False).encode()
    return value


Uscc = Annotated[
    str, Field(max_length=40, description="统一社会信用代码", examples=["91320812MAB4DM124P"]), AfterValidator(_uscc)
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Lang = Literal["zh", "en"]
Payload = Annotated[dict[Line, JsonValue], Field(max_length=40), AfterValidator(_writable)]


class Body(BaseModel):
    """What every body has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Page(Body, Generic[Entry]):
    """One page of a list; ``next`` is the cursor of the page after it, if there is one."""

    items: list[Entry]
    next: str | None


class FindingBody(Body):
    """One thing wrong, with its place."""

    code: str
    severity: str
    zh: str
    en: str
    hint: str | None
    path: str | None
    line: int | None
    column: int | None
    cell: str | None


class Problem(Body):
    """Problem details (RFC 9457); ``code`` is stable, ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    zh: str
    en: str
    hint: str | None
    request_id: str | None
    findings: list[FindingBody]


class Label(Body):
    """Words in both languages."""

    zh: str
    en: str


# --- enterprises ---


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


class NewAccount(Body):
    """A bank account to be entered; its number is sealed and never shown again."""

    holder: Line
    bank_name: Line
    number: Annotated[str, StringConstraints(min_length=8, max_length=64)] = Field(repr=False)


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


# --- claims ---


class NewClaim(Body):
    """A claim to be drafted; ``reason`` is needed where the verdict is not favourable."""

    uscc: Uscc
    policy_id: Line
    period: Annotated[str, StringConstraints(pattern=r"^([12]\d{3}|[a-z][a-z0-9-]{0,19})$")]
    subject: Line | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None


class NewEvent(Body):
    """Something that is to happen to a claim; ``payload`` has the fields that the event needs and takes."""

    event: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    payload: Payload = Field(default_factory=dict)


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


# --- money ---


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


class NewBatch(Body):
    """Claims to be paid together, all or none."""

    claim_ids: Annotated[list[Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=2000)]


class Refusal(Body):
    """Why a checker sends a batch back."""

    reason_code: Line
    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None


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
