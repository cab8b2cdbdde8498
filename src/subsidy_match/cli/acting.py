"""Acting as a named person: who that is today, and the audit entry of whatever is refused to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from subsidy_match.claims.people.authorisations import seen_today
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.rights import check_officer
from subsidy_match.cli.context import business_today, now, platform
from subsidy_match.errors import InputError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role, user_by_login

__all__ = ["As", "caller", "officer", "role_of", "written"]

Result = TypeVar("Result")
As = Annotated[str, typer.Option("--as", help="以谁的身份 / login of whoever acts")]


def caller(engine: Engine, login: str) -> Actor:
    """Whoever acts, with no more firms than they may see today.

    Raises:
        NotFound: ``user_unknown``.
    """
    on = business_today()
    return in_unit(engine, lambda session: seen_today(session, user_by_login(session, login), on), immediate=False)


@contextmanager
def officer(login: str) -> Iterator[tuple[Engine, Actor]]:
    """The store, and an officer who works in it.

    Raises:
        NotFound: ``user_unknown``.
        Forbidden: ``officers_only``.
    """
    with platform() as wired:
        yield wired.engine, check_officer(caller(wired.engine, login))


def written(engine: Engine, subject: str, action: str, actor: Actor, work: Callable[[Session], Result]) -> Result:
    """Do ``work`` in one transaction; where it is refused, write that to the chain of ``subject``."""
    return audited(engine, subject, action, actor=actor, at=now(), work=lambda: in_unit(engine, work))


def role_of(name: str) -> Role:
    """The role of a name.

    Raises:
        InputError: ``role_unknown``.
    """
    try:
        return Role(name)
    except ValueError:
        zh, en = f"没有这个角色:{name}", f"no such role: {name}"
        raise InputError("role_unknown", zh, en, hint=", ".join(Role)) from None
