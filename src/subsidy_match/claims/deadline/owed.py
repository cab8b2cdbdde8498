"""What others owe to claims by a day that was told: answers to tasks, and documents that may follow later (容缺)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.evidence_records import DeferredMaterial
from subsidy_match.claims.handling.records import TaskRow
from subsidy_match.claims.handling.tasks import TASK_NAMES, TaskKind
from subsidy_match.claims.records import ClaimStep

__all__ = ["FindOwed", "Owed", "materials_owed", "tasks_owed"]


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that is owed; ``stage`` names it where breaches are kept."""

    claim_id: int
    stage: str
    since: date
    due_on: date
    called: tuple[str, str]

    def spent(self, calendar: WorkingCalendar, on: date) -> tuple[int, int]:
        """Working days used so far, and those that there were."""
        last = calendar.add_working_days(self.due_on, 0).on
        limit = max(calendar.working_days_between(self.since, last), 1)
        return calendar.working_days_between(self.since, on), limit

    def is_late(self, calendar: WorkingCalendar, on: date) -> bool:
        """Whether a working day has passed beyond the last one."""
        counted, limit = self.spent(calendar, on)
        return on > self.due_on and counted > limit


FindOwed: TypeAlias = Callable[[Session, int | None], Iterator[Owed]]


def tasks_owed(session: Session, claim_id: int | None) -> Iterator[Owed]:
    """Find tasks without an answer, of one claim or of all."""
    query = select(TaskRow).where(TaskRow.is_open).order_by(TaskRow.id)
    query = query if claim_id is None else query.where(TaskRow.claim_id == claim_id)
    for row in session.scalars(query):
        zh, en = TASK_NAMES[TaskKind(row.kind)]
        called = f"{row.department}{zh}", f"{en} by {row.department}"
        yield Owed(row.claim_id, f"TASK {row.id}", business_day(row.opened_at), row.due_on, called)


def materials_owed(session: Session, claim_id: int | None) -> Iterator[Owed]:
    """Find documents that were to follow, of one claim or of all; those deferred in one step are told as one."""
    query = (
        select(DeferredMaterial, ClaimStep.day)
        .join(
            ClaimStep,
            (ClaimStep.claim_id == DeferredMaterial.claim_id) & (ClaimStep.version == DeferredMaterial.since_version),
        )
        .where(DeferredMaterial.handed_in_version.is_(None))
        .order_by(DeferredMaterial.claim_id, DeferredMaterial.since_version, DeferredMaterial.material)
    )
    query = query if claim_id is None else query.where(DeferredMaterial.claim_id == claim_id)
    together: dict[tuple[int, int], list[tuple[DeferredMaterial, date]]] = {}
    for row, day in session.execute(query):
        together.setdefault((row.claim_id, row.since_version), []).append((row, day))
    for (number, version), rows in together.items():
        names = ", ".join(row.material for row, _ in rows)
        (first, day), *_ = rows
        yield Owed(
            number, f"MATERIAL {version}", day, first.due_on, (f"容缺材料{names}", f"documents to follow: {names}")
        )
