"""In which documents a claim is listed, asked of the store by guards and effects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from subsidy_match.claims.official.allocation_records import AllocationClaimRow, AllocationRow
from subsidy_match.claims.official.document_states import AllocationState, ObjectionState
from subsidy_match.claims.official.notice_records import NoticeClaimRow, ObjectionRow

__all__ = ["issued_among", "issued_number", "leave_documents", "open_objections"]


def issued_number(session: Session, claim_id: int) -> str | None:
    """The number of the issued document of allocation in which a claim is listed."""
    return session.scalars(
        _issued(select(AllocationRow.number)).where(AllocationClaimRow.claim_id == claim_id)
    ).one_or_none()


def issued_among(session: Session, claims: Select[int]) -> frozenset[int]:
    """Which of some claims an issued document of allocation lists."""
    listed = select(AllocationClaimRow.claim_id).select_from(AllocationRow)
    return frozenset(session.scalars(_issued(listed).where(AllocationClaimRow.claim_id.in_(claims))))


def open_objections(session: Session, claim_id: int) -> list[ObjectionRow]:
    """The objections to a claim that nobody has decided yet."""
    mine = (ObjectionRow.claim_id == claim_id, ObjectionRow.state == str(ObjectionState.OPEN))
    return list(session.scalars(select(ObjectionRow).where(*mine).order_by(ObjectionRow.id)))


def leave_documents(session: Session, claim_id: int) -> None:
    """Free a claim of its notice and its document of allocation: what they said of it no longer holds."""
    out = update(NoticeClaimRow).where(NoticeClaimRow.claim_id == claim_id, NoticeClaimRow.is_open)
    session.execute(out.values(is_open=False).execution_options(synchronize_session="fetch"))
    struck = update(AllocationClaimRow).where(AllocationClaimRow.claim_id == claim_id, AllocationClaimRow.is_live)
    session.execute(struck.values(is_live=False).execution_options(synchronize_session="fetch"))


def _issued(query: Select[Any]) -> Select[Any]:
    joined = query.join(AllocationClaimRow, AllocationClaimRow.allocation_id == AllocationRow.id)
    return joined.where(AllocationClaimRow.is_live, AllocationRow.state == str(AllocationState.ISSUED))
