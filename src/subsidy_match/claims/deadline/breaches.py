"""Breaches: a limit nearly used up (yellow) or passed (red), written once for each claim, stage and level, and told.

What is written does not depend on who looks when: whoever finds a red limit writes the yellow one as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import Light, light_of
from subsidy_match.claims.deadline.clock_records import BreachRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import STATE_NAMES, State
from subsidy_match.store import audit, outbox
from subsidy_match.store.users import SYSTEM, Role

__all__ = ["ESCALATION", "TOTAL", "Breach", "breaches_of", "levels", "record_breaches"]

ESCALATION = "escalation"
"""Topic of the messages to the lead."""
TOTAL = "TOTAL"
"""The stage that stands for the whole time from acceptance."""
_TOTAL_NAME = ("全程", "whole time")
_LEVEL_NAMES = {Light.YELLOW: ("即将超期", "is nearly overdue"), Light.RED: ("已超期", "is overdue")}


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit of one claim that was nearly or fully used up."""

    claim_id: int
    stage: str
    level: str
    counted: int
    limit: int
    on: date


def levels(counted: int, limit: int) -> tuple[Light, ...]:
    """The levels that a count has reached."""
    match light_of(counted, limit):
        case Light.RED:
            return Light.YELLOW, Light.RED
        case Light.YELLOW:
            return (Light.YELLOW,)
        case _:
            return ()


def record_breaches(
    session: Session,
    claim: ClaimRow,
    stage: str,
    counted: int,
    limit: int,
    *,
    on: date,
    at: datetime,
    called: tuple[str, str] | None = None,
) -> list[Light]:
    """Write what is not written yet for a claim that the caller has locked, each with audit and a message to the lead.

    ``called`` are the names of what is no stage of a claim.
    """
    reached = levels(counted, limit)
    if not reached:
        return []
    query = select(BreachRow.level).where(BreachRow.claim_id == claim.id, BreachRow.stage == stage)
    known = set(session.scalars(query))
    new = [level for level in reached if level.value not in known]
    for level in new:
        row = BreachRow(
            claim_id=claim.id,
            stage=str(stage),
            level=level.value,
            counted_days=counted,
            limit_days=limit,
            day=on,
            at=at,
        )
        session.add(row)
        session.flush()
        _tell(session, claim, row, at, called or _names(stage))
    return new


def breaches_of(session: Session, claim_id: int) -> Sequence[Breach]:
    """Read the breaches of a claim in the order in which they were found."""
    return list(_breaches(session, claim_id))


def _breaches(session: Session, claim_id: int) -> Iterator[Breach]:
    for row in session.scalars(select(BreachRow).where(BreachRow.claim_id == claim_id).order_by(BreachRow.id)):
        yield Breach(row.claim_id, row.stage, row.level, row.counted_days, row.limit_days, row.day)


def _names(stage: str) -> tuple[str, str]:
    return _TOTAL_NAME if stage == TOTAL else STATE_NAMES[State(stage)]


def _tell(session: Session, claim: ClaimRow, row: BreachRow, at: datetime, called: tuple[str, str]) -> None:
    stage_zh, stage_en = called
    level_zh, level_en = _LEVEL_NAMES[Light(row.level)]
    count = f"{row.counted_days}/{row.limit_days}"
    facts = {
        "claim": claim.id,
        "claim_no": claim.claim_no,
        "stage": row.stage,
        "level": row.level,
        "counted": row.counted_days,
        "limit": row.limit_days,
        "day": row.day.isoformat(),
    }
    # Its own chain: the chain of a claim has one entry a step.
    audit.append(session, f"clock:{claim.id}", at=at, actor=SYSTEM.id, action="breach", detail=facts)
    message = {
        **facts,
        "to": str(Role.LEAD),
        "assignee": claim.assignee,
        "zh": f"{claim.claim_no}「{stage_zh}」环节{level_zh}:{count}个工作日",
        "en": f"{claim.claim_no} {level_en} ({stage_en}): {count} working days",
    }
    outbox.put(session, ESCALATION, f"breach:{claim.id}:{row.stage}:{row.level}", message, at=at)
