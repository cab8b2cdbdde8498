"""Payout batches, their payments, and what receipts did to them."""

from __future__ import annotations

from datetime import date, datetime

from subsidy_api.schemas import Body, FindingBody

__all__ = ["BatchBody", "LineBody", "ReceiptsBody"]


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
    """How many payments a receipt file settled, failed, left unknown or knew already; ``doubts`` could not be read."""

    settled: int
    failed: int
    unknown: int
    unchanged: int
    doubts: list[FindingBody]
