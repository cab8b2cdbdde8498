"""Who is too close to a claim, or too far from it, to handle it: its filer, whoever has an interest, a role elsewhere.

The desk asks this of every step by its table; whoever does something to claims beside it, in a document, a batch or an
account, asks it here of every claim concerned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import BindParameter, Select, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from subsidy_match.claims.duties import Duty
from subsidy_match.claims.handling.rules import Place, place_of
from subsidy_match.claims.people.persons import firms_of_interest, interested
from subsidy_match.claims.people.records import DeputyRow
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import Event
from subsidy_match.errors import SubsidyError
from subsidy_match.store.user_rows import UserFirm, UserRow
from subsidy_match.store.users import Actor, Role, logins_of

__all__ = [
    "check_apart",
    "filed_by",
    "files_for",
    "has_renamed",
    "is_within",
    "not_filer",
    "out_of_scope",
    "steps_of_people",
    "why_not_apart",
]

_AT_ONCE = 500
_CLAIMS: BindParameter[int] = bindparam("claim_ids", expanding=True)


def check_apart(session: Session, actor: Actor, claim: ClaimRow, roles: Collection[Role], on: date) -> None:
    """Refuse an officer who filed the claim, has an interest in its firm, or whose role does not reach it.

    Raises:
        Forbidden: ``interest_declared``, ``duty_conflict``, ``out_of_scope``.
    """
    for refusal in why_not_apart(session, actor, {claim.id: claim}, roles, on).values():
        raise refusal


def why_not_apart(
    session: Session, actor: Actor, claims: Mapping[int, ClaimRow], roles: Collection[Role], on: date
) -> dict[int, SubsidyError]:
    """Why an officer may not handle some of ``claims`` with one of ``roles``; the machine may handle any."""
    if actor.is_machine:
        return {}
    firms, filed = firms_of_interest(session, actor), filed_by(session, [actor], claims)
    refused: dict[int, SubsidyError] = {}
    for claim_id, claim in claims.items():
        if claim.uscc in firms:
            refused[claim_id] = interested(actor)
        elif claim_id in filed:
            refused[claim_id] = not_filer(actor)
        elif not is_within(session, actor, claim, roles, on):
            refused[claim_id] = out_of_scope(place_of(session, claim, on))
    return refused


def filed_by(session: Session, people: Collection[Actor], claim_ids: Collection[int]) -> frozenset[int]:
    """Which of the claims one of ``people`` filed, in any part, under any login or by another in their place."""
    mine = steps_of_people(session, people).where(ClaimStep.duty == str(Duty.FILER), ClaimStep.claim_id.in_(_CLAIMS))
    query, wanted = mine.with_only_columns(ClaimStep.claim_id).distinct(), sorted(claim_ids)
    parts = [wanted[n : n + _AT_ONCE] for n in range(0, len(wanted), _AT_ONCE)]
    return frozenset(found for part in parts for found in session.scalars(query, {"claim_ids": part}))


def files_for(session: Session, actor: Actor, uscc: str) -> bool:
    """Whether somebody, under any of their logins, may file for a firm or once filed for it."""
    logins = logins_of(session, [actor])
    may = select(UserFirm.uscc).join(UserRow, UserRow.id == UserFirm.user_id)
    if session.scalars(may.where(UserFirm.uscc == uscc, UserRow.login.in_(sorted(logins))).limit(1)).first():
        return True
    claims = session.scalars(select(ClaimRow.id).where(ClaimRow.uscc == uscc)).all()
    return bool(filed_by(session, [actor], claims))


def has_renamed(session: Session, actor: Actor, uscc: str) -> bool:
    """Whether somebody, under any of their logins, brought another name of the firm onto one of its claims."""
    mine = steps_of_people(session, [actor]).join(ClaimRow, ClaimRow.id == ClaimStep.claim_id)
    renamed = mine.where(ClaimRow.uscc == uscc, ClaimStep.event == str(Event.RENAME))
    return session.scalars(renamed.limit(1)).first() is not None


def steps_of_people(session: Session, people: Collection[Actor]) -> Select[ClaimStep]:
    """The steps by one of ``people``, under any of their logins, or taken by another in their place."""
    logins = logins_of(session, people)
    lent = exists().where(
        DeputyRow.claim_id == ClaimStep.claim_id,
        DeputyRow.version == ClaimStep.version,
        DeputyRow.principal.in_(logins),
    )
    return select(ClaimStep).where(or_(ClaimStep.actor.in_(logins), lent))


def is_within(session: Session, actor: Actor, claim: ClaimRow, roles: Collection[Role], on: date) -> bool:
    """Whether one of ``roles``, as held, reaches the claim; a role without scopes reaches all."""
    held = actor.roles.intersection(roles)
    scoped = {scope.role for scope in actor.scopes}
    if held - scoped:
        return True
    place = place_of(session, claim, on)
    return any(actor.covers(role, place.department, place.funds) for role in held)


def out_of_scope(place: Place) -> Forbidden:
    """The refusal of a role that may be used elsewhere only."""
    where = " ".join((place.department, *place.funds)).strip()
    return Forbidden("out_of_scope", f"该角色的授权范围不含:{where}", f"your role does not reach this claim: {where}")


def not_filer(actor: Actor) -> Forbidden:
    """The refusal of whoever filed the claim."""
    zh = f"职责不相容:{actor.id}为本件申报人"
    return Forbidden("duty_conflict", zh, f"{actor.id} filed this claim and cannot handle it as an officer")
