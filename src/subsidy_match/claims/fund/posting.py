"""The one way in which a balance moves: a guarded ``UPDATE``, one entry, one audit row on the fund's chain.

The guard is in the statement itself, so that two rivals cannot both see the last yuan; all is in the caller's
transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, bindparam, insert, update
from sqlalchemy.orm import Session

from subsidy_match.claims.fund.fund_ops import BARRED_BY_CLOSING, BARRED_BY_FREEZE, EFFECTS, Effect, Op
from subsidy_match.claims.fund.fund_records import FundEntry, FundRow
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store import audit
from subsidy_match.store.schema import Money

__all__ = ["Posting", "post", "unknown_fund"]


def _guarded(op: Op) -> Update:
    """The movement with its guard in the statement itself; built once, for it is sent with every posting."""
    allocated, reserved, committed, paid = (bindparam(f"d_{name}", type_=Money) for name in Effect._fields)
    free = FundRow.reserved + reserved + FundRow.committed + committed + FundRow.paid + paid
    bars = [FundRow.frozen.is_(False)] if op in BARRED_BY_FREEZE else []
    bars += [FundRow.closed_on.is_(None)] if op in BARRED_BY_CLOSING else []
    return (
        update(FundRow)
        .where(
            *bars,
            FundRow.id == bindparam("fund"),
            FundRow.allocated + allocated >= free,
            FundRow.reserved + reserved >= 0,
            FundRow.committed + committed >= 0,
            FundRow.paid + paid >= 0,
        )
        .values(
            allocated=FundRow.allocated + allocated,
            reserved=FundRow.reserved + reserved,
            committed=FundRow.committed + committed,
            paid=FundRow.paid + paid,
        )
        .returning(FundRow.id)
    )


_MOVES = {op: _guarded(op) for op in Op}
_ENTRY = insert(FundEntry.__table__)  # type: ignore[arg-type]  # declared as a FromClause, is the table


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement to be made: ``amount`` 分, greater than zero, under a ``key`` that is used once."""

    fund_id: str
    op: Op
    amount: int
    key: str
    at: datetime
    actor: str
    claim_id: int | None = None


def post(session: Session, posting: Posting) -> None:
    """Move money, or raise with nothing moved.

    Raises:
        Conflict: ``fund_short`` (it would be overspent), ``fund_frozen``, ``fund_closed``.
        NotFound: ``fund_unknown``.
        InputError: ``amount_not_positive``.
    """
    if posting.amount <= 0:
        raise InputError("amount_not_positive", "金额须大于零", "an amount must be greater than zero")
    moved = Effect(*(sign * posting.amount for sign in EFFECTS[posting.op]))
    deltas = {f"d_{name}": delta for name, delta in moved._asdict().items()}
    session.flush()
    connection = session.connection()
    if connection.execute(_MOVES[posting.op], {"fund": posting.fund_id, **deltas}).scalar_one_or_none() is None:
        raise _why_not(session, posting)
    entry = {
        "fund_id": posting.fund_id,
        "claim_id": posting.claim_id,
        "key": posting.key,
        "op": str(posting.op),
        "amount": posting.amount,
        **moved._asdict(),
        "at": posting.at,
        "actor": posting.actor,
    }
    connection.execute(_ENTRY, entry)
    audit.append(
        session,
        f"fund:{posting.fund_id}",
        at=posting.at,
        actor=posting.actor,
        action=str(posting.op),
        detail={"amount": posting.amount, "claim": posting.claim_id, "key": posting.key},
    )


def unknown_fund(fund_id: str) -> NotFound:
    """The refusal of a fund that is not there."""
    return NotFound("fund_unknown", f"资金不存在:{fund_id}", f"no fund {fund_id}")


def _why_not(session: Session, posting: Posting) -> Conflict | NotFound:
    row = session.get(FundRow, posting.fund_id, populate_existing=True)
    if row is None:
        return unknown_fund(posting.fund_id)
    if row.frozen and posting.op in BARRED_BY_FREEZE:
        return Conflict("fund_frozen", f"资金已冻结:{row.name_zh}", f"the fund {row.id} is frozen")
    if row.closed_on is not None and posting.op in BARRED_BY_CLOSING:
        return Conflict("fund_closed", f"资金已年终结账:{row.name_zh}", f"the fund {row.id} is closed")
    return Conflict("fund_short", f"资金不足:{row.name_zh}", f"the fund {row.id} has not enough for this")
