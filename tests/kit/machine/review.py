"""Assigned, passed, returned."""

from __future__ import annotations

from typing import Any

from machine.base import Base
from machine.model import ROLES, Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition
from subsidy_match.store.users import Role


def _assignee_fits(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    may_choose = attempt.assignee == attempt.who or Role.LEAD in ROLES[attempt.who]
    reviews = Role.REVIEWER in ROLES[attempt.assignee or attempt.who]
    return may_choose and reviews and not model.is_barred(claim, attempt.assignee, "reviewer")


def _assign(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.assignee = attempt.assignee


def _pass(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    if claim.state == "IN_REVIEW":
        claim.proposed = attempt.cut or claim.amount


def _adjust(model: Model, claim: ModelClaim) -> None:
    if claim.is_pooled:
        held = sum(claim.held("reserved").values())
        claim.hold("reserved", claim.parts() if claim.amount <= held else {})
        return
    if claim.rank is not None and not claim.is_waiting:
        claim.hold("reserved", claim.parts())


def _amount(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    if claim.state != "IN_REVIEW":
        return {}
    why = {"reason": "核减"}  # what was claimed may be below what the rules give
    return why if attempt.cut is None else {"amount": attempt.cut} | why


TOPIC = Topic(
    guards={
        "assignee_fit": _assignee_fits,
        "assigned_to_actor": lambda model, claim, attempt: claim.assignee == attempt.who,
    },
    apply={"assign": _assign, "pass": _pass},
    money={"adjust": _adjust},
    kinds={"IN_REVIEW": "reserved", "IN_RECHECK": "reserved"},
    usual={"ACCEPTED": ("assign", "lead"), "IN_REVIEW": ("pass", ""), "IN_RECHECK": ("pass", "rechecker")},
    payload={"assign": lambda machine, claim, attempt: {"assignee": attempt.assignee}, "pass": _amount},
)
