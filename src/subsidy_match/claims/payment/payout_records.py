"""The tables of payouts: batches with a maker and a checker, their payment lines, and all that banks said of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.claims.payment.payment_states import BatchState, LineState
from subsidy_match.store.append_only import append_only, fixed_columns
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime, one_of

__all__ = ["BankFileRow", "BatchFileRow", "BatchRow", "LineReturnRow", "LineRow", "LineStepRow"]

_OPEN = text("is_open")
_SETTLED = text("state = 'SETTLED'")
_REACHED = text("settled_on IS NOT NULL")


class BatchRow(Base):
    """One payout batch: who made it, who approved it, what was sent."""

    __tablename__ = "payout_batches"
    __table_args__ = (
        CheckConstraint("checker IS NULL OR checker <> maker", name="two_people"),
        CheckConstraint("total > 0 AND line_count > 0", name="not_empty"),
        CheckConstraint(one_of("state", BatchState), name="state"),
        CheckConstraint("state IN ('MADE', 'CANCELLED') OR checker IS NOT NULL", name="checked"),
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
        CheckConstraint(one_of("state", LineState), name="state"),
        Index("uq_payment_lines_instruction", "instruction", unique=True),
        Index("uq_payment_lines_open", "claim_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        # A claim is paid once, and one movement at the bank pays one line: also where every check above it fails.
        Index("uq_payment_lines_settled", "claim_id", unique=True, sqlite_where=_SETTLED, postgresql_where=_SETTLED),
        Index("uq_payment_lines_bank_ref", "bank_ref", unique=True, sqlite_where=_REACHED, postgresql_where=_REACHED),
        Index("uq_payment_lines_id_amount", "id", "amount", unique=True),
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


class BatchFileRow(Base):
    """The file of a batch, as it was first sent: its format stays, and so do its control totals."""

    __tablename__ = "payout_files"
    __table_args__ = (CheckConstraint("total > 0 AND line_count > 0", name="not_empty"),)

    batch_id: Mapped[int] = mapped_column(Id, ForeignKey("payout_batches.id"), primary_key=True)
    format: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    line_count: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Money)
    by_indicator: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


class BankFileRow(Base):
    """A file of the bank that was taken in; the same file is taken in once."""

    __tablename__ = "bank_files"
    __table_args__ = (Index("uq_bank_files_kind_sha256", "kind", "sha256", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    line_count: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))


class LineStepRow(Base):
    """One step of a payment line; what may have been paid leaves its state by an answer of the bank only."""

    __tablename__ = "payment_line_steps"
    __table_args__ = (
        CheckConstraint("from_state NOT IN ('SENT', 'UNKNOWN', 'SETTLED') OR source IS NOT NULL", name="answered"),
        CheckConstraint("source IS NULL OR source IN ('statement', 'query')", name="known_source"),
        CheckConstraint("source <> 'statement' OR file_id IS NOT NULL", name="statement_kept"),
    )

    line_id: Mapped[int] = mapped_column(Id, ForeignKey("payment_lines.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    event: Mapped[str] = mapped_column(String(20))
    from_state: Mapped[str] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    source: Mapped[str | None] = mapped_column(String(20))
    file_id: Mapped[int | None] = mapped_column(Id, ForeignKey("bank_files.id"))
    code: Mapped[str | None] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)


class LineReturnRow(Base):
    """A settled payment that came back, whole: a line comes back once, and never more than was settled."""

    __tablename__ = "payment_returns"
    __table_args__ = (
        ForeignKeyConstraint(["line_id", "amount"], ["payment_lines.id", "payment_lines.amount"]),
        Index("uq_payment_returns_return_ref", "return_ref", unique=True),
    )

    line_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    amount: Mapped[int] = mapped_column(Money)
    return_ref: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(40))
    returned_on: Mapped[date] = mapped_column(Date)


fixed_columns(LineRow.__table__, "batch_id", "claim_id", "account_id", "instruction", "amount")
for _row in (LineStepRow, LineReturnRow):
    append_only(_row.__table__)
