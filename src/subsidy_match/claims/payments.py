"""What this system has paid, for the history that matching looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.payment_states import LineState
from subsidy_match.claims.payout_records import LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.matching.history import Payment
from subsidy_match.store.unit import in_unit

__all__ = ["all_payments", "payments_of"]


def payments_of(engine: Engine, uscc: str) -> Sequence[Payment]:
    """The settled payments to one firm, in the order in which they were made."""
    return [payment for _, payment in _read(engine, _settled().where(ClaimRow.uscc == uscc))]


def all_payments(engine: Engine) -> dict[str, list[Payment]]:
    """All settled payments by firm."""
    found: dict[str, list[Payment]] = defaultdict(list)
    for uscc, payment in _read(engine, _settled()):
        found[uscc].append(payment)
    return dict(found)


def _settled() -> Select[LineRow, ClaimRow]:
    query = select(LineRow, ClaimRow).join(ClaimRow, ClaimRow.id == LineRow.claim_id)
    return query.where(LineRow.state == str(LineState.SETTLED), LineRow.settled_on.is_not(None)).order_by(LineRow.id)


def _read(engine: Engine, query: Select[LineRow, ClaimRow]) -> list[tuple[str, Payment]]:
    def work(session: Session) -> list[tuple[str, Payment]]:
        return [(claim.uscc, _payment(line, claim)) for line, claim in session.execute(query)]

    return in_unit(engine, work, immediate=False)


def _payment(line: LineRow, claim: ClaimRow) -> Payment:
    if line.settled_on is None:
        raise AssertionError("a settled line has its date")
    return Payment(claim.claim_no, claim.policy_id, claim.subject or None, line.amount, line.settled_on)
