"""Messages to the outside, written in the transaction that causes them and sent after it, each once per key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from subsidy_match.errors import NotFound
from subsidy_match.store.schema import Base, Id, UtcDateTime, canonical_json

__all__ = ["Message", "OutboxRow", "mark_failed", "mark_sent", "pending", "put"]


class OutboxRow(Base):
    """One message waiting, or sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("uq_outbox_key", "key", unique=True),
        Index(
            "ix_outbox_unsent",
            "topic",
            "id",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    topic: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


_TABLE = OutboxRow.__table__
_PUT_SQLITE = sqlite.insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)  # type: ignore[arg-type]
_PUT_POSTGRESQL = postgresql.insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be sent; ``payload`` is JSON text."""

    id: int
    topic: str
    key: str
    payload: str
    created_at: datetime
    attempts: int


def put(session: Session, topic: str, key: str, payload: Mapping[str, Any], *, at: datetime) -> bool:
    """Leave a message in the caller's transaction; ``False`` where one with this ``key`` is there already."""
    values = {"topic": topic, "key": key, "payload": canonical_json(payload), "created_at": at, "attempts": 0}
    match session.get_bind().dialect.name:
        case "sqlite":
            done = session.execute(_PUT_SQLITE, values)
        case _:
            done = session.execute(_PUT_POSTGRESQL, values)
    return done.scalar_one_or_none() is not None


def pending(session: Session, topic: str | None = None, *, limit: int = 100) -> Sequence[Message]:
    """Read the oldest messages not yet sent, passing over those that another sender holds."""
    query = select(OutboxRow).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id).limit(limit)
    if topic is not None:
        query = query.where(OutboxRow.topic == topic)
    rows = session.scalars(query.with_for_update(skip_locked=True))
    return [Message(r.id, r.topic, r.key, r.payload, r.created_at, r.attempts) for r in rows]


def mark_sent(session: Session, message_id: int, *, at: datetime) -> bool:
    """Note that a message went out; ``False`` where that was noted before."""
    done = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == message_id, OutboxRow.sent_at.is_(None))
        .values(sent_at=at, attempts=OutboxRow.attempts + 1, last_error=None)
        .returning(OutboxRow.id)
    )
    if done.scalar_one_or_none() is not None:
        return True
    _existing(session, message_id)
    return False


def mark_failed(session: Session, message_id: int, error: str) -> None:
    """Note that sending failed; the message stays pending."""
    row = _existing(session, message_id)
    row.attempts, row.last_error = row.attempts + 1, error


def _existing(session: Session, message_id: int) -> OutboxRow:
    row = session.get(OutboxRow, message_id)
    if row is None:
        raise NotFound("message_unknown", f"消息不存在:{message_id}", f"no message {message_id}")
    return row
