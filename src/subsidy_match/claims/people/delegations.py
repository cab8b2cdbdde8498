"""Delegations: a role lent from a day to a day. The deputy acts as themselves; duties count for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.people.records import DelegationRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.wording import check_text
from subsidy_match.errors import Conflict, Finding, InputError, NotFound
from subsidy_match.store import audit
from subsidy_match.store.users import Actor, Role, persons_of, user_by_login

__all__ = ["LENDABLE", "Delegation", "delegate", "delegation_findings", "delegations", "end_delegation"]

LENDABLE = frozenset(
    {Role.CLERK, Role.LEAD, Role.REVIEWER, Role.RECHECKER, Role.TASK_OFFICER, Role.APPROVER, Role.SUPERVISOR}
)
"""Roles that may be lent: those of steps on one claim, where the desk sees in whose place somebody acts.

Documents, batches, receipts and funds are signed by whoever holds the role themselves: for those an administrator gives
somebody else the role. What was lent of another role, in an older version, has no effect.
"""


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who lends which role to whom, and on which days."""

    id: int
    principal: str
    deputy: str
    role: str
    from_on: date
    until_on: date
    reason: str
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None


def delegate(
    session: Session,
    *,
    principal: str,
    deputy: str,
    role: Role,
    from_on: date,
    until_on: date,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Delegation:
    """Lend a role that the principal holds; the principal does it, or an administrator for them.

    Raises:
        Forbidden: ``role_missing``, ``self_grant``.
        Conflict: ``delegation_unfit``.
        InputError: ``delegation_invalid``, ``field_missing``, ``field_invalid``.
        NotFound: ``user_unknown``.
    """
    reason = check_text("reason", reason)
    lender, borrower = user_by_login(session, principal), user_by_login(session, deputy)
    if actor.id != principal and Role.ADMIN not in actor.roles:
        raise Forbidden("role_missing", "只能委托本人的职责", "only roles of your own are yours to lend")
    if borrower.person in (lender.person, actor.person):
        raise Forbidden("self_grant", "不得委托给本人", "nobody is lent a role by themselves")
    if role not in LENDABLE:
        zh = f"{role}的职责不得委托,请由管理员另行授予该角色"
        raise Conflict("delegation_unfit", zh, f"the role {role} cannot be lent: have it given to somebody else")
    if role not in lender.roles:
        raise Conflict("delegation_unfit", f"{principal}没有可委托的该职责", f"{principal} has no such role to lend")
    if from_on > until_on:
        raise InputError("delegation_invalid", "起始日不得晚于截止日", "the first day is after the last")
    row = DelegationRow(
        principal=principal,
        deputy=deputy,
        role=str(role),
        from_on=from_on,
        until_on=until_on,
        reason=reason,
        made_by=actor.id,
        made_at=at,
    )
    session.add(row)
    session.flush()
    _record(session, row, "delegate", actor, at)
    return _value(row)


def end_delegation(session: Session, delegation_id: int, *, actor: Actor, at: datetime) -> Delegation:
    """Take a lent role back before its last day; by the principal, the deputy or an administrator.

    Raises:
        NotFound: ``delegation_unknown``.
        Forbidden: ``role_missing``.
        Conflict: ``delegation_ended``.
    """
    row = session.get(DelegationRow, delegation_id, with_for_update=True)
    if row is None:
        raise NotFound("delegation_unknown", f"没有这项委托:{delegation_id}", f"no delegation {delegation_id}")
    people = set(persons_of(session, [row.principal, row.deputy]).values())
    if actor.person not in people and Role.ADMIN not in actor.roles:
        raise Forbidden("role_missing", "无权终止该委托", "this delegation is not yours to end")
    if row.ended_at is not None:
        raise Conflict("delegation_ended", "该委托已终止", "the delegation is ended already")
    row.ended_by, row.ended_at = actor.id, at
    _record(session, row, "end_delegation", actor, at)
    return _value(row)


def delegations(session: Session, *, login: str | None = None) -> Sequence[Delegation]:
    """Read delegations, those of a principal or deputy or all, oldest first."""
    query = select(DelegationRow).order_by(DelegationRow.id)
    if login is not None:
        query = query.where((DelegationRow.principal == login) | (DelegationRow.deputy == login))
    return [_value(row) for row in session.scalars(query)]


def delegation_findings(session: Session, on: date) -> list[Finding]:
    """Tell of roles that somebody believes to be lent, on ``on`` or later, and that cannot be lent any more."""
    unfit = DelegationRow.ended_at.is_(None), DelegationRow.until_on >= on, DelegationRow.role.not_in(sorted(LENDABLE))
    return [
        Finding(
            "delegation_unlendable",
            f"委托{row.id}已失效:{row.role}的职责不得委托({row.principal}→{row.deputy})",
            f"delegation {row.id} has no effect: {row.role} cannot be lent ({row.principal} to {row.deputy})",
            hint=f"subsidy-match users delegations revoke {row.id}",
        )
        for row in session.scalars(select(DelegationRow).where(*unfit).order_by(DelegationRow.id))
    ]


def _record(session: Session, row: DelegationRow, action: str, actor: Actor, at: datetime) -> None:
    detail = {
        "id": row.id,
        "deputy": row.deputy,
        "role": row.role,
        "from": row.from_on.isoformat(),
        "until": row.until_on.isoformat(),
    }
    audit.append(session, f"user:{row.principal}", at=at, actor=actor.id, action=action, detail=detail)


def _value(row: DelegationRow) -> Delegation:
    return Delegation(**{name: getattr(row, name) for name in Delegation.__slots__})
