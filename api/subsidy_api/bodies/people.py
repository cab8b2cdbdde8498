"""Users, what they may do and where, authorisations, interests, delegations, tasks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from subsidy_api.schemas import Body, Line, Uscc
from subsidy_match.claims.handling.tasks import Result, TaskKind
from subsidy_match.store.users import Role

__all__ = [
    "AuthorisationBody",
    "DelegationBody",
    "InterestBody",
    "NewAuthorisation",
    "NewDelegation",
    "NewInterest",
    "NewPerson",
    "NewRights",
    "NewUser",
    "ScopeBody",
    "TaskBody",
    "TokenBody",
    "UserBody",
]

Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,59}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
Place = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ScopeBody(Body):
    """Where a role may be used (``*``: everywhere), and up to which level of approval."""

    role: Role
    department: Place = "*"
    fund: Place = "*"
    level: Annotated[int, Field(ge=0, le=99)] = 0


class NewRights(Body):
    """All that a user may do; a role without scope may be used everywhere."""

    roles: Annotated[list[Role], Field(max_length=30)]
    scopes: list[ScopeBody] = Field(default_factory=list, max_length=200)
    funds: list[Place] = Field(default_factory=list, max_length=200)
    firms: list[Uscc] = Field(default_factory=list, max_length=200)


class NewUser(NewRights):
    """A user to be added; ``person`` is the staff number behind the login."""

    login: Login
    name: Name
    department: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    person: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class NewPerson(Body):
    """The person behind a login, set once."""

    person: Name


class UserBody(Body):
    """A user; the token is never shown again."""

    login: str
    name: str
    department: str
    person: str
    roles: list[Role]
    scopes: list[ScopeBody]
    funds: list[str]
    firms: list[str]


class TokenBody(Body):
    """A token, shown this once."""

    login: str
    token: str


class NewAuthorisation(Body):
    """A firm's authorisation of an agent; ``policy_id`` ``*`` is every policy."""

    login: Login
    uscc: Uscc
    policy_id: Line = "*"
    document_sha256: Sha256
    from_on: date
    until_on: date


class AuthorisationBody(Body):
    """An authorisation as recorded."""

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


class NewInterest(Body):
    """An interest of an officer in a firm."""

    login: Login
    uscc: Uscc
    note: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class InterestBody(Body):
    """An interest as recorded."""

    id: int
    login: str
    uscc: str
    note: str
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class NewDelegation(Body):
    """A role to be lent from a day to a day."""

    principal: Login
    deputy: Login
    role: Role
    from_on: date
    until_on: date
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class DelegationBody(Body):
    """A delegation as recorded."""

    id: int
    principal: str
    deputy: str
    role: Role
    from_on: date
    until_on: date
    reason: str
    made_by: str
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class TaskBody(Body):
    """A task of a claim; ``is_void`` once it was dropped or a correction changed what it looked at."""

    id: int
    claim_id: int
    kind: TaskKind
    department: str
    officer: str | None
    due_on: date
    opened_by: str
    opened_at: datetime
    is_open: bool
    is_void: bool
    result: Result | None
    opinion: str | None
    closed_by: str | None
    closed_at: datetime | None
