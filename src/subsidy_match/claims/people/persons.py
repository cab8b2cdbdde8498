"""Persons behind logins, interests in firms, and who may act in whose place today."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.people.delegations import LENDABLE
from subsidy_match.claims.people.records import DelegationRow, InterestRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.errors import NotFound
from subsidy_match.store.users import Actor, Role, logins_of, persons_of, user_by_login

__all__ = [
    "check_interest",
    "delegations_to",
    "firms_of_interest",
    "has_interest",
    "interested",
    "is_same_person",
    "lent_roles",
]


# Asked for in every step of an officer: built once.
_INTERESTED = select(InterestRow.login).where(InterestRow.uscc == bindparam("of"), InterestRow.ended_at.is_(None))


def is_same_person(session: Session, actor: Actor, login: str | None) -> bool:
    """Whether the person behind ``actor`` is the one behind ``login``."""
    return login is not None and actor.person == persons_of(session, [login])[login]


def has_interest(session: Session, person: str, uscc: str) -> bool:
    """Whether a person, under whichever login, has an open interest in a firm."""
    session.flush()
    logins = [login for (login,) in session.connection().execute(_INTERESTED, {"of": uscc})]
    return bool(logins) and person in persons_of(session, logins).values()


def check_interest(session: Session, person: Actor, uscc: str) -> None:
    """Refuse an officer who has an interest in the firm.

    Raises:
        Forbidden: ``interest_declared``.
    """
    if has_interest(session, person.person, uscc):
        raise interested(person)


def interested(person: Actor) -> Forbidden:
    """The refusal of whoever has an interest in the firm."""
    zh = f"{person.id}与该企业有利害关系,应当回避"
    return Forbidden("interest_declared", zh, f"{person.id} has an interest in this firm and stands aside")


def firms_of_interest(session: Session, person: Actor) -> frozenset[str]:
    """The firms in which a person, under whichever login, has an open interest."""
    mine = InterestRow.login.in_(sorted(logins_of(session, [person])))
    return frozenset(session.scalars(select(InterestRow.uscc).where(mine, InterestRow.ended_at.is_(None))))


def delegations_to(
    session: Session, deputy: Actor, roles: Collection[Role], on: date
) -> Iterator[tuple[DelegationRow, Actor]]:
    """Read what is lent to a deputy on a day, with the principals, who must still hold the role themselves.

    What was lent before its role stopped being lendable does not count.
    """
    query = select(DelegationRow).where(
        DelegationRow.deputy == deputy.id,
        DelegationRow.role.in_(sorted(LENDABLE.intersection(roles))),
        DelegationRow.from_on <= on,
        DelegationRow.until_on >= on,
        DelegationRow.ended_at.is_(None),
    )
    for row in session.scalars(query.order_by(DelegationRow.id)).all():
        try:
            principal = user_by_login(session, row.principal)
        except NotFound:  # has left since
            continue
        if Role(row.role) in principal.roles and principal.person != deputy.person:
            yield row, principal


def lent_roles(session: Session, deputy: Actor, on: date) -> frozenset[Role]:
    """The roles that others have lent to a person on a day."""
    return frozenset(Role(row.role) for row, _ in delegations_to(session, deputy, LENDABLE, on))
