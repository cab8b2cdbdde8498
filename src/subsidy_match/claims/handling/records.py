"""The tables of handling: the chain of a claim, the rules of a policy, tasks and endorsements."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.schema import Base, Id, UtcDateTime

__all__ = ["ClaimTerms", "EndorsementRow", "HandlingRow", "TaskRow"]

_OPEN = text("is_open")


class ClaimTerms(Base):
    """The chain that the policy text of a claim prescribes, as it was when the claim was drafted."""

    __tablename__ = "claim_terms"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    chain: Mapped[str] = mapped_column(String(200))


class HandlingRow(Base):
    """How claims of a policy are handled from a day on; a later record takes its place, none is changed."""

    __tablename__ = "handling_rules"
    __table_args__ = (Index("ix_handling_rules_policy_id", "policy_id", "from_on"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    policy_id: Mapped[str] = mapped_column(String(120))
    department: Mapped[str] = mapped_column(String(120))
    tasks: Mapped[str] = mapped_column(Text)
    bands: Mapped[str] = mapped_column(Text)
    from_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TaskRow(Base):
    """Something that another department or an expert is asked while a claim is in review."""

    __tablename__ = "claim_tasks"
    __table_args__ = (
        CheckConstraint("NOT is_open OR result IS NULL", name="open_has_no_result"),
        CheckConstraint("is_open = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(result IS NULL) = (opinion IS NULL)", name="result_with_opinion"),
        Index(
            "uq_claim_tasks_open",
            "claim_id",
            "kind",
            "department",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_claim_tasks_department", "department"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"))
    kind: Mapped[str] = mapped_column(String(20))
    department: Mapped[str] = mapped_column(String(120))
    officer: Mapped[str | None] = mapped_column(String(80))
    due_on: Mapped[date] = mapped_column(Date)
    correction: Mapped[int] = mapped_column(Integer)
    opened_version: Mapped[int] = mapped_column(Integer)
    opened_by: Mapped[str] = mapped_column(String(80))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_open: Mapped[bool] = mapped_column(Boolean)
    result: Mapped[str | None] = mapped_column(String(20))
    opinion: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EndorsementRow(Base):
    """One approval of several; nobody approves twice between two returns of a claim, nor by a deputy."""

    __tablename__ = "claim_endorsements"
    __table_args__ = (Index("uq_claim_endorsements_person", "claim_id", "since", "person", unique=True),)

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    person: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[int] = mapped_column(Integer)
