"""Who is calling: bearer tokens of the store, and what an outsider may see.

An applicant or agent sees the firms they are registered for. Another firm's page is forbidden, whether it exists or not;
another firm's claim does not exist for them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_match.claims.people.authorisations import seen_today
from subsidy_match.claims.refusals import Forbidden, record_refusals
from subsidy_match.claims.rights import check_officer
from subsidy_match.errors import InputError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, user_by_token

__all__ = ["Caller", "MaybeCaller", "Officer", "check_asks_for", "check_sees_firm", "is_outsider", "require_caller"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="令牌由管理员发放 / issued by an administrator")


def is_outsider(actor: Actor) -> bool:
    """Whether this person only acts for firms and is no officer."""
    return actor.is_outsider


def check_sees_firm(actor: Actor, uscc: str) -> None:
    """Refuse an outsider the pages of a firm that is not theirs.

    Raises:
        Forbidden: ``not_your_firm``.
    """
    if is_outsider(actor) and not actor.may_file_for(uscc):
        raise Forbidden("not_your_firm", "无权查看该企业", "this firm is not yours to see")


def check_asks_for(actor: Actor, assignee: str | None) -> None:
    """Refuse an outsider a list by who handles the claims: it is not told to them, so it is not guessed either.

    Raises:
        Forbidden: ``officers_only``.
    """
    if assignee is not None:
        check_officer(actor)


def require_caller(actor: Actor | None) -> Actor:
    """Insist on a token.

    Raises:
        InputError: ``token_missing`` (HTTP 401).
    """
    if actor is None:
        raise InputError("token_missing", "请提供令牌", "send a bearer token")
    return actor


def _maybe(
    platform: PlatformDep, today: Today, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Actor | None:
    # A wrong token is refused even where none is needed: its owner believes to be known.
    if credentials is None:
        return None
    token = credentials.credentials
    return in_unit(
        platform.engine, lambda session: seen_today(session, user_by_token(session, token), today), immediate=False
    )


async def _caller(actor: Annotated[Actor | None, Depends(_maybe)]) -> Actor:
    return require_caller(actor)


async def _officer(
    request: Request, platform: PlatformDep, at: Moment, actor: Annotated[Actor, Depends(_caller)]
) -> Actor:
    try:
        return check_officer(actor)
    except Forbidden as refusal:
        if request.method not in _READING:
            # On the chain of whoever tried: what they named may not exist.
            action = f"{request.method} {request.url.path}"
            refused = {f"user:{actor.id}": refusal}
            await run_in_threadpool(record_refusals, platform.engine, refused, action, actor=actor, at=at)
        raise


MaybeCaller = Annotated[Actor | None, Depends(_maybe)]
Caller = Annotated[Actor, Depends(_caller)]
Officer = Annotated[Actor, Depends(_officer)]
