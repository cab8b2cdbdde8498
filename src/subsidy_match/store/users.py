"""People: who they are, what they may do, for which funds and firms, and the token by which they are known."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store.staff_numbers import staff_number
from subsidy_match.store.user_rows import UserFirm, UserFund, UserPerson, UserRole, UserRow, UserScope, all_of_active

__all__ = [
    "ALL_FUNDS",
    "EVERYWHERE",
    "OUTSIDERS",
    "PUBLIC",
    "PUSH",
    "RESERVED_ROLES",
    "SYSTEM",
    "Actor",
    "Role",
    "Scope",
    "UserFirm",
    "UserFund",
    "UserRole",
    "UserRow",
    "add_user",
    "deactivate_user",
    "is_first_admin",
    "list_users",
    "logins_of",
    "persons_of",
    "renew_token",
    "scope_row",
    "user_by_login",
    "user_by_token",
    "user_row",
]

ALL_FUNDS = "*"
EVERYWHERE = "*"
_SHORTEST_TOKEN = 16


class Role(StrEnum):
    """What a person is there for; one person may have several, the duties table still keeps claims apart."""

    APPLICANT = "applicant"
    AGENT = "agent"
    CLERK = "clerk"
    LEAD = "lead"
    REVIEWER = "reviewer"
    RECHECKER = "rechecker"
    TASK_OFFICER = "task_officer"
    APPROVER = "approver"
    NOTICE = "notice_officer"
    MAKER = "batch_maker"
    CHECKER = "batch_checker"
    RECONCILER = "reconciler"
    SUPERVISOR = "supervisor"
    FUND = "fund_officer"
    AUDITOR = "auditor"
    ADMIN = "admin"
    PUSH = "push"
    SYSTEM = "system"
    PUBLIC = "public"


OUTSIDERS = frozenset({Role.APPLICANT, Role.AGENT, Role.PUBLIC})
"""Roles of people who are no officers."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """Where a role may be used, and up to which level of approval."""

    role: Role
    department: str = EVERYWHERE
    fund: str = EVERYWHERE
    level: int = 0

    def covers(self, department: str, fund: str) -> bool:
        """Whether the department and the fund lie within."""
        return self.department in (EVERYWHERE, department) and self.fund in (EVERYWHERE, fund)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a person of the store, or the machine itself."""

    id: str
    name: str
    roles: frozenset[Role]
    department: str = ""
    funds: frozenset[str] = frozenset()
    firms: frozenset[str] = frozenset()
    person_id: str = ""
    scopes: tuple[Scope, ...] = ()

    @property
    def person(self) -> str:
        """Who this is for the separation of duties: the person behind the login, else the login."""
        return self.person_id or self.id

    @property
    def is_machine(self) -> bool:
        """Whether this is the software itself, to which the separation of duties between people does not apply."""
        return bool(self.roles) and self.roles <= {Role.SYSTEM, Role.PUSH}

    @property
    def is_outsider(self) -> bool:
        """Whether this person only acts for firms, or for themselves, and is no officer."""
        return self.roles <= OUTSIDERS

    def has_any(self, roles: Collection[Role]) -> bool:
        """Whether one of ``roles`` is held."""
        return not self.roles.isdisjoint(roles)

    def may_use_fund(self, fund_id: str) -> bool:
        """Whether this person may act on the money of a fund."""
        return ALL_FUNDS in self.funds or fund_id in self.funds

    def covers(self, role: Role, department: str, funds: Collection[str]) -> bool:
        """Whether ``role``, which is held, may be used in a department and on all of ``funds``."""
        mine = [scope for scope in self.scopes if scope.role is role]
        return not mine or all(any(scope.covers(department, fund) for scope in mine) for fund in funds or ("",))

    def level_of(self, role: Role, department: str, funds: Collection[str]) -> int:
        """The level of approval that ``role`` has on every one of ``funds``; 0 where none was given."""
        mine = [scope for scope in self.scopes if scope.role is role]
        levels = [[scope.level for scope in mine if scope.covers(department, fund)] for fund in funds]
        return min((max(found, default=0) for found in levels), default=0)

    def may_file_for(self, uscc: str) -> bool:
        """Whether this person may file, and see, claims of a firm."""
        return uscc in self.firms


