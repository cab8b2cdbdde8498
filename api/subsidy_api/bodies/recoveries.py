"""Recoveries: what is demanded back, the plan, what came, what was given up. Amounts in 分."""

from __future__ import annotations

from datetime import date, datetime

from subsidy_api.schemas import Body
from subsidy_match.claims.recovery import RecoveryState, WriteOffState

__all__ = ["DueBody", "RecoveryBody", "RecoveryReceiptBody", "WriteOffBody"]


class DueBody(Body):
    """One instalment of the plan."""

    due_on: date
    amount: int


class RecoveryReceiptBody(Body):
    """Money that came back."""

    reference: str
    amount: int
    received_on: date
    at: datetime
    actor: str | None


class WriteOffBody(Body):
    """A proposal to give up the rest; ``amount`` once it is approved."""

    state: WriteOffState
    amount: int | None
    reason_code: str
    note: str | None
    proposed_by: str | None
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class RecoveryBody(Body):
    """A recovery as it stands on the day of the request."""

    id: int
    claim_id: int
    state: RecoveryState
    amount: int
    recovered: int
    rest: int
    overdue: int
    returns_to: str
    reason_code: str
    note: str | None
    proposed_by: str | None
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    ended_on: date | None
    plan: list[DueBody]
    receipts: list[RecoveryReceiptBody]
    write_offs: list[WriteOffBody]
