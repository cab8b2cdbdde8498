"""The date by which a correction is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.deadline.due_days import check_due
from subsidy_match.claims.deadline.redating import correction_end
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _before_correction_due(occasion: Occasion) -> None:
    due = correction_end(occasion.claim, occasion.calendar)
    if due is not None and occasion.on > due:
        raise Conflict("correction_overdue", f"补正期限已过:{due}", f"the correction was due on {due}")


def _after_correction_due(occasion: Occasion) -> None:
    due = correction_end(occasion.claim, occasion.calendar)
    if due is None or occasion.on <= due:
        raise Conflict("correction_not_overdue", "补正期限未到", "the correction is not overdue yet")


def _due_in_time(occasion: Occasion) -> None:
    check_due(occasion, "due_on", "办理期限", "what is asked")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.BEFORE_CORRECTION_DUE: _before_correction_due,
    Guard.AFTER_CORRECTION_DUE: _after_correction_due,
    Guard.DUE_IN_TIME: _due_in_time,
}
