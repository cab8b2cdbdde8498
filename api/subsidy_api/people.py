"""Users, authorisations, interests and delegations, and the tasks of a claim. Refused attempts are audited.

A token is shown once and never kept, so that making a user or a token takes no ``Idempotency-Key``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.people import (
    AuthorisationBody,
    DelegationBody,
    InterestBody,
    NewAuthorisation,
    NewDelegation,
    NewInterest,
    NewPerson,
    NewRights,
    NewUser,
    ScopeBody,
    TaskBody,
    TokenBody,
    UserBody,
)
from subsidy_api.context import Moment, PlatformDep
from subsidy_api.idempotency import OnceDep
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Id, Line
from subsidy_api.security import Caller, Officer
from subsidy_match.claims.handling.tasks import tasks_of
from subsidy_match.claims.people import administration as admin
from subsidy_match.claims.people import authorisations, delegations, interests
from subsidy_match.claims.reading import visible_row
from subsidy_match.claims.refusals import Forbidden, audited
from subsidy_match.platform import Platform
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role, Scope, list_users

__all__ = ["router"]

Result = TypeVar("Result")
router = APIRouter(prefix="/v1", tags=["people"])
Login = Annotated[Line, Path()]
Number = Annotated[Id, Path()]
_READS = responses(401, 403, 422, 503)
_WRITES = responses(400, 401, 403, 404, 409, 413, 422, 503)
_READERS = frozenset({Role.ADMIN, Role.AUDITOR})


@router.get("/users", response_model=list[UserBody], responses=_READS)
def show_users(platform: PlatformDep, officer: Officer, at: Moment) -> list[UserBody]:
    """全部在用用户(管理员、审计员) / All active users, for administrators and auditors."""

    def read(session: Session) -> list[UserBody]:
        if not officer.has_any(_READERS):
            raise Forbidden("role_missing", "仅限管理员或审计员", "for administrators and auditors only")
        return [_user(found) for found in list_users(session)]

    work = lambda: in_unit(platform.engine, read, immediate=False)  # noqa: E731
    return audited(platform.engine, f"user:{officer.id}", "list_users", actor=officer, at=at, work=work)


@router.post("/users", status_code=201, response_model=TokenBody, responses=_WRITES)
def create_user(body: NewUser, platform: PlatformDep, actor: Officer, at: Moment) -> TokenBody:
    """新增用户,令牌只显示一次 / Add a user; the token is shown this once."""

    def work(session: Session) -> str:
        made = admin.create_user(
            session,
            login=body.login,
            name=body.name,
            department=body.department,
            person=body.person,
            rights=_rights(body),
            actor=actor,
            at=at,
        )
        return made[1]

    return TokenBody(login=body.login, token=_write(platform, body.login, "create_user", actor, at, work))


@router.post("/users/{login}/rights", response_model=UserBody, responses=_WRITES)
def change_rights(
    login: Login, body: NewRights, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """更换用户的全部权限,不得更改本人 / Replace all rights of a user, never one's own."""
    return _once(
        platform, once, 200, login, "change_rights", actor, at,
        lambda session: _user(admin.change_rights(session, login, _rights(body), actor=actor, at=at)),
    )  # fmt: skip


@router.post("/users/{login}/person", response_model=UserBody, responses=_WRITES)
def link_person(
    login: Login, body: NewPerson, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep
) -> Response:
    """登记用户对应的本人(工号),不可更改 / Say which person is behind a login, for good."""
    return _once(
        platform, once, 200, login, "link_person", actor, at,
        lambda session: _user(admin.link_person(session, login, body.person, actor=actor, at=at)),
    )  # fmt: skip


@router.post("/users/{login}/deactivate", status_code=204, responses=_WRITES)
def deactivate(login: Login, platform: PlatformDep, actor: Officer, at: Moment) -> None:
    """停用用户 / Bar a user from acting."""
    _write(
        platform, login, "deactivate_user", actor, at,
        lambda session: admin.deactivate(session, login, actor=actor, at=at),
    )  # fmt: skip


@router.post("/users/{login}/token", response_model=TokenBody, responses=_WRITES)
def renew_token(login: Login, platform: PlatformDep, actor: Caller, at: Moment) -> TokenBody:
    """更换令牌,只显示一次 / Replace a token; it is shown this once."""
    token = _write(
        platform, login, "renew_token", actor, at,
        lambda session: admin.new_token(session, login, actor=actor, at=at),
    )  # fmt: skip
    return TokenBody(login=login, token=token)


@router.get("/authorisations", response_model=list[AuthorisationBody], responses=_READS)
def show_authorisations(platform: PlatformDep, officer: Officer) -> list[AuthorisationBody]:  # noqa: ARG001
    """代办授权 / Authorisations of agents."""
    found = in_unit(platform.engine, authorisations.authorisations, immediate=False)
    return [AuthorisationBody.model_validate(one) for one in found]


