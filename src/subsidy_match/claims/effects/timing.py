"""Stops, resumes and ends the total clock."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import or_, select

from subsidy_match.claims.effects.tasks import end_pause
from subsidy_match.claims.handling.records import TaskRow
from subsidy_match.claims.handling.tasks import STOPPING, TaskKind
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimPause
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import ClockEffect

__all__ = ["apply_clock"]


def apply_clock(occasion: Occasion) -> None:
    """Stop, resume or end the total clock; it starts with the day of acceptance."""
    claim = occasion.claim
    match occasion.transition.clock:
        case ClockEffect.STOP:
            if claim.accepted_on is not None and not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.RESUME:
            _resume(occasion)
        case ClockEffect.END:
            _resume(occasion)
            claim.ended_on = occasion.on
        case ClockEffect.STOP_FOR_TASK:
            _stop_for_task(occasion)
        case ClockEffect.RESUME_FROM_TASK:
            task = occasion.session.get_one(TaskRow, occasion.payload["task"])
            end_pause(occasion, task.opened_version)
        case ClockEffect.NONE | ClockEffect.START:
            pass  # it starts by itself: accepted_on is set with the event
        case other:
            assert_never(other)


def _notice_that_counts(occasion: Occasion) -> bool:
    return occasion.transition.event is Event.PUBLISH and occasion.claim.notice_counts


def _stop(occasion: Occasion) -> None:
    # A notice ends on a known day: whoever clears the claim late does so on our time, not on the notice's.
    known_end = occasion.claim.notice_until if occasion.transition.event is Event.PUBLISH else None
    pause = ClaimPause(
        claim_id=occasion.claim.id,
        version=occasion.next_version,
        reason=str(occasion.transition.target),
        start_on=occasion.on,
        end_on=known_end,
    )
    occasion.session.add(pause)


def _stop_for_task(occasion: Occasion) -> None:
    kind = TaskKind(occasion.payload["task_kind"])
    if kind in STOPPING:
        pause = ClaimPause(
            claim_id=occasion.claim.id,
            version=occasion.next_version,
            reason=f"TASK_{kind}".upper(),
            start_on=occasion.on,
            end_on=None,
        )
        occasion.session.add(pause)


def _resume(occasion: Occasion) -> None:
    still_on = or_(ClaimPause.end_on.is_(None), ClaimPause.end_on > occasion.on)
    mine = select(ClaimPause).where(ClaimPause.claim_id == occasion.claim.id, still_on)
    for pause in occasion.session.scalars(mine):
        pause.end_on = occasion.on
