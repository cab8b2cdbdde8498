"""How long claims take and how many go astray, by policy and by the department that handles them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import Light
from subsidy_match.claims.handling.rules import place_of
from subsidy_match.claims.occasion import claim_clock
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.states import Event
from subsidy_match.store.user_rows import UserRow

__all__ = ["Figures", "read_statistics"]

_COUNTED = (Event.ACCEPT, Event.SETTLE, Event.BANK_RETURN, Event.RETURN)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of the claims accepted in a span of days, for one policy and one department.

    Days are working days from acceptance to payment, without those on which the clock stood still; ``None`` where
    nothing has been paid. ``department`` is the one that accepted; where time or data did, the one that handles the claim.
    ``overdue`` counts claims that are late or ended late. ``returned`` counts claims sent back at least once; rates are per ten thousand, whole.
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
            mine = steps[claim.id]
            group = groups[claim.policy_id, _department(session, claim, mine)]
            _count(group, mine, is_late=_is_late(session, claim, calendar, on))
    return [_figures(key, group) for key, group in sorted(groups.items())]


def _steps(session: Session, claim_ids: Sequence[int]) -> Mapping[int, list[ClaimStep]]:
    query = select(ClaimStep).where(ClaimStep.claim_id.in_(claim_ids), ClaimStep.event.in_(map(str, _COUNTED)))
    found: dict[int, list[ClaimStep]] = defaultdict(list)
    for step in session.scalars(query.order_by(ClaimStep.claim_id, ClaimStep.version)):
        found[step.claim_id].append(step)
    return found


def _department(session: Session, claim: ClaimRow, steps: Iterable[ClaimStep]) -> str:
    """Whose figures it goes into: the machine that accepts by time or by data has no department."""
    accepted = [step.department for step in steps if step.event == str(Event.ACCEPT)]
    if accepted and accepted[-1]:
        return accepted[-1]
    if place := place_of(session, claim, claim.accepted_on or claim.created_at.date()).department:
        return place
    assignee = session.scalars(select(UserRow.department).where(UserRow.login == claim.assignee)).first()
    return assignee or ""


def _count(group: _Group, steps: Iterable[ClaimStep], *, is_late: bool) -> None:
    by_event = {step.event: step for step in steps}  # the last of each counts
    group.accepted += 1
    group.overdue += is_late
    group.returned += str(Event.RETURN) in by_event
    settle, back = by_event.get(str(Event.SETTLE)), by_event.get(str(Event.BANK_RETURN))
    if settle is None or (back is not None and back.version > settle.version):  # not paid, or the bank gave it back
        return
    if settle.counted_days is not None:
        group.days.append(settle.counted_days)


def _is_late(session: Session, claim: ClaimRow, calendar: WorkingCalendar, on: date) -> bool:
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
