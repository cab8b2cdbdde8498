"""The tables of push: what each firm was told, and the notices that told it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["NoticeRow", "ToldRow"]


class NoticeRow(Base):
    """One notice to one firm; the firm reads it here, the outbox carries it out."""

    __tablename__ = "push_notices"
    __table_args__ = (Index("ix_push_notices_uscc", "uscc"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    run_id: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[str] = mapped_column(Text)  # canonical JSON


class ToldRow(Base):
    """What a firm was last told of one policy, period and subject (an empty subject is the policy itself)."""

    __tablename__ = "push_told"

    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    policy_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    period: Mapped[str] = mapped_column(String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20))
    amount_min: Mapped[int | None] = mapped_column(Money)
    amount_max: Mapped[int | None] = mapped_column(Money)
    notice_id: Mapped[int] = mapped_column(Id, ForeignKey("push_notices.id"))
