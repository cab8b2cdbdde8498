"""The date by which a correction is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.redating import correction_end
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict, InputError

__all__ = ["GUARDS"]


def _before_correction_due(occasion: Occasion) -> None:
    due = correction_end(occasion.claim, occasion.calendar)
    if due is not None and occasion.on > due:
        raise Conflict("correction_overdue", f"补正期限已过:{due}", f"the correction was due on {due}")


def _after_correction_due(occasion: Occasion) -> None:
    due = correction_end(occasion.claim, occasion.calendar)
    if due is None or occasion.on <= due:
        raise Conflict("correction_not_overdue", "补正期限未到", "the correction is not overdue yet")


def _due_in_future(occasion: Occasion) -> None:
    if occasion.payload["due_on"] <= occasion.on:
        raise InputError("field_invalid", "补正期限须晚于当日", "the correction must be due after today")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.BEFORE_CORRECTION_DUE: _before_correction_due,
    Guard.AFTER_CORRECTION_DUE: _after_correction_due,
    Guard.DUE_IN_FUTURE: _due_in_future,
}
