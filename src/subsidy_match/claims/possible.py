"""What somebody could do to a claim now: the rows of the table, without those that are certain to be refused to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.guards import check_person
from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.people.authority import authorised
from subsidy_match.claims.people.persons import lent_roles
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import State
from subsidy_match.claims.steps import matches_branch
from subsidy_match.claims.table import TRANSITIONS, rows_for
from subsidy_match.claims.transition import Transition
from subsidy_match.errors import Conflict
from subsidy_match.store.users import Actor

__all__ = ["possible_rows"]


def possible_rows(
    session: Session, claim: ClaimRow, actor: Actor, *, on: date, calendar: WorkingCalendar
) -> Sequence[Transition]:
    """List the rows that ``actor`` could fire on a day, by a role of their own or one lent to them."""
    roles = actor.roles | lent_roles(session, actor, on)
    return [
        row
        for row in TRANSITIONS
        if row in rows_for(State(claim.state), row.event)
        and matches_branch(row.when, claim)
        and not roles.isdisjoint(row.roles)
        and _may(Occasion(session, claim, row, actor, {}, claim.updated_at, on, calendar))
    ]


def _may(occasion: Occasion) -> bool:
    try:
        check_person(authorised(occasion))
    except (Forbidden, Conflict):
        return False
    return True
