"""Administration of users: every change is audited, nobody changes their own rights, a person once named stays named."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.rights import check_admin
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit
from subsidy_match.store.staff_numbers import rough_form, staff_number
from subsidy_match.store.user_rows import UserFirm, UserFund, UserPerson, UserRole, UserRow
from subsidy_match.store.users import (
    OUTSIDERS,
    RESERVED_ROLES,
    Actor,
    Role,
    Scope,
    add_user,
    deactivate_user,
    is_first_admin,
    renew_token,
    scope_row,
    user_by_login,
    user_row,
)

__all__ = [
    "ROLES_APART",
    "Rights",
    "chain_of",
    "change_rights",
    "create_user",
    "deactivate",
    "link_person",
    "new_token",
]

ROLES_APART = frozenset({Role.APPLICANT, Role.AGENT})
"""Held together, nobody could tell for which firms an authorisation is needed."""

_LONGEST_LOGIN = 60
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may do: roles, where they may be used, funds, and firms to file for."""

    roles: Collection[Role] = ()
    scopes: Collection[Scope] = ()
    funds: Collection[str] = ()
    firms: Collection[str] = ()

    def plain(self) -> dict[str, Any]:
        """For the audit trail."""
        return {
            "roles": sorted(map(str, self.roles)),
            "scopes": [[str(s.role), s.department, s.fund, s.level] for s in sorted(self.scopes)],
            "funds": sorted(self.funds),
            "firms": sorted(self.firms),
        }


def chain_of(login: str) -> str:
    """The audit chain of a user; what comes from outside and cannot be a login gets no chain of its own."""
    return f"user:{login}" if len(login) <= _LONGEST_LOGIN else "users"


def create_user(
    session: Session,
    *,
    login: str,
    name: str,
    department: str,
    rights: Rights,
    person: str,
    actor: Actor,
    at: datetime,
) -> tuple[Actor, str]:
    """Add a user and give the token, which is shown this once.

    Raises:
        Forbidden: ``role_missing``, ``self_grant``.
        Conflict: ``login_taken``.
        InputError: ``login_invalid``, ``role_reserved``, ``roles_apart``, ``person_missing``, ``person_invalid``,
            ``scope_invalid``.
    """
    if not (actor.is_machine and is_first_admin(session, rights.roles)):
        check_admin(actor)
    if not _LOGIN.fullmatch(login):
        raise InputError(
            "login_invalid", "用户名由字母、数字和._@-组成,至多60位", "letters, digits and ._@-, at most 60"
        )
    person = staff_number(person) if person else ""
    if person and person == actor.person:
        raise _self()
    _check_rights(rights, person)
    made, token = add_user(
        session,
        login=login,
        name=name,
        department=department,
        roles=rights.roles,
        funds=rights.funds,
        firms=rights.firms,
        scopes=rights.scopes,
        person=person,
    )
    _record(session, login, "create_user", actor, at, {"department": department, "person": person, **rights.plain()})
    return made, token


def change_rights(session: Session, login: str, rights: Rights, *, actor: Actor, at: datetime) -> Actor:
    """Replace all rights of a user; the old ones stay in the audit trail.

    Raises:
        Forbidden: ``role_missing``, ``self_grant``.
        InputError: ``role_reserved``, ``roles_apart``, ``person_missing``, ``scope_invalid``.
        NotFound: ``user_unknown``.
    """
    before = _other(session, login, actor)
    _check_rights(rights, before.person_id)
    row = user_row(session, login)
    was = Rights(before.roles, before.scopes, before.funds, before.firms).plain()
    for rows in (row.roles, row.scopes, row.funds, row.firms):
        rows.clear()
    session.flush()
    row.roles = [UserRole(role=str(role)) for role in sorted(set(rights.roles))]
    row.scopes = [scope_row(scope) for scope in sorted(set(rights.scopes))]
    row.funds = [UserFund(fund_id=fund) for fund in sorted(set(rights.funds))]
    row.firms = [UserFirm(uscc=uscc) for uscc in sorted(set(rights.firms))]
    session.flush()
    _record(session, login, "change_rights", actor, at, {"was": was, "is": rights.plain()})
    return user_by_login(session, login)


