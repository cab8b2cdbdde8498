"""Deemed accepted, and dates told anew under another calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from subsidy_match.claims.deadline.pausing import Stop
from subsidy_match.claims.deadline.redating import correction_end, moved_dates, notice_end
from subsidy_match.claims.deadline.stage_limits import LimitKind
from subsidy_match.claims.guards.timing import limit_end
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.records import ClaimPause
from subsidy_match.claims.states import Event

__all__ = ["FIELDS"]


def _deem_accepted(occasion: Occasion) -> None:
    # Day 0 is the day on which the silence was full, not that of the sweep: one that comes late costs the firm nothing.
    claim = occasion.claim
    claim.accepted_at = occasion.at
    claim.accepted_on = limit_end(occasion, LimitKind.DEEMED)


def _redate(occasion: Occasion) -> None:
    session, claim = occasion.session, occasion.claim
    moved = moved_dates(session, claim, occasion.calendar)
    occasion.told["dates"] = {name: list(pair) for name, pair in moved.items()}
    if "correction_due" in moved:
        claim.correction_due = correction_end(claim, occasion.calendar)
    if "notice_until" in moved:
        until = notice_end(session, claim, occasion.calendar)
        mine = select(ClaimPause).where(ClaimPause.claim_id == claim.id, ClaimPause.reason == str(Stop.PUBLISHED))
        for pause in session.scalars(mine.where(ClaimPause.end_on == claim.notice_until)):
            pause.end_on = until
        claim.notice_until = until


FIELDS: Mapping[Event, Callable[[Occasion], None]] = {
    Event.DEEM_ACCEPT: _deem_accepted,
    Event.REDATE: _redate,
}
