"""The tables of what undoes: recoveries with their plan and receipts, write-offs, appeals, amendments.

Two people, one live recovery a claim, one appeal a decision, never more recovered than demanded: the database holds all
of it whatever the code does.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["AmendmentRow", "AppealRow", "RecoveryDueRow", "RecoveryReceiptRow", "RecoveryRow", "WriteOffRow"]

_OPEN = text("is_open")


class RecoveryRow(Base):
    """Money of one claim that is to come back; ``is_open`` until it is refused, recovered or written off."""

    __tablename__ = "recoveries"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        CheckConstraint("recovered >= 0 AND recovered <= amount", name="within"),
        CheckConstraint("returns_to IN ('fund', 'treasury')", name="returns_to"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
        CheckConstraint("state IN ('proposed', 'refused', 'moot') OR decided_by IS NOT NULL", name="approved"),
        CheckConstraint("state <> 'recovered' OR recovered = amount", name="in_full"),
        Index("ix_recoveries_claim_id", "claim_id", "id"),
        Index("uq_recoveries_open", "claim_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"))
    state: Mapped[str] = mapped_column(String(20))
    is_open: Mapped[bool] = mapped_column(Boolean)
    amount: Mapped[int] = mapped_column(Money)
    recovered: Mapped[int] = mapped_column(Money)
    returns_to: Mapped[str] = mapped_column(String(10))
    reason_code: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_on: Mapped[date | None] = mapped_column(Date)


class RecoveryDueRow(Base):
    """One instalment of the plan: what is due by which day."""

    __tablename__ = "recovery_dues"
    __table_args__ = (CheckConstraint("amount > 0", name="positive"),)

    recovery_id: Mapped[int] = mapped_column(Id, ForeignKey("recoveries.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    amount: Mapped[int] = mapped_column(Money)


class RecoveryReceiptRow(Base):
    """Money that came back; its reference is used once in the whole store."""

    __tablename__ = "recovery_receipts"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        Index("uq_recovery_receipts_reference", "reference", unique=True),
        Index("ix_recovery_receipts_recovery_id", "recovery_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    recovery_id: Mapped[int] = mapped_column(Id, ForeignKey("recoveries.id"))
    reference: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int] = mapped_column(Money)
    received_on: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


class WriteOffRow(Base):
    """A proposal to give up the rest of a recovery, and what became of it; ``amount`` once it is approved."""

    __tablename__ = "write_offs"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
        CheckConstraint(
            "state <> 'approved' OR (decided_by IS NOT NULL AND amount IS NOT NULL AND amount > 0)", name="approved"
        ),
        Index("ix_write_offs_recovery_id", "recovery_id", "id"),
        Index("uq_write_offs_open", "recovery_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    recovery_id: Mapped[int] = mapped_column(Id, ForeignKey("recoveries.id"))
    state: Mapped[str] = mapped_column(String(20))
    is_open: Mapped[bool] = mapped_column(Boolean)
    amount: Mapped[int | None] = mapped_column(Money)
    reason_code: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AppealRow(Base):
    """The one appeal against a decision, which is the version of the claim that it made."""

    __tablename__ = "appeals"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> filed_by", name="two_people"),
        CheckConstraint("(outcome IS NULL) = (decided_by IS NULL)", name="decided"),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    decision: Mapped[int] = mapped_column(Integer, primary_key=True)
    decided_state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    filed_by: Mapped[str] = mapped_column(String(80))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AmendmentRow(Base):
    """A field of a claim that an officer changed, with both values; never changed, never deleted."""

    __tablename__ = "claim_amendments"
    __table_args__ = (
        CheckConstraint("old_value IS NULL OR old_value <> new_value", name="changes"),
        CheckConstraint("note <> ''", name="explained"),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    old_value: Mapped[str | None] = mapped_column(String(200))
    new_value: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(AmendmentRow.__table__)
