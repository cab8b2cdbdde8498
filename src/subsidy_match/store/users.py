"""People: who they are, what they may do, for which funds and firms, and the token by which they are known."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Boolean, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store.schema import Base, Id

__all__ = [
    "ALL_FUNDS",
    "PUBLIC",
    "PUSH",
    "SYSTEM",
    "Actor",
    "Role",
    "UserFirm",
    "UserFund",
    "UserRole",
    "UserRow",
    "add_user",
    "deactivate_user",
    "list_users",
    "renew_token",
    "user_by_login",
    "user_by_token",
]

ALL_FUNDS = "*"
_SHORTEST_TOKEN = 16


class Role(StrEnum):
    """What a person is there for; one person may have several, the duties table still keeps claims apart."""

    APPLICANT = "applicant"
    AGENT = "agent"
    CLERK = "clerk"
    LEAD = "lead"
    REVIEWER = "reviewer"
    RECHECKER = "rechecker"
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


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a person of the store, or the machine itself."""

    id: str
    name: str
    roles: frozenset[Role]
    department: str = ""
    funds: frozenset[str] = frozenset()
    firms: frozenset[str] = frozenset()

    @property
    def is_machine(self) -> bool:
        """Whether this is the software itself, to which the separation of duties between people does not apply."""
        return bool(self.roles) and self.roles <= {Role.SYSTEM, Role.PUSH}

    def has_any(self, roles: Collection[Role]) -> bool:
        """Whether one of ``roles`` is held."""
        return not self.roles.isdisjoint(roles)

    def may_use_fund(self, fund_id: str) -> bool:
        """Whether this person may act on the money of a fund."""
        return ALL_FUNDS in self.funds or fund_id in self.funds

    def may_file_for(self, uscc: str) -> bool:
        """Whether this person may file, and see, claims of a firm."""
        return uscc in self.firms


SYSTEM = Actor("system", "系统", frozenset({Role.SYSTEM}), funds=frozenset({ALL_FUNDS}))
PUSH = Actor("push", "免申即享", frozenset({Role.PUSH}))
PUBLIC = Actor("public", "社会公众", frozenset({Role.PUBLIC}))
"""Whoever objects to a public notice without a login."""


class UserRow(Base):
    """One person; the token itself is never stored."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_login", "login", unique=True),
        Index("uq_users_token_hash", "token_hash", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    department: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(Boolean)
    roles: Mapped[list[UserRole]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    funds: Mapped[list[UserFund]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    firms: Mapped[list[UserFirm]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class UserRole(Base):
    """A role that a person holds."""

    __tablename__ = "user_roles"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)


class UserFund(Base):
    """A fund that a person may act on; ``*`` is every fund."""

    __tablename__ = "user_funds"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    fund_id: Mapped[str] = mapped_column(String(80), primary_key=True)


class UserFirm(Base):
    """A firm that an applicant or authorised agent (代办) may file for."""

    __tablename__ = "user_firms"

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), primary_key=True)


def add_user(
    session: Session,
    *,
    login: str,
    name: str,
    roles: Collection[Role],
    department: str = "",
    funds: Collection[str] = (),
    firms: Collection[str] = (),
    token: str | None = None,
) -> tuple[Actor, str]:
    """Add a person and give their bearer token, which is shown this once and stored only as a hash.

    Raises:
        Conflict: ``login_taken``.
        InputError: ``token_too_short``, ``role_reserved``.
    """
    if {Role.SYSTEM, Role.PUSH} & set(roles) or login in {SYSTEM.id, PUSH.id}:
        raise InputError("role_reserved", "该角色或用户名仅限系统使用", "this role or login is the machine's own")
    if session.scalars(select(UserRow.id).where(UserRow.login == login)).first() is not None:
        raise Conflict("login_taken", f"用户名已存在:{login}", f"the login {login} is taken")
    token = _token(token)
    row = UserRow(login=login, name=name, department=department, token_hash=_hash(token), active=True)
    row.roles = [UserRole(role=str(role)) for role in sorted(set(roles))]
    row.funds = [UserFund(fund_id=fund) for fund in sorted(set(funds))]
    row.firms = [UserFirm(uscc=uscc) for uscc in sorted(set(firms))]
    session.add(row)
    session.flush()
    return _actor(row), token


def user_by_token(session: Session, token: str) -> Actor:
    """Find who presents a bearer token.

    Raises:
        NotFound: ``token_unknown``, no active person has it.
    """
    row = session.scalars(select(UserRow).where(UserRow.token_hash == _hash(token))).one_or_none()
    if row is None or not row.active:
        raise NotFound("token_unknown", "令牌无效", "the token is not known")
    return _actor(row)


def user_by_login(session: Session, login: str) -> Actor:
    """Find an active person by login.

    Raises:
        NotFound: ``user_unknown``.
    """
    row = _row(session, login)
    if not row.active:
        raise _unknown(login)
    return _actor(row)


def list_users(session: Session, *, role: Role | None = None) -> Sequence[Actor]:
    """Read the active people, all or those who hold ``role``, by login."""
    rows = session.scalars(select(UserRow).where(UserRow.active).order_by(UserRow.login))
    people = [_actor(row) for row in rows]
    return people if role is None else [person for person in people if role in person.roles]


def renew_token(session: Session, login: str, *, token: str | None = None) -> str:
    """Replace a person's token; the old one is void at once."""
    row = _row(session, login)
    token = _token(token)
    row.token_hash = _hash(token)
    return token


def deactivate_user(session: Session, login: str) -> None:
    """Bar a person from acting; what they did stays on record."""
    _row(session, login).active = False


def _row(session: Session, login: str) -> UserRow:
    row = session.scalars(select(UserRow).where(UserRow.login == login)).one_or_none()
    if row is None:
        raise _unknown(login)
    return row


def _unknown(login: str) -> NotFound:
    return NotFound("user_unknown", f"用户不存在:{login}", f"no user {login}")


def _actor(row: UserRow) -> Actor:
    return Actor(
        id=row.login,
        name=row.name,
        roles=frozenset(Role(held.role) for held in row.roles),
        department=row.department,
        funds=frozenset(held.fund_id for held in row.funds),
        firms=frozenset(held.uscc for held in row.firms),
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
