"""Idempotency keys: a write that is repeated with the same key and body is answered, not done again.

``reserve`` takes the key in a transaction of its own; ``complete`` stores the answer in the transaction of the work,
so that work and answer are there together or not at all; ``forget`` frees the key after a refusal, which is not kept.
A key whose holder died may be taken over after ``LEASE``; the first holder's ``complete`` then fails and undoes its work.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine, Index, Integer, LargeBinary, String, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from subsidy_match.errors import Conflict, InputError
from subsidy_match.store.schema import Base, Id, UtcDateTime
from subsidy_match.store.unit import in_unit

__all__ = ["LEASE", "Answer", "Held", "IdempotencyRow", "complete", "forget", "request_hash", "reserve"]

LEASE = timedelta(minutes=5)


class IdempotencyRow(Base):
    """One key of one caller, with what was asked and, once done, what was answered."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("uq_idempotency_scope_key", "scope", "key", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    scope: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    holder: Mapped[str] = mapped_column(String(32))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """The key is ours: do the work, then ``complete`` it in the same transaction."""

    scope: str
    key: str
    holder: str


def request_hash(*parts: bytes) -> str:
    """Hash what makes a request the same request: method, path, body."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def reserve(engine: Engine, *, scope: str, key: str, request_hash: str, at: datetime) -> Held | Answer:
    """Take ``key`` for ``scope`` (the caller), or give the answer that it had.

    Raises:
        InputError: ``idempotency_key_reused`` (HTTP 422), the key came with another request.
        Conflict: ``request_in_flight`` (HTTP 409), the first request is still being worked on.
    """
    holder = secrets.token_hex(16)
    # The row is made in the unit: one that was rolled back keeps an id that another may have by now.
    new = partial(IdempotencyRow, scope=scope, key=key, request_hash=request_hash, holder=holder, held_at=at)
    try:
        in_unit(engine, lambda session: session.add(new()))
    except IntegrityError:
        return in_unit(engine, lambda session: _again(session, scope, key, request_hash, holder, at))
    return Held(scope, key, holder)


def complete(session: Session, held: Held, *, status: int, body: bytes) -> None:
    """Store the answer in the transaction of the work.

    Raises:
        Conflict: ``request_in_flight``, the key was taken over; the caller's transaction must be rolled back.
    """
    done = session.execute(
        update(IdempotencyRow)
        .where(
            IdempotencyRow.scope == held.scope,
            IdempotencyRow.key == held.key,
            IdempotencyRow.holder == held.holder,
            IdempotencyRow.status.is_(None),
        )
        .values(status=status, body=body)
        .returning(IdempotencyRow.id)
    )
    if done.scalar_one_or_none() is None:
        raise _in_flight()


def forget(engine: Engine, held: Held) -> None:
    """Free a key whose work was refused or failed, so that the request may be sent again, corrected."""
    mine = delete(IdempotencyRow).where(
        IdempotencyRow.scope == held.scope,
        IdempotencyRow.key == held.key,
        IdempotencyRow.holder == held.holder,
        IdempotencyRow.status.is_(None),
    )
    in_unit(engine, lambda session: session.execute(mine))


def _again(session: Session, scope: str, key: str, asked: str, holder: str, at: datetime) -> Held | Answer:
    query = select(IdempotencyRow).where(IdempotencyRow.scope == scope, IdempotencyRow.key == key)
    row = session.scalars(query.with_for_update()).one_or_none()
    if row is None:  # freed since: the caller may simply ask again
        raise _in_flight()
    if row.request_hash != asked:
        raise InputError("idempotency_key_reused", "幂等键已用于其他请求", "this key came with another request")
    if row.status is not None:
        return Answer(row.status, row.body or b"")
    if at - row.held_at < LEASE:
        raise _in_flight()
    row.holder, row.held_at = holder, at
    return Held(scope, key, holder)


def _in_flight() -> Conflict:
    return Conflict("request_in_flight", "同一请求正在处理", "the same request is still being worked on")
