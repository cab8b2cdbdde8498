"""Days by which others owe something: after today, and no further off than the clocks of a claim may stand still."""

from __future__ import annotations

from subsidy_match.claims.occasion import Occasion
from subsidy_match.errors import InputError

__all__ = ["LONGEST_WAIT", "check_due"]

LONGEST_WAIT = 60
"""Within how many working days tasks, corrections and documents that follow are due."""


def check_due(occasion: Occasion, field: str, zh: str, en: str) -> None:
    """Refuse a day that is over or too far off; ``zh`` and ``en`` name what is due.

    Raises:
        InputError: ``field_invalid``, ``due_too_far``.
    """
    if occasion.payload[field] <= occasion.on:
        raise InputError("field_invalid", f"{zh}须晚于当日", f"{en} must be due after today: {field}")
    last = occasion.calendar.add_working_days(occasion.on, LONGEST_WAIT).on
    if occasion.payload[field] > last:
        said_en = f"{en} must be due within {LONGEST_WAIT} working days, by {last}: {field}"
        raise InputError("due_too_far", f"{zh}不得超过{LONGEST_WAIT}个工作日(至{last})", said_en)
