"""The tables of evidence: texts, documents, what is used up between claims, risks that were seen and answered for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from subsidy_match.store.append_only import append_only
from subsidy_match.store.schema import Base, Id, Money, UtcDateTime

__all__ = [
    "CapPart",
    "ClaimDocument",
    "ClaimRisk",
    "ClaimUse",
    "DeferredMaterial",
    "DocumentRow",
    "ExclusiveCap",
    "ExclusiveSlot",
    "PinnedText",
    "QaSample",
    "RiskAnswer",
]

_OCCUPIES = text("occupies")


class PinnedText(Base):
    """A text that pins refer to (a policy, the catalogue, a table of parameters), once by its hash."""

    __tablename__ = "pinned_texts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentRow(Base):
    """A document that a firm handed in; its bytes lie in a file named by their hash."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        Index("uq_documents_uscc_sha256", "uscc", "sha256", unique=True),
        Index("ix_documents_sha256", "sha256"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(Id)
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ClaimDocument(Base):
    """A document that was handed in as a material of a claim, with the version at which it was."""

    __tablename__ = "claim_documents"
    __table_args__ = (Index("ix_claim_documents_sha256", "sha256"),)

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    material: Mapped[str] = mapped_column(String(80), primary_key=True)
    document_id: Mapped[int] = mapped_column(Id, ForeignKey("documents.id"))
    sha256: Mapped[str] = mapped_column(String(64))


class DeferredMaterial(Base):
    """A material that may follow later (容缺), the day by which it must, and the version that brought it."""

    __tablename__ = "deferred_materials"
    __table_args__ = (Index("ix_deferred_materials_due_on", "due_on"),)

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    material: Mapped[str] = mapped_column(String(80), primary_key=True)
    since_version: Mapped[int] = mapped_column(Integer, primary_key=True)
    due_on: Mapped[date] = mapped_column(Date)
    handed_in_version: Mapped[int | None] = mapped_column(Integer)


class ClaimUse(Base):
    """What a claim is about (a filing number, a person's keyed hash, a subject), exclusive or not, to find it elsewhere."""

    __tablename__ = "claim_uses"
    __table_args__ = (Index("ix_claim_uses_key", "kind", "item_key"),)

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(80), primary_key=True)
    item_key: Mapped[str] = mapped_column(String(200), primary_key=True)


class ExclusiveSlot(Base):
    """One of the ``places`` that a firm has in an exclusivity group: the index lets nobody sit where somebody sits."""

    __tablename__ = "exclusive_slots"
    __table_args__ = (
        CheckConstraint("slot > 0", name="slot"),
        CheckConstraint("slot <= places", name="within"),
        Index(
            "uq_exclusive_slots_occupied",
            "uscc",
            "group_id",
            "scope",
            "slot",
            unique=True,
            sqlite_where=_OCCUPIES,
            postgresql_where=_OCCUPIES,
        ),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    scope: Mapped[str] = mapped_column(String(120), primary_key=True)
    slot: Mapped[int] = mapped_column(Integer)
    uscc: Mapped[str] = mapped_column(String(18))
    occupies: Mapped[bool] = mapped_column(Boolean)
    places: Mapped[int] = mapped_column(Integer)


class ExclusiveCap(Base):
    """What a firm's claims of a capped group have used up of the cap in one year (分)."""

    __tablename__ = "exclusive_caps"
    __table_args__ = (CheckConstraint("used >= 0 AND used <= cap", name="within"),)

    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    scope: Mapped[str] = mapped_column(String(20), primary_key=True)
    cap: Mapped[int] = mapped_column(Money)
    used: Mapped[int] = mapped_column(Money)


class CapPart(Base):
    """What one approved claim uses up of a cap (分); 0 once it has ended unpaid."""

    __tablename__ = "exclusive_cap_parts"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="not_negative"),
        Index("ix_exclusive_cap_parts_place", "uscc", "group_id", "scope"),
    )

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    scope: Mapped[str] = mapped_column(String(20), primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18))
    amount: Mapped[int] = mapped_column(Money)


class ClaimRisk(Base):
    """A risk that was seen when the claim got ``version``; never changed, never deleted."""

    __tablename__ = "claim_risks"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    risk: Mapped[str] = mapped_column(String(120), primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    blocking: Mapped[bool] = mapped_column(Boolean)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RiskAnswer(Base):
    """An officer who answers for a risk, with the reason; who, when and why are in the step of that version."""

    __tablename__ = "risk_answers"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    risk: Mapped[str] = mapped_column(String(120), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    answered_by: Mapped[str] = mapped_column(String(80))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)


class QaSample(Base):
    """A claim that was drawn for re-examination, with the percentage and the digest that drew it."""

    __tablename__ = "qa_samples"
    __table_args__ = (CheckConstraint("percent > 0 AND percent <= 100", name="percent"),)

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("claims.id"), primary_key=True)
    percent: Mapped[int] = mapped_column(Integer)
    drawn: Mapped[str] = mapped_column(String(64))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)


for _row in (ClaimRisk, RiskAnswer):
    append_only(_row.__table__)
