"""The rows of people: who they are, what they hold and where, and the person behind several logins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from subsidy_match.store.schema import Base, Id

__all__ = ["UserFirm", "UserFund", "UserPerson", "UserRole", "UserRow", "UserScope", "all_of_active"]


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
    scopes: Mapped[list[UserScope]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    person: Mapped[UserPerson | None] = relationship(lazy="selectin", cascade="all, delete-orphan")


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


class UserScope(Base):
    """Where a role may be used; ``*`` is every department or fund. A role without any scope may be used everywhere."""

    __tablename__ = "user_scopes"
    __table_args__ = (
        CheckConstraint("level >= 0", name="level"),
        Index("uq_user_scopes_place", "user_id", "role", "department", "fund_id", unique=True),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(40))
    department: Mapped[str] = mapped_column(String(120))
    fund_id: Mapped[str] = mapped_column(String(80))
    level: Mapped[int] = mapped_column(Integer)


class UserPerson(Base):
    """The person (a staff number) behind a login; logins of one person are one for the separation of duties."""

    __tablename__ = "user_persons"
    __table_args__ = (Index("ix_user_persons_person", "person"),)

    user_id: Mapped[int] = mapped_column(Id, ForeignKey("users.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(80))


def all_of_active(condition: ColumnElement[bool]) -> CompoundSelect[Any]:
    """One statement for all there is of the active person of whom ``condition`` holds: what it is, three texts, a number.

    Whoever acts is looked up with every request, so it is one question instead of one for each table.
    """
    found = select(UserRow.id).where(condition, UserRow.active)
    held = (
        _said("person", UserPerson.person).where(UserPerson.user_id.in_(found)),
        _said("role", UserRole.role).where(UserRole.user_id.in_(found)),
        _said("fund", UserFund.fund_id).where(UserFund.user_id.in_(found)),
        _said("firm", UserFirm.uscc).where(UserFirm.user_id.in_(found)),
        _said("scope", UserScope.role, UserScope.department, UserScope.fund_id, number=UserScope.level).where(
            UserScope.user_id.in_(found)
        ),
    )
    person = _said("login", UserRow.login, UserRow.name, UserRow.department)
    return union_all(person.where(condition, UserRow.active), *held)


def _said(what: str, *texts: Any, number: Any = None) -> Select[*tuple[Any, ...]]:
    nothing: list[Any] = [literal_column("''")] * (3 - len(texts))
    return select(literal_column(f"'{what}'"), *texts, *nothing, literal_column("0") if number is None else number)
