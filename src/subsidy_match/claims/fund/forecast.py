"""How far the money of a fund goes: the budget bar, what claims on their way will ask for, and when it runs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.effects.moving import parts_of
from subsidy_match.claims.fund.fund_ops import OF_CLAIMS
from subsidy_match.claims.fund.fund_records import FundEntry
from subsidy_match.claims.fund.funds import Fund, fund
from subsidy_match.claims.occasion import current_amount
from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.states import FINAL, State

__all__ = ["Forecast", "Pending", "forecast"]

_CHINA = timezone(timedelta(hours=8))
_WINDOW = 90
_FARTHEST = 3650
_PENDING = tuple(state for state in State if state not in FINAL)


@dataclass(frozen=True, slots=True)
class Pending:
    """Claims of one state and what they are expected to take from this fund (分).

    Attributes:
        expected: the fund's part of what the claims are worth now.
        held: how much of that is reserved, committed or paid already.
        waiting: how many of them are on the waitlist.
    """

    state: State
    claims: int
    expected: int
    held: int
    waiting: int

    @property
    def asked(self) -> int:
        """What they will still ask for."""
        return self.expected - self.held


@dataclass(frozen=True, slots=True)
class Forecast:
    """The outlook of a fund on a day; money in 分.

    Attributes:
        taken: what claims took from the fund in the last ``days`` days, net of what they gave back.
        runs_out_on: when the free money is gone at that pace; ``None`` where it is not used up, or not in ten years.
    """

    fund: Fund
    on: date
    pending: tuple[Pending, ...]
    taken: int
    days: int
    runs_out_on: date | None

    @property
    def asked(self) -> int:
        """What claims on their way will still ask for."""
        return sum(part.asked for part in self.pending)

    @property
    def short(self) -> int:
        """By how much the free money falls short of that."""
        return max(self.asked - self.fund.available, 0)


def forecast(session: Session, fund_id: str, *, on: date) -> Forecast:
    """Look ahead for one fund.

    Raises:
        NotFound: ``fund_unknown``.
    """
    found = fund(session, fund_id)
    taken, days = _pace(session, fund_id, on)
    return Forecast(found, on, tuple(_pending(session, fund_id)), taken, days, _end(found.available, taken, days, on))


def _pending(session: Session, fund_id: str) -> Sequence[Pending]:
    mine = select(ClaimShare.claim_id).where(ClaimShare.fund_id == fund_id)
    open_here = ClaimRow.id.in_(mine) & ClaimRow.state.in_([str(state) for state in _PENDING])
    shares: dict[int, list[ClaimShare]] = {}
    for share in session.scalars(
        select(ClaimShare).join(ClaimRow, ClaimRow.id == ClaimShare.claim_id).where(open_here)
    ):
        shares.setdefault(share.claim_id, []).append(share)
    sums: dict[State, list[int]] = {}
    for claim in session.scalars(select(ClaimRow).where(open_here)):
        held, expected = _part(claim, shares[claim.id], fund_id)
        for place, number in enumerate((1, expected, held, int(claim.waiting))):
            sums.setdefault(State(claim.state), [0, 0, 0, 0])[place] += number
    return [Pending(state, *sums[state]) for state in _PENDING if state in sums]


def _part(claim: ClaimRow, shares: Sequence[ClaimShare], fund_id: str) -> tuple[int, int]:
    """What the fund holds for a claim, and what it is expected to bear of it at least."""
    held = sum(share.reserved + share.committed + share.paid for share in shares if share.fund_id == fund_id)
    return held, max(parts_of(current_amount(claim), shares)[fund_id], held)


def _pace(session: Session, fund_id: str, on: date) -> tuple[int, int]:
    """What claims took in the window that ends with ``on``, and its days; it begins no earlier than the fund."""
    first = session.scalars(select(func.min(FundEntry.at)).where(FundEntry.fund_id == fund_id)).first()
    opened = on if first is None else business_day(first)
    start = max(opened, on - timedelta(days=_WINDOW - 1))
    net = func.sum(FundEntry.reserved + FundEntry.committed + FundEntry.paid)
    query = select(func.coalesce(net, 0)).where(
        FundEntry.fund_id == fund_id,
        FundEntry.op.in_([str(op) for op in OF_CLAIMS]),
        FundEntry.at >= datetime.combine(start, time(), _CHINA),
        FundEntry.at < datetime.combine(on + timedelta(days=1), time(), _CHINA),
    )
    return int(session.scalars(query).one()), max((on - start).days + 1, 1)


def _end(free: int, taken: int, days: int, on: date) -> date | None:
    if free <= 0:
        return on
    if taken <= 0 or free * days > _FARTHEST * taken:
        return None
    return on + timedelta(days=free * days // taken)
