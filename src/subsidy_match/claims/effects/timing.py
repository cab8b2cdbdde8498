"""Stops, resumes and ends the total clock."""

from __future__ import annotations

from typing import assert_never

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.pausing import Stop, end_all, ended_by, stop
from subsidy_match.claims.records import ClaimPause
from subsidy_match.claims.states import State
from subsidy_match.claims.transition import ClockEffect

__all__ = ["apply_clock"]


def apply_clock(occasion: Occasion) -> None:
    """Stop, resume, end or reopen the total clock; it starts with the day of acceptance."""
    claim = occasion.claim
    match occasion.transition.clock:
        case ClockEffect.STOP:
            if not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.RESUME:
            _resume(occasion)
        case ClockEffect.TURN:  # one stop ends and another begins
            _resume(occasion)
            if not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.END:
            end_all(occasion.session, claim, on=occasion.on)
            claim.ended_on = claim.ended_on or occasion.on  # what ended once stays ended when it is undone
        case ClockEffect.REOPEN:
            _reopen(occasion)
        case ClockEffect.NONE | ClockEffect.START:
            pass  # it starts by itself: accepted_on is set with the event
        case other:
            assert_never(other)


def _notice_that_counts(occasion: Occasion) -> bool:
    return occasion.transition.target is State.PUBLISHED and occasion.claim.notice_counts


def _stop(occasion: Occasion) -> None:
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


def _resume(occasion: Occasion) -> None:
    # Only the stop of the state that is left ends: an inspection or audit that still runs goes on stopping.
    target = occasion.transition.lands_in(State(occasion.claim.state))
    end_all(occasion.session, occasion.claim, on=occasion.on, reasons=ended_by(target))
