"""Works the waitlist of fifo funds: whoever waits longest gets the money as soon as it is there.

Called after whatever frees money, and by a sweeper for whatever was missed: doing it again does nothing. Each claim is a
transaction of its own, so that claim and funds are locked in the usual order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.claim import Claim
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.effects.moving import parts_of
from subsidy_match.claims.effects.reserving import fits
from subsidy_match.claims.fund.funds import lock_funds
from subsidy_match.claims.guards import others_waiting
from subsidy_match.claims.occasion import Occasion, current_amount, shares_of
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.states import Event
from subsidy_match.claims.steps import choose_row, take_step
from subsidy_match.claims.transition import Door
from subsidy_match.errors import InputError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import SYSTEM

__all__ = ["freed_funds", "serve_waitlist"]


def serve_waitlist(
    engine: Engine, calendar: WorkingCalendar, *, at: datetime, fund_ids: Collection[str] | None = None
) -> list[int]:
    """Reserve for waiting claims, those accepted first, as far as the money goes; gives the ids of those served.

    Args:
        engine: the store.
        calendar: working days.
        at: when.
        fund_ids: where money became free; ``None`` looks at every fund.

    Raises:
        RetryableError: ``store_busy``; those served until then are served.
    """
    queue = in_unit(engine, _queue, immediate=False)
    touched = set().union(*queue.values()) if fund_ids is None else _connected(queue, fund_ids)
    served, blocked = [], set[str]()
    for claim_id, funds in queue.items():
        if not funds <= touched or funds & blocked:
            continue
        if _is_served(engine, partial(_serve, calendar=calendar, claim_id=claim_id, at=at)):
            served.append(claim_id)
        else:
            blocked |= funds
    return served


def freed_funds(before: Claim, after: Claim) -> set[str]:
    """The funds in which a step may have made room for others: it gave money back, or a place in the queue."""
    held = {part.fund_id: part.reserved + part.committed + part.paid for part in after.funds}
    return {
        part.fund_id
        for part in before.funds
        if before.is_waiting or held.get(part.fund_id, 0) < part.reserved + part.committed + part.paid
    }


def _is_served(engine: Engine, serve: Callable[[Session], bool]) -> bool:
    # Whoever freed the money is not to hear of a stranger's claim that cannot take it: that one waits on.
    try:
        return in_unit(engine, serve)
    except InputError:
        return False


def _queue(session: Session) -> Mapping[int, set[str]]:
    """Waiting claim → its funds, in the order of acceptance."""
    query = select(ClaimRow.id, ClaimShare.fund_id).join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
    queue: dict[int, set[str]] = {}
    for claim_id, fund_id in session.execute(query.where(ClaimRow.waiting).order_by(ClaimRow.accepted_at, ClaimRow.id)):
        queue.setdefault(claim_id, set()).add(fund_id)
    return queue


def _connected(queue: Mapping[int, set[str]], fund_ids: Collection[str]) -> set[str]:
    """The funds that waiting claims tie to ``fund_ids``: serving one of them may make way in the others."""
    grown, touched = set(fund_ids), set[str]()
    while grown != touched:
        touched = set(grown)
        grown |= set().union(*(funds for funds in queue.values() if funds & touched))
    return touched


def _serve(session: Session, *, calendar: WorkingCalendar, claim_id: int, at: datetime) -> bool:
    """Reserve for one claim if it is its turn and the money is there; ``False`` where it still waits."""
    claim = locked_row(session, claim_id)
    if not claim.waiting:
        return True
    transition = choose_row(claim, Event.RESERVE, Door.DESK)
    shares = shares_of(session, claim_id)
    rows = lock_funds(session, [share.fund_id for share in shares])
    moment = max(at, claim.updated_at)  # somebody may have touched it a moment after the money was freed
    occasion = Occasion(session, claim, transition, SYSTEM, {}, moment, business_day(moment), calendar)
    if others_waiting(occasion, before_claim=True) or not fits(rows, parts_of(current_amount(claim), shares)):
        return False
    take_step(occasion)
    return True
