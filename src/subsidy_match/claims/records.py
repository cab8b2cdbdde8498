"""The tables of claims: the claim itself, what it rests on, what it uses up, what happened to it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.claims.states import State
from subsidy_match.store.append_only import append_only, fixed_columns, recorded_names
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime, one_of

__all__ = ["AccountRow", "ClaimItem", "ClaimPause", "ClaimPin", "ClaimRow", "ClaimShare", "ClaimStep"]

_OCCUPIES = text("occupies")


class AccountRow(Base):
    """A firm's bank account; the number is sealed, and opened only where the treasury file is written."""

    __tablename__ = "payee_accounts"
    __table_args__ = (Index("ix_payee_accounts_uscc", "uscc"), Index("ix_payee_accounts_fingerprint", "fingerprint"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    holder: Mapped[str] = mapped_column(String(200))
    bank_name: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    last_four: Mapped[str] = mapped_column(String(4))
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_by: Mapped[str | None] = mapped_column(String(80))
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ClaimRow(Base):
    """One claim as it stands; how it came to stand so is in its steps."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint("amount_proposed IS NULL OR amount_proposed > 0", name="proposed_positive"),
        CheckConstraint("amount_approved IS NULL OR amount_approved > 0", name="approved_positive"),
        Index("uq_claims_claim_no", "claim_no", unique=True),
        Index(
            "uq_claims_occupied",
            "uscc",
            "policy_id",
            "period",
            "subject",
            unique=True,
            sqlite_where=_OCCUPIES,
            postgresql_where=_OCCUPIES,
        ),
        Index("ix_claims_state", "state", "id"),
        Index("ix_claims_policy_id", "policy_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_no: Mapped[str] = mapped_column(String(40))
    uscc: Mapped[str] = mapped_column(String(18))
    enterprise_name: Mapped[str] = mapped_column(String(200))
    policy_id: Mapped[str] = mapped_column(String(120))
    policy_zh: Mapped[str] = mapped_column(String(300))
    policy_en: Mapped[str] = mapped_column(String(300))
    policy_hash: Mapped[str] = mapped_column(String(80))
    period: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(Integer)
    occupies: Mapped[bool] = mapped_column(Boolean)
    held: Mapped[bool] = mapped_column(Boolean)
    waiting: Mapped[bool] = mapped_column(Boolean)
    with_recheck: Mapped[bool] = mapped_column(Boolean)
    notice_counts: Mapped[bool] = mapped_column(Boolean)
    sla_days: Mapped[int] = mapped_column(Integer)
    notice_days: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[str] = mapped_column(String(20))
    amount_min: Mapped[int | None] = mapped_column(Money)
    amount_max: Mapped[int | None] = mapped_column(Money)
    amount_claimed: Mapped[int | None] = mapped_column(Money)
    amount_proposed: Mapped[int | None] = mapped_column(Money)
    amount_approved: Mapped[int | None] = mapped_column(Money)
    snapshot_id: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[int | None] = mapped_column(Id, ForeignKey("payee_accounts.id"))
    filer: Mapped[str] = mapped_column(String(80))
    assignee: Mapped[str | None] = mapped_column(String(80))
    asked_in: Mapped[str | None] = mapped_column(String(20))
    correction_due: Mapped[date | None] = mapped_column(Date)
    corrections: Mapped[int] = mapped_column(Integer)
    notice_until: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_on: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)


class ClaimShare(Base):
    """The share of a claim that one fund bears, and what it holds there for the claim (分)."""

    __tablename__ = "claim_shares"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND committed >= 0 AND paid >= 0", name="not_negative"),
        CheckConstraint("numerator > 0 AND denominator >= numerator", name="share"),
        Index("ix_claim_shares_fund_id", "fund_id"),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    fund_id: Mapped[str] = mapped_column(String(80), ForeignKey("funds.id"), primary_key=True)
    numerator: Mapped[int] = mapped_column(Id)
    denominator: Mapped[int] = mapped_column(Id)
    reserved: Mapped[int] = mapped_column(Money)
    committed: Mapped[int] = mapped_column(Money)
    paid: Mapped[int] = mapped_column(Money)


class ClaimItem(Base):
    """Something that the claim uses up (a filing number, a person's keyed hash), once in each exclusivity group."""

    __tablename__ = "claim_items"
    __table_args__ = (
        Index(
            "uq_claim_items_occupied",
            "group_id",
            "item_key",
            unique=True,
            sqlite_where=_OCCUPIES,
            postgresql_where=_OCCUPIES,
        ),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    item_key: Mapped[str] = mapped_column(String(160), primary_key=True)
    occupies: Mapped[bool] = mapped_column(Boolean)


class ClaimPin(Base):
    """What the claim was decided on at one moment: canonical text, parameters, facts read, explanation."""

    __tablename__ = "claim_pins"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    event: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(20))
    amount_min: Mapped[int | None] = mapped_column(Money)
    amount_max: Mapped[int | None] = mapped_column(Money)
    policy_hash: Mapped[str] = mapped_column(String(80))
    snapshot_id: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    evidence: Mapped[bytes] = mapped_column(LargeBinary)


class ClaimStep(Base):
    """One transition that happened; never changed, never deleted."""

    __tablename__ = "claim_steps"
    __table_args__ = (Index("ix_claim_steps_actor", "actor"),)

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    event: Mapped[str] = mapped_column(String(30))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(80))
    department: Mapped[str] = mapped_column(String(120))
    duty: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)
    elapsed_days: Mapped[int | None] = mapped_column(Integer)
    counted_days: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[str] = mapped_column(Text)


for _row in (ClaimPin, ClaimStep):
    append_only(_row.__table__)
fixed_columns(
    ClaimRow.__table__,
    "uscc",
    "policy_id",
    "period",
    "subject",
    "filer",
    "created_at",
)
recorded_names(ClaimRow.__table__)
fixed_columns(
    AccountRow.__table__,
    "uscc",
    "holder",
    "bank_name",
    "sealed",
    "fingerprint",
    "last_four",
    "entered_by",
    "entered_at",
)


class ClaimPause(Base):
    """A time in which the clocks of a claim stood still, for one reason and what it is about (``of_what``)."""

    __tablename__ = "claim_pauses"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    reason: Mapped[str] = mapped_column(String(20), primary_key=True)
    of_what: Mapped[str] = mapped_column(String(60), primary_key=True, default="")
    start_on: Mapped[date] = mapped_column(Date)
    end_on: Mapped[date | None] = mapped_column(Date)
