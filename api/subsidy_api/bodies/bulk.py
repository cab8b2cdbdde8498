"""Many events at once, and what became of each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt

from subsidy_api.bodies.claims import ClaimBody
from subsidy_api.schemas import Body, FindingBody, NewEvent

__all__ = ["BulkAnswer", "BulkRefusal", "BulkResult", "NewBulk", "NewBulkItem"]


class NewBulkItem(NewEvent):
    """One event on one claim; ``version`` as last seen, another one is refused."""

    claim_id: Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]
    version: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)] | None = None


class NewBulk(Body):
    """Events to be done one after the other, each by itself: one that is refused stops none of the others."""

    items: Annotated[list[NewBulkItem], Field(min_length=1, max_length=200)]


class BulkRefusal(Body):
    """Why one item was refused."""

    code: str
    zh: str
    en: str
    hint: str | None
    findings: list[FindingBody]


class BulkResult(Body):
    """What became of one item: the status it would have had alone, with the claim or the refusal."""

    index: int
    claim_id: int
    status: int
    claim: ClaimBody | None = None
    refusal: BulkRefusal | None = None


class BulkAnswer(Body):
    """All results in the order of the request."""

    done: int
    refused: int
    results: list[BulkResult]
