"""Materials of a claim: documents by hash, originals shown at the window, commitments, and what may follow later (容缺).

A material is handed in as ``sha256:<hash>`` of a document of the firm, ``paper``, ``committed`` or ``deferred``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.deadline.due_days import check_due
from subsidy_match.claims.documents import find_document
from subsidy_match.claims.evidence_records import ClaimDocument, DeferredMaterial, DocumentRow
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.originals import PAPER
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import FINAL
from subsidy_match.errors import Conflict, InputError

__all__ = ["Deferred", "check_given", "check_outstanding", "deferred_materials", "outstanding", "take_materials"]

DEFERRED = "deferred"
_COMMITTED = "committed"  # the word for a material, and the channel in which it counts
_SPOKEN = frozenset({DEFERRED, PAPER, _COMMITTED})
_PREFIX = "sha256:"
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Deferred:
    """A material that a firm still owes."""

    claim_id: int
    claim_no: str
    uscc: str
    enterprise_name: str
    material: str
    due_on: date
    is_overdue: bool


def check_given(occasion: Occasion) -> None:
    """Refuse materials that are nothing, and a date for those that follow that is over.

    Raises:
        Conflict: ``document_unknown``, no such document of this firm; ``commitment_not_offered``.
        InputError: ``field_invalid``.
    """
    for material, value in _given(occasion).items():
        if value == _COMMITTED and occasion.claim.channel != _COMMITTED:
            zh, en = f"该政策不实行告知承诺:{material}", f"this policy takes no commitment for a document: {material}"
            raise Conflict("commitment_not_offered", zh, en)
        if value not in _SPOKEN and _document_of(occasion, value) is None:
            zh = f"材料{material}未上传:{value}"
            hint = f"{_PREFIX}…, {', '.join(sorted(_SPOKEN))}"
            raise Conflict("document_unknown", zh, f"no document of this firm for {material}: {value}", hint=hint)
    if "deferred_until" in occasion.payload:
        check_due(occasion, "deferred_until", "补交日期", "documents that follow")


def check_outstanding(occasion: Occasion) -> None:
    """Refuse an approval while a material is still owed.

    Raises:
        Conflict: ``material_outstanding``.
    """
    owed = outstanding(occasion.session, occasion.claim.id)
    if owed:
        names = ", ".join(row.material for row in owed[:_NAMED]) + (" …" if owed[_NAMED:] else "")
        zh, en = f"容缺材料尚未补交:{names}", f"documents that were to follow are not there yet: {names}"
        raise Conflict("material_outstanding", zh, en, hint=f"{owed[0].due_on}")


def take_materials(occasion: Occasion) -> None:
    """Write down which documents came as which material, and which follow by when."""
    version = occasion.next_version
    owed = {row.material: row for row in outstanding(occasion.session, occasion.claim.id)}
    for material, value in sorted(_given(occasion).items()):
        if value == DEFERRED:
            if material not in owed:
                _defer(occasion, material, version)
            continue
        if material in owed:
            owed[material].handed_in_version = version
        if (document := _document_of(occasion, value)) is not None:
            occasion.session.add(
                ClaimDocument(
                    claim_id=occasion.claim.id,
                    version=version,
                    material=material,
                    document_id=document.id,
                    sha256=document.sha256,
                )
            )


_OWED = (
    select(DeferredMaterial)
    .where(DeferredMaterial.claim_id == bindparam("of"), DeferredMaterial.handed_in_version.is_(None))
    .order_by(DeferredMaterial.due_on, DeferredMaterial.material)
)


def outstanding(session: Session, claim_id: int) -> Sequence[DeferredMaterial]:
    """What a claim still owes, soonest first."""
    return session.scalars(_OWED, {"of": claim_id}).all()


def deferred_materials(session: Session, *, on: date, limit: int = 500) -> Sequence[Deferred]:
    """What firms still owe to live claims, soonest first: the follow-up list."""
    query = (
        select(DeferredMaterial, ClaimRow)
        .join(ClaimRow, ClaimRow.id == DeferredMaterial.claim_id)
        .where(DeferredMaterial.handed_in_version.is_(None), ClaimRow.state.not_in([str(s) for s in FINAL]))
        .order_by(DeferredMaterial.due_on, DeferredMaterial.claim_id, DeferredMaterial.material)
        .limit(limit)
    )
    return [
        Deferred(claim.id, claim.claim_no, claim.uscc, claim.enterprise_name, row.material, row.due_on, row.due_on < on)
        for row, claim in session.execute(query)
    ]


def _given(occasion: Occasion) -> Mapping[str, str]:
    given: Mapping[str, str] = occasion.payload.get("materials", {})
    return given


def _document_of(occasion: Occasion, value: str) -> DocumentRow | None:
    if not value.startswith(_PREFIX):
        return None
    return find_document(occasion.session, occasion.claim.uscc, value.removeprefix(_PREFIX).lower())


def _defer(occasion: Occasion, material: str, version: int) -> None:
    due = occasion.payload.get("deferred_until")
    if due is None:
        raise InputError("field_missing", "容缺须写明补交日期", "documents to follow need a date: deferred_until")
    occasion.session.add(
        DeferredMaterial(claim_id=occasion.claim.id, material=material, since_version=version, due_on=due)
    )
