"""Interests (回避): declared by an officer, or registered by somebody else; they bar from every event of that firm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.people.persons import is_same_person
from subsidy_match.claims.people.records import InterestRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.wording import check_firm, check_text
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.store import audit
from subsidy_match.store.users import Actor, Role, user_by_login

__all__ = ["Interest", "declare_interest", "end_interest", "interests", "interests_for"]

_REGISTRARS = frozenset({Role.SUPERVISOR, Role.ADMIN})
_READERS = _REGISTRARS | {Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class Interest:
    """Whoever has it stands aside until somebody else ends it."""

    id: int
    login: str
    uscc: str
    note: str
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None


def declare_interest(session: Session, *, login: str, uscc: str, note: str, actor: Actor, at: datetime) -> Interest:
    """Declare an interest of one's own, or as a supervisor register somebody else's.

    Raises:
        Forbidden: ``role_missing``.
        Conflict: ``interest_known``.
        InputError: ``uscc_invalid``, ``field_missing``, ``field_invalid``.
        NotFound: ``user_unknown``.
    """
    uscc, note = check_firm(uscc), check_text("note", note)
    user_by_login(session, login)
    if actor.id != login and not actor.has_any(_REGISTRARS):
        raise Forbidden("role_missing", "只能申报本人的利害关系", "only your own interests are yours to declare")
    row = InterestRow(login=login, uscc=uscc, note=note, made_by=actor.id, made_at=at)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as clash:
        raise Conflict("interest_known", "该利害关系已登记", "this interest is on record already") from clash
    detail = {"id": row.id, "uscc": uscc}
    audit.append(session, f"user:{login}", at=at, actor=actor.id, action="declare_interest", detail=detail)
    return _value(row)


def end_interest(session: Session, interest_id: int, *, actor: Actor, at: datetime) -> Interest:
    """End an interest that is over; never by the person who has it.

    Raises:
        NotFound: ``interest_unknown``.
        Forbidden: ``role_missing``, ``self_grant``.
        Conflict: ``interest_ended``.
    """
    row = session.get(InterestRow, interest_id, with_for_update=True)
    if row is None:
        raise NotFound("interest_unknown", f"没有这项登记:{interest_id}", f"no interest {interest_id}")
    if not actor.has_any(_REGISTRARS):
        raise Forbidden("role_missing", "无权解除回避", "ending an interest is not among your roles")
    if is_same_person(session, actor, row.login):
        raise Forbidden("self_grant", "不得解除本人的回避", "nobody ends an interest of their own")
    if row.ended_at is not None:
        raise Conflict("interest_ended", "该回避已解除", "the interest is ended already")
    row.ended_by, row.ended_at = actor.id, at
    detail = {"id": row.id, "uscc": row.uscc}
    audit.append(session, f"user:{row.login}", at=at, actor=actor.id, action="end_interest", detail=detail)
    return _value(row)


def interests(session: Session, *, login: str | None = None) -> Sequence[Interest]:
    """Read interests, oldest first."""
    query = select(InterestRow).order_by(InterestRow.id)
    query = query if login is None else query.where(InterestRow.login == login)
    return [_value(row) for row in session.scalars(query)]


def interests_for(session: Session, reader: Actor) -> Sequence[Interest]:
    """What a reader may see: who neither supervises nor audits sees their own."""
    return interests(session, login=None if reader.has_any(_READERS) else reader.id)


def _value(row: InterestRow) -> Interest:
    return Interest(**{name: getattr(row, name) for name in Interest.__slots__})
