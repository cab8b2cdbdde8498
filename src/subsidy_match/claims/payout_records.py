"""The tables of payouts: batches with a maker and a checker, and the payment lines in them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["BatchRow", "LineRow"]

_OPEN = text("is_open")


class BatchRow(Base):
    """One payout batch: who made it, who approved it, what was sent."""

    __tablename__ = "payout_batches"
    __table_args__ = (
        CheckConstraint("checker IS NULL OR checker <> maker", name="two_people"),
        CheckConstraint("total > 0 AND line_count > 0", name="not_empty"),
        Index("uq_payout_batches_number", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    maker: Mapped[str] = mapped_column(String(80))
    checker: Mapped[str | None] = mapped_column(String(80))
    line_count: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Money)
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LineRow(Base):
    """One payment: its instruction number is fixed here, before anything is sent, and never used for another line."""

    __tablename__ = "payment_lines"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        Index("uq_payment_lines_instruction", "instruction", unique=True),
        Index("uq_payment_lines_open", "claim_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_payment_lines_batch_id", "batch_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[int] = mapped_column(Id, ForeignKey("payout_batches.id"))
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("payee_accounts.id"))
    parent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("payment_lines.id"))
    instruction: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int] = mapped_column(Money)
    state: Mapped[str] = mapped_column(String(20))
    is_open: Mapped[bool] = mapped_column(Boolean)
    bank_ref: Mapped[str | None] = mapped_column(String(80))
    failure_code: Mapped[str | None] = mapped_column(String(40))
    settled_on: Mapped[date | None] = mapped_column(Date)
