"""Tasks of a claim, and whether those that were asked are in favour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.handling.records import TaskRow
from subsidy_match.claims.handling.rules import TaskRule, rule_for
from subsidy_match.claims.records import ClaimRow
from subsidy_match.errors import Conflict
from subsidy_match.store.users import persons_of

__all__ = [
    "TASK_NAMES",
    "Result",
    "Task",
    "TaskKind",
    "answerers_of",
    "check_quorum",
    "tasks_of",
]


class TaskKind(StrEnum):
    """What others are asked."""

    OPINION = "opinion"
    INSPECTION = "inspection"
    EXPERT = "expert"
    AUDIT = "audit"


class Result(StrEnum):
    """What they say."""

    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"


TASK_NAMES: Mapping[TaskKind, tuple[str, str]] = {
    TaskKind.OPINION: ("并联审核", "opinion of a department"),
    TaskKind.INSPECTION: ("现场核查", "inspection"),
    TaskKind.EXPERT: ("专家评审", "expert review"),
    TaskKind.AUDIT: ("第三方审计", "audit"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """One task; ``is_void`` once a correction has changed what it looked at."""

    id: int
    claim_id: int
    kind: TaskKind
    department: str
    officer: str | None
    due_on: date
    opened_by: str
    opened_at: datetime
    is_open: bool
    is_void: bool
    result: Result | None
    opinion: str | None
    closed_by: str | None
    closed_at: datetime | None


def tasks_of(session: Session, claim: ClaimRow) -> Sequence[Task]:
    """Read the tasks of a claim, oldest first."""
    return [_task(row, claim) for row in _rows(session, claim.id)]


def answerers_of(session: Session, claim_id: int) -> frozenset[str]:
    """The persons who answered tasks of a claim."""
    logins = {row.closed_by for row in _rows(session, claim_id) if row.result is not None and row.closed_by is not None}
    return frozenset(persons_of(session, logins).values())


def check_quorum(session: Session, claim: ClaimRow, on: date) -> None:
    """Refuse a pass before enough of those who must be asked, and all others who were, are in favour.

    The latest answer of a department counts; answers from before a correction do not: who gave one is asked again.

    Raises:
        Conflict: ``quorum_missing``.
    """
    rows = _rows(session, claim.id)
    latest = {(r.kind, r.department): r for r in rows if _counts(r, claim)}
    asked = dict.fromkeys((r.kind, r.department) for r in rows if _counts(r, claim) or r.result is not None)
    rules = rule_for(session, claim, on).tasks
    ruled = {(rule.kind, department) for rule in rules for department in rule.departments}
    for rule in rules:
        _check(rule, [latest.get((rule.kind, department)) for department in rule.departments])
    for kind, department in asked:
        if (kind, department) not in ruled:
            _check(TaskRule(kind, (department,), 1), [latest.get((kind, department))])


def _check(rule: TaskRule, answers: Iterable[TaskRow | None]) -> None:
    agreed = sum(row is not None and row.result == Result.FAVOURABLE for row in answers)
    if agreed >= rule.need:
        return
    zh, en = TASK_NAMES[TaskKind(rule.kind)]
    raise Conflict(
        "quorum_missing",
        f"{zh}尚未达到要求:需{rule.need}个同意,现有{agreed}个",
        f"{en}: {rule.need} must be in favour, {agreed} are",
        hint=", ".join(rule.departments),
    )


def _counts(row: TaskRow, claim: ClaimRow) -> bool:
    was_dropped = not row.is_open and row.result is None
    return row.correction == claim.corrections and not was_dropped


_OF_CLAIM = select(TaskRow).where(TaskRow.claim_id == bindparam("of")).order_by(TaskRow.id)


def _rows(session: Session, claim_id: int) -> Sequence[TaskRow]:
    return session.scalars(_OF_CLAIM, {"of": claim_id}).all()


def _task(row: TaskRow, claim: ClaimRow) -> Task:
    return Task(
        id=row.id,
        claim_id=row.claim_id,
        kind=TaskKind(row.kind),
        department=row.department,
        officer=row.officer,
        due_on=row.due_on,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        is_open=row.is_open,
        is_void=not _counts(row, claim),
        result=None if row.result is None else Result(row.result),
        opinion=row.opinion,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
    )
