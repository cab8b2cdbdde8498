"""Stops, resumes and ends the total clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.deadline.pausing import BOUND, Stop, end_all, ended_by, stop
from subsidy_match.claims.effects.tasks import STOPS, end_pause
from subsidy_match.claims.handling.records import TaskRow
from subsidy_match.claims.handling.tasks import TaskKind
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimPause
from subsidy_match.claims.registry import covering
from subsidy_match.claims.states import State
from subsidy_match.claims.transition import ClockEffect

__all__ = ["apply_clock"]


def apply_clock(occasion: Occasion) -> None:
    """Stop, resume, end or reopen the total clock; it starts with the day of acceptance."""
    _DO[occasion.transition.clock](occasion)


def _nothing(_occasion: Occasion) -> None:
    """It starts by itself: the day of acceptance is set with the event."""


def _turn(occasion: Occasion) -> None:
    """The stop of the state that is left ends whatever the next one is, and another begins."""
    end_all(occasion.session, occasion.claim, on=occasion.on, reasons=BOUND)
    _stop(occasion)


def _end(occasion: Occasion) -> None:
    claim = occasion.claim
    end_all(occasion.session, claim, on=occasion.on)
    claim.ended_on = claim.ended_on or occasion.on  # what ended once stays ended when it is undone


def _resume_from_task(occasion: Occasion) -> None:
    end_pause(occasion, occasion.session.get_one(TaskRow, occasion.payload["task"]))


def _notice_that_counts(occasion: Occasion) -> bool:
    return occasion.transition.target is State.PUBLISHED and occasion.claim.notice_counts


def _stop(occasion: Occasion) -> None:
    if _notice_that_counts(occasion):
        return
    # A notice ends on a known day: whoever clears the claim late does so on our time, not on the notice's.
    known_end = occasion.claim.notice_until if occasion.transition.target is State.PUBLISHED else None
    reason = Stop(str(occasion.transition.lands_in(State(occasion.claim.state))))
    version = occasion.next_version
    stop(occasion.session, occasion.claim, reason, on=occasion.on, version=version, until=known_end)


def _reopen(occasion: Occasion) -> None:
    """Let an ended clock run on; the days between do not count, for nobody here owed a step."""
    claim = occasion.claim
    if claim.ended_on is not None and claim.accepted_on is not None and claim.ended_on < occasion.on:
        pause = ClaimPause(
            claim_id=claim.id,
            version=occasion.next_version,
            reason=claim.state,
            start_on=claim.ended_on,
            end_on=occasion.on,
        )
        occasion.session.add(pause)
    claim.ended_on = None


def _stop_for_task(occasion: Occasion) -> None:
    reason = STOPS.get(TaskKind(occasion.payload["task_kind"]))
    if reason is not None:
        version, due = occasion.next_version, occasion.payload["due_on"]
        # Whoever answers late does so on our time: the clock runs again after the day that was told, answered or not.
        stop(
            occasion.session,
            occasion.claim,
            reason,
            on=occasion.on,
            version=version,
            of_what=f"task {version}",
            until=occasion.calendar.add_working_days(due, 0).on,
        )


def _resume(occasion: Occasion) -> None:
    # Only the stop of the state that is left ends: an inspection or audit that still runs goes on stopping.
    target = occasion.transition.lands_in(State(occasion.claim.state))
    end_all(occasion.session, occasion.claim, on=occasion.on, reasons=ended_by(target))


_DO: Mapping[ClockEffect, Callable[[Occasion], None]] = covering(
    ClockEffect,
    {
        ClockEffect.NONE: _nothing,
        ClockEffect.START: _nothing,
        ClockEffect.STOP: _stop,
        ClockEffect.RESUME: _resume,
        ClockEffect.TURN: _turn,
        ClockEffect.END: _end,
        ClockEffect.REOPEN: _reopen,
        ClockEffect.STOP_FOR_TASK: _stop_for_task,
        ClockEffect.RESUME_FROM_TASK: _resume_from_task,
    },
)
