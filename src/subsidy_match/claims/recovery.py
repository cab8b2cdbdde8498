"""Recoveries (追回): money paid that must come back, with its plan, its receipts and what was given up of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.claims.undo_records import RecoveryDueRow, RecoveryReceiptRow, RecoveryRow, WriteOffRow
from subsidy_match.errors import Finding

__all__ = [
    "Due",
    "Recovery",
    "RecoveryReceipt",
    "RecoveryState",
    "WriteOff",
    "WriteOffState",
    "check_recoveries",
    "live_recovery",
    "open_write_off",
    "recoveries_of",
]


class RecoveryState(StrEnum):
    """Where a recovery stands; ``MOOT`` where there was nothing left to demand before it was decided."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    OPEN = "open"
    RECOVERED = "recovered"
    WRITTEN_OFF = "written_off"
    MOOT = "moot"


class WriteOffState(StrEnum):
    """Where a proposal to give up the rest stands; ``MOOT`` where all was received before it was decided."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    MOOT = "moot"


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment of the plan (分)."""

    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class RecoveryReceipt:
    """Money that came back (分)."""

    reference: str
    amount: int
    received_on: date
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class WriteOff:
    """A proposal to give up the rest; ``amount`` (分) once it is approved."""

    state: WriteOffState
    amount: int | None
    reason_code: str
    note: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery as it stands; amounts in 分."""

    id: int
    claim_id: int
    state: RecoveryState
    amount: int
    recovered: int
    returns_to: str
    reason_code: str
    note: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    ended_on: date | None
    plan: tuple[Due, ...]
    receipts: tuple[RecoveryReceipt, ...]
    write_offs: tuple[WriteOff, ...]

    @property
    def rest(self) -> int:
        """What has not come back."""
        return self.amount - self.recovered

    def overdue_on(self, day: date) -> int:
        """What the plan says should have come back before ``day`` and has not; nothing unless it is open."""
        if self.state is not RecoveryState.OPEN:
            return 0
        return max(sum(due.amount for due in self.plan if due.due_on < day) - self.recovered, 0)


def live_recovery(session: Session, claim_id: int) -> RecoveryRow | None:
    """The recovery of a claim that is proposed or open; there is at most one."""
    query = select(RecoveryRow).where(RecoveryRow.claim_id == claim_id, RecoveryRow.is_open)
    return session.scalars(query).one_or_none()


def open_write_off(session: Session, recovery_id: int) -> WriteOffRow | None:
    """The proposal to write a recovery off that nobody has answered."""
    query = select(WriteOffRow).where(WriteOffRow.recovery_id == recovery_id, WriteOffRow.is_open)
    return session.scalars(query).one_or_none()


def recoveries_of(session: Session, claim_id: int) -> Sequence[Recovery]:
    """Read the recoveries of a claim, oldest first."""
    rows = session.scalars(select(RecoveryRow).where(RecoveryRow.claim_id == claim_id).order_by(RecoveryRow.id))
    return [_recovery(session, row) for row in rows]


def check_recoveries(session: Session) -> list[Finding]:
    """Compare what every recovery says was received with its receipts; an empty list means that they agree."""
    total = func.coalesce(func.sum(RecoveryReceiptRow.amount), 0)
    query = (
        select(RecoveryRow.id, RecoveryRow.recovered, total)
        .outerjoin(RecoveryReceiptRow, RecoveryReceiptRow.recovery_id == RecoveryRow.id)
        .group_by(RecoveryRow.id, RecoveryRow.recovered)
        .order_by(RecoveryRow.id)
    )
    return [
        Finding(
            "F016",
            f"追回{number}:已追回金额与到账明细不符",
            f"recovery {number}: {said} said to be recovered, the receipts add up to {received}",
        )
        for number, said, received in session.execute(query)
        if said != int(received)
    ]


def _recovery(session: Session, row: RecoveryRow) -> Recovery:
    return Recovery(
        id=row.id,
        claim_id=row.claim_id,
        state=RecoveryState(row.state),
        amount=row.amount,
        recovered=row.recovered,
        returns_to=row.returns_to,
        reason_code=row.reason_code,
        note=row.note,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        ended_on=row.ended_on,
        plan=_plan(session, row.id),
        receipts=_receipts(session, row.id),
        write_offs=_write_offs(session, row.id),
    )


def _plan(session: Session, recovery_id: int) -> tuple[Due, ...]:
    query = select(RecoveryDueRow).where(RecoveryDueRow.recovery_id == recovery_id).order_by(RecoveryDueRow.due_on)
    return tuple(Due(row.due_on, row.amount) for row in session.scalars(query))


def _receipts(session: Session, recovery_id: int) -> tuple[RecoveryReceipt, ...]:
    mine = RecoveryReceiptRow.recovery_id == recovery_id
    query = select(RecoveryReceiptRow).where(mine).order_by(RecoveryReceiptRow.id)
    return tuple(
        RecoveryReceipt(row.reference, row.amount, row.received_on, row.at, row.actor) for row in session.scalars(query)
    )


def _write_offs(session: Session, recovery_id: int) -> tuple[WriteOff, ...]:
    query = select(WriteOffRow).where(WriteOffRow.recovery_id == recovery_id).order_by(WriteOffRow.id)
    return tuple(
        WriteOff(
            WriteOffState(row.state),
            row.amount,
            row.reason_code,
            row.note,
            row.proposed_by,
            row.proposed_at,
            row.decided_by,
            row.decided_at,
        )
        for row in session.scalars(query)
    )
