"""How long claims take and how many go astray, by policy and by the department that accepted them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import Light
from subsidy_match.claims.occasion import claim_clock
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.states import Event

__all__ = ["Figures", "read_statistics"]

_COUNTED = (Event.ACCEPT, Event.SETTLE, Event.RETURN)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the claims accepted in a span of days, for one policy and one accepting department.

    Days are working days from acceptance to payment, without those on which the clock stood still; ``None`` where
    nothing has been paid. ``returned`` counts claims sent back at least once; rates are per ten thousand, whole.
    """

    policy_id: str
    department: str
    accepted: int
    paid: int
    days_p50: int | None
    days_p90: int | None
    days_max: int | None
    overdue: int
    returned: int

    @property
    def return_rate(self) -> int:
        """Claims sent back of ten thousand accepted."""
        return self.returned * 10_000 // self.accepted


@dataclass
class _Group:
    days: list[int] = field(default_factory=list)
    accepted: int = 0
    overdue: int = 0
    returned: int = 0


def read_statistics(
    session: Session, calendar: WorkingCalendar, *, on: date, first: date | None = None, last: date | None = None
) -> Sequence[Figures]:
    """Read the figures of claims accepted from ``first`` to ``last`` as they are on a day, by policy and department."""
    query = select(ClaimRow).where(ClaimRow.accepted_on.is_not(None)).order_by(ClaimRow.id)
    if first is not None:
        query = query.where(ClaimRow.accepted_on >= first)
    if last is not None:
        query = query.where(ClaimRow.accepted_on <= last)
    groups: dict[tuple[str, str], _Group] = defaultdict(_Group)
    for block in session.scalars(query.execution_options(yield_per=500)).partitions():
        steps = _steps(session, [claim.id for claim in block])
        for claim in block:
            _count(groups, claim, steps[claim.id], is_late=_is_late(session, claim, calendar, on))
    return [_figures(key, group) for key, group in sorted(groups.items())]


def _steps(session: Session, claim_ids: Sequence[int]) -> Mapping[int, list[ClaimStep]]:
    query = select(ClaimStep).where(ClaimStep.claim_id.in_(claim_ids), ClaimStep.event.in_(map(str, _COUNTED)))
    found: dict[int, list[ClaimStep]] = defaultdict(list)
    for step in session.scalars(query.order_by(ClaimStep.claim_id, ClaimStep.version)):
        found[step.claim_id].append(step)
    return found


def _count(
    groups: Mapping[tuple[str, str], _Group], claim: ClaimRow, steps: Iterable[ClaimStep], *, is_late: bool
) -> None:
    by_event = {step.event: step for step in steps}  # the last of each counts
    accept = by_event.get(str(Event.ACCEPT))
    group = groups[claim.policy_id, accept.department if accept else ""]
    group.accepted += 1
    group.overdue += is_late
    group.returned += str(Event.RETURN) in by_event
    settle = by_event.get(str(Event.SETTLE))
    if settle is not None and settle.counted_days is not None:
        group.days.append(settle.counted_days)


def _is_late(session: Session, claim: ClaimRow, calendar: WorkingCalendar, on: date) -> bool:
    if claim.ended_on is not None:
        return False
    clock = claim_clock(session, claim, calendar, on)
    return clock is not None and clock.light is Light.RED


def _figures(key: tuple[str, str], group: _Group) -> Figures:
    days = sorted(group.days)
    return Figures(
        *key,
        accepted=group.accepted,
        paid=len(days),
        days_p50=_rank(days, 50),
        days_p90=_rank(days, 90),
        days_max=days[-1] if days else None,
        overdue=group.overdue,
        returned=group.returned,
    )


def _rank(days: Sequence[int], percent: int) -> int | None:
    """The nearest rank: the smallest value that at least ``percent`` of all do not exceed."""
    return days[max(-(-len(days) * percent // 100), 1) - 1] if days else None
