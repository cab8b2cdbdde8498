"""Figures on how claims fare."""

from __future__ import annotations

from subsidy_api.schemas import Body

__all__ = ["FiguresBody"]


class FiguresBody(Body):
    """Claims of one policy accepted by one department; days are working days, ``return_rate`` is per ten thousand."""

    policy_id: str
    department: str
    accepted: int
    paid: int
    days_p50: int | None
    days_p90: int | None
    days_max: int | None
    overdue: int
    returned: int
    return_rate: int
