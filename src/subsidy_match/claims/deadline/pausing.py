"""Stops of a claim's clocks: each for a reason of its own, several at once, and the end of one is not that of another."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from subsidy_match.claims.records import ClaimPause, ClaimRow
from subsidy_match.claims.states import State
from subsidy_match.errors import Conflict

__all__ = ["BOUND", "Stop", "end_all", "ended_by", "open_stops", "resume", "stop"]


class Stop(StrEnum):
    """Why the clocks stand still; the first three are states of the claim and end with them."""

    CORRECTION = "CORRECTION"
    PUBLISHED = "PUBLISHED"
    OBJECTION = "OBJECTION"
    INSPECTION = "INSPECTION"
    EXPERT_REVIEW = "EXPERT_REVIEW"
    AUDIT = "AUDIT"


BOUND = frozenset({Stop.CORRECTION, Stop.PUBLISHED, Stop.OBJECTION})
"""Reasons that hold only while the claim is in the state of that name."""


def stop(
    session: Session,
    claim: ClaimRow,
    reason: Stop,
    *,
    on: date,
    version: int,
    of_what: str = "",
    until: date | None = None,
) -> None:
    """Stop the clocks of a claim that the caller has locked, from the day after ``on``.

    Args:
        session: the transaction.
        claim: the claim; before acceptance there is no clock to stop, and nothing happens.
        reason: why.
        on: the day of the event.
        version: the version that the claim gets, or has.
        of_what: what the stop is about (a task, an objection), where there may be several of one reason.
        until: the last day that does not count, where it is known.

    Raises:
        Conflict: ``already_stopped``, for this very reason.
    """
    if claim.accepted_on is None:
        return
    key = (claim.id, version, str(reason), of_what)
    ended_now = session.get(ClaimPause, key)
    if any(p.reason == reason and p.of_what == of_what for p in open_stops(session, claim.id, on)):
        raise Conflict("already_stopped", "该事由已停止计时", "the clock is stopped for this already")
    if ended_now is not None:  # stopped, resumed and stopped again at one version: on one day, so nothing is lost
        ended_now.end_on = until
        return
    pause = ClaimPause(
        claim_id=claim.id, version=version, reason=str(reason), of_what=of_what, start_on=on, end_on=until
    )
    session.add(pause)
    session.flush()


def resume(session: Session, claim: ClaimRow, reason: Stop, *, on: date, of_what: str = "") -> bool:
    """End the stop for this one reason with ``on`` as its last day; ``False`` where there is none."""
    mine = [p for p in open_stops(session, claim.id, on) if p.reason == reason and p.of_what == of_what]
    _end(mine, on)
    return bool(mine)


def end_all(session: Session, claim: ClaimRow, *, on: date, reasons: Collection[Stop] = tuple(Stop)) -> None:
    """End every stop for one of ``reasons``."""
    _end([p for p in open_stops(session, claim.id, on) if p.reason in reasons], on)


_OPEN = select(ClaimPause).where(
    ClaimPause.claim_id == bindparam("of"), or_(ClaimPause.end_on.is_(None), ClaimPause.end_on > bindparam("on"))
)


def open_stops(session: Session, claim_id: int, on: date) -> list[ClaimPause]:
    """Read the stops that still hold after ``on``."""
    return list(session.scalars(_OPEN, {"of": claim_id, "on": on}))


def ended_by(target: State) -> frozenset[Stop]:
    """The reasons that end when a claim moves to ``target``: those of states that it is then not in."""
    kept = {Stop.PUBLISHED} if target == Stop.OBJECTION.value else set()
    return frozenset(reason for reason in BOUND - kept if reason.value != target.value)


def _end(pauses: Collection[ClaimPause], on: date) -> None:
    for pause in pauses:
        pause.end_on = max(pause.start_on, on)
