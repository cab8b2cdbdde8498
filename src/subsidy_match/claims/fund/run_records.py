"""The tables of allocation runs: the document that shares a pooled budget out, and what each claim gets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["RUN_STATE_NAMES", "RunPartRow", "RunRow", "RunState"]

_DRAFT = text("state = 'draft'")


class RunState(StrEnum):
    """Where an allocation run stands."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


RUN_STATE_NAMES = {
    RunState.DRAFT: ("待确认", "draft"),
    RunState.CONFIRMED: ("已确认", "confirmed"),
    RunState.CANCELLED: ("已作废", "cancelled"),
}


class RunRow(Base):
    """One sharing-out of a pooled fund; one person makes it, another confirms it."""

    __tablename__ = "allocation_runs"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'confirmed', 'cancelled')", name="state"),
        CheckConstraint("state <> 'confirmed' OR (checker IS NOT NULL AND checker <> maker)", name="two_people"),
        CheckConstraint("budget > 0 AND step > 0 AND total >= 0 AND total <= budget", name="within_budget"),
        Index("uq_allocation_runs_number", "number", unique=True),
        Index("uq_allocation_runs_draft", "fund_id", unique=True, sqlite_where=_DRAFT, postgresql_where=_DRAFT),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    fund_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"))
    state: Mapped[str] = mapped_column(String(20))
    budget: Mapped[int] = mapped_column(Money)
    step: Mapped[int] = mapped_column(Money)
    needed: Mapped[int] = mapped_column(Money)
    total: Mapped[int] = mapped_column(Money)
    maker: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checker: Mapped[str | None] = mapped_column(String(80))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RunPartRow(Base):
    """What one claim asked for when the run was made, and its share."""

    __tablename__ = "allocation_run_parts"
    __table_args__ = (
        CheckConstraint("asked > 0 AND share >= 0 AND share <= asked", name="within_asked"),
        Index("ix_allocation_run_parts_claim_id", "claim_id"),
    )

    run_id: Mapped[int] = mapped_column(Id, ForeignKey("allocation_runs.id"), primary_key=True)
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    asked: Mapped[int] = mapped_column(Money)
    share: Mapped[int] = mapped_column(Money)


append_only(RunPartRow.__table__)
