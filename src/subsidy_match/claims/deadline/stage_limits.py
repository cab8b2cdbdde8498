"""Limits in working days: what a stage may take, when silence counts as acceptance, when a draft gives its place up.

They are data with the day from which they hold. A row for one policy goes before a row for all; where the store says
nothing the table below does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.deadline.calendar_store import KEEPERS
from subsidy_match.claims.deadline.clock_records import StageLimit
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import FINAL, State
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.users import Actor

__all__ = ["DEFAULTS", "Limit", "LimitKind", "Limits", "read_limits", "set_limit"]

_ALWAYS = date(1990, 1, 1)
_MOST_DAYS = 1000
_CACHED = "stage_limits"


class LimitKind(StrEnum):
    """What a limit is for."""

    BUDGET = "budget"
    DEEMED = "deemed"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Limit:
    """Working days that hold from a day on, for one policy or for all (empty)."""

    stage: State
    kind: LimitKind
    days: int
    effective_from: date = _ALWAYS
    policy_id: str = ""
    source: str = ""


DEFAULTS = (
    Limit(State.DRAFT, LimitKind.EXPIRY, 30),
    Limit(State.SUBMITTED, LimitKind.DEEMED, 5),
    Limit(State.SUBMITTED, LimitKind.BUDGET, 5),
    Limit(State.ACCEPTED, LimitKind.BUDGET, 2),
    Limit(State.IN_REVIEW, LimitKind.BUDGET, 5),
    Limit(State.IN_RECHECK, LimitKind.BUDGET, 3),
    Limit(State.IN_APPROVAL, LimitKind.BUDGET, 3),
    Limit(State.APPROVED, LimitKind.BUDGET, 2),
    Limit(State.PAYABLE, LimitKind.BUDGET, 5),
    Limit(State.IN_PAYMENT, LimitKind.BUDGET, 5),
)
"""What holds where the store has no row."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit, by policy, stage and kind, newest first."""

    rows: Mapping[tuple[str, str, str], Sequence[Limit]]

    def days(self, stage: str, kind: LimitKind, *, policy_id: str, on: date) -> int | None:
        """The working days that hold on a day, or ``None`` where nothing is limited."""
        for policy in (policy_id, ""):
            for limit in self.rows.get((policy, stage, kind), ()):
                if limit.effective_from <= on:
                    return limit.days
        return None

    def all(self) -> list[Limit]:
        """Every limit, in the order of stages."""
        order = list(State)
        rows = (limit for limits in self.rows.values() for limit in limits)
        return sorted(rows, key=lambda r: (order.index(r.stage), r.kind, r.policy_id, r.effective_from))


_STORED = select(*StageLimit.__table__.c)


def read_limits(session: Session) -> Limits:
    """Read the limits, once a session."""
    kept = session.info.get(_CACHED)
    if kept is None:
        stored = session.connection().execute(_STORED).all()
        kept = session.info[_CACHED] = _limits([*DEFAULTS, *(_limit(row) for row in stored)])
    return cast(Limits, kept)


def set_limit(session: Session, limit: Limit, *, actor: Actor, at: datetime) -> None:
    """Add a limit from a day on; what held before stays for the days before.

    Raises:
        Forbidden: ``role_missing``.
        InputError: ``limit_invalid``.
        Conflict: ``limit_known``, this stage has another limit from that very day.
    """
    if not actor.has_any(KEEPERS):
        raise Forbidden("role_missing", "无权设定时限", "setting a limit takes a lead, supervisor or admin")
    if not 0 < limit.days <= _MOST_DAYS or limit.stage in FINAL or not limit.source.strip():
        zh = f"时限应为1至{_MOST_DAYS}个工作日,环节未办结,并写明依据"
        raise InputError("limit_invalid", zh, f"1 to {_MOST_DAYS} working days, a stage that ends, and a source")
    session.add(_row(limit, actor, at))
    try:
        session.flush()
    except IntegrityError as clash:
        zh, en = "该环节自该日起的时限已设定", "this stage already has a limit from that day on"
        raise Conflict("limit_known", zh, en) from clash
    session.info.pop(_CACHED, None)
    detail = {"stage": limit.stage, "kind": limit.kind, "days": limit.days, "policy": limit.policy_id,
              "from": limit.effective_from.isoformat(), "source": limit.source, "name": actor.name}  # fmt: skip
    audit.append(session, f"limit:{limit.stage}", at=at, actor=actor.id, action="set_limit", detail=detail)


def _limits(rows: Sequence[Limit]) -> Limits:
    table: dict[tuple[str, str, str], list[Limit]] = {}
    for limit in rows:
        table.setdefault((limit.policy_id, limit.stage, limit.kind), []).append(limit)
    newest = {key: sorted(found, key=lambda r: r.effective_from, reverse=True) for key, found in table.items()}
    return Limits(newest)


def _limit(row: Any) -> Limit:
    return Limit(State(row.stage), LimitKind(row.kind), row.days, row.effective_from, row.policy_id, row.source)


def _row(limit: Limit, actor: Actor, at: datetime) -> StageLimit:
    return StageLimit(
        policy_id=limit.policy_id,
        stage=str(limit.stage),
        kind=str(limit.kind),
        days=limit.days,
        effective_from=limit.effective_from,
        source=limit.source,
        entered_by=actor.id,
        entered_at=at,
    )
