"""What bodies have in common, and the bodies of requests. Money is whole 分; days are ``YYYY-MM-DD``, moments ISO 8601."""

from __future__ import annotations

import json
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictInt,
    StringConstraints,
)

from subsidy_match.claims.payload import desk_fields
from subsidy_match.profiles.uscc import normalise_uscc

__all__ = [
    "Body",
    "FindingBody",
    "Id",
    "Label",
    "Lang",
    "Line",
    "NewAccount",
    "NewBatch",
    "NewClaim",
    "NewEvent",
    "Page",
    "Problem",
    "Refusal",
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


class NewAccount(Body):
    """A bank account to be entered; its number is sealed and never shown again."""

    holder: Line
    bank_name: Line
    number: Annotated[str, StringConstraints(min_length=8, max_length=64)] = Field(repr=False)


class NewClaim(Body):
    """A claim to be drafted; ``reason`` is needed where the verdict is not favourable."""

    uscc: Uscc
    policy_id: Line
    period: Annotated[str, StringConstraints(pattern=r"^([12]\d{3}|[a-z][a-z0-9-]{0,19})$")]
    subject: Line | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None


# Told, not enforced here: an unknown event is refused by the desk, with the known ones as its hint.
DESK_EVENTS = [str(event) for event in desk_fields()]
EventName = Annotated[
    str, StringConstraints(min_length=1, max_length=40), Field(json_schema_extra={"enum": list[JsonValue](DESK_EVENTS)})
]


class NewEvent(Body):
    """Something that is to happen to a claim; ``payload`` has the fields that the event needs and takes."""

    event: EventName
    payload: Payload = Field(default_factory=dict)


class NewBatch(Body):
    """Claims to be paid together, all or none."""

    claim_ids: Annotated[list[Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=2000)]


class Refusal(Body):
    """Why a checker sends a batch back."""

    reason_code: Line
    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
