"""A daily anchor over the ends of all audit chains: rewriting a chain together with its head no longer goes unseen.

An anchor holds the heads that moved since the anchor before it, and a digest over them and over that anchor's digest. The
digest is short enough to print and keep elsewhere; whoever kept one can prove that nothing before it was rewritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from subsidy_match.errors import Finding
from subsidy_match.store import audit
from subsidy_match.store.append_only import append_only
from subsidy_match.store.audit import Entry
from subsidy_match.store.schema import Base, Id, UtcDateTime, canonical_json

__all__ = ["Anchor", "AnchorHead", "AnchorRow", "anchors", "set_anchor", "verify_anchors"]

_GENESIS = "0" * 64
Heads = tuple[tuple[str, int, str], ...]


class AnchorRow(Base):
    """One anchor; one a day at most."""

    __tablename__ = "audit_anchors"
    __table_args__ = (Index("uq_audit_anchors_day", "day", unique=True),)

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    chains: Mapped[int] = mapped_column(Integer)
    prev_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class AnchorHead(Base):
    """Where a chain ended when it was anchored."""

    __tablename__ = "audit_anchor_heads"

    anchor: Mapped[int] = mapped_column(Integer, ForeignKey("audit_anchors.seq"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(Id)
    hash: Mapped[str] = mapped_column(String(64))


for _row in (AnchorRow, AnchorHead):
    append_only(_row.__table__)


@dataclass(frozen=True, slots=True)
class Anchor:
    """An anchor outside the store; ``heads`` are (subject, sequence, hash) in the order of subjects."""

    seq: int
    day: str
    chains: int
    prev_digest: str
    digest: str
    heads: Heads

    def computed(self) -> str:
        """The digest that this content must have."""
        content = {"seq": self.seq, "day": self.day, "chains": self.chains, "heads": [list(one) for one in self.heads]}
        return hashlib.sha256((self.prev_digest + canonical_json(content)).encode()).hexdigest()


def set_anchor(session: Session, *, day: date, at: datetime) -> Anchor:
    """Anchor all chains as they end now; a second time on the same day gives the anchor that is there."""
    _lock(session)
    last = session.scalars(select(AnchorRow).order_by(AnchorRow.seq.desc()).limit(1)).first()
    if last is not None and last.day >= day:
        return _loaded(session, last)
    known = _anchored(session)
    heads = audit.heads(session)
    moved = tuple((name, *heads[name]) for name in sorted(heads) if known.get(name) != heads[name])
    seq, previous = (1, _GENESIS) if last is None else (last.seq + 1, last.digest)
    made = Anchor(seq, day.isoformat(), len(heads), previous, "", moved)
    made = Anchor(seq, made.day, made.chains, previous, made.computed(), moved)
    session.add(
        AnchorRow(seq=seq, day=day, at=at, chains=made.chains, prev_digest=previous, digest=made.digest),
    )
    session.flush()
    session.add_all(AnchorHead(anchor=seq, subject=name, seq=end, hash=hash_) for name, end, hash_ in moved)
    session.flush()
    return made


def anchors(session: Session) -> Sequence[Anchor]:
    """Read all anchors, oldest first."""
    return [_loaded(session, row) for row in session.scalars(select(AnchorRow).order_by(AnchorRow.seq))]


def verify_anchors(exported: Iterable[Entry], found: Sequence[Anchor], kept: str | None = None) -> list[Finding]:
    """Check entries against anchors, and the anchors themselves; ``kept`` is a digest that was kept elsewhere.

    Codes: A005 an anchor was changed, A006 a chain was rewritten since it was anchored, A007 no anchor has the kept digest.
    """
    findings = list(_broken(found))
    hashes = {(entry.subject, entry.seq): entry.hash for entry in exported}
    for anchor in found:
        for subject, seq, expected in anchor.heads:
            if hashes.get((subject, seq)) != expected:
                zh = f"{subject}:第{seq}条与{anchor.day}的锚定不符,该链已被改写"
                en = f"{subject}: entry {seq} is not what was anchored on {anchor.day}: the chain was rewritten"
                findings.append(Finding("A006", zh, en))
    if kept is not None and kept.strip().lower() not in {anchor.digest for anchor in found}:
        zh, en = "没有与所存摘要相符的锚定", "no anchor has the digest that was kept: anchors were rewritten or removed"
        findings.append(Finding("A007", zh, en))
    return findings


def _broken(found: Sequence[Anchor]) -> Iterable[Finding]:
    previous = _GENESIS
    for number, anchor in enumerate(found, start=1):
        if anchor.seq != number or anchor.prev_digest != previous or anchor.computed() != anchor.digest:
            zh, en = (
                f"{anchor.day}的锚定被改动或缺失",
                f"the anchor of {anchor.day} was changed, or one before it is missing",
            )
            yield Finding("A005", zh, en)
        previous = anchor.digest


def _lock(session: Session) -> None:
    # Two processes must not make the same anchor; SQLite holds the write lock already.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(7_204_119)))


def _anchored(session: Session) -> Mapping[str, tuple[int, str]]:
    query = select(AnchorHead).order_by(AnchorHead.anchor)
    return {row.subject: (row.seq, row.hash) for row in session.scalars(query)}


def _loaded(session: Session, row: AnchorRow) -> Anchor:
    query = select(AnchorHead).where(AnchorHead.anchor == row.seq)
    heads = tuple(sorted((head.subject, head.seq, head.hash) for head in session.scalars(query)))
    return Anchor(row.seq, row.day.isoformat(), row.chains, row.prev_digest, row.digest, heads)
