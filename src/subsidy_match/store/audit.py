"""The audit trail: a hash chain per subject (a claim, a fund, a payout), so that different subjects never wait.

Each entry's hash covers its whole content and the hash before it. A head row per subject holds the last sequence and
hash, so that cutting the end off a chain shows as well. An export alone is enough to verify.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Index, Row, String, Text, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from subsidy_match.errors import Finding
from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, UtcDateTime, canonical_json, require_utc

__all__ = [
    "DONE",
    "REFUSED",
    "AuditEntry",
    "AuditHead",
    "Entry",
    "append",
    "entries",
    "heads",
    "verify",
    "verify_chain",
]

DONE = "done"
REFUSED = "refused"
_GENESIS = "0" * 64


class AuditEntry(Base):
    """One thing done, or refused, to one subject."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("uq_audit_entries_subject_seq", "subject", "seq", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subject: Mapped[str] = mapped_column(String(80))
    seq: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(10))
    detail: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


append_only(AuditEntry.__table__)


class AuditHead(Base):
    """Where the chain of a subject ends; the row that appending locks."""

    __tablename__ = "audit_heads"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(Id)
    hash: Mapped[str] = mapped_column(String(64))


# Appending is in every transaction: plain statements, built once.
_HEAD = (
    select(AuditHead.subject, AuditHead.seq, AuditHead.hash)
    .where(AuditHead.subject == bindparam("of"))
    .with_for_update()
)
_ENTRY = insert(AuditEntry.__table__)  # type: ignore[arg-type]  # declared as a FromClause, is the table
_HEADS = AuditHead.__table__
_BEGIN_SQLITE = sqlite.insert(_HEADS).on_conflict_do_nothing().returning(*_HEADS.c)  # type: ignore[arg-type]
_BEGIN_POSTGRESQL = postgresql.insert(_HEADS).on_conflict_do_nothing().returning(*_HEADS.c)  # type: ignore[arg-type]
_ADVANCE = (
    update(AuditHead.__table__)  # type: ignore[arg-type]  # as above
    .where(AuditHead.subject == bindparam("of"))
    .values(seq=bindparam("seq"), hash=bindparam("hash"))
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit entry outside the store, as it is exported and verified; ``at`` is ISO 8601 in UTC."""

    subject: str
    seq: int
    at: str
    actor: str
    action: str
    outcome: str
    detail: str
    prev_hash: str
    hash: str

    def digest(self) -> str:
        """The hash that this content must have."""
        content = {
            "subject": self.subject,
            "seq": self.seq,
            "at": self.at,
            "actor": self.actor,
            "action": self.action,
            "outcome": self.outcome,
            "detail": self.detail,
        }
        return hashlib.sha256((self.prev_hash + canonical_json(content)).encode()).hexdigest()


def append(
    session: Session,
    subject: str,
    *,
    at: datetime,
    actor: str,
    action: str,
    detail: Mapping[str, Any],
    outcome: str = DONE,
) -> int:
    """Add an entry to the chain of ``subject`` in the caller's transaction and give its sequence number."""
    session.flush()  # what is recorded is in the database first, as it was when the entry itself was an object
    head = _locked_head(session, subject)
    seq = head.seq + 1
    draft = Entry(subject, seq, _iso(at), actor, action, outcome, canonical_json(detail), head.hash, "")
    digest = draft.digest()
    entry = {
        "subject": subject,
        "seq": seq,
        "at": at,
        "actor": actor,
        "action": action,
        "outcome": outcome,
        "detail": draft.detail,
        "prev_hash": head.hash,
        "hash": digest,
    }
    connection = session.connection()
    connection.execute(_ENTRY, entry)
    connection.execute(_ADVANCE, {"of": subject, "seq": seq, "hash": digest})
    return int(seq)


def entries(session: Session, subject: str | None = None) -> Iterator[Entry]:
    """Read entries in chain order, of one subject or of all: the export that verification needs."""
    query = select(AuditEntry).order_by(AuditEntry.subject, AuditEntry.seq).execution_options(yield_per=1000)
    if subject is not None:
        query = query.where(AuditEntry.subject == subject)
    for row in session.scalars(query):
        yield Entry(
            row.subject,
            row.seq,
            _iso(row.at),
            row.actor,
            row.action,
            row.outcome,
            row.detail,
            row.prev_hash,
            row.hash,
        )


def heads(session: Session, subject: str | None = None) -> dict[str, tuple[int, str]]:
    """Read where each chain ends: subject → (sequence, hash)."""
    query = select(AuditHead)
    if subject is not None:
        query = query.where(AuditHead.subject == subject)
    return {row.subject: (row.seq, row.hash) for row in session.scalars(query)}


def verify(session: Session, subject: str | None = None) -> list[Finding]:
    """Check the chain of one subject, or every chain; an empty list means that nothing was touched."""
    return verify_chain(entries(session, subject), heads(session, subject))


def verify_chain(exported: Iterable[Entry], ends: Mapping[str, tuple[int, str]]) -> list[Finding]:
    """Check exported entries, grouped by subject and in order, against their heads; needs no store."""
    findings: list[Finding] = []
    seen: set[str] = set()
    for subject, chain in groupby(exported, key=lambda entry: entry.subject):
        seen.add(subject)
        findings.extend(_verify_one(subject, chain, ends.get(subject)))
    missing = sorted(set(ends) - seen)
    return findings + [_finding("A004", subject, "整条记录缺失", "the whole chain is missing") for subject in missing]


def _verify_one(subject: str, chain: Iterable[Entry], end: tuple[int, str] | None) -> Iterator[Finding]:
    seq, previous = 0, _GENESIS
    for entry in chain:
        if entry.seq != seq + 1:
            yield _finding("A001", subject, f"第{seq + 1}条缺失或换位", f"entry {seq + 1} is missing or out of place")
        if entry.prev_hash != previous or entry.digest() != entry.hash:
            yield _finding("A002", subject, f"第{entry.seq}条被改动", f"entry {entry.seq} has been changed")
        seq, previous = entry.seq, entry.hash
    if end != (seq, previous):
        yield _finding("A003", subject, "末尾记录缺失或被改动", "the end of the chain is missing or changed")


def _locked_head(session: Session, subject: str) -> Row[str, int, str]:
    connection = session.connection()
    found = connection.execute(_HEAD, {"of": subject}).one_or_none()
    if found is not None:
        return found
    begin = _BEGIN_SQLITE if connection.dialect.name == "sqlite" else _BEGIN_POSTGRESQL
    begun = connection.execute(begin, {"subject": subject, "seq": 0, "hash": _GENESIS}).one_or_none()
    # Where a rival began the chain meanwhile it has the head, and we wait for it.
    return connection.execute(_HEAD, {"of": subject}).one() if begun is None else begun


def _iso(moment: datetime) -> str:
    return require_utc(moment).isoformat(timespec="microseconds")


def _finding(code: str, subject: str, zh: str, en: str) -> Finding:
    return Finding(code, f"{subject}:{zh}", f"{subject}: {en}")