@router.post("/authorisations", status_code=201, response_model=AuthorisationBody, responses=_WRITES)
def authorise(body: NewAuthorisation, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """登记代办授权 / Record that a firm lets an agent file for it."""

    def work(session: Session) -> Body:
        made = authorisations.authorise(session, **body.model_dump(), actor=actor, at=at)
        return AuthorisationBody.model_validate(made)

    return _once(platform, once, 201, body.login, "authorise", actor, at, work)


@router.post("/authorisations/{number}/revoke", response_model=AuthorisationBody, responses=_WRITES)
def revoke(number: Number, platform: PlatformDep, actor: Caller, at: Moment, once: OnceDep) -> Response:
    """撤销代办授权 / Revoke an authorisation."""

    def work(session: Session) -> Body:
        return AuthorisationBody.model_validate(
            authorisations.revoke_authorisation(session, number, actor=actor, at=at)
        )

    return _once(platform, once, 200, actor.id, "revoke_authorisation", actor, at, work)


@router.get("/interests", response_model=list[InterestBody], responses=_READS)
def show_interests(platform: PlatformDep, officer: Officer) -> list[InterestBody]:
    """回避登记,普通人员只见本人的 / Interests on record; who neither supervises nor audits sees their own."""
    found = in_unit(platform.engine, lambda session: interests.interests_for(session, officer), immediate=False)
    return [InterestBody.model_validate(one) for one in found]


@router.post("/interests", status_code=201, response_model=InterestBody, responses=_WRITES)
def declare(body: NewInterest, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """申报或登记利害关系 / Declare an interest in a firm."""

    def work(session: Session) -> Body:
        made = interests.declare_interest(session, **body.model_dump(), actor=actor, at=at)
        return InterestBody.model_validate(made)

    return _once(platform, once, 201, body.login, "declare_interest", actor, at, work)


@router.post("/interests/{number}/end", response_model=InterestBody, responses=_WRITES)
def end_interest(number: Number, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """解除回避,不得由本人办理 / End an interest, never one's own."""

    def work(session: Session) -> Body:
        return InterestBody.model_validate(interests.end_interest(session, number, actor=actor, at=at))

    return _once(platform, once, 200, actor.id, "end_interest", actor, at, work)


@router.get("/delegations", response_model=list[DelegationBody], responses=_READS)
def show_delegations(platform: PlatformDep, officer: Officer) -> list[DelegationBody]:  # noqa: ARG001
    """委托 / Roles lent."""
    found = in_unit(platform.engine, delegations.delegations, immediate=False)
    return [DelegationBody.model_validate(one) for one in found]


@router.post("/delegations", status_code=201, response_model=DelegationBody, responses=_WRITES)
def delegate(body: NewDelegation, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """委托职责,受托人以本人名义办理 / Lend a role for some days; the deputy acts as themselves."""

    def work(session: Session) -> Body:
        return DelegationBody.model_validate(delegations.delegate(session, **body.model_dump(), actor=actor, at=at))

    return _once(platform, once, 201, body.principal, "delegate", actor, at, work)


@router.post("/delegations/{number}/end", response_model=DelegationBody, responses=_WRITES)
def end_delegation(number: Number, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """提前终止委托 / Take a lent role back."""

    def work(session: Session) -> Body:
        return DelegationBody.model_validate(delegations.end_delegation(session, number, actor=actor, at=at))

    return _once(platform, once, 200, actor.id, "end_delegation", actor, at, work)


@router.get("/claims/{number}/tasks", response_model=list[TaskBody], responses=responses(401, 403, 404, 422, 503))
def show_tasks(number: Number, platform: PlatformDep, officer: Officer) -> list[TaskBody]:
    """一件的协办(由 events 发起、答复、撤销) / The tasks of a claim; they are opened and answered by its events."""

    def read(session: Session) -> list[TaskBody]:
        return [TaskBody.model_validate(task) for task in tasks_of(session, visible_row(session, number, officer))]

    return in_unit(platform.engine, read, immediate=False)


def _write(
    platform: Platform, login: str, action: str, actor: Actor, at: Any, work: Callable[[Session], Result]
) -> Result:
    engine = platform.engine
    return audited(engine, admin.chain_of(login), action, actor=actor, at=at, work=lambda: in_unit(engine, work))


def _once(
    platform: Platform,
    once: OnceDep,
    status: int,
    login: str,
    action: str,
    actor: Actor,
    at: Any,
    work: Callable[[Session], Body],
) -> Response:
    def kept(keep: Callable[[Session, bytes], None]) -> None:
        def inside(session: Session) -> None:
            keep(session, work(session).model_dump_json().encode())

        _write(platform, login, action, actor, at, inside)

    return once.run(status, kept)


def _rights(body: NewRights) -> admin.Rights:
    scopes = [Scope(scope.role, scope.department, scope.fund, scope.level) for scope in body.scopes]
    return admin.Rights(body.roles, scopes, body.funds, body.firms)


def _user(actor: Actor) -> UserBody:
    return UserBody(
        login=actor.id,
        name=actor.name,
        department=actor.department,
        person=actor.person,
        roles=sorted(actor.roles),
        scopes=[ScopeBody.model_validate(scope) for scope in actor.scopes],
        funds=sorted(actor.funds),
        firms=sorted(actor.firms),
    )
