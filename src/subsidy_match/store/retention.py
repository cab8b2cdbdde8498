"""Throws away what is kept only for a while: answered keys, sent messages, old entries of the read log.

Nothing of a claim, a fund or an audit chain is ever thrown away here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Delete, delete
from sqlalchemy.orm import Session

from subsidy_match.errors import InputError
from subsidy_match.store.idempotency import LEASE, IdempotencyRow
from subsidy_match.store.outbox import OutboxRow
from subsidy_match.store.read_log import PersonalRead

__all__ = ["Keep", "Trimmed", "trim"]


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days each is kept."""

    keys: int = 30
    messages: int = 90
    reads: int = 1095

    def __post_init__(self) -> None:
        """Refuse to throw away what may still be in use."""
        if min(self.keys, self.messages, self.reads) < 1:
            raise InputError("retention_days", "保留天数至少为 1", "keep each for at least a day")


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How many of each were thrown away."""

    keys: int
    messages: int
    reads: int


def trim(session: Session, keep: Keep, *, at: datetime) -> Trimmed:
    """Throw away what is older than it is kept. Messages that were never sent stay, whatever their age."""
    before = {name: at - timedelta(days=getattr(keep, name)) for name in ("keys", "messages", "reads")}
    before["keys"] = min(before["keys"], at - LEASE)
    return Trimmed(
        _gone(session, delete(IdempotencyRow).where(IdempotencyRow.held_at < before["keys"])),
        _gone(session, delete(OutboxRow).where(OutboxRow.sent_at < before["messages"])),
        _gone(session, delete(PersonalRead).where(PersonalRead.at < before["reads"])),
    )


def _gone(session: Session, statement: Delete) -> int:
    result: CursorResult[Any] = session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[assignment]
    return int(result.rowcount)
