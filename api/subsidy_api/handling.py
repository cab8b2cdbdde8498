"""How claims of a policy are handled from a day on: department in charge, tasks, number and level of approvals."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.people import Place
from subsidy_api.context import Moment, PlatformDep
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Line
from subsidy_api.security import Officer
from subsidy_match.claims.handling.rules import Band, TaskRule, add_rule, rules
from subsidy_match.claims.handling.tasks import TaskKind
from subsidy_match.claims.refusals import audited
from subsidy_match.store.unit import in_unit

__all__ = ["router"]

router = APIRouter(prefix="/v1/handling-rules", tags=["people"])
_Count = Annotated[int, Field(ge=1, le=50)]


class TaskRuleBody(Body):
    """The departments that are asked, and how many of them must agree (all: their number; any: 1)."""

    kind: TaskKind
    departments: Annotated[list[Place], Field(min_length=1, max_length=50)]
    need: _Count


class BandBody(Body):
    """Above an amount (分), how many approve, and which level the last of them has."""

    above: Annotated[int, Field(ge=0, le=10**15)]
    needed: _Count = 1
    level: Annotated[int, Field(ge=0, le=99)] = 0


class NewHandlingRule(Body):
    """A rule for the claims of a policy, ``*`` for any, accepted from a day on."""

    policy_id: Annotated[Line, Field(max_length=120)] = "*"
    department: Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    tasks: list[TaskRuleBody] = Field(default_factory=list, max_length=4)
    bands: list[BandBody] = Field(default_factory=list, max_length=50)
    from_on: date


class HandlingRuleBody(NewHandlingRule):
    """A rule as recorded."""

    id: int


@router.get("", response_model=list[HandlingRuleBody], responses=responses(401, 403, 422, 503))
def show_rules(platform: PlatformDep, officer: Officer) -> list[HandlingRuleBody]:  # noqa: ARG001  # outsiders are refused
    """全部办理规定,由旧到新 / Every rule ever set, oldest first."""
    found = in_unit(platform.engine, rules, immediate=False)
    return [HandlingRuleBody.model_validate(rule) for rule in found]


@router.post(
    "", status_code=201, response_model=HandlingRuleBody, responses=responses(400, 401, 403, 409, 413, 422, 503)
)
def set_rule(body: NewHandlingRule, platform: PlatformDep, actor: Officer, at: Moment, once: OnceDep) -> Response:
    """设定办理规定,不影响已受理的办件 / Set a rule; it does not reach claims accepted before its first day."""

    def write(session: Session) -> HandlingRuleBody:
        made = add_rule(
            session,
            policy_id=body.policy_id,
            department=body.department,
            tasks=[TaskRule(str(task.kind), tuple(task.departments), task.need) for task in body.tasks],
            bands=[Band(band.above, band.needed, band.level) for band in body.bands],
            from_on=body.from_on,
            actor=actor,
            at=at,
        )
        return HandlingRuleBody.model_validate(made)

    def work(keep: Keep) -> None:
        def inside(session: Session) -> None:
            keep(session, write(session).model_dump_json().encode())

        engine = platform.engine
        audited(engine, "handling", "set_handling", actor=actor, at=at, work=lambda: in_unit(engine, inside))

    return once.run(201, work)
