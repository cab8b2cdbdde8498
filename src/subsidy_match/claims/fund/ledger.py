"""Money between funds: transfers, closing at year end, and what is carried over into the next year.

Every movement has a document, is two entries or one in one transaction, and locks funds in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import is_known
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.claims.fund.funds import Posting, lock_funds, post
from subsidy_match.claims.fund.ledger_records import CarryRow, ClosingRow, TransferRow
from subsidy_match.claims.fund.stranded import Stranded, left_in, stranded_in
from subsidy_match.errors import Conflict, Finding, InputError
from subsidy_match.store import audit

__all__ = ["Carry", "Closing", "Transfer", "carry_over", "close_fund", "closings_of", "transfer"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer that was made; money in 分."""

    id: int
    document_no: str
    source_id: str
    target_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Closing:
    """What was taken back from a closed fund, and how much of it went into the next year's.

    ``left`` tells of the claims that the fund leaves behind, and ``stranded`` has them; see ``claims.fund.stranded``. Told when
    the fund is closed; of closings read later only the newest has them, as they are by then.
    """

    id: int
    fund_id: str
    document_no: str
    amount: int
    day: date
    carried_to: str | None
    carried: int
    stranded: tuple[Stranded, ...] = ()

    @property
    def left(self) -> tuple[Finding, ...]:
        """What is told of the claims left behind, by kind."""
        return left_in(self.stranded)


@dataclass(frozen=True, slots=True)
class Carry:
    """What a fund got of the closing of last year's."""

    closing_id: int
    source_id: str
    target_id: str
    amount: int
    document_no: str


def transfer(
    session: Session, source_id: str, target_id: str, amount: int, *, document_no: str, at: datetime, actor: str
) -> Transfer:
    """Move what is free in one fund into another; the same document moves only once between the same two.

    Raises:
        NotFound: ``fund_unknown``.
        Conflict: ``fund_short``, ``fund_frozen``, ``fund_closed``, ``transfer_repeated``.
        InputError: ``transfer_same_fund``, ``amount_not_positive``.
    """
    if source_id == target_id:
        raise InputError("transfer_same_fund", "调出与调入为同一资金", "a fund cannot be transferred into itself")
    if amount <= 0:
        raise InputError("amount_not_positive", "金额须大于零", "an amount must be greater than zero")
    lock_funds(session, (source_id, target_id))
    _check_new_transfer(session, document_no, source_id, target_id)
    row = TransferRow(
        document_no=document_no, source_id=source_id, target_id=target_id, amount=amount, at=at, actor=actor
    )
    session.add(row)
    session.flush()
    moves = {source_id: Op.TRANSFER_OUT, target_id: Op.TRANSFER_IN}
    for fund_id in sorted(moves):
        post(session, Posting(fund_id, moves[fund_id], amount, f"transfer:{row.id}:{moves[fund_id]}", at, actor))
    return Transfer(row.id, document_no, source_id, target_id, amount)


def close_fund(session: Session, fund_id: str, *, document_no: str, at: datetime, actor: str) -> Closing:
    """Close a fund and take back what is free in it; what is committed is still paid.

    A closed fund in which money became free since may be closed again, which takes that back.

    Raises:
        NotFound: ``fund_unknown``.
        Conflict: ``fund_closed_already``, nothing is free; ``closing_repeated``.
    """
    (fund,) = lock_funds(session, [fund_id])
    free = fund.allocated - fund.reserved - fund.committed - fund.paid
    if is_known(document_no, session.scalars(select(ClosingRow.document_no).where(ClosingRow.fund_id == fund_id))):
        raise Conflict("closing_repeated", f"该文号已结账:{document_no}", f"closed under this document: {document_no}")
    if fund.closed_on is not None and free == 0:
        zh = f"资金已结账且无可收回余额:{fund.name_zh}"
        raise Conflict("fund_closed_already", zh, f"the fund {fund_id} is closed and nothing is free in it")
    row = ClosingRow(fund_id=fund_id, document_no=document_no, amount=free, day=business_day(at), at=at, actor=actor)
    session.add(row)
    session.flush()
    closing = replace(_closing(row, None), stranded=stranded_in(session, fund_id))
    _mark_closed(session, fund, row, closing.left)
    if free:
        post(session, Posting(fund_id, Op.CLOSE, free, f"close:{row.id}", at, actor))
    return closing


