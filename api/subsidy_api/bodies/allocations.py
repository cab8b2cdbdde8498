"""Documents of allocation (资金下达)."""

from __future__ import annotations

from datetime import datetime

from subsidy_api.bodies.notices import ClaimIds
from subsidy_api.schemas import Body, Line

__all__ = ["AllocationBody", "NewAllocation"]


class NewAllocation(Body):
    """A document of allocation to be drafted, all claims or none."""

    number: Line
    title: Line
    claim_ids: ClaimIds


class AllocationEntryBody(Body):
    """A claim in a document (分)."""

    claim_id: int
    amount: int
    is_live: bool


class AllocationBody(Body):
    """A document of allocation with its claims and its totals by fund (分)."""

    id: int
    number: str
    title: str
    state: str
    state_zh: str
    state_en: str
    claim_count: int
    total: int
    funds: dict[str, int]
    maker: str
    made_at: datetime
    issuer: str | None
    issued_at: datetime | None
    voided_by: str | None
    voided_at: datetime | None
    reason_code: str | None
    note: str | None
    entries: list[AllocationEntryBody]
