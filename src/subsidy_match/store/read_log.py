"""Who read whose personal data, and when: a plain log beside the audit chains, so that reading never waits for writing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Engine, Index, String, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from subsidy_match.errors import SubsidyError
from subsidy_match.store.schema import Base, Id, UtcDateTime
from subsidy_match.store.unit import in_unit

__all__ = ["PersonalRead", "Read", "note_read", "reads"]

_log = logging.getLogger(__name__)


class PersonalRead(Base):
    """One reading of personal data."""

    __tablename__ = "personal_reads"
    __table_args__ = (Index("ix_personal_reads_at", "at"), Index("ix_personal_reads_subject", "subject"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))


@dataclass(frozen=True, slots=True)
class Read:
    """A reading of personal data: who read what of whom."""

    at: datetime
    actor: str
    what: str
    subject: str


def note_read(engine: Engine, read: Read) -> None:
    """Write a reading down. What was read has been answered by then: a failure is logged, never raised."""
    new = partial(PersonalRead, at=read.at, actor=read.actor, what=read.what, subject=read.subject)
    try:
        in_unit(engine, lambda session: session.add(new()))
    except (SubsidyError, SQLAlchemyError):
        _log.exception("a reading of %s by %s could not be written down", read.what, read.actor)


def reads(
    session: Session, *, subject: str | None = None, actor: str | None = None, limit: int = 100
) -> Sequence[Read]:
    """Read the log, newest first."""
    query = select(PersonalRead).order_by(PersonalRead.id.desc()).limit(limit)
    for column, value in ((PersonalRead.subject, subject), (PersonalRead.actor, actor)):
        if value is not None:
            query = query.where(column == value)
    return [Read(row.at, row.actor, row.what, row.subject) for row in session.scalars(query)]
