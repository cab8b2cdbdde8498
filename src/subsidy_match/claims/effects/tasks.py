"""Tasks opened, answered, dropped, and closed with the review; endorsements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from subsidy_match.claims.handling.endorsements import since
from subsidy_match.claims.handling.records import EndorsementRow, TaskRow
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimPause
from subsidy_match.claims.states import Event, State

__all__ = ["FIELDS", "close_tasks"]


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
    if occasion.transition.lands_in(State(occasion.claim.state)) is State.IN_REVIEW:
        return
    still_open = select(TaskRow).where(TaskRow.claim_id == occasion.claim.id, TaskRow.is_open)
    for row in occasion.session.scalars(still_open).all():
        _close(occasion, row)
        end_pause(occasion, row.opened_version)


def end_pause(occasion: Occasion, version: int) -> None:
    """End the pause that began with a version of the claim, if that stopped the clock."""
    pause = occasion.session.get(ClaimPause, (occasion.claim.id, version))
    if pause is not None and pause.end_on is None:
        pause.end_on = occasion.on


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
