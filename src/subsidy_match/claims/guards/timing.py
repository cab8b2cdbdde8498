"""Whether the time has come for what nobody does by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from subsidy_match.claims.deadline.redating import moved_dates
from subsidy_match.claims.deadline.stage_clock import open_visit
from subsidy_match.claims.deadline.stage_limits import LimitKind, read_limits
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS", "limit_end"]


def _silence_over(occasion: Occasion) -> None:
    if not _is_past(occasion, LimitKind.DEEMED):
        raise Conflict("silence_running", "受理期限未满,不能视为受理", "the time to accept or refuse is not over yet")


def _silence_running(occasion: Occasion) -> None:
    """Once time has accepted a claim it is neither refused nor sent back, whether or not a sweep has said so yet."""
    if not occasion.claim.held and _is_past(occasion, LimitKind.DEEMED):
        zh, en = "受理期限已过,视为受理,请予受理", "the time to refuse or ask is over: it counts as accepted, accept it"
        raise Conflict("accepted_by_silence", zh, en)


def _draft_expired(occasion: Occasion) -> None:
    if not _is_past(occasion, LimitKind.EXPIRY):
        raise Conflict("draft_not_expired", "待提交期限未满", "the draft may still be submitted")


def _dates_moved(occasion: Occasion) -> None:
    if not moved_dates(occasion.session, occasion.claim, occasion.calendar):
        raise Conflict("dates_unmoved", "各期限与现行日历一致", "no date differs from the calendar in force")


def _is_past(occasion: Occasion, kind: LimitKind) -> bool:
    end = limit_end(occasion, kind)
    return end is not None and occasion.on > end


def limit_end(occasion: Occasion, kind: LimitKind) -> date | None:
    """The last day of a limit of the stage where the claim stands; ``None`` where there is no such limit."""
    visit = open_visit(occasion.session, occasion.claim.id)
    if visit is None:
        return None
    limits, policy = read_limits(occasion.session), occasion.claim.policy_id
    days = limits.days(visit.stage, kind, policy_id=policy, on=visit.entered_on)
    return None if days is None else occasion.calendar.add_working_days(visit.entered_on, days).on


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.SILENCE_OVER: _silence_over,
    Guard.SILENCE_RUNNING: _silence_running,
    Guard.DRAFT_EXPIRED: _draft_expired,
    Guard.DATES_MOVED: _dates_moved,
}
