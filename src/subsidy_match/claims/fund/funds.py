"""Funds: append-only entries with stored balances that the database itself keeps from being overspent.

A balance moves only through ``claims.fund.posting.post``. Rivals lock funds in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.fund_records import FundEntry, FundRow, Mode
from subsidy_match.claims.fund.posting import Posting, post, unknown_fund
from subsidy_match.errors import Conflict, Finding, InputError
from subsidy_match.store import audit

__all__ = [
    "Fund",
    "Op",
    "Posting",
    "allocate",
    "check_balances",
    "entries_of",
    "freeze_fund",
    "fund",
    "hold_funds",
    "list_funds",
    "lock_funds",
    "open_fund",
    "post",
]


_LOCKED = (
    select(FundRow)
    .where(FundRow.id.in_(bindparam("wanted", expanding=True)))
    .order_by(FundRow.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


_LOCKED_IDS = _LOCKED.with_only_columns(FundRow.id)


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund as it stands; money in 分. ``step`` is what shares of a ``pooled`` fund are floored to."""

    id: str
    name_zh: str
    name_en: str
    department: str
    year: int
    indicator_no: str
    function_code: str
    spending_plan: str
    is_frozen: bool
    allocated: int
    reserved: int
    committed: int
    paid: int
    mode: Mode
    step: int
    closed_on: date | None

    @property
    def is_closed(self) -> bool:
        """Whether the fund was closed at year end."""
        return self.closed_on is not None

    @property
    def available(self) -> int:
        """What may still be reserved."""
        return self.allocated - self.reserved - self.committed - self.paid


