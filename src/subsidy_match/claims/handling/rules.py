"""The rules by which claims of a policy are handled: whose department, which tasks, how many approve which amount.

They are records with a first day; the newest that holds on the day of acceptance rules the claim, so that a change never
reaches back to claims in hand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.handling.records import HandlingRow
from subsidy_match.claims.occasion import bearers_of
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.rights import check_admin
from subsidy_match.claims.wording import check_line, check_word
from subsidy_match.errors import InputError
from subsidy_match.store import audit
from subsidy_match.store.schema import canonical_json
from subsidy_match.store.users import Actor

__all__ = [
    "ANY_POLICY",
    "Band",
    "HandlingRule",
    "Place",
    "TaskRule",
    "add_rule",
    "place_of",
    "rule_for",
    "rule_on",
    "rules",
]

ANY_POLICY = "*"
_LONGEST_ID, _LONGEST_PLACE = 120, 80
KINDS = ("opinion", "inspection", "expert", "audit")


@dataclass(frozen=True, slots=True)
class TaskRule:
    """A kind of task, the departments that are asked, and how many of them must be in favour."""

    kind: str
    departments: tuple[str, ...]
    need: int


@dataclass(frozen=True, slots=True)
class Band:
    """Above an amount (分), how many approve, and which level the last of them must have."""

    above: int = 0
    needed: int = 1
    level: int = 0


@dataclass(frozen=True, slots=True)
class HandlingRule:
    """How claims of a policy are handled from a day on."""

    id: int = 0
    policy_id: str = ANY_POLICY
    department: str = ""
    tasks: tuple[TaskRule, ...] = ()
    bands: tuple[Band, ...] = ()
    from_on: date = date.min

    def band(self, amount: int) -> Band:
        """The band of an amount: the highest that it exceeds."""
        return max((band for band in self.bands if amount > band.above), key=lambda band: band.above, default=Band())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim belongs: the department in charge and the funds that bear it."""

    department: str
    funds: tuple[str, ...]


def add_rule(
    session: Session,
    *,
    policy_id: str,
    department: str,
    tasks: Sequence[TaskRule],
    bands: Sequence[Band],
    from_on: date,
    actor: Actor,
    at: datetime,
) -> HandlingRule:
    """Set how claims of a policy (``*``: of any) are handled from a day on.

    Raises:
        Forbidden: ``role_missing``.
        InputError: ``handling_invalid``, ``field_missing``, ``field_invalid``.
    """
    check_admin(actor)
    policy_id = check_word("policy_id", policy_id, _LONGEST_ID)
    department = check_line("department", department, _LONGEST_PLACE)
    _check(tasks, bands)
    if from_on < business_day(at):
        raise _invalid("不得追溯设定办理规定", "a rule does not begin in the past")
    row = HandlingRow(
        policy_id=policy_id,
        department=department,
        tasks=canonical_json({"tasks": [[t.kind, list(t.departments), t.need] for t in tasks]}),
        bands=canonical_json({"bands": [[b.above, b.needed, b.level] for b in bands]}),
        from_on=from_on,
        made_by=actor.id,
        made_at=at,
    )
    session.add(row)
    session.flush()
    detail = {
        "id": row.id,
        "department": department,
        "from": from_on.isoformat(),
        **json.loads(row.tasks),
        **json.loads(row.bands),
    }
    audit.append(
        session, "handling", at=at, actor=actor.id, action="set_handling", detail={"policy": policy_id, **detail}
    )
    return _rule(row)


def rules(session: Session) -> Sequence[HandlingRule]:
    """Read every rule ever set, oldest first."""
    return [_rule(row) for row in session.scalars(select(HandlingRow).order_by(HandlingRow.id))]


_IN_FORCE = select(*HandlingRow.__table__.c).where(
    HandlingRow.policy_id.in_(bindparam("policies", expanding=True)), HandlingRow.from_on <= bindparam("on")
)


def rule_on(session: Session, policy_id: str, on: date) -> HandlingRule:
    """The rule of a policy on a day; one of its own goes before one for any policy."""
    rows = session.connection().execute(_IN_FORCE, {"policies": [policy_id, ANY_POLICY], "on": on})
    found = max(rows, key=lambda row: (row.policy_id == policy_id, row.from_on, row.id), default=None)
    return HandlingRule(policy_id=policy_id) if found is None else _rule(found)


def rule_for(session: Session, claim: ClaimRow, on: date) -> HandlingRule:
    """The rule of a claim: that of the day of its acceptance, before it that of ``on``."""
    return rule_on(session, claim.policy_id, claim.accepted_on or on)


def place_of(session: Session, claim: ClaimRow, on: date) -> Place:
    """The department in charge — as the claim's rule says, else that of the fund with the largest share — and the funds."""
    bearers = bearers_of(session, claim.id)
    department = rule_for(session, claim, on).department
    if not department and bearers:
        department = max(bearers, key=lambda b: Fraction(b.share.numerator, b.share.denominator)).department
    return Place(department, tuple(bearer.share.fund_id for bearer in bearers))


def _check(tasks: Sequence[TaskRule], bands: Sequence[Band]) -> None:
    for task in tasks:
        for department in task.departments:
            check_word("departments", department, _LONGEST_PLACE)
        if task.kind not in KINDS or len(set(task.departments)) != len(task.departments):
            raise _invalid("任务种类或部门有误", "a task has a known kind and each department once", ", ".join(KINDS))
        if not 1 <= task.need <= len(task.departments):
            raise _invalid("同意数须在1与部门数之间", "the quorum is between 1 and the number of departments")
    if len({task.kind for task in tasks}) != len(tasks):
        raise _invalid("每种任务只写一次", "each kind of task is said once")
    if len({band.above for band in bands}) != len(bands) or any(
        band.above < 0 or band.needed < 1 or band.level < 0 for band in bands
    ):
        raise _invalid("审批金额档有误", "bands have different amounts of 0 or more, and at least one approval")


def _invalid(zh: str, en: str, hint: str | None = None) -> InputError:
    return InputError("handling_invalid", zh, en, hint=hint)


def _rule(row: Any) -> HandlingRule:
    tasks: list[Any] = json.loads(row.tasks)["tasks"]
    bands: list[Any] = json.loads(row.bands)["bands"]
    return HandlingRule(
        id=row.id,
        policy_id=row.policy_id,
        department=row.department,
        tasks=tuple(TaskRule(kind, tuple(departments), need) for kind, departments, need in tasks),
        bands=tuple(Band(*band) for band in bands),
        from_on=row.from_on,
    )
