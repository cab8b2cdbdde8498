"""The tables of documents of allocation (资金下达): the document, its claims, its totals by fund."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["AllocationClaimRow", "AllocationFundRow", "AllocationRow"]

_LIVE = text("is_live")


class AllocationRow(Base):
    """One document of allocation: drafted by one person, issued by another."""

    __tablename__ = "fund_allocations"
    __table_args__ = (
        CheckConstraint("issuer IS NULL OR issuer <> maker", name="two_people"),
        CheckConstraint("state <> 'ISSUED' OR issuer IS NOT NULL", name="issued_by"),
        CheckConstraint("state IN ('DRAFT', 'ISSUED', 'VOID')", name="state"),
        CheckConstraint("total > 0 AND claim_count > 0", name="not_empty"),
        Index("uq_fund_allocations_number", "number", unique=True),
        Index("uq_fund_allocations_number_key", "number_key", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(80))
    number_key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    claim_count: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Money)
    maker: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issuer: Mapped[str | None] = mapped_column(String(80))
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by: Mapped[str | None] = mapped_column(String(80))
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason_code: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)


class AllocationClaimRow(Base):
    """A claim in a document; live in one document at a time."""

    __tablename__ = "fund_allocation_claims"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        Index("uq_fund_allocation_claims_live", "claim_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    allocation_id: Mapped[int] = mapped_column(Id, ForeignKey("fund_allocations.id"), primary_key=True)
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(Money)
    is_live: Mapped[bool] = mapped_column(Boolean)


class AllocationFundRow(Base):
    """What a document draws on one fund."""

    __tablename__ = "fund_allocation_funds"
    __table_args__ = (CheckConstraint("amount > 0", name="positive"),)

    allocation_id: Mapped[int] = mapped_column(Id, ForeignKey("fund_allocations.id"), primary_key=True)
    fund_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(Money)
