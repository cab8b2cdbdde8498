"""The claims in hand that exclusivity rules count."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.records import ClaimItem, ClaimRow, ClaimShare
from subsidy_match.claims.states import State
from subsidy_match.matching.exclusivity import Pending
from subsidy_match.store.unit import in_unit

__all__ = ["pending_of"]

_PAID = (State.PAID, State.COMPLETED, State.RECOVERING, State.RECOVERED, State.WRITTEN_OFF)


def pending_of(engine: Engine, uscc: str) -> list[Pending]:
    """The claims of one firm that bar or use up something; drafts do not yet, they can be thrown away."""

    def work(session: Session) -> list[Pending]:
        query = select(ClaimRow).where(ClaimRow.uscc == uscc, ClaimRow.occupies, ClaimRow.state != str(State.DRAFT))
        return [_pending(session, row) for row in session.scalars(query.order_by(ClaimRow.id))]

    return in_unit(engine, work, immediate=False)


def _pending(session: Session, row: ClaimRow) -> Pending:
    keys = session.scalars(select(ClaimItem.item_key).where(ClaimItem.claim_id == row.id, ClaimItem.occupies))
    stated = (row.amount_approved, row.amount_proposed, row.amount_claimed)
    estimate = row.amount_min if row.amount_min == row.amount_max else None
    amount = next((one for one in stated if one is not None), estimate)
    # What was recovered whole is not in the history: the claim keeps its place all the same.
    kept = session.scalar(select(func.sum(ClaimShare.paid)).where(ClaimShare.claim_id == row.id))
    paid = row.state in {str(state) for state in _PAID} and bool(kept)
    item_keys = tuple(sorted(set(keys)))
    return Pending(row.claim_no, row.policy_id, row.period, row.subject or None, amount, item_keys, paid)
