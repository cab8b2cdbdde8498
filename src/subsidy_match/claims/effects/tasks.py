"""Tasks opened, answered, dropped, and closed with the review; endorsements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import bindparam, select

from subsidy_match.claims.deadline.pausing import Stop, resume
from subsidy_match.claims.handling.endorsements import since
from subsidy_match.claims.handling.records import EndorsementRow, TaskRow
from subsidy_match.claims.handling.tasks import TaskKind
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.states import Event, State

__all__ = ["FIELDS", "STOPS", "close_tasks", "end_pause"]

_OPEN = select(TaskRow).where(TaskRow.claim_id == bindparam("of"), TaskRow.is_open)
STOPS: Mapping[TaskKind, Stop] = {
    TaskKind.INSPECTION: Stop.INSPECTION,
    TaskKind.EXPERT: Stop.EXPERT_REVIEW,
    TaskKind.AUDIT: Stop.AUDIT,
}
"""Tasks that stop the clocks, and for which reason."""


def _open_task(occasion: Occasion) -> None:
    given = occasion.payload
    row = TaskRow(
        claim_id=occasion.claim.id,
        kind=given["task_kind"],
        department=given["department"],
        officer=given.get("officer"),
        due_on=given["due_on"],
        correction=occasion.claim.corrections,
        opened_version=occasion.next_version,
        opened_by=occasion.actor.id,
        opened_at=occasion.at,
        is_open=True,
    )
    occasion.session.add(row)
    occasion.session.flush()


def _answer_task(occasion: Occasion) -> None:
    row = occasion.session.get_one(TaskRow, occasion.payload["task"])
    row.result, row.opinion = occasion.payload["result"], occasion.payload["opinion"]
    _close(occasion, row)


def _drop_task(occasion: Occasion) -> None:
    _close(occasion, occasion.session.get_one(TaskRow, occasion.payload["task"]))


def close_tasks(occasion: Occasion) -> None:
    """Close what is still open once the claim leaves review: nobody waits for it any more."""
    source = State(occasion.claim.state)
    if source is not State.IN_REVIEW or occasion.transition.lands_in(source) is source:
        return  # tasks are opened in review only, and none stays open beyond it
    for row in occasion.session.scalars(_OPEN, {"of": occasion.claim.id}).all():
        _close(occasion, row)
        end_pause(occasion, row)


def end_pause(occasion: Occasion, row: TaskRow) -> None:
    """End the stop that a task brought with it, if it did."""
    reason = STOPS.get(TaskKind(row.kind))
    if reason is not None:
        what = f"task {row.opened_version}"
        resume(occasion.session, occasion.claim, reason, on=occasion.on, of_what=what)


def _close(occasion: Occasion, row: TaskRow) -> None:
    row.is_open, row.closed_by, row.closed_at = False, occasion.actor.id, occasion.at


def _endorse(occasion: Occasion) -> None:
    began = since(occasion.session, occasion.claim.id)
    for person in sorted({someone.person for someone in occasion.people}):
        row = EndorsementRow(claim_id=occasion.claim.id, version=occasion.next_version, person=person, since=began)
        occasion.session.add(row)


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.OPEN_TASK: _open_task,
    Event.ANSWER_TASK: _answer_task,
    Event.DROP_TASK: _drop_task,
    Event.ENDORSE: _endorse,
}