def link_person(session: Session, login: str, person: str, *, actor: Actor, at: datetime) -> Actor:
    """Say which person (staff number) is behind a login; this is never changed, lest duties be evaded by it.

    Raises:
        Forbidden: ``role_missing``, ``self_grant``.
        Conflict: ``person_fixed``.
        InputError: ``person_invalid``.
        NotFound: ``user_unknown``.
    """
    _other(session, login, actor)
    row, number = user_row(session, login), staff_number(person)
    if row.person is not None and rough_form(row.person.person) not in ("", number):
        raise Conflict("person_fixed", "该用户已对应另一人,不得更改", "the login belongs to another person for good")
    _say_number(session, row, number, actor, at)
    return user_by_login(session, login)


def _say_number(session: Session, row: UserRow, number: str, actor: Actor, at: datetime) -> None:
    detail = {"person": number}
    if row.person is None:
        row.person = UserPerson(person=number)
    elif row.person.person != number:  # an older store may have the same number in another form
        detail["was"], row.person.person = row.person.person, number
    else:
        return
    session.flush()
    _record(session, row.login, "link_person", actor, at, detail)


def deactivate(session: Session, login: str, *, actor: Actor, at: datetime) -> None:
    """Bar a user from acting; what they did stays on record.

    Raises:
        Forbidden: ``role_missing``, ``self_grant``.
        NotFound: ``user_unknown``.
    """
    _other(session, login, actor)
    deactivate_user(session, login)
    _record(session, login, "deactivate_user", actor, at, {})


def new_token(session: Session, login: str, *, actor: Actor, at: datetime) -> str:
    """Replace a user's token, one's own included; it is shown this once.

    Whoever issues somebody else's token could act as them until the holder replaces it: ``doctor`` lists such tokens.

    Raises:
        Forbidden: ``role_missing``.
        NotFound: ``user_unknown``.
    """
    if actor.id != login:
        check_admin(actor)
    user_by_login(session, login)
    token = renew_token(session, login)
    _record(session, login, "renew_token", actor, at, {"by": "holder" if actor.id == login else "administrator"})
    return token


def _other(session: Session, login: str, actor: Actor) -> Actor:
    check_admin(actor)
    other = user_by_login(session, login)
    if other.person == actor.person:
        raise _self()
    return other


def _check_rights(rights: Rights, person: str) -> None:
    roles = set(rights.roles)
    if RESERVED_ROLES & roles:
        raise InputError("role_reserved", "该角色不授予任何用户", "this role is given to nobody")
    if roles >= ROLES_APART:
        zh = "企业人员与代办人员不得为同一用户"
        raise InputError("roles_apart", zh, "nobody is both a firm's own applicant and an agent: use two logins")
    if roles - OUTSIDERS and not person:
        zh = "经办人员须登记工号(person)"
        raise InputError("person_missing", zh, "an officer needs a staff number (person): duties go by persons")
    places = [(scope.role, scope.department, scope.fund) for scope in set(rights.scopes)]
    if {scope.role for scope in rights.scopes} - set(rights.roles) or len(set(places)) != len(places):
        zh, en = (
            "授权范围只能针对所持角色,且不得重复",
            "a scope belongs to a role that is held, and each place is said once",
        )
        raise InputError("scope_invalid", zh, en)


def _self() -> Forbidden:
    return Forbidden("self_grant", "不得更改本人的权限", "nobody changes their own rights")


def _record(session: Session, login: str, action: str, actor: Actor, at: datetime, detail: dict[str, Any]) -> None:
    audit.append(session, f"user:{login}", at=at, actor=actor.id, action=action, detail=detail)
