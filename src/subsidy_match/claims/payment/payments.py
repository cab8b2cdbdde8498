"""What this system has paid and firms still have, for the history that matching looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.payment.payment_states import LineState
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.undo_records import RecoveryRow
from subsidy_match.matching.history import Payment
from subsidy_match.store.unit import in_unit

__all__ = ["all_payments", "payments_of"]


def payments_of(engine: Engine, uscc: str) -> Sequence[Payment]:
    """The settled payments to one firm, in the order in which they were made; what was recovered is not in the amounts."""
    return [payment for _, payment in _read(engine, _OF_FIRM, {"of": uscc})]


def all_payments(engine: Engine) -> dict[str, list[Payment]]:
    """All settled payments by firm, as ``payments_of``."""
    found: dict[str, list[Payment]] = defaultdict(list)
    for uscc, payment in _read(engine, _SETTLED, {}):
        found[uscc].append(payment)
    return dict(found)


def _settled() -> Select[*tuple[Any, ...]]:
    back = select(RecoveryRow.claim_id, func.sum(RecoveryRow.recovered).label("amount"))
    back_of = back.group_by(RecoveryRow.claim_id).subquery()
    paid = ClaimRow.uscc, ClaimRow.claim_no, ClaimRow.policy_id, ClaimRow.subject, LineRow.amount, LineRow.settled_on
    query = (
        select(*paid, func.coalesce(back_of.c.amount, 0))
        .join(ClaimRow, ClaimRow.id == LineRow.claim_id)
        .outerjoin(back_of, back_of.c.claim_id == ClaimRow.id)
    )
    return query.where(LineRow.state == str(LineState.SETTLED), LineRow.settled_on.is_not(None)).order_by(LineRow.id)


# Asked with every match of one firm: built once, asked for values.
_SETTLED = _settled()
_OF_FIRM = _SETTLED.where(ClaimRow.uscc == bindparam("of"))


def _read(engine: Engine, query: Select[*tuple[Any, ...]], of: Mapping[str, str]) -> list[tuple[str, Payment]]:
    def work(session: Session) -> list[tuple[str, Payment]]:
        return [(uscc, _payment(*paid)) for uscc, *paid in session.connection().execute(query, of)]

    return in_unit(engine, work, immediate=False)


def _payment(claim_no: str, policy_id: str, subject: str | None, amount: int, on: date, back: int) -> Payment:
    rest = max(amount - int(back), 0)
    return Payment(claim_no, policy_id, subject or None, rest, on, amount if back else None)
