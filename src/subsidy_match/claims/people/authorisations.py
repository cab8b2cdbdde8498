"""Authorisations of agents (代办): recorded with the hash of the document, for days and policies, until revoked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from subsidy_match.claims.people.records import AuthorisationRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.wording import check_firm, check_word
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store import audit
from subsidy_match.store.user_rows import UserFirm
from subsidy_match.store.users import Actor, Role, user_by_login, user_row

__all__ = [
    "ANY_POLICY",
    "Authorisation",
    "authorisations",
    "authorise",
    "check_authorised",
    "check_firm_of",
    "revoke_authorisation",
    "seen_today",
]

ANY_POLICY = "*"
_LONGEST_ID = 120
_SHA256 = re.compile(r"[0-9a-f]{64}")
_RECORDERS = frozenset({Role.CLERK, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What an agent may file for which firm, on which days, by which document."""

    id: int
    login: str
    uscc: str
    policy_id: str
    document_sha256: str
    from_on: date
    until_on: date
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None


# Asked with every request of an agent: built once.
_IN_FORCE = select(AuthorisationRow.uscc).where(
    AuthorisationRow.login == bindparam("login"),
    AuthorisationRow.from_on <= bindparam("on"),
    AuthorisationRow.until_on >= bindparam("on"),
    AuthorisationRow.ended_at.is_(None),
)


def authorise(
    session: Session,
    *,
    login: str,
    uscc: str,
    policy_id: str,
    document_sha256: str,
    from_on: date,
    until_on: date,
    actor: Actor,
    at: datetime,
) -> Authorisation:
    """Record that a firm lets an agent file for it.

    Raises:
        Forbidden: ``role_missing``, ``self_grant``.
        Conflict: ``agent_unfit``, ``roles_apart``.
        InputError: ``authorisation_invalid``, ``uscc_invalid``, ``field_missing``, ``field_invalid``.
        NotFound: ``user_unknown``.
    """
    uscc, policy_id = check_firm(uscc), check_word("policy_id", policy_id, _LONGEST_ID)
    _check_recorder(actor)
    agent = user_by_login(session, login)
    if agent.person == actor.person:
        raise Forbidden("self_grant", "不得为本人登记授权", "nobody records an authorisation of their own")
    if Role.AGENT not in agent.roles:
        raise Conflict("agent_unfit", f"{login}不是代办人员", f"{login} is no agent")
    if Role.APPLICANT in agent.roles:
        zh = f"{login}同时为企业人员,不能登记代办授权"
        raise Conflict("roles_apart", zh, f"{login} is an applicant as well: agents have a login of their own")
    if not _SHA256.fullmatch(document_sha256) or from_on > until_on:
        zh = "授权书摘要应为64位十六进制,且起始日不晚于截止日"
        raise InputError("authorisation_invalid", zh, "a SHA-256 of the document, and a first day before the last")
    row = AuthorisationRow(
        login=login,
        uscc=uscc,
        policy_id=policy_id,
        document_sha256=document_sha256,
        from_on=from_on,
        until_on=until_on,
        made_by=actor.id,
        made_at=at,
    )
    session.add(row)
    _may_see(session, login, uscc)
    session.flush()
    detail = {"id": row.id, "uscc": uscc, "policy": policy_id, "document": document_sha256}
    days = {"from": from_on.isoformat(), "until": until_on.isoformat()}
    audit.append(session, f"user:{login}", at=at, actor=actor.id, action="authorise", detail=detail | days)
    return _value(row)


def revoke_authorisation(session: Session, authorisation_id: int, *, actor: Actor, at: datetime) -> Authorisation:
    """End an authorisation at once; it stays on record. The firm's own people may, and the agent whose it is.

    Raises:
        NotFound: ``authorisation_unknown``.
        Forbidden: ``role_missing``.
        Conflict: ``authorisation_ended``.
    """
    row = session.get(AuthorisationRow, authorisation_id, with_for_update=True)
    if row is None:
        raise NotFound(
            "authorisation_unknown", f"没有这项授权:{authorisation_id}", f"no authorisation {authorisation_id}"
        )
    if row.login != actor.id and not _is_firms_own(session, actor, row.uscc):
        _check_recorder(actor)
    if row.ended_at is not None:
        raise Conflict("authorisation_ended", "该授权已撤销", "the authorisation is revoked already")
    row.ended_by, row.ended_at = actor.id, at
    session.flush()
    _may_see_no_more(session, row.login, row.uscc)
    detail = {"id": row.id, "uscc": row.uscc}
    audit.append(session, f"user:{row.login}", at=at, actor=actor.id, action="revoke_authorisation", detail=detail)
    return _value(row)


