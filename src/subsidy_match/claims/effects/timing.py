"""Stops, resumes and ends the total clock."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import or_, select

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimPause
from subsidy_match.claims.states import State
from subsidy_match.claims.transition import ClockEffect

__all__ = ["apply_clock"]


def apply_clock(occasion: Occasion) -> None:
    """Stop, resume, end or reopen the total clock; it starts with the day of acceptance."""
    claim = occasion.claim
    match occasion.transition.clock:
        case ClockEffect.STOP:
            if claim.accepted_on is not None and not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.RESUME:
            _resume(occasion)
        case ClockEffect.TURN:  # one stop ends and another begins
            _resume(occasion)
            if claim.accepted_on is not None and not _notice_that_counts(occasion):
                _stop(occasion)
        case ClockEffect.END:
            _resume(occasion)
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
    pause = ClaimPause(
        claim_id=occasion.claim.id,
        version=occasion.next_version,
        reason=str(occasion.transition.target),
        start_on=occasion.on,
        end_on=known_end,
    )
    occasion.session.add(pause)


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
    still_on = or_(ClaimPause.end_on.is_(None), ClaimPause.end_on > occasion.on)
    mine = select(ClaimPause).where(ClaimPause.claim_id == occasion.claim.id, still_on)
    for pause in occasion.session.scalars(mine):
        pause.end_on = occasion.on
