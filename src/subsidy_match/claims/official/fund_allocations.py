"""Documents of allocation (资金下达) as the outside sees them, and how they are read, locked and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.official.allocation_records import AllocationClaimRow, AllocationFundRow, AllocationRow
from subsidy_match.claims.official.document_states import ALLOCATION_NAMES, AllocationState
from subsidy_match.errors import Conflict, Finding, NotFound

__all__ = [
    "Allocation",
    "AllocationEntry",
    "check_allocations",
    "claims_in",
    "funds_in",
    "list_allocations",
    "load_allocation",
    "locked_allocation",
]


@dataclass(frozen=True, slots=True)
class AllocationEntry:
    """A claim in a document; ``amount`` in 分. It is live until the document is void or the claim leaves it."""

    claim_id: int
    amount: int
    is_live: bool


@dataclass(frozen=True, slots=True)
class Allocation:
    """A document of allocation with its claims and its totals by fund (分)."""

    id: int
    number: str
    title: str
    state: AllocationState
    claim_count: int
    total: int
    funds: Mapping[str, int]
    maker: str
    made_at: datetime
    issuer: str | None
    issued_at: datetime | None
    voided_by: str | None
    voided_at: datetime | None
    reason_code: str | None
    note: str | None
    entries: tuple[AllocationEntry, ...]

    @property
    def state_zh(self) -> str:
        """The state in Chinese."""
        return ALLOCATION_NAMES[self.state][0]

    @property
    def state_en(self) -> str:
        """The state in English."""
        return ALLOCATION_NAMES[self.state][1]


def load_allocation(session: Session, allocation_id: int) -> Allocation:
    """Read a document.

    Raises:
        NotFound: ``allocation_unknown``.
    """
    row = session.get(AllocationRow, allocation_id)
    if row is None:
        raise _unknown(allocation_id)
    return _allocation(session, row)


def list_allocations(session: Session, *, after: int = 0, limit: int = 50) -> Sequence[Allocation]:
    """Read documents by id, from ``after`` on."""
    query = select(AllocationRow).where(AllocationRow.id > after).order_by(AllocationRow.id).limit(limit)
    return [_allocation(session, row) for row in session.scalars(query).all()]


def locked_allocation(session: Session, allocation_id: int, *states: AllocationState) -> AllocationRow:
    """Lock a document that must be in one of ``states``.

    Raises:
        NotFound: ``allocation_unknown``.
        Conflict: ``allocation_state``.
    """
    query = select(AllocationRow).where(AllocationRow.id == allocation_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise _unknown(allocation_id)
    if row.state not in states:
        zh, en = ALLOCATION_NAMES[AllocationState(row.state)]
        raise Conflict("allocation_state", f"资金下达文件{zh},不能办理", f"the document of allocation is {en}")
    return row


def claims_in(session: Session, allocation_id: int) -> Sequence[AllocationClaimRow]:
    """Read the claims of a document in the order of their ids."""
    mine = AllocationClaimRow.allocation_id == allocation_id
    query = select(AllocationClaimRow).where(mine).order_by(AllocationClaimRow.claim_id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def funds_in(session: Session, allocation_id: int) -> dict[str, int]:
    """Read what a document draws on each fund."""
    mine = AllocationFundRow.allocation_id == allocation_id
    query = select(AllocationFundRow).where(mine).order_by(AllocationFundRow.fund_id)
    return {row.fund_id: row.amount for row in session.scalars(query)}


def check_allocations(session: Session) -> list[Finding]:
    """Compare the count and totals of every document with its claims; an empty list means that they agree."""
    findings = []
    for row in session.scalars(select(AllocationRow).order_by(AllocationRow.id)):
        amounts = [entry.amount for entry in claims_in(session, row.id)]
        stored = (row.claim_count, row.total, row.total)
        if (len(amounts), sum(amounts), sum(funds_in(session, row.id).values())) != stored:
            zh, en = f"{row.number}:合计与办件不符", f"{row.number}: totals differ from claims"
            findings.append(Finding("F015", zh, en))
    return findings


def _allocation(session: Session, row: AllocationRow) -> Allocation:
    return Allocation(
        id=row.id,
        number=row.number,
        title=row.title,
        state=AllocationState(row.state),
        claim_count=row.claim_count,
        total=row.total,
        funds=funds_in(session, row.id),
        maker=row.maker,
        made_at=row.made_at,
        issuer=row.issuer,
        issued_at=row.issued_at,
        voided_by=row.voided_by,
        voided_at=row.voided_at,
        reason_code=row.reason_code,
        note=row.note,
        entries=tuple(AllocationEntry(e.claim_id, e.amount, e.is_live) for e in claims_in(session, row.id)),
    )


def _unknown(allocation_id: int) -> NotFound:
    zh, en = f"资金下达文件不存在:{allocation_id}", f"no document of allocation {allocation_id}"
    return NotFound("allocation_unknown", zh, en)