def authorisations(session: Session, *, login: str | None = None, uscc: str | None = None) -> Sequence[Authorisation]:
    """Read authorisations, oldest first."""
    query = select(AuthorisationRow).order_by(AuthorisationRow.id)
    query = query if login is None else query.where(AuthorisationRow.login == login)
    query = query if uscc is None else query.where(AuthorisationRow.uscc == uscc)
    return [_value(row) for row in session.scalars(query)]


def check_firm_of(actor: Actor, uscc: str) -> None:
    """Refuse whoever may not act for a firm; the machine may for any.

    Raises:
        Forbidden: ``not_your_firm``.
    """
    if not actor.is_machine and not actor.may_file_for(uscc):
        raise Forbidden("not_your_firm", "无权代表该企业办理", "you may not act for this firm")


def check_authorised(session: Session, actor: Actor, uscc: str, policy_id: str, on: date) -> None:
    """Refuse an agent without a valid authorisation; the firm's own people and the machine need none.

    Whoever is both is the firm's own where no authorisation was ever recorded.

    Raises:
        Forbidden: ``authorisation_missing``.
    """
    if actor.is_machine or (Role.APPLICANT in actor.roles and uscc not in _as_agent(session, actor)):
        return
    query = _IN_FORCE.where(AuthorisationRow.uscc == uscc, AuthorisationRow.policy_id.in_((policy_id, ANY_POLICY)))
    if session.scalars(query.limit(1), {"login": actor.id, "on": on}).first() is None:
        zh = "没有该企业在有效期内的代办授权"
        raise Forbidden("authorisation_missing", zh, "no valid authorisation by this firm is on record")


def seen_today(session: Session, actor: Actor, on: date) -> Actor:
    """The actor with the firms that an agent may see today: those whose authorisation is in force."""
    if Role.AGENT not in actor.roles:
        return actor
    own = actor.firms - _as_agent(session, actor) if Role.APPLICANT in actor.roles else frozenset[str]()
    session.flush()
    firms = session.connection().execute(_IN_FORCE, {"login": actor.id, "on": on}).scalars()
    return replace(actor, firms=own | actor.firms & set(firms))


def _is_firms_own(session: Session, actor: Actor, uscc: str) -> bool:
    """Whether somebody acts for a firm by themselves, and not by an authorisation."""
    return Role.APPLICANT in actor.roles and actor.may_file_for(uscc) and uscc not in _as_agent(session, actor)


def _as_agent(session: Session, actor: Actor) -> frozenset[str]:
    """The firms that somebody files for, or once filed for, by an authorisation alone."""
    if Role.AGENT not in actor.roles:
        return frozenset()
    return frozenset(session.scalars(select(AuthorisationRow.uscc).where(AuthorisationRow.login == actor.id)))


def _check_recorder(actor: Actor) -> None:
    if not actor.has_any(_RECORDERS):
        raise Forbidden("role_missing", "无权登记代办授权", "recording authorisations is not among your roles")


def _may_see(session: Session, login: str, uscc: str) -> None:
    row = user_row(session, login)
    if all(firm.uscc != uscc for firm in row.firms):
        row.firms.append(UserFirm(uscc=uscc))


def _may_see_no_more(session: Session, login: str, uscc: str) -> None:
    """Take the firm from an agent whose last authorisation for it is revoked: it must not outlive a change of role."""
    left = select(AuthorisationRow.id).where(
        AuthorisationRow.login == login, AuthorisationRow.uscc == uscc, AuthorisationRow.ended_at.is_(None)
    )
    row = user_row(session, login)
    if any(held.role == Role.AGENT for held in row.roles) and session.scalars(left.limit(1)).first() is None:
        row.firms = [firm for firm in row.firms if firm.uscc != uscc]


def _value(row: AuthorisationRow) -> Authorisation:
    return Authorisation(**{name: getattr(row, name) for name in Authorisation.__slots__})
