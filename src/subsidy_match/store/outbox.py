"""Messages to the outside, written in the transaction that causes them and sent after it, each once per key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, Select, String, Text, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from subsidy_match.errors import NotFound
from subsidy_match.store.schema import Base, Id, UtcDateTime, canonical_json

__all__ = [
    "Message",
    "OutboxRow",
    "dead",
    "mark_failed",
    "mark_sent",
    "pending",
    "put",
    "release",
    "revive",
    "take",
]


class OutboxRow(Base):
    """One message waiting, or sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("uq_outbox_key", "key", unique=True),
        Index(
            "ix_outbox_unsent",
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
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Not to be sent before: somebody is at it, or it failed and is to wait."""
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Given up after too many attempts; kept until somebody revives it."""


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
    last_error: str | None = None
    dead_at: datetime | None = None


def put(session: Session, topic: str, key: str, payload: Mapping[str, Any], *, at: datetime) -> bool:
    """Leave a message in the caller's transaction; ``False`` where one with this ``key`` is there already."""
    values = {"topic": topic, "key": key, "payload": canonical_json(payload), "created_at": at, "attempts": 0}
    connection = session.connection()
    put_in = _PUT_SQLITE if connection.dialect.name == "sqlite" else _PUT_POSTGRESQL
    return connection.execute(put_in, values).scalar_one_or_none() is not None


def pending(session: Session, topic: str | None = None, *, limit: int = 100) -> Sequence[Message]:
    """Read the oldest messages not yet sent nor given up."""
    query = select(OutboxRow).where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
    return _read(session, query, topic, limit)


def dead(session: Session, topic: str | None = None, *, limit: int = 100) -> Sequence[Message]:
    """Read the oldest messages that were given up."""
    query = select(OutboxRow).where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_not(None))
    return _read(session, query, topic, limit)


def take(
    session: Session, *, at: datetime, until: datetime, topic: str | None = None, limit: int = 20
) -> Sequence[Message]:
    """Take the oldest messages that are due; nobody else takes them before ``until``, also where the taker is gone."""
    query = select(OutboxRow).where(
        OutboxRow.sent_at.is_(None),
        OutboxRow.dead_at.is_(None),
        or_(OutboxRow.next_at.is_(None), OutboxRow.next_at <= at),
    )
    found = _read(session, query.with_for_update(skip_locked=True), topic, limit)
    release(session, [message.id for message in found], at=until)
    return found


def release(session: Session, message_ids: Sequence[int], *, at: datetime) -> None:
    """Let messages that were taken be taken again from a moment on."""
    session.execute(update(OutboxRow).where(OutboxRow.id.in_(message_ids)).values(next_at=at))


def mark_sent(session: Session, message_id: int, *, at: datetime) -> bool:
    """Note that a message went out; ``False`` where that was noted before."""
    done = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == message_id, OutboxRow.sent_at.is_(None))
        .values(sent_at=at, attempts=OutboxRow.attempts + 1, last_error=None, dead_at=None)
        .returning(OutboxRow.id)
    )
    if done.scalar_one_or_none() is not None:
        return True
    _existing(session, message_id)
    return False


def mark_failed(
    session: Session,
    message_id: int,
    error: str,
    *,
    next_at: datetime | None = None,
    dead_at: datetime | None = None,
) -> None:
    """Note that sending failed: the message waits until ``next_at``, or is given up."""
    row = _existing(session, message_id)
    if row.sent_at is None:  # else somebody else got it through meanwhile
        row.attempts, row.last_error, row.next_at, row.dead_at = row.attempts + 1, error, next_at, dead_at


def put_off(session: Session, message_id: int, error: str, *, next_at: datetime) -> None:
    """Note that nothing got through: the message waits until ``next_at`` and loses no try."""
    row = _existing(session, message_id)
    if row.sent_at is None:
        row.last_error, row.next_at = error, next_at


def revive(session: Session, message_ids: Sequence[int] | None = None) -> int:
    """Have messages that were given up tried anew, all of them unless told which; says how many.

    Raises:
        NotFound: ``message_unknown``, one of them is not among those given up.
    """
    query = select(OutboxRow).where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_not(None))
    if message_ids is not None:
        query = query.where(OutboxRow.id.in_(message_ids))
    rows = session.scalars(query).all()
    for missing in sorted(set(message_ids or ()) - {row.id for row in rows}):
        zh, en = f"没有这条投递失败的消息:{missing}", f"no message {missing} that was given up"
        raise NotFound("message_unknown", zh, en)
    for row in rows:
        row.attempts, row.next_at, row.dead_at = 0, None, None
    return len(rows)


def _read(session: Session, query: Select[OutboxRow], topic: str | None, limit: int) -> list[Message]:
    if topic is not None:
        query = query.where(OutboxRow.topic == topic)
    rows = session.scalars(query.order_by(OutboxRow.id).limit(limit))
    return [Message(r.id, r.topic, r.key, r.payload, r.created_at, r.attempts, r.last_error, r.dead_at) for r in rows]


def _existing(session: Session, message_id: int) -> OutboxRow:
    row = session.get(OutboxRow, message_id)
    if row is None:
        raise NotFound("message_unknown", f"消息不存在:{message_id}", f"no message {message_id}")
    return row
