"""The tables of public notices: the document, the claims in it, the objections to them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["NoticeClaimRow", "ObjectionRow", "PublicNoticeRow"]

_OPEN = text("is_open")


class PublicNoticeRow(Base):
    """A public notice: its number, its days, whom to write to, who did what to it."""

    __tablename__ = "public_notices"
    __table_args__ = (
        CheckConstraint("contact_phone <> '' OR contact_email <> ''", name="reachable"),
        CheckConstraint("state IN ('DRAFT', 'PUBLISHED', 'CLOSED', 'WITHDRAWN')", name="state"),
        CheckConstraint("state NOT IN ('PUBLISHED', 'CLOSED') OR until_on IS NOT NULL", name="has_days"),
        CheckConstraint("from_on IS NULL OR until_on >= from_on", name="days_in_order"),
        Index("uq_public_notices_number", "number", unique=True),
        Index("uq_public_notices_number_key", "number_key", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(String(80))
    number_key: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    contact_department: Mapped[str] = mapped_column(String(120))
    contact_phone: Mapped[str] = mapped_column(String(80))
    contact_email: Mapped[str] = mapped_column(String(120))
    from_on: Mapped[date | None] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    drafted_by: Mapped[str] = mapped_column(String(80))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str | None] = mapped_column(String(80))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason_code: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)


class NoticeClaimRow(Base):
    """A claim in a notice, with what the notice says of it; open in one notice at a time."""

    __tablename__ = "public_notice_claims"
    __table_args__ = (
        CheckConstraint("amount > 0", name="positive"),
        Index("uq_public_notice_claims_open", "claim_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    notice_id: Mapped[int] = mapped_column(Id, ForeignKey("public_notices.id"), primary_key=True)
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    amount: Mapped[int] = mapped_column(Money)
    account_tail: Mapped[str] = mapped_column(String(4))
    is_open: Mapped[bool] = mapped_column(Boolean)
    enterprise_name: Mapped[str] = mapped_column(String(200))


class ObjectionRow(Base):
    """An objection: its words, whoever made it (sealed), and how it was decided by somebody else."""

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint("state IN ('OPEN', 'DISMISSED', 'UPHELD')", name="state"),
        CheckConstraint("(state = 'OPEN') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("decided_by IS NULL OR decided_by <> filed_by", name="two_people"),
        CheckConstraint("days_left >= 0", name="days_left"),
        Index("ix_objections_claim_id", "claim_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    notice_id: Mapped[int] = mapped_column(Id, ForeignKey("public_notices.id"))
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"))
    state: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(20))
    department: Mapped[str] = mapped_column(String(120))
    objector: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    days_left: Mapped[int] = mapped_column(Integer)
    filed_by: Mapped[str] = mapped_column(String(80))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason_code: Mapped[str | None] = mapped_column(String(40))
    answer: Mapped[str | None] = mapped_column(Text)
