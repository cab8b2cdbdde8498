"""Documents, what is still owed, and risks."""

from __future__ import annotations

from datetime import date, datetime

from subsidy_api.schemas import Body

__all__ = ["DeferredBody", "DocumentBody", "RiskBody"]


class DocumentBody(Body):
    """A document that was handed in; name it in materials as ``sha256:<hash>``."""

    id: int
    uscc: str
    sha256: str
    kind: str
    name: str
    size: int
    added_at: datetime


class DeferredBody(Body):
    """A document that a firm still owes (容缺)."""

    claim_id: int
    claim_no: str
    uscc: str
    enterprise_name: str
    material: str
    due_on: date
    is_overdue: bool


class RiskBody(Body):
    """A risk of a claim; one that ``is_open`` stands in the way of an approval until an officer answers for it."""

    id: str
    code: str
    zh: str
    en: str
    blocking: bool
    is_open: bool
    other_claim: int | None
    answered_by: str | None
    answered_at: datetime | None
    note: str | None
