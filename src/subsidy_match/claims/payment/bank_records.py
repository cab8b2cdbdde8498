"""The tables of what the bank's numbers stand for, of answers left to a person, and of files that nobody here sent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only, fixed_columns, settled_columns
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = ["BankReferenceRow", "ForeignFileRow", "ParkedAnswerRow"]

_OPEN = text("resolved_at IS NULL")


class BankReferenceRow(Base):
    """One movement at the bank: a settlement, a return or money recovered, and never two of them; ``key`` compares."""

    __tablename__ = "bank_references"
    __table_args__ = (
        CheckConstraint("kind IN ('settlement', 'return', 'recovery')", name="kind"),
        CheckConstraint("(line_id IS NULL) <> (recovery_id IS NULL)", name="of_one"),
    )

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(200))
    line_id: Mapped[int | None] = mapped_column(Id, ForeignKey("payment_lines.id"))
    recovery_id: Mapped[int | None] = mapped_column(Id, ForeignKey("recoveries.id"))


class ParkedAnswerRow(Base):
    """What the bank said and was not taken in, for a person must look; it stays until somebody says what was done."""

    __tablename__ = "parked_answers"
    __table_args__ = (
        CheckConstraint("kind IN ('return', 'success', 'failure')", name="kind"),
        CheckConstraint("(resolved_at IS NULL) = (resolved_by IS NULL)", name="resolved"),
        CheckConstraint("resolved_at IS NULL OR (note IS NOT NULL AND note <> '')", name="explained"),
        CheckConstraint("source IS NULL OR source IN ('statement', 'query')", name="known_source"),
        CheckConstraint("source <> 'statement' OR file_id IS NOT NULL", name="statement_kept"),
        Index("uq_parked_answers_said", "line_id", "kind", "key", unique=True),
        Index("ix_parked_answers_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    line_id: Mapped[int] = mapped_column(Id, ForeignKey("payment_lines.id"))
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int] = mapped_column(Money)
    code: Mapped[str] = mapped_column(String(40))
    dated: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(String(20))
    file_id: Mapped[int | None] = mapped_column(Id, ForeignKey("bank_files.id"))
    parked_by: Mapped[str] = mapped_column(String(80))
    parked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str | None] = mapped_column(String(80))
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(Text)


class ForeignFileRow(Base):
    """A file in the treasury folder that this store never wrote, and what a person found out about it."""

    __tablename__ = "foreign_files"
    __table_args__ = (CheckConstraint("note <> ''", name="explained"),)

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    note: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


fixed_columns(
    ParkedAnswerRow.__table__,
    "line_id",
    "kind",
    "key",
    "reference",
    "amount",
    "code",
    "dated",
    "parked_by",
    "parked_at",
    "source",
    "file_id",
)
settled_columns(ParkedAnswerRow.__table__, "resolved_at", "resolved_at", "resolved_by", "note")
for _row in (BankReferenceRow, ForeignFileRow):
    append_only(_row.__table__)
