"""The tables of the clock: working days by year, limits of stages, time spent in stages, due dates, breaches, sweeps."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, UtcDateTime

__all__ = ["BreachRow", "CalendarDay", "CalendarYear", "ClaimDue", "StageLimit", "StageVisit", "SweepRun"]

_OPEN = text("left_on IS NULL")


class CalendarYear(Base):
    """A year whose calendar was published: from which notice, and who brought it in."""

    __tablename__ = "calendar_years"
    __table_args__ = (CheckConstraint("year BETWEEN 1990 AND 2999", name="year"),)

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[str] = mapped_column(String(80))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarDay(Base):
    """A day off that would be worked by its weekday, or a weekend day that is worked."""

    __tablename__ = "calendar_days"
    __table_args__ = (CheckConstraint("kind IN ('holiday', 'workday')", name="kind"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    year: Mapped[int] = mapped_column(Integer, ForeignKey("calendar_years.year"))
    kind: Mapped[str] = mapped_column(String(10))


class StageLimit(Base):
    """How many working days something may take from a day on; an empty policy is every policy."""

    __tablename__ = "stage_limits"
    __table_args__ = (
        CheckConstraint("kind IN ('budget', 'deemed', 'expiry')", name="kind"),
        CheckConstraint("days > 0", name="days"),
        Index("uq_stage_limits", "policy_id", "stage", "kind", "effective_from", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    policy_id: Mapped[str] = mapped_column(String(120))
    stage: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    days: Mapped[int] = mapped_column(Integer)
    effective_from: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StageVisit(Base):
    """A time that a claim spent in one state; its days are stored when it leaves."""

    __tablename__ = "stage_visits"
    __table_args__ = (
        CheckConstraint("left_on IS NULL OR left_on >= entered_on", name="order"),
        CheckConstraint("counted_days IS NULL OR (counted_days >= 0 AND elapsed_days >= counted_days)", name="days"),
        Index("uq_stage_visits_open", "claim_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    stage: Mapped[str] = mapped_column(String(20))
    entered_on: Mapped[date] = mapped_column(Date)
    left_on: Mapped[date | None] = mapped_column(Date)
    limit_days: Mapped[int | None] = mapped_column(Integer)
    elapsed_days: Mapped[int | None] = mapped_column(Integer)
    counted_days: Mapped[int | None] = mapped_column(Integer)


class ClaimDue(Base):
    """The due date of a claim as it was last told: another calendar that gives another date is found by it."""

    __tablename__ = "claim_dues"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    as_of: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    provisional: Mapped[bool] = mapped_column(Boolean)


class BreachRow(Base):
    """A limit that was nearly or fully used up: once for each claim, stage and level, for good."""

    __tablename__ = "breaches"
    __table_args__ = (
        CheckConstraint("level IN ('yellow', 'red')", name="level"),
        CheckConstraint("limit_days > 0 AND counted_days > 0", name="days"),
        Index("uq_breaches", "claim_id", "stage", "level", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"))
    stage: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(10))
    counted_days: Mapped[int] = mapped_column(Integer)
    limit_days: Mapped[int] = mapped_column(Integer)
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SweepRun(Base):
    """A sweep that came to its end; the one thing by which its absence is noticed."""

    __tablename__ = "sweep_runs"
    __table_args__ = (Index("ix_sweep_runs_at", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    detail: Mapped[str] = mapped_column(Text)


append_only(BreachRow.__table__)
