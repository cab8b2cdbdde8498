"""The calendar of working days, and the clocks of a claim by stage."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from subsidy_api.schemas import Body
from subsidy_match.claims.states import State

__all__ = ["BreachBody", "CalendarBody", "NewCalendar", "StageBody", "StagesBody"]

_Days = Annotated[list[date], Field(max_length=366)]


class NewCalendar(Body):
    """One year's published arrangement; only days that differ from Monday to Friday need to be named."""

    year: Annotated[int, Field(ge=1990, le=2999)]
    source: Annotated[str, Field(min_length=1, max_length=300, description="依据的通知 / the notice it comes from")]
    holidays: _Days
    workdays: _Days = Field(default_factory=list)


class CalendarBody(Body):
    """A year as days count by it now; who imported it is told to officers, nobody did where it was shipped."""

    year: int
    source: str
    holidays: list[date]
    workdays: list[date]
    imported_by: str | None
    imported_at: datetime | None


class StageBody(Body):
    """The clock of one stage; no limit and no due date where the stage has none."""

    stage: State
    stage_zh: str
    stage_en: str
    entered_on: date
    left_on: date | None
    elapsed: int
    counted: int
    limit: int | None
    left: int | None
    light: Literal["green", "yellow", "red"]
    is_stopped: bool
    due_on: date | None
    due_is_provisional: bool


class BreachBody(Body):
    """A limit that was nearly (yellow) or fully (red) used up; ``TOTAL`` is the whole time from acceptance."""

    stage: str
    level: Literal["yellow", "red"]
    counted: int
    limit: int
    on: date


class StagesBody(Body):
    """Every stage that a claim was in, oldest first, and the limits it broke."""

    stages: list[StageBody]
    breaches: list[BreachBody]
