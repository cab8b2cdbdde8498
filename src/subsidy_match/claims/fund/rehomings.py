"""Where the claims of a closed fund may go: the way its money went, and what was moved along it already."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.claims.fund.ledger_records import CarryRow
from subsidy_match.claims.fund.rehoming_records import RehomingRow
from subsidy_match.errors import Conflict

__all__ = ["carry_between", "check_way", "home_of", "homes_of"]


def carry_between(session: Session, source_id: str, target_id: str) -> CarryRow | None:
    """The newest carry-over from one fund into another."""
    query = select(CarryRow).where(CarryRow.source_id == source_id, CarryRow.target_id == target_id)
    return session.scalars(query.order_by(CarryRow.closing_id.desc()).limit(1)).first()


def check_way(session: Session, source: FundRow, target: FundRow) -> None:
    """Refuse to move claims between two funds where no money was carried over, or one of them must not be touched.

    Raises:
        Conflict: ``fund_not_closed``, ``fund_not_carried``, ``fund_mode_differs``, ``fund_frozen``, ``fund_closed``.
    """
    if source.closed_on is None:
        raise Conflict("fund_not_closed", f"资金尚未结账:{source.name_zh}", f"the fund {source.id} is not closed yet")
    if carry_between(session, source.id, target.id) is None:
        zh, en = f"{source.id}未结转到{target.id}", f"nothing of {source.id} was carried over to {target.id}"
        raise Conflict("fund_not_carried", zh, en)
    if source.mode != target.mode:
        zh, en = "两项资金的分配方式不同,不能转列", "one of the funds is pooled and the other is not"
        raise Conflict("fund_mode_differs", zh, en)
    for fund in (source, target):
        if fund.frozen:
            raise Conflict("fund_frozen", f"资金已冻结:{fund.name_zh}", f"the fund {fund.id} is frozen")
    if target.closed_on is not None:
        raise Conflict("fund_closed", f"资金已年终结账:{target.name_zh}", f"the fund {target.id} is closed")


def homes_of(session: Session, claim_id: int) -> Mapping[str, str]:
    """Which fund took which one's place for a claim."""
    query = select(RehomingRow.source_id, RehomingRow.target_id).where(RehomingRow.claim_id == claim_id)
    return {source: target for source, target in session.execute(query)}


def home_of(fund_id: str, homes: Mapping[str, str]) -> str:
    """The fund that bears by now what ``fund_id`` bore once."""
    while fund_id in homes:  # each step is a year later, so this ends
        fund_id = homes[fund_id]
    return fund_id
