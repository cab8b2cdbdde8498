"""Reads claims for people: one, many, their steps and evidence, each only for those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.claim import Claim, Step, claim_from_row, step_from_row
from subsidy_match.claims.occasion import forget_shares, shares_of
from subsidy_match.claims.records import ClaimPin, ClaimRow, ClaimShare, ClaimStep
from subsidy_match.claims.states import State
from subsidy_match.claims.texts import unfold
from subsidy_match.errors import NotFound
from subsidy_match.store.users import Actor, Role

__all__ = [
    "CLAIM_UNKNOWN",
    "OUTSIDERS",
    "ClaimFilter",
    "evidence",
    "find_claims",
    "load_claim",
    "locked_row",
    "steps_of",
    "visible_row",
]

CLAIM_UNKNOWN = "claim_unknown"
OUTSIDERS = frozenset({Role.APPLICANT, Role.AGENT, Role.PUBLIC})
"""Whoever only acts for firms, or for nobody."""
_LOCKED = (
    select(ClaimRow)
    .where(ClaimRow.id == bindparam("claim_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims to list: every field given must fit; ``after`` is the id of the last claim already seen."""

    states: tuple[State, ...] = ()
    uscc: str | None = None
    policy_id: str | None = None
    period: str | None = None
    assignee: str | None = None
    filer: str | None = None
    fund_id: str | None = None
    is_waiting: bool | None = None
    after: int = 0
    limit: int = 50


def load_claim(session: Session, row: ClaimRow) -> Claim:
    """Detach a claim with its shares."""
    return claim_from_row(row, shares_of(session, row.id))


def locked_row(session: Session, claim_id: int) -> ClaimRow:
    """Lock a claim until the transaction ends.

    Raises:
        NotFound: ``claim_unknown``.
    """
    # Shares read before the lock may have changed since.
    forget_shares(session)
    row = session.scalars(_LOCKED, {"claim_id": claim_id}).one_or_none()
    if row is None:
        raise _unknown(claim_id)
    return row


def visible_row(session: Session, claim_id: int, viewer: Actor | None) -> ClaimRow:
    """Read a claim for ``viewer``; another firm's claim is unknown to an applicant, not forbidden.

    Raises:
        NotFound: ``claim_unknown``.
    """
    row = session.get(ClaimRow, claim_id)
    if row is None or (viewer is not None and _is_outsider(viewer) and not viewer.may_file_for(row.uscc)):
        raise _unknown(claim_id)
    return row


def find_claims(session: Session, wanted: ClaimFilter, viewer: Actor | None) -> Sequence[Claim]:
    """List claims by id."""
    query = _filtered(wanted)
    if viewer is not None and _is_outsider(viewer):
        query = query.where(ClaimRow.uscc.in_(sorted(viewer.firms)))
    rows = session.scalars(query.order_by(ClaimRow.id).limit(wanted.limit)).all()
    return [load_claim(session, row) for row in rows]


def steps_of(session: Session, claim_id: int) -> Sequence[Step]:
    """Read the timeline of a claim."""
    query = select(ClaimStep).where(ClaimStep.claim_id == claim_id).order_by(ClaimStep.version)
    return [step_from_row(row) for row in session.scalars(query)]


def evidence(session: Session, claim_id: int, version: int) -> bytes:
    """Read what was pinned when the claim got ``version``.

    Raises:
        NotFound: ``evidence_unknown``.
        Conflict: ``evidence_damaged``.
    """
    pin = session.get(ClaimPin, (claim_id, version))
    if pin is None:
        raise NotFound("evidence_unknown", "该步骤没有留存依据", "nothing was pinned at this step")
    return unfold(session, pin.evidence, pin.digest)


def _filtered(wanted: ClaimFilter) -> Select[ClaimRow]:
    query = select(ClaimRow).where(ClaimRow.id > wanted.after)
    if wanted.states:
        query = query.where(ClaimRow.state.in_([str(state) for state in wanted.states]))
    for column, value in (
        (ClaimRow.uscc, wanted.uscc),
        (ClaimRow.policy_id, wanted.policy_id),
        (ClaimRow.period, wanted.period),
        (ClaimRow.assignee, wanted.assignee),
        (ClaimRow.filer, wanted.filer),
        (ClaimRow.waiting, wanted.is_waiting),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.fund_id is not None:
        mine = select(ClaimShare.claim_id).where(ClaimShare.fund_id == wanted.fund_id)
        query = query.where(ClaimRow.id.in_(mine))
    return query


def _is_outsider(viewer: Actor) -> bool:
    return viewer.roles <= OUTSIDERS


def _unknown(claim_id: int) -> NotFound:
    return NotFound(CLAIM_UNKNOWN, f"办件不存在:{claim_id}", f"no claim {claim_id}")
