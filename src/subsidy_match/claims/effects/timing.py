"""Stops, resumes and ends the total clock."""

from __future__ import annotations

from typing import assert_never

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.pausing import Stop, end_all, ended_by, stop
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import ClockEffect

__all__ = ["apply_clock"]


def apply_clock(occasion: Occasion) -> None:
    """Stop, resume or end the total clock; it starts with the day of acceptance."""
    claim = occasion.claim
    match occasion.transition.clock:
        case ClockEffect.STOP:
            if not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.RESUME:
            # Only the stop of the state that is left ends: an inspection or audit that still runs goes on stopping.
            target = occasion.transition.lands_in(State(claim.state))
            end_all(occasion.session, claim, on=occasion.on, reasons=ended_by(target))
        case ClockEffect.END:
            end_all(occasion.session, claim, on=occasion.on)
            claim.ended_on = occasion.on
        case ClockEffect.NONE | ClockEffect.START:
            pass  # it starts by itself: accepted_on is set with the event
        case other:
            assert_never(other)


def _notice_that_counts(occasion: Occasion) -> bool:
    return occasion.transition.event is Event.PUBLISH and occasion.claim.notice_counts


def _stop(occasion: Occasion) -> None:
    # A notice ends on a known day: whoever clears the claim late does so on our time, not on the notice's.
    known_end = occasion.claim.notice_until if occasion.transition.event is Event.PUBLISH else None
    reason = Stop(str(occasion.transition.lands_in(State(occasion.claim.state))))
    version = occasion.next_version
    stop(occasion.session, occasion.claim, reason, on=occasion.on, version=version, until=known_end)
