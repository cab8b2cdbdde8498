"""What this system has paid and firms still have, for the history that matching looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.payment_states import LineState
from subsidy_match.claims.payout_records import LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.undo_records import RecoveryRow
from subsidy_match.matching.history import Payment
from subsidy_match.store.unit import in_unit

__all__ = ["all_payments", "payments_of"]


def payments_of(engine: Engine, uscc: str) -> Sequence[Payment]:
    """The settled payments to one firm, in the order in which they were made; what was recovered is not in the amounts."""
    return [payment for _, payment in _read(engine, _settled().where(ClaimRow.uscc == uscc))]


def all_payments(engine: Engine) -> dict[str, list[Payment]]:
    """All settled payments by firm, as ``payments_of``."""
    found: dict[str, list[Payment]] = defaultdict(list)
    for uscc, payment in _read(engine, _settled()):
        found[uscc].append(payment)
    return dict(found)


def _settled() -> Select[LineRow, ClaimRow, int]:
    back = select(RecoveryRow.claim_id, func.sum(RecoveryRow.recovered).label("amount"))
    back_of = back.group_by(RecoveryRow.claim_id).subquery()
    query = (
        select(LineRow, ClaimRow, func.coalesce(back_of.c.amount, 0))
        .join(ClaimRow, ClaimRow.id == LineRow.claim_id)
        .outerjoin(back_of, back_of.c.claim_id == ClaimRow.id)
    )
    return query.where(LineRow.state == str(LineState.SETTLED), LineRow.settled_on.is_not(None)).order_by(LineRow.id)


def _read(engine: Engine, query: Select[LineRow, ClaimRow, int]) -> list[tuple[str, Payment]]:
    def work(session: Session) -> list[tuple[str, Payment]]:
        return [(claim.uscc, _payment(line, claim, int(back))) for line, claim, back in session.execute(query)]

    return in_unit(engine, work, immediate=False)


def _payment(line: LineRow, claim: ClaimRow, back: int) -> Payment:
    if line.settled_on is None:
        raise AssertionError("a settled line has its date")
    settled = line.amount if back else None
    rest = max(line.amount - back, 0)
    return Payment(claim.claim_no, claim.policy_id, claim.subject or None, rest, line.settled_on, settled)
