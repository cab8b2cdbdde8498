"""Replays the duties table over the recorded history of every claim: what ``check_duties`` refused must not be there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations, groupby
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, func, select, union_all
from sqlalchemy.orm import Session

from subsidy_match.claims.duties import DUTY_NAMES, FORBIDDEN, Duty
from subsidy_match.claims.people.records import DeputyRow
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.errors import Finding
from subsidy_match.store import audit
from subsidy_match.store.user_rows import UserPerson, UserRow

__all__ = ["check_past_duties"]


class _Done(NamedTuple):
    """A duty that a person did on a claim, under which login and when."""

    claim_no: str
    person: str
    login: str
    duty: str
    at: datetime


def check_past_duties(session: Session) -> list[Finding]:
    """Find persons who did two duties on one claim that are never the same person's (F022).

    A step that a deputy took is a duty of both. What the software did is nobody's. Two logins that were said to be one
    person only after both had acted could not be refused then: that is a warning.
    """
    rows = [_Done(*row) for row in session.execute(_of_several_duties())]
    linked = _linked(session) if rows else {}
    by_person = groupby(rows, key=lambda done: (done.claim_no, done.person))
    return [finding for _, done in by_person for finding in _conflict(list(done), linked)]


def _conflict(done: Sequence[_Done], linked: dict[str, datetime]) -> Iterator[Finding]:
    pairs = [(a, b) for a, b in combinations(done, 2) if frozenset({Duty(a.duty), Duty(b.duty)}) in FORBIDDEN]
    if not pairs:
        return
    known = [pair for pair in pairs if _was_known(*pair, linked)]
    first, second = (known or pairs)[0]
    (was_zh, was_en), (is_zh, is_en) = DUTY_NAMES[Duty(first.duty)], DUTY_NAMES[Duty(second.duty)]
    yield Finding(
        "F022",
        f"{first.claim_no}:{first.person}既为{was_zh}又为{is_zh},职责不相容",
        f"{first.claim_no}: {first.person} was its {was_en} and its {is_en}, which must be two people",
        severity="error" if known else "warning",
    )


def _was_known(first: _Done, second: _Done, linked: dict[str, datetime]) -> bool:
    if first.login == second.login:
        return True
    return all(linked.get(done.login, second.at) <= second.at for done in (first, second))


def _linked(session: Session) -> dict[str, datetime]:
    """Login → when it was first said who is behind it; those of whom it was said when they were added are not there."""
    entry = audit.AuditEntry
    query = select(entry.subject, entry.at, entry.detail).where(
        entry.action == "link_person", entry.outcome == audit.DONE, entry.subject.startswith("user:")
    )
    said = [(subject.removeprefix("user:"), at) for subject, at, detail in session.execute(query) if _is_first(detail)]
    return dict(sorted(said, key=lambda one: one[1], reverse=True))


def _is_first(detail: str) -> bool:
    return "was" not in json.loads(detail)


def _of_several_duties() -> Select[Any]:
    """The duties, oldest first, of everybody who did more than one on a claim."""
    done = _all_done().subquery()
    several = (
        select(done.c.claim_id, done.c.person)
        .group_by(done.c.claim_id, done.c.person)
        .having(func.min(done.c.duty) != func.max(done.c.duty))
        .subquery()
    )
    mine = (several.c.claim_id == done.c.claim_id) & (several.c.person == done.c.person)
    return (
        select(ClaimRow.claim_no, done.c.person, done.c.login, done.c.duty, done.c.at)
        .join(several, mine)
        .join(ClaimRow, ClaimRow.id == done.c.claim_id)
        .order_by(done.c.claim_id, done.c.person, done.c.version)
    )


def _all_done() -> CompoundSelect[Any]:
    step, lent = ClaimStep, DeputyRow
    taken = _by_person(step.actor, step.duty).where(step.duty.is_not(None))
    together = (step.claim_id == lent.claim_id) & (step.version == lent.version)
    in_place = _by_person(lent.principal, lent.duty).join(lent, together).where(lent.duty.is_not(None))
    return union_all(taken, in_place)


def _by_person(login: Any, duty: Any) -> Select[Any]:
    person = func.coalesce(
        select(UserPerson.person)
        .join(UserRow, UserRow.id == UserPerson.user_id)
        .where(UserRow.login == login)
        .scalar_subquery(),
        login,
    )
    values = (person.label("person"), login.label("login"), duty.label("duty"))
    return select(ClaimStep.claim_id, ClaimStep.version, ClaimStep.at, *values).select_from(ClaimStep)
