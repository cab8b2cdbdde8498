"""Bank accounts of firms."""

from __future__ import annotations

from subsidy_api.schemas import Body

__all__ = ["AccountBody"]


class AccountBody(Body):
    """A bank account without its number; who entered or verified it at the office is not told to the firm."""

    id: int
    uscc: str
    holder: str
    bank_name: str
    last_four: str
    entered_by: str | None
    verified_by: str | None
    is_verified: bool