def open_fund(
    session: Session,
    fund_id: str,
    *,
    name_zh: str,
    name_en: str,
    year: int,
    allocated: int,
    at: datetime,
    actor: str,
    department: str = "",
    indicator_no: str = "",
    function_code: str = "",
    spending_plan: str = "",
    mode: Mode = Mode.FIFO,
    step: int = 1,
) -> Fund:
    """Open a fund with its first allocation (分); ``step`` is for pooled funds.

    Raises:
        Conflict: ``fund_exists``.
        InputError: ``fund_step_wrong``.
    """
    if step < 1 or (mode is Mode.FIFO and step != 1):
        zh, en = "步长须大于零,且仅用于统筹分配的资金", "a step is greater than zero, and for pooled funds only"
        raise InputError("fund_step_wrong", zh, en)
    if session.get(FundRow, fund_id) is not None:
        raise _exists(fund_id)
    row = FundRow(
        id=fund_id,
        name_zh=name_zh,
        name_en=name_en,
        department=department,
        year=year,
        mode=str(mode),
        indicator_no=indicator_no,
        function_code=function_code,
        spending_plan=spending_plan,
        frozen=False,
        allocated=0,
        reserved=0,
        committed=0,
        paid=0,
        step=step,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as clash:  # a rival opened it since it was looked up
        raise _exists(fund_id) from clash
    told = {"mode": row.mode, "step": step, "year": year, "indicator": indicator_no}
    audit.append(session, f"fund:{fund_id}", at=at, actor=actor, action="open", detail=told)
    if allocated:
        allocate(session, fund_id, allocated, key=f"{fund_id}:open", at=at, actor=actor)
    return fund(session, fund_id)


def allocate(session: Session, fund_id: str, amount: int, *, key: str, at: datetime, actor: str) -> Fund:
    """Add ``amount`` 分 to a fund; the same ``key`` (a document number) adds only once.

    Raises:
        Conflict: ``allocation_repeated``.
    """
    lock_funds(session, [fund_id])  # before it is looked whether the document is new: two may bring the same one
    entry_key = f"allocate:{key}"
    if session.scalars(select(FundEntry.id).where(FundEntry.key == entry_key)).first() is not None:
        raise Conflict("allocation_repeated", f"该指标已下达:{key}", f"this allocation was made before: {key}")
    post(session, Posting(fund_id, Op.ALLOCATE, amount, entry_key, at, actor))
    return fund(session, fund_id)


def freeze_fund(session: Session, fund_id: str, *, frozen: bool, note: str, at: datetime, actor: str) -> Fund:
    """Freeze a fund (nothing is reserved or committed any more) or free it again."""
    (row,) = lock_funds(session, [fund_id])
    row.frozen = frozen
    audit.append(
        session,
        f"fund:{fund_id}",
        at=at,
        actor=actor,
        action="freeze" if frozen else "unfreeze",
        detail={"note": note},
    )
    return _fund(row)


def lock_funds(session: Session, fund_ids: Collection[str]) -> Sequence[FundRow]:
    """Lock funds against rivals until the transaction ends, always in the order of their ids.

    Raises:
        NotFound: ``fund_unknown``.
    """
    wanted = sorted(set(fund_ids))
    if any(isinstance(pending, FundRow) for pending in (*session.dirty, *session.new)):
        session.flush()  # what is read anew must not be lost
    with session.no_autoflush:
        rows = session.scalars(_LOCKED, {"wanted": wanted}).all()
    _require(wanted, {row.id for row in rows})
    session.info.setdefault(_HELD, set()).update(wanted)
    return rows


_HELD = "funds_held"


def hold_funds(session: Session, fund_ids: Collection[str]) -> None:
    """Lock funds as ``lock_funds`` does, where they are not locked yet and nothing of them is to be read.

    Raises:
        NotFound: ``fund_unknown``.
    """
    held: set[str] = session.info.setdefault(_HELD, set())
    wanted = sorted(set(fund_ids))
    if held.issuperset(wanted):
        return
    _require(wanted, set(session.connection().execute(_LOCKED_IDS, {"wanted": wanted}).scalars()))
    held.update(wanted)


def _require(wanted: Collection[str], known: Collection[str]) -> None:
    if missing := sorted(set(wanted) - set(known)):
        raise unknown_fund(missing[0])


def fund(session: Session, fund_id: str) -> Fund:
    """Read a fund as it stands.

    Raises:
        NotFound: ``fund_unknown``.
    """
    row = session.get(FundRow, fund_id, populate_existing=True)
    if row is None:
        raise unknown_fund(fund_id)
    return _fund(row)


def list_funds(session: Session) -> Sequence[Fund]:
    """Read all funds by id."""
    query = select(FundRow).order_by(FundRow.id).execution_options(populate_existing=True)
    return [_fund(row) for row in session.scalars(query)]


def entries_of(session: Session, fund_id: str, *, after: int = 0, limit: int = 100) -> Sequence[FundEntry]:
    """Read the movements of a fund in order, from entry id ``after`` on."""
    query = select(FundEntry).where(FundEntry.fund_id == fund_id, FundEntry.id > after)
    return session.scalars(query.order_by(FundEntry.id).limit(limit)).all()


def check_balances(session: Session) -> list[Finding]:
    """Compare every stored balance with the fold of its entries; an empty list means that they agree."""
    columns = (FundEntry.allocated, FundEntry.reserved, FundEntry.committed, FundEntry.paid)
    query = select(FundEntry.fund_id, *(func.sum(column) for column in columns)).group_by(FundEntry.fund_id)
    folded = {row[0]: tuple(int(total) for total in row[1:]) for row in session.execute(query)}
    findings = []
    for row in list_funds(session):
        stored = (row.allocated, row.reserved, row.committed, row.paid)
        if folded.get(row.id, (0, 0, 0, 0)) != stored:
            en = f"{row.id}: stored balances {stored} differ from the entries {folded.get(row.id)}"
            findings.append(Finding("F001", f"{row.id}:余额与明细不符", en))
    return findings


def _exists(fund_id: str) -> Conflict:
    return Conflict("fund_exists", f"资金已存在:{fund_id}", f"the fund {fund_id} exists")


def _fund(row: FundRow) -> Fund:
    return Fund(
        id=row.id,
        name_zh=row.name_zh,
        name_en=row.name_en,
        department=row.department,
        year=row.year,
        indicator_no=row.indicator_no,
        function_code=row.function_code,
        spending_plan=row.spending_plan,
        is_frozen=row.frozen,
        allocated=row.allocated,
        reserved=row.reserved,
        committed=row.committed,
        paid=row.paid,
        mode=Mode(row.mode),
        step=row.step,
        closed_on=row.closed_on,
    )