def carry_over(
    session: Session,
    source_id: str,
    target_id: str,
    amount: int | None,
    *,
    document_no: str,
    at: datetime,
    actor: str,
) -> Carry:
    """Put what was taken back from a closed fund into next year's fund; ``None`` is all of it.

    Of each closing this is done once, the oldest first, and never with more than it took back.

    Raises:
        NotFound: ``fund_unknown``.
        Conflict: ``fund_not_closed``, ``nothing_to_carry``, ``carry_too_much``, ``carry_wrong_year``, ``fund_closed``.
        InputError: ``amount_not_positive``.
    """
    funds = {row.id: row for row in lock_funds(session, (source_id, target_id))}
    closing = _open_closing(session, funds[source_id])
    wanted = closing.amount if amount is None else amount
    _check_carry(funds[source_id], funds[target_id], closing, wanted)
    carry = CarryRow(
        closing_id=closing.id,
        source_id=source_id,
        target_id=target_id,
        taken_back=closing.amount,
        amount=wanted,
        document_no=document_no,
        at=at,
        actor=actor,
    )
    session.add(carry)
    session.flush()
    post(session, Posting(target_id, Op.CARRY_IN, wanted, f"carry:{closing.id}", at, actor))
    told = {"closing": closing.id, "to": target_id, "amount": wanted, "document": document_no}
    audit.append(session, f"fund:{source_id}", at=at, actor=actor, action="carry_over", detail=told)
    return Carry(closing.id, source_id, target_id, wanted, document_no)


def closings_of(session: Session, fund_id: str) -> Sequence[Closing]:
    """Read the closings of a fund, oldest first; the newest with the claims that the fund leaves behind by now."""
    query = (
        select(ClosingRow, CarryRow)
        .outerjoin(CarryRow, CarryRow.closing_id == ClosingRow.id)
        .where(ClosingRow.fund_id == fund_id)
        .order_by(ClosingRow.id)
    )
    found = [_closing(row, carry) for row, carry in session.execute(query)]
    if found:
        found[-1] = replace(found[-1], stranded=stranded_in(session, fund_id))
    return found


def _closing(row: ClosingRow, carry: CarryRow | None) -> Closing:
    to, carried = (None, 0) if carry is None else (carry.target_id, carry.amount)
    return Closing(row.id, row.fund_id, row.document_no, row.amount, row.day, to, carried)


def _check_new_transfer(session: Session, document_no: str, source_id: str, target_id: str) -> None:
    same = TransferRow.source_id == source_id, TransferRow.target_id == target_id
    if is_known(document_no, session.scalars(select(TransferRow.document_no).where(*same))):
        zh, en = f"该文号已调剂:{document_no}", f"transferred before under this document: {document_no}"
        raise Conflict("transfer_repeated", zh, en)


def _mark_closed(session: Session, fund: FundRow, row: ClosingRow, left: Sequence[Finding]) -> None:
    first = fund.closed_on is None
    if first:
        fund.closed_on = row.day
    session.flush()
    told = {"document": row.document_no, "taken_back": row.amount, "reserved": fund.reserved, "first": first}
    told |= {"left": {finding.code: finding.en for finding in left}} if left else {}
    audit.append(session, f"fund:{fund.id}", at=row.at, actor=row.actor, action="close_fund", detail=told)


def _open_closing(session: Session, fund: FundRow) -> ClosingRow:
    if fund.closed_on is None:
        raise Conflict("fund_not_closed", f"资金尚未结账:{fund.name_zh}", f"the fund {fund.id} is not closed yet")
    query = (
        select(ClosingRow)
        .outerjoin(CarryRow, CarryRow.closing_id == ClosingRow.id)
        .where(ClosingRow.fund_id == fund.id, ClosingRow.amount > 0, CarryRow.closing_id.is_(None))
    )
    closing = session.scalars(query.order_by(ClosingRow.id).limit(1)).first()
    if closing is None:
        zh = f"没有可结转的收回资金:{fund.name_zh}"
        raise Conflict("nothing_to_carry", zh, f"all that was taken back from {fund.id} is carried over, or none was")
    return closing


def _check_carry(source: FundRow, target: FundRow, closing: ClosingRow, amount: int) -> None:
    if target.year != source.year + 1:
        zh, en = "只能结转到下一年度的资金", f"only a fund of {source.year + 1} takes it over"
        raise Conflict("carry_wrong_year", zh, en)
    if amount <= 0:
        raise InputError("amount_not_positive", "金额须大于零", "an amount must be greater than zero")
    if amount > closing.amount:
        zh, en = "结转金额超过收回金额", "that is more than was taken back when the fund was closed"
        raise Conflict("carry_too_much", zh, en)
