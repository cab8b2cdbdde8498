"""Appeals (复议): the decision they are against, until when they may be filed, and the place that they need back."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.records import ClaimItem, ClaimRow, ClaimStep
from subsidy_match.claims.states import Event
from subsidy_match.claims.undo_records import AppealRow
from subsidy_match.errors import Conflict

__all__ = ["APPEAL_DAYS", "appeal_due", "check_place", "decision_of", "open_appeal", "place_taken"]

# 行政复议法 (2023) 第二十条: sixty days from the decision; a last day that is not worked moves on to one that is.
APPEAL_DAYS = 60
_DAY = timedelta(days=1)
_REVERTING = (Event.DISMISS_APPEAL, Event.APPEAL)


def appeal_due(calendar: WorkingCalendar, decided: date) -> date:
    """The last day on which a decision of the day ``decided`` may be appealed."""
    due = decided + APPEAL_DAYS * _DAY
    while not calendar.is_working_day(due):
        due += _DAY
    return due


def decision_of(session: Session, claim: ClaimRow) -> ClaimStep:
    """The step that decided as the claim stands; a dismissed appeal leaves the decision what it was."""
    query = select(ClaimStep).where(
        ClaimStep.claim_id == claim.id,
        ClaimStep.to_state == claim.state,
        ClaimStep.from_state != ClaimStep.to_state,
        ClaimStep.event.not_in([str(event) for event in _REVERTING]),
    )
    return session.scalars(query.order_by(ClaimStep.version.desc()).limit(1)).one()


def open_appeal(session: Session, claim_id: int) -> AppealRow:
    """The appeal that a claim in APPEAL waits for."""
    query = select(AppealRow).where(AppealRow.claim_id == claim_id, AppealRow.outcome.is_(None))
    return session.scalars(query).one()


def check_place(session: Session, claim: ClaimRow) -> None:
    """Refuse where a newer claim has the place or an item of ``claim``.

    Raises:
        Conflict: ``place_taken``.
    """
    same = select(ClaimRow.claim_no).where(
        ClaimRow.uscc == claim.uscc,
        ClaimRow.policy_id == claim.policy_id,
        ClaimRow.period == claim.period,
        ClaimRow.subject == claim.subject,
        ClaimRow.occupies,
        ClaimRow.id != claim.id,
    )
    mine, theirs = aliased(ClaimItem), aliased(ClaimItem)
    items = (
        select(ClaimRow.claim_no)
        .join(theirs, theirs.claim_id == ClaimRow.id)
        .join(mine, (mine.group_id == theirs.group_id) & (mine.item_key == theirs.item_key))
        .where(mine.claim_id == claim.id, theirs.claim_id != claim.id, theirs.occupies)
    )
    for query in (same, items):
        if (number := session.scalars(query.limit(1)).first()) is not None:
            raise place_taken(number)


def place_taken(number: str | None = None) -> Conflict:
    """The refusal of an appeal whose place is gone."""
    zh, en = "本期名额或事项已被后来的申报占用", "a newer claim has the place or an item of this one"
    known = f":{number}" if number else ""
    return Conflict(
        "place_taken", f"{zh}{known},须先撤回该件", f"{en}{known}; that one must be withdrawn first", hint=number
    )
