"""The table of rehomings: which claim moved from which closed fund to which fund of the next year, append-only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["RehomingRow"]


class RehomingRow(Base):
    """The share of a claim that moved, once from each fund, and only the way that a carry-over went before (分)."""

    __tablename__ = "claim_rehomings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["closing_id", "source_id", "target_id"],
            ["fund_carries.closing_id", "fund_carries.source_id", "fund_carries.target_id"],
            name="fk_claim_rehomings_closing_id_fund_carries",
        ),
        CheckConstraint("reserved >= 0 AND committed >= 0", name="not_negative"),
        Index("uq_claim_rehomings_source", "claim_id", "source_id", unique=True),
        Index("ix_claim_rehomings_source_id", "source_id", "claim_id"),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[str] = mapped_column(String(80))
    target_id: Mapped[str] = mapped_column(String(80))
    closing_id: Mapped[int] = mapped_column(Id)
    document_no: Mapped[str] = mapped_column(String(80))
    reserved: Mapped[int] = mapped_column(Money)
    committed: Mapped[int] = mapped_column(Money)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


append_only(RehomingRow.__table__)