SYSTEM = Actor("system", "系统", frozenset({Role.SYSTEM}), funds=frozenset({ALL_FUNDS}))
PUSH = Actor("push", "免申即享", frozenset({Role.PUSH}))
PUBLIC = Actor("public", "社会公众", frozenset({Role.PUBLIC}))
"""Whoever objects to a public notice without a login."""
RESERVED_ROLES = SYSTEM.roles | PUSH.roles | PUBLIC.roles
"""Roles that are given to nobody: they are of those who have no login."""
_RESERVED_LOGINS = frozenset({SYSTEM.id, PUSH.id, PUBLIC.id})


def add_user(
    session: Session,
    *,
    login: str,
    name: str,
    roles: Collection[Role],
    department: str = "",
    funds: Collection[str] = (),
    firms: Collection[str] = (),
    scopes: Collection[Scope] = (),
    person: str = "",
    token: str | None = None,
) -> tuple[Actor, str]:
    """Add a person and give their bearer token, which is shown this once and stored only as a hash.

    Raises:
        Conflict: ``login_taken``.
        InputError: ``token_too_short``, ``role_reserved``, ``person_invalid``.
    """
    if RESERVED_ROLES & set(roles) or login in _RESERVED_LOGINS:
        raise InputError("role_reserved", "该角色或用户名仅限系统使用", "this role or login is the machine's own")
    if session.scalars(select(UserRow.id).where(UserRow.login == login)).first() is not None:
        raise _taken(login)
    token = _token(token)
    row = UserRow(login=login, name=name, department=department, token_hash=_hash(token), active=True)
    row.roles = [UserRole(role=str(role)) for role in sorted(set(roles))]
    row.funds = [UserFund(fund_id=fund) for fund in sorted(set(funds))]
    row.firms = [UserFirm(uscc=uscc) for uscc in sorted(set(firms))]
    row.scopes = [scope_row(scope) for scope in sorted(set(scopes))]
    row.person = UserPerson(person=staff_number(person)) if person else None
    session.add(row)
    try:
        session.flush()
    except IntegrityError as clash:  # a rival may have taken it since it was looked up: the index has the last word
        if "login" not in str(clash.orig):
            raise
        raise _taken(login) from clash
    return _actor(row), token


_BY_TOKEN = all_of_active(UserRow.token_hash == bindparam("is_"))
_BY_LOGIN = all_of_active(UserRow.login == bindparam("is_"))


def user_by_token(session: Session, token: str) -> Actor:
    """Find who presents a bearer token.

    Raises:
        NotFound: ``token_unknown``, no active person has it.
    """
    actor = _active(session, _BY_TOKEN, _hash(token))
    if actor is None:
        raise NotFound("token_unknown", "令牌无效", "the token is not known")
    return actor


def user_by_login(session: Session, login: str) -> Actor:
    """Find an active person by login.

    Raises:
        NotFound: ``user_unknown``.
    """
    actor = _active(session, _BY_LOGIN, login)
    if actor is None:
        raise _unknown(login)
    return actor


_PERSONS = (
    select(UserRow.login, UserPerson.person)
    .join(UserPerson, UserPerson.user_id == UserRow.id)
    .where(UserRow.login.in_(bindparam("logins", expanding=True)))
)


def persons_of(session: Session, logins: Collection[str]) -> dict[str, str]:
    """Read the person behind each login; whoever is linked to none is their own."""
    session.flush()
    known = {login: person for login, person in session.connection().execute(_PERSONS, {"logins": sorted(logins)})}
    return {login: known.get(login, login) for login in logins}


