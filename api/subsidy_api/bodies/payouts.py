"""Payout batches, their payments, and what receipts, returns and questions did to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from subsidy_api.schemas import Body, FindingBody

__all__ = [
    "BatchBody",
    "LineBody",
    "ParkedBody",
    "ReceiptsBody",
    "Resolution",
    "ReturnsBody",
    "SumBody",
    "TotalsBody",
    "UnansweredBody",
]


class LineBody(Body):
    """One payment of a batch (分); ``parent_id`` is the failed or returned payment that it makes good."""

    id: int
    claim_id: int
    parent_id: int | None
    instruction: str
    amount: int
    last_four: str
    state: str
    bank_ref: str | None
    failure_code: str | None
    settled_on: date | None
    returned_on: date | None


class SumBody(Body):
    """How many payments, and how much (分)."""

    count: int
    amount: int


class TotalsBody(Body):
    """Where the payments of a batch are; the five together are the batch."""

    reconciled: SumBody
    returned: SumBody
    failed: SumBody
    unknown: SumBody
    waiting: SumBody


class BatchBody(Body):
    """A payout batch (分)."""

    id: int
    number: str
    state: str
    maker: str
    checker: str | None
    total: int
    file_sha256: str | None
    format: str | None
    made_at: datetime
    sent_at: datetime | None
    lines: list[LineBody]
    totals: TotalsBody


class ReceiptsBody(Body):
    """How many payments a receipt file settled, failed, left unknown or knew already; ``doubts`` could not be read."""

    settled: int
    failed: int
    unknown: int
    unchanged: int
    doubts: list[FindingBody]


class ReturnsBody(Body):
    """How many payments came back, and how many of the file were known; ``doubts`` are reasons that nobody knows."""

    returned: int
    unchanged: int
    doubts: list[FindingBody]


class ParkedBody(Body):
    """An answer of the bank (分) that was not taken in: a person must look, and ``note`` says what was done."""

    id: int
    batch_id: int
    instruction: str
    claim_id: int
    kind: str
    amount: int
    reference: str
    code: str
    dated: date | None
    parked_by: str
    parked_at: datetime
    resolved_by: str | None
    resolved_at: datetime | None
    note: str | None


class Resolution(Body):
    """What was found out about an answer of the bank, and what was done; ``paid`` settles a payment that had failed."""

    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    paid: bool = False


class UnansweredBody(Body):
    """A payment (分) of which the bank has said nothing definite for ``working_days``."""

    batch_id: int
    batch_number: str
    instruction: str
    claim_id: int
    amount: int
    state: str
    code: str | None
    sent_on: date
    working_days: int
