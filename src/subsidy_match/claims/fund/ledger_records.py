"""The documents behind movements between funds: transfers, closings at year end, what was carried over.

They are append-only like the movements themselves.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["CarryRow", "ClosingRow", "TransferRow"]


class TransferRow(Base):
    """Money moved from one fund to another under a document."""

    __tablename__ = "fund_transfers"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        CheckConstraint("source_id <> target_id", name="two_funds"),
        Index("uq_fund_transfers_document", "document_no", "source_id", "target_id", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    document_no: Mapped[str] = mapped_column(String(80))
    source_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"))
    target_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"))
    amount: Mapped[int] = mapped_column(Money)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


class ClosingRow(Base):
    """What was free in a fund when it was closed, and later what became free in it, taken back under a document."""

    __tablename__ = "fund_closings"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="not_negative"),
        Index("uq_fund_closings_document", "fund_id", "document_no", unique=True),
        Index("uq_fund_closings_taken", "id", "fund_id", "amount", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    fund_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"))
    document_no: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int] = mapped_column(Money)
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


class CarryRow(Base):
    """What next year's fund got of a closing: once, and never more than was taken back there."""

    __tablename__ = "fund_carries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["closing_id", "source_id", "taken_back"],
            ["fund_closings.id", "fund_closings.fund_id", "fund_closings.amount"],
            name="fk_fund_carries_closing_id_fund_closings",
        ),
        CheckConstraint("amount > 0 AND amount <= taken_back", name="within"),
        CheckConstraint("source_id <> target_id", name="two_funds"),
        Index("uq_fund_carries_way", "closing_id", "source_id", "target_id", unique=True),
    )

    closing_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    source_id: Mapped[str] = mapped_column(String(80))
    target_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"))
    taken_back: Mapped[int] = mapped_column(Money)
    amount: Mapped[int] = mapped_column(Money)
    document_no: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


for _row in (TransferRow, ClosingRow, CarryRow):
    append_only(_row.__table__)
