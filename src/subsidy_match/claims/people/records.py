"""The tables of people beside claims; a record is never overwritten, only ended."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.schema import Base, Id, UtcDateTime

__all__ = ["AuthorisationRow", "DelegationRow", "DeputyRow", "InterestRow"]

_OPEN = text("ended_at IS NULL")


class AuthorisationRow(Base):
    """A firm's authorisation of an agent (代办), by the hash of its document."""

    __tablename__ = "authorisations"
    __table_args__ = (
        CheckConstraint("from_on <= until_on", name="days"),
        CheckConstraint("length(document_sha256) = 64", name="document"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("ix_authorisations_login", "login", "uscc"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(80))
    uscc: Mapped[str] = mapped_column(String(18))
    policy_id: Mapped[str] = mapped_column(String(120))
    document_sha256: Mapped[str] = mapped_column(String(64))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InterestRow(Base):
    """An interest of an officer in a firm (回避), declared by the officer or registered by somebody else."""

    __tablename__ = "interests"
    __table_args__ = (
        CheckConstraint("ended_by IS NULL OR ended_by <> login", name="ended_by_another"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("uq_interests_open", "login", "uscc", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_interests_uscc", "uscc"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(80))
    uscc: Mapped[str] = mapped_column(String(18))
    note: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DelegationRow(Base):
    """A role lent for some days: the deputy acts as themselves, in the place of the principal."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("principal <> deputy", name="two_people"),
        CheckConstraint("from_on <= until_on", name="days"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("ix_delegations_deputy", "deputy", "role"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    principal: Mapped[str] = mapped_column(String(80))
    deputy: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(40))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeputyRow(Base):
    """In whose place a step of a claim was taken; the duty of the step is a duty of both."""

    __tablename__ = "step_deputies"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    principal: Mapped[str] = mapped_column(String(80))
    duty: Mapped[str | None] = mapped_column(String(20))
    delegation_id: Mapped[int] = mapped_column(Id, ForeignKey("delegations.id"))
