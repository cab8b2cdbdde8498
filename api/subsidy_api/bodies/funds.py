"""Funds and their movements."""

from __future__ import annotations

from datetime import date, datetime

from subsidy_api.schemas import Body

__all__ = ["FundBody", "FundEntryBody"]


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
    mode: str
    step: int
    is_closed: bool
    closed_on: date | None


class FundEntryBody(Body):
    """One movement of a fund (分)."""

    id: int
    claim_id: int | None
    key: str
    op: str
    amount: int
    at: datetime
    actor: str
