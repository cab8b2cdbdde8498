"""Takes the same step for all claims of a batch, or for none: claims and funds are locked first, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund.funds import lock_funds
from subsidy_match.claims.occasion import Occasion, shares_of
from subsidy_match.claims.payload import parse_payload
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.refusals import audited, record_refusals
from subsidy_match.claims.states import Event
from subsidy_match.claims.steps import choose_row, take_step
from subsidy_match.claims.transition import Door
from subsidy_match.errors import Conflict, Finding, SubsidyError
from subsidy_match.store.users import Actor

__all__ = [
    "BatchRefused",
    "Deed",
    "audited_batch",
    "lock_claims",
    "refuse_batch",
    "require_row",
    "step_claim",
    "step_claims",
]

Result = TypeVar("Result")


@dataclass(eq=False)
class BatchRefused(Conflict):
    """Some claims of a batch do not allow it, so nothing was done; ``refused`` says which claim and why."""

    refused: Mapping[int, SubsidyError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something to the claims of a batch, and when."""

    session: Session
    calendar: WorkingCalendar
    actor: Actor
    at: datetime
    tolerance: timedelta


def lock_claims(session: Session, claim_ids: Mapping[int, object]) -> dict[int, ClaimRow]:
    """Lock claims in the order of their ids, then all their funds in the order of theirs."""
    rows = {claim_id: locked_row(session, claim_id) for claim_id in sorted(claim_ids)}
    funds = {share.fund_id for claim_id in rows for share in shares_of(session, claim_id)}
    lock_funds(session, funds)
    return rows


def step_claims(
    deed: Deed,
    event: Event,
    payloads: Mapping[int, Mapping[str, Any]],
    *,
    standings: Mapping[str, Standing] | None = None,
    door: Door = Door.PAYOUTS,
) -> None:
    """Take ``event`` for every claim of ``payloads`` (claim id → fields).

    Args:
        deed: who, when, in which transaction; the claims are locked.
        event: the event.
        payloads: the fields per claim.
        standings: uscc → credit standing, where the row asks for it.
        door: the part of the library through which they are fired.

    Raises:
        BatchRefused: ``batch_refused``, with a finding for every claim that does not allow it.
    """
    refused: dict[int, SubsidyError] = {}
    for claim_id, payload in sorted(payloads.items()):
        row = locked_row(deed.session, claim_id)
        try:
            step_claim(deed, row, event, payload, standing=(standings or {}).get(row.uscc), door=door)
        except SubsidyError as error:
            refused[claim_id] = error
    refuse_batch(refused)


def require_row(rows: Mapping[int, ClaimRow], event: Event) -> None:
    """Refuse the batch where a claim stands where ``event`` cannot happen at all.

    Raises:
        BatchRefused: ``batch_refused``, with a finding for every such claim.
    """
    refused: dict[int, SubsidyError] = {}
    for claim_id, row in rows.items():
        try:
            choose_row(row, event, Door.PAYOUTS)
        except SubsidyError as error:
            refused[claim_id] = error
    refuse_batch(refused)


def step_claim(
    deed: Deed,
    row: ClaimRow,
    event: Event,
    payload: Mapping[str, Any],
    *,
    standing: Standing | None = None,
    door: Door = Door.PAYOUTS,
) -> None:
    """Take one step through ``door``."""
    transition = choose_row(row, event, door)
    occasion = Occasion(
        session=deed.session,
        claim=row,
        transition=transition,
        actor=deed.actor,
        payload=parse_payload(transition, payload),
        at=deed.at,
        on=business_day(deed.at),
        calendar=deed.calendar,
        standing=standing,
        tolerance=deed.tolerance,
    )
    take_step(occasion)
    deed.session.flush()


def audited_batch(
    engine: Engine, subject: str, action: str, *, actor: Actor, at: datetime, work: Callable[[], Result]
) -> Result:
    """Do ``work``; where it is refused, write that to the chain of ``subject`` and of every claim that refused."""
    try:
        return audited(engine, subject, str(action), actor=actor, at=at, work=work)
    except BatchRefused as refusal:
        by_subject = {f"claim:{claim_id}": error for claim_id, error in refusal.refused.items()}
        record_refusals(engine, by_subject, str(action), actor=actor, at=at)
        raise


def refuse_batch(refused: Mapping[int, SubsidyError]) -> None:
    """Refuse the batch where any claim does, with a finding for each.

    Raises:
        BatchRefused: ``batch_refused``.
    """
    if refused:
        raise BatchRefused(
            "batch_refused",
            f"{len(refused)}件不符合条件,整批未办理",
            f"{len(refused)} claims do not allow this, so nothing was done",
            findings=[_finding(claim_id, error) for claim_id, error in refused.items()],
            refused=refused,
        )


def _finding(claim_id: int, error: SubsidyError) -> Finding:
    return Finding(error.code, f"办件{claim_id}:{error.zh}", f"claim {claim_id}: {error.en}", hint=error.hint)
