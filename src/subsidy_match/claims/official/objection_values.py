"""Objections as the outside sees them, without whoever made them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from subsidy_match.claims.official.document_states import OBJECTION_NAMES, ObjectionState
from subsidy_match.claims.official.notice_records import ObjectionRow
from subsidy_match.errors import NotFound

__all__ = ["Objection", "load_objection", "objection_from_row", "unknown_objection"]


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to a claim, for officers; ``days_left`` are the working days its notice still has to run."""

    id: int
    notice_id: int
    claim_id: int
    state: ObjectionState
    origin: str
    department: str
    evidence: str
    days_left: int
    filed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason_code: str | None
    answer: str | None

    @property
    def state_zh(self) -> str:
        """The state in Chinese."""
        return OBJECTION_NAMES[self.state][0]

    @property
    def state_en(self) -> str:
        """The state in English."""
        return OBJECTION_NAMES[self.state][1]


def load_objection(session: Session, objection_id: int) -> Objection:
    """Read an objection.

    Raises:
        NotFound: ``objection_unknown``.
    """
    row = session.get(ObjectionRow, objection_id)
    if row is None:
        raise unknown_objection(objection_id)
    return objection_from_row(row)


def objection_from_row(row: ObjectionRow) -> Objection:
    """Detach an objection from its row."""
    return Objection(
        id=row.id,
        notice_id=row.notice_id,
        claim_id=row.claim_id,
        state=ObjectionState(row.state),
        origin=row.origin,
        department=row.department,
        evidence=row.evidence,
        days_left=row.days_left,
        filed_at=row.filed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason_code=row.reason_code,
        answer=row.answer,
    )


def unknown_objection(objection_id: int) -> NotFound:
    """The refusal of an objection that is not there."""
    return NotFound("objection_unknown", f"异议不存在:{objection_id}", f"no objection {objection_id}")
