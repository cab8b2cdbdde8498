"""The tables of funds: balances that the database keeps from being overspent, and the movements behind them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["FundEntry", "FundRow", "Mode", "Op"]


class Mode(StrEnum):
    """How the money of a fund reaches claims: in the order of acceptance, or shared out by an allocation run."""

    FIFO = "fifo"
    POOLED = "pooled"


class FundRow(Base):
    """One fund and its balances (分); the constraints hold whatever the code does."""

    __tablename__ = "funds"
    __table_args__ = (
        CheckConstraint("allocated >= reserved + committed + paid", name="not_overspent"),
        CheckConstraint("reserved >= 0 AND committed >= 0 AND paid >= 0", name="not_negative"),
        CheckConstraint("mode IN ('fifo', 'pooled')", name="mode"),
        CheckConstraint("step > 0", name="step"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    department: Mapped[str] = mapped_column(String(120))
    year: Mapped[int] = mapped_column(Integer)
    mode: Mapped[str] = mapped_column(String(10))
    indicator_no: Mapped[str] = mapped_column(String(80))
    function_code: Mapped[str] = mapped_column(String(20))
    spending_plan: Mapped[str] = mapped_column(String(80))
    frozen: Mapped[bool] = mapped_column(Boolean)
    allocated: Mapped[int] = mapped_column(Money)
    reserved: Mapped[int] = mapped_column(Money)
    committed: Mapped[int] = mapped_column(Money)
    paid: Mapped[int] = mapped_column(Money)
    step: Mapped[int] = mapped_column(Money)
    closed_on: Mapped[date | None] = mapped_column(Date)


class FundEntry(Base):
    """One movement; never changed, never deleted. ``key`` makes a repeated posting fail."""

    __tablename__ = "fund_entries"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        Index("uq_fund_entries_key", "key", unique=True),
        Index("ix_fund_entries_fund_id", "fund_id", "id"),
        Index("ix_fund_entries_claim_id", "claim_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    fund_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"))
    claim_id: Mapped[int | None] = mapped_column(Id)
    key: Mapped[str] = mapped_column(String(160))
    op: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(Money)
    allocated: Mapped[int] = mapped_column(Money)
    reserved: Mapped[int] = mapped_column(Money)
    committed: Mapped[int] = mapped_column(Money)
    paid: Mapped[int] = mapped_column(Money)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


append_only(FundEntry.__table__)
