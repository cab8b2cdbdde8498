"""Tasks for other departments, deputies, and what channel and number of approvals ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from people_kit import lend, tasks

from machine.base import CLAIMS, Base
from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.transition import Transition
from subsidy_match.store.users import Role

TAX = "税务局"
LENT = {"approver": Role.APPROVER, "rechecker": Role.RECHECKER}


class Handling(Base):
    """Tasks are open at times, and roles lent to whoever has another."""

    @rule(claim_id=CLAIMS)
    def ask(self, claim_id: int):
        self.fire(claim_id, "open_task", self.model.claims[claim_id].assignee or "reviewer")

    @rule(claim_id=CLAIMS, who=st.sampled_from(["task_officer", "task_officer_b", "applicant"]))
    def answer(self, claim_id: int, who: str):
        self.fire(claim_id, "answer_task", who)

    @rule(principal=st.sampled_from(sorted(LENT)), deputy=st.sampled_from(["supervisor", "rechecker", "approver"]))
    def lend(self, principal: str, deputy: str):
        role = LENT[principal]
        if deputy != principal and (deputy, role) not in self.model.lent:
            lend(self.world, principal, deputy, role, days=4)
            self.model.lent[deputy, role] = (principal, self.today + timedelta(days=4))

    @invariant()
    def open_tasks_are_those_of_the_model_and_only_in_review(self):
        for claim_id, claim in self.model.claims.items():
            found = [task.is_open for task in tasks(self.world, self.world.desk.claim(claim_id))]
            assert sum(found) == claim.task_open
            assert not claim.task_open or claim.state == "IN_REVIEW"


def _opened(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.task_open, claim.tasks = True, claim.tasks + 1


def _closed(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.task_open = False


def _task(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    number = next(n for n, known in machine.model.claims.items() if known is claim)
    found = tasks(machine.world, machine.world.desk.claim(number))
    task = found[-1].id if found else 10**9
    return {"task": task, "result": "favourable", "opinion": "属实"}


def _dropped(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    return {"task": _task(machine, claim, attempt)["task"]}


def _new(machine: Base, claim: ModelClaim, attempt: Attempt) -> dict[str, Any]:
    due = attempt.today + timedelta(days=3)
    return {"task_kind": "inspection", "department": TAX, "due_on": due.isoformat()}


TOPIC = Topic(
    guards={
        "own_channel": lambda model, claim, attempt: attempt.who != "system",
        "passes_by_itself": lambda model, claim, attempt: False,
        "endorsement_wanted": lambda model, claim, attempt: False,
        "task_new": lambda model, claim, attempt: not claim.task_open,
        "task_open": lambda model, claim, attempt: claim.task_open,
        # The departments of the world's people are as in claims_world.
        "task_of_actor": lambda model, claim, attempt: attempt.who.startswith("task_officer"),
        "quorum_reached": lambda model, claim, attempt: not claim.task_open,
    },
    apply={"open_task": _opened, "answer_task": _closed, "drop_task": _closed},
    payload={"open_task": _new, "answer_task": _task, "drop_task": _dropped},
)
