"""Helpers for tests about people: hired for one test, lent roles, asked by tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from claims_world import World

from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.handling.rules import Band, TaskRule, add_rule
from subsidy_match.claims.handling.tasks import Task, tasks_of
from subsidy_match.claims.people.delegations import Delegation, delegate
from subsidy_match.claims.people.interests import Interest, declare_interest
from subsidy_match.claims.records import ClaimRow
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role, add_user


def hire(world: World, login: str, *roles: Role, **details: Any) -> Actor:
    """Add somebody to the store and to the world's people."""
    given = {"funds": ["*"], "name": f"甲{login}"} | details
    actor, _ = in_unit(world.engine, lambda s: add_user(s, login=login, roles=roles, **given))
    world.people = {**world.people, login: actor}
    return actor


def lend(world: World, principal: str, deputy: str, role: Role, days: int = 5, by: str | None = None) -> Delegation:
    today = business_day(world.now)
    return in_unit(
        world.engine,
        lambda s: delegate(
            s,
            principal=principal,
            deputy=deputy,
            role=role,
            from_on=today,
            until_on=today + timedelta(days=days),
            reason="出差",
            actor=world.people[by or principal],
            at=world.now,
        ),
    )


def declare(world: World, login: str, uscc: str, by: str | None = None) -> Interest:
    return in_unit(
        world.engine,
        lambda s: declare_interest(
            s, login=login, uscc=uscc, note="亲属任职", actor=world.people[by or login], at=world.now
        ),
    )


def set_rule(
    world: World, *, department: str = "", tasks: tuple[TaskRule, ...] = (), bands: tuple[Band, ...] = ()
) -> None:
    in_unit(
        world.engine,
        lambda s: add_rule(
            s,
            policy_id="demo-policy",
            department=department,
            tasks=tasks,
            bands=bands,
            from_on=business_day(world.now),
            actor=world.people["everything"],
            at=world.now,
        ),
    )


def ask(world: World, claim: Claim, kind: str, department: str, by: str = "reviewer", **more: Any) -> Task:
    """Open a task and give it."""
    due = business_day(world.now) + timedelta(days=10)
    world.fire(claim, "open_task", by, task_kind=kind, department=department, due_on=due.isoformat(), **more)
    return tasks(world, claim)[-1]


def answer(world: World, claim: Claim, task: Task, by: str, result: str = "favourable") -> Claim:
    return world.fire(claim, "answer_task", by, task=task.id, result=result, opinion="属实")


def tasks(world: World, claim: Claim) -> list[Task]:
    return list(in_unit(world.engine, lambda s: tasks_of(s, s.get_one(ClaimRow, claim.id)), immediate=False))
