"""Allocation runs: how the budget of a pooled fund is shared out over the claims that passed review.

One person drafts a run, which fixes every claim's share: pro rata, floored to the fund's step, never more than the
budget. Another confirms it, and in that transaction every share is reserved, or none.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund.fund_records import FundRow, Mode
from subsidy_match.claims.fund.funds import lock_funds
from subsidy_match.claims.fund.run_records import RUN_STATE_NAMES, RunPartRow, RunRow, RunState
from subsidy_match.claims.many_claims import Deed
from subsidy_match.claims.occasion import Occasion, current_amount
from subsidy_match.claims.payload import parse_payload
from subsidy_match.claims.people.parties import why_not_apart
from subsidy_match.claims.people.persons import is_same_person
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import ClaimRow, ClaimShare
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.steps import choose_row, take_step
from subsidy_match.claims.transition import Door
from subsidy_match.errors import Conflict, Finding, NotFound
from subsidy_match.matching.impact_shares import share_out
from subsidy_match.store import audit
from subsidy_match.store.users import Actor, Role

__all__ = ["Run", "RunPart", "cancel_run", "confirm_run", "draft_run", "load_run", "runs_of"]

_ALLOTTERS = frozenset({Role.FUND, Role.SUPERVISOR})
_SHARING = (State.IN_RECHECK, State.IN_APPROVAL)


@dataclass(frozen=True, slots=True)
class RunPart:
    """What one claim asked for and gets (分)."""

    claim_id: int
    claim_no: str
    enterprise_name: str
    asked: int
    share: int


@dataclass(frozen=True, slots=True)
class Run:
    """An allocation run as it stands; money in 分.

    Attributes:
        needed: the sum of what the claims ask for.
        total: the sum of the shares; the rest of the budget stays free.
    """

    id: int
    number: str
    fund_id: str
    state: RunState
    budget: int
    step: int
    needed: int
    total: int
    maker: str
    made_at: datetime
    checker: str | None
    checked_at: datetime | None
    parts: tuple[RunPart, ...]


def draft_run(session: Session, fund_id: str, *, budget: int | None, at: datetime, actor: Actor) -> Run:
    """Share ``budget`` (``None``: all that is free) over the claims that wait for their share; reserves nothing yet.

    Raises:
        NotFound: ``fund_unknown``.
        Conflict: ``fund_not_pooled``, ``fund_closed``, ``fund_frozen``, ``fund_short``, ``run_open``, ``run_empty``.
        Forbidden: ``duty_conflict``, ``interest_declared``, ``out_of_scope``: the maker stands too near to one of the claims,
            or too far from it.
    """
    (fund,) = lock_funds(session, [fund_id])
    free = fund.allocated - fund.reserved - fund.committed - fund.paid
    budget = free if budget is None else budget
    _check_sharable(session, fund, budget, free)
    claims = _waiting_for_share(session, fund_id)
    if not claims:
        raise Conflict("run_empty", "没有待分配的办件", "no claim waits for a share of this fund")
    _check_apart(session, claims, actor, at)
    shares = share_out({str(claim.id): current_amount(claim) for claim in claims}, budget, fund.step)
    run = RunRow(
        number=uuid.uuid4().hex,  # replaced once the id is known
        fund_id=fund_id,
        state=str(RunState.DRAFT),
        budget=budget,
        step=fund.step,
        needed=shares.needed,
        total=shares.paid,
        maker=actor.id,
        made_at=at,
    )
    session.add(run)
    session.flush()
    run.number = f"AR{business_day(at).year}{run.id:06d}"
    for claim in claims:
        share = shares.parts[str(claim.id)]
        session.add(RunPartRow(run_id=run.id, claim_id=claim.id, asked=current_amount(claim), share=share))
    _tell(session, run, "draft_run", actor, at)
    return load_run(session, run.id)


def confirm_run(deed: Deed, run_id: int) -> Run:
    """Confirm a run as a second person: every claim gets its share and it is reserved, or nothing happens.

    Raises:
        NotFound: ``run_unknown``.
        Forbidden: ``run_same_person``, and as in ``draft_run``.
        Conflict: ``run_state``, ``run_outdated`` with a finding for every claim that changed, ``fund_short``,
            ``fund_frozen``, ``fund_closed``.
    """
    session, actor, at = deed.session, deed.actor, deed.at
    run, parts = _locked_draft(session, run_id), _part_rows(session, run_id)
    if is_same_person(session, actor, run.maker):
        raise Forbidden("run_same_person", "编制人不得确认", "whoever made the run cannot confirm it")
    claims = {part.claim_id: locked_row(session, part.claim_id) for part in parts}
    _check_apart(session, list(claims.values()), actor, at)
    lock_funds(session, [run.fund_id])
    _check_unchanged(session, run, parts, claims)
    for part in parts:
        if part.share:
            _allot(deed, claims[part.claim_id], part, run)
    run.state, run.checker, run.checked_at = str(RunState.CONFIRMED), actor.id, at
    _tell(session, run, "confirm_run", actor, at)
    return load_run(session, run_id)


def cancel_run(session: Session, run_id: int, *, at: datetime, actor: Actor) -> Run:
    """Give up a run that nobody confirmed; it stays on record.

    Raises:
        NotFound: ``run_unknown``.
        Conflict: ``run_state``.
    """
    run = _locked_draft(session, run_id)
    run.state, run.checker, run.checked_at = str(RunState.CANCELLED), actor.id, at
    _tell(session, run, "cancel_run", actor, at)
    return load_run(session, run_id)


def load_run(session: Session, run_id: int) -> Run:
    """Read a run with its parts.

    Raises:
        NotFound: ``run_unknown``.
    """
    session.flush()
    row = session.get(RunRow, run_id)
    if row is None:
        raise _unknown(run_id)
    return _run(session, row)


def runs_of(session: Session, fund_id: str, *, after: int = 0, limit: int = 100) -> Sequence[Run]:
    """Read the runs of a fund by id."""
    query = select(RunRow).where(RunRow.fund_id == fund_id, RunRow.id > after).order_by(RunRow.id).limit(limit)
    return [_run(session, row) for row in session.scalars(query).all()]


def _check_sharable(session: Session, fund: FundRow, budget: int, free: int) -> None:
    name = fund.name_zh
    if fund.mode != Mode.POOLED:
        raise Conflict("fund_not_pooled", f"不是统筹分配的资金:{name}", f"the fund {fund.id} is not a pooled one")
    if fund.closed_on is not None:
        raise Conflict("fund_closed", f"资金已年终结账:{name}", f"the fund {fund.id} is closed")
    if fund.frozen:
        raise Conflict("fund_frozen", f"资金已冻结:{name}", f"the fund {fund.id} is frozen")
    drafts = select(RunRow.number).where(RunRow.fund_id == fund.id, RunRow.state == str(RunState.DRAFT))
    if (number := session.scalars(drafts).first()) is not None:
        zh, en = f"已有待确认的分配批次:{number}", f"a run waits to be confirmed: {number}"
        raise Conflict("run_open", zh, en)
    if not 0 < budget <= free:
        raise Conflict("fund_short", f"资金不足:{name}", f"the fund {fund.id} has not enough for this")


def _waiting_for_share(session: Session, fund_id: str) -> Sequence[ClaimRow]:
    query = (
        select(ClaimRow)
        .join(ClaimShare, ClaimShare.claim_id == ClaimRow.id)
        .where(ClaimShare.fund_id == fund_id, ClaimShare.reserved == 0)
        .where(ClaimRow.state.in_([str(state) for state in _SHARING]))
        .order_by(ClaimRow.id)
    )
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    return [row for row in rows if current_amount(row) > 0]


def _check_apart(session: Session, claims: Sequence[ClaimRow], actor: Actor, at: datetime) -> None:
    by_id = {claim.id: claim for claim in claims}
    for claim_id, why in why_not_apart(session, actor, by_id, _ALLOTTERS, business_day(at)).items():
        number = by_id[claim_id].claim_no
        raise Forbidden(why.code, f"{number}:{why.zh}", f"{number}: {why.en}")


def _check_unchanged(session: Session, run: RunRow, parts: Sequence[RunPartRow], claims: dict[int, ClaimRow]) -> None:
    held = _held(session, run.fund_id, list(claims))
    findings = [
        Finding(
            "claim_changed",
            f"{claim.claim_no}:编制后已变动",
            f"{claim.claim_no}: changed since the run was made",
        )
        for part in parts
        if (claim := claims[part.claim_id]).state not in _SHARING
        or current_amount(claim) != part.asked
        or held.get(part.claim_id) != 0
    ]
    if findings:
        zh = f"{len(findings)}件编制后已变动,请作废后重新编制"
        en = f"{len(findings)} claims changed since the run was made: cancel it and make another"
        raise Conflict("run_outdated", zh, en, findings=findings)


def _held(session: Session, fund_id: str, claim_ids: Sequence[int]) -> dict[int, int]:
    """What the fund holds for each claim that it bears; one that moved to another fund since is not among them."""
    query = select(ClaimShare.claim_id, ClaimShare.reserved)
    mine = query.where(ClaimShare.fund_id == fund_id, ClaimShare.claim_id.in_(claim_ids))
    return {claim_id: int(held) for claim_id, held in session.execute(mine)}


def _allot(deed: Deed, claim: ClaimRow, part: RunPartRow, run: RunRow) -> None:
    session, at = deed.session, deed.at
    transition = choose_row(claim, Event.ALLOT, Door.RUNS)
    payload = parse_payload(transition, {"amount": part.share, "run": run.number})
    on, calendar = business_day(at), deed.calendar
    take_step(Occasion(session, claim, transition, deed.actor, payload, at, on, calendar, tolerance=deed.tolerance))
    session.flush()


def _locked_draft(session: Session, run_id: int) -> RunRow:
    query = select(RunRow).where(RunRow.id == run_id).with_for_update()
    run = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if run is None:
        raise _unknown(run_id)
    if run.state != RunState.DRAFT:
        zh, en = RUN_STATE_NAMES[RunState(run.state)]
        raise Conflict("run_state", f"分配批次{zh},不能再办", f"the run is {en}")
    return run


def _part_rows(session: Session, run_id: int) -> Sequence[RunPartRow]:
    return session.scalars(select(RunPartRow).where(RunPartRow.run_id == run_id).order_by(RunPartRow.claim_id)).all()


def _run(session: Session, row: RunRow) -> Run:
    query = select(RunPartRow, ClaimRow.claim_no, ClaimRow.enterprise_name).join(
        ClaimRow, ClaimRow.id == RunPartRow.claim_id
    )
    found = session.execute(query.where(RunPartRow.run_id == row.id).order_by(RunPartRow.claim_id))
    parts = tuple(RunPart(part.claim_id, number, name, part.asked, part.share) for part, number, name in found)
    return Run(
        id=row.id,
        number=row.number,
        fund_id=row.fund_id,
        state=RunState(row.state),
        budget=row.budget,
        step=row.step,
        needed=row.needed,
        total=row.total,
        maker=row.maker,
        made_at=row.made_at,
        checker=row.checker,
        checked_at=row.checked_at,
        parts=parts,
    )


def _tell(session: Session, run: RunRow, action: str, actor: Actor, at: datetime) -> None:
    told = {"run": run.number, "budget": run.budget, "needed": run.needed, "total": run.total}
    audit.append(session, f"fund:{run.fund_id}", at=at, actor=actor.id, action=action, detail=told)


def _unknown(run_id: int) -> NotFound:
    return NotFound("run_unknown", f"分配批次不存在:{run_id}", f"no allocation run {run_id}")
