"""All live claims at one moment with what their deadlines depend on: read in few queries, however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import Pause, business_day
from subsidy_match.claims.deadline.calendar_store import calendar_in_force
from subsidy_match.claims.deadline.clock_records import BreachRow, ClaimDue, StageVisit
from subsidy_match.claims.deadline.redating import Basis, published_days
from subsidy_match.claims.deadline.stage_limits import LimitKind, Limits, read_limits
from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.claims.official.listings import issued_among
from subsidy_match.claims.records import ClaimPause, ClaimRow, ClaimShare
from subsidy_match.claims.states import FINAL, Event, State

__all__ = ["Scene", "Task", "Watched", "read_scene"]

_IS_LIVE = ClaimRow.state.not_in([str(state) for state in FINAL])
_LIVE = select(ClaimRow.id).where(_IS_LIVE)
Row = TypeVar("Row", ClaimPause, ClaimShare, StageVisit, BreachRow, ClaimDue)

_NOTHING = Basis()


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that is due for one claim, as the plan saw it."""

    sweep: str
    claim_id: int
    claim_no: str
    version: int
    due_on: date
    event: Event | None = None
    stage: str = ""
    since: datetime | None = None

    @property
    def place(self) -> tuple[date, float, int, str]:
        """Whoever has waited longest comes first, whatever the order in which they were found."""
        return self.due_on, self.since.timestamp() if self.since else 0.0, self.claim_id, self.stage


@dataclass(frozen=True, slots=True)
class Watched:
    """A live claim with what its deadlines depend on."""

    row: ClaimRow
    visits: Sequence[StageVisit] = ()
    basis: Basis = _NOTHING
    shares: Sequence[ClaimShare] = ()
    told: frozenset[tuple[str, str]] = frozenset()
    is_allocated: bool = False

    @property
    def pauses(self) -> Sequence[Pause]:
        """When its clocks stood still."""
        return self.basis.pauses

    @property
    def state(self) -> State:
        """Where the claim stands."""
        return State(self.row.state)

    @property
    def entered_on(self) -> date | None:
        """Since when."""
        return next((visit.entered_on for visit in self.visits if visit.left_on is None), None)

    def task(self, sweep: str, due_on: date, event: Event | None = None, stage: str = "") -> Task:
        """A task for this claim."""
        return Task(sweep, self.row.id, self.row.claim_no, self.row.version, due_on, event, stage)


@dataclass(frozen=True, slots=True)
class Scene:
    """All live claims at one moment, with calendar and limits in force."""

    session: Session
    at: datetime
    on: date
    calendar: WorkingCalendar
    limits: Limits
    claims: Sequence[Watched]
    free: Mapping[str, int] = field(default_factory=dict)

    def limit_end(self, claim: Watched, kind: LimitKind) -> date | None:
        """The last day of a limit of the stage where a claim stands."""
        if claim.entered_on is None:
            return None
        days = self.limits.days(claim.state, kind, policy_id=claim.row.policy_id, on=claim.entered_on)
        return None if days is None else self.calendar.add_working_days(claim.entered_on, days).on


def read_scene(session: Session, base: WorkingCalendar, at: datetime) -> Scene:
    """Read every live claim with what its deadlines depend on."""
    rows = session.scalars(select(ClaimRow).where(_IS_LIVE).order_by(ClaimRow.id)).all()
    shares, visits, told = _by_claim(session, ClaimShare), _by_claim(session, StageVisit), _by_claim(session, BreachRow)
    basis, allocated = _bases(session), issued_among(session, _LIVE)
    claims = [
        Watched(
            row,
            visits=visits.get(row.id, ()),
            basis=basis.get(row.id, _NOTHING),
            shares=shares.get(row.id, ()),
            told=frozenset((b.stage, b.level) for b in told.get(row.id, ())),
            is_allocated=row.id in allocated,
        )
        for row in rows
    ]
    funds = session.scalars(select(FundRow)).all()
    free = {
        f.id: 0 if f.frozen or f.closed_on is not None else f.allocated - f.reserved - f.committed - f.paid
        for f in funds
    }
    calendar = calendar_in_force(session, base)
    return Scene(session, at, business_day(at), calendar, read_limits(session), claims, free)


def _bases(session: Session) -> Mapping[int, Basis]:
    dues, pauses, published = (
        _by_claim(session, ClaimDue),
        _by_claim(session, ClaimPause),
        published_days(session, _LIVE),
    )
    return {
        claim_id: Basis(
            next(iter(dues.get(claim_id, ())), None),
            [Pause(p.start_on, p.end_on, p.reason) for p in sorted(pauses.get(claim_id, ()), key=lambda p: p.version)],
            published.get(claim_id),
        )
        for claim_id in dues.keys() | pauses.keys() | published.keys()
    }


def _by_claim(session: Session, table: type[Row]) -> Mapping[int, Sequence[Row]]:
    found: dict[int, list[Row]] = {}
    for row in session.scalars(select(table).where(table.claim_id.in_(_LIVE))):
        found.setdefault(row.claim_id, []).append(row)
    return found