def logins_of(session: Session, people: Collection[Actor]) -> frozenset[str]:
    """Read every login, in use or not, of the persons behind ``people``."""
    persons = sorted({actor.person for actor in people})
    query = select(UserRow.login).join(UserPerson, UserPerson.user_id == UserRow.id)
    return frozenset({actor.id for actor in people} | set(session.scalars(query.where(UserPerson.person.in_(persons)))))


def list_users(session: Session, *, role: Role | None = None) -> Sequence[Actor]:
    """Read the active people, all or those who hold ``role``, by login."""
    rows = session.scalars(select(UserRow).where(UserRow.active).order_by(UserRow.login))
    people = [_actor(row) for row in rows]
    return people if role is None else [person for person in people if role in person.roles]


def is_first_admin(session: Session, roles: Collection[Role]) -> bool:
    """Whether these are the roles of an administrator where there is none yet: somebody has to be the first."""
    return Role.ADMIN in roles and not list_users(session, role=Role.ADMIN)


def renew_token(session: Session, login: str, *, token: str | None = None) -> str:
    """Replace a person's token; the old one is void at once."""
    row = user_row(session, login)
    token = _token(token)
    row.token_hash = _hash(token)
    return token


def deactivate_user(session: Session, login: str) -> None:
    """Bar a person from acting; what they did stays on record."""
    user_row(session, login).active = False


def user_row(session: Session, login: str) -> UserRow:
    """Find the row of a person, active or not.

    Raises:
        NotFound: ``user_unknown``.
    """
    row = session.scalars(select(UserRow).where(UserRow.login == login)).one_or_none()
    if row is None:
        raise _unknown(login)
    return row


def _taken(login: str) -> Conflict:
    return Conflict("login_taken", f"用户名已存在:{login}", f"the login {login} is taken")


def _unknown(login: str) -> NotFound:
    return NotFound("user_unknown", f"用户不存在:{login}", f"no user {login}")


def scope_row(scope: Scope) -> UserScope:
    """The row that says ``scope``."""
    return UserScope(role=str(scope.role), department=scope.department, fund_id=scope.fund, level=scope.level)


def _actor(row: UserRow) -> Actor:
    return Actor(
        id=row.login,
        name=row.name,
        roles=frozenset(Role(held.role) for held in row.roles),
        department=row.department,
        funds=frozenset(held.fund_id for held in row.funds),
        firms=frozenset(held.uscc for held in row.firms),
        person_id="" if row.person is None else row.person.person,
        scopes=tuple(sorted(Scope(Role(s.role), s.department, s.fund_id, s.level) for s in row.scopes)),
    )


def _active(session: Session, query: CompoundSelect[Any], value: str) -> Actor | None:
    session.flush()
    held: dict[str, list[tuple[str, str, str, int]]] = defaultdict(list)
    for what, *said in session.connection().execute(query, {"is_": value}):
        held[what].append((said[0], said[1], said[2], said[3]))
    if not held:
        return None
    ((login, name, department, _),) = held["login"]
    return Actor(
        id=login,
        name=name,
        roles=frozenset(Role(role) for role, *_ in held["role"]),
        department=department,
        funds=frozenset(fund for fund, *_ in held["fund"]),
        firms=frozenset(uscc for uscc, *_ in held["firm"]),
        person_id=next((person for person, *_ in held["person"]), ""),
        scopes=tuple(sorted(Scope(Role(role), where, fund, level) for role, where, fund, level in held["scope"])),
    )


def _token(given: str | None) -> str:
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < _SHORTEST_TOKEN:
        raise InputError("token_too_short", f"令牌至少{_SHORTEST_TOKEN}位", f"a token has at least {_SHORTEST_TOKEN}")
    return given


def _hash(token: str) -> str:
    # A token is long and random, so a plain hash cannot be enumerated.
    return hashlib.sha256(token.encode()).hexdigest()
