"""What the outside sees of a claim: frozen values, detached from the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from subsidy_match.claims.occasion import current_amount
from subsidy_match.claims.records import ClaimRow, ClaimShare, ClaimStep
from subsidy_match.claims.states import EVENT_NAMES, STATE_NAMES, Event, State

__all__ = ["Claim", "FundPart", "Step", "claim_from_row", "step_from_row"]


@dataclass(frozen=True, slots=True)
class FundPart:
    """What one fund holds for a claim (分)."""

    fund_id: str
    share: str
    reserved: int
    committed: int
    paid: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it stands; amounts in 分, ``None`` where not yet known.

    Attributes:
        version: grows by one with every transition; give it back as ``expected_version``.
        amount: what the claim is worth at its stage: approved, else proposed, else claimed, else estimated.
        is_waiting: accepted, but its fund was short: on the waitlist.
        asked_in: the stage that asked for the correction while in CORRECTION, the state appealed against while in APPEAL.
        corrections: how many correction notices there were; more than one breaches 一次性告知.
    """

    id: int
    claim_no: str
    version: int
    state: State
    uscc: str
    enterprise_name: str
    policy_id: str
    policy_zh: str
    policy_en: str
    policy_hash: str
    snapshot_id: str
    period: str
    subject: str | None
    channel: str
    verdict: str
    amount: int
    amount_min: int | None
    amount_max: int | None
    amount_claimed: int | None
    amount_proposed: int | None
    amount_approved: int | None
    is_held: bool
    is_waiting: bool
    sla_days: int
    notice_days: int
    filer: str
    assignee: str | None
    account_id: int | None
    asked_in: State | None
    correction_due: date | None
    corrections: int
    notice_until: date | None
    created_at: datetime
    updated_at: datetime
    accepted_on: date | None
    ended_on: date | None
    funds: tuple[FundPart, ...]

    @property
    def state_zh(self) -> str:
        """The state in Chinese."""
        return STATE_NAMES[self.state][0]

    @property
    def state_en(self) -> str:
        """The state in English."""
        return STATE_NAMES[self.state][1]

    @property
    def paid(self) -> int:
        """What was paid out and has not come back (分)."""
        return sum(part.paid for part in self.funds)


@dataclass(frozen=True, slots=True)
class Step:
    """One transition in the timeline of a claim; day counts are those of the total clock at that step."""

    version: int
    event: Event
    from_state: State | None
    to_state: State
    actor: str
    actor_name: str
    department: str
    duty: str | None
    at: datetime
    on: date
    elapsed_days: int | None
    counted_days: int | None
    detail: Mapping[str, Any]

    @property
    def zh(self) -> str:
        """The event in Chinese."""
        return EVENT_NAMES[self.event][0]

    @property
    def en(self) -> str:
        """The event in English."""
        return EVENT_NAMES[self.event][1]


def claim_from_row(row: ClaimRow, shares: Iterable[ClaimShare]) -> Claim:
    """Detach a claim from its rows."""
    return Claim(
        id=row.id,
        claim_no=row.claim_no,
        version=row.version,
        state=State(row.state),
        uscc=row.uscc,
        enterprise_name=row.enterprise_name,
        policy_id=row.policy_id,
        policy_zh=row.policy_zh,
        policy_en=row.policy_en,
        policy_hash=row.policy_hash,
        snapshot_id=row.snapshot_id,
        period=row.period,
        subject=row.subject or None,
        channel=row.channel,
        verdict=row.verdict,
        amount=current_amount(row),
        amount_min=row.amount_min,
        amount_max=row.amount_max,
        amount_claimed=row.amount_claimed,
        amount_proposed=row.amount_proposed,
        amount_approved=row.amount_approved,
        is_held=row.held,
        is_waiting=row.waiting,
        sla_days=row.sla_days,
        notice_days=row.notice_days,
        filer=row.filer,
        assignee=row.assignee,
        account_id=row.account_id,
        asked_in=None if row.asked_in is None else State(row.asked_in),
        correction_due=row.correction_due,
        corrections=row.corrections,
        notice_until=row.notice_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
        accepted_on=row.accepted_on,
        ended_on=row.ended_on,
        funds=tuple(_part(share) for share in shares),
    )


def step_from_row(row: ClaimStep) -> Step:
    """Detach a step from its row."""
    return Step(
        version=row.version,
        event=Event(row.event),
        from_state=None if row.from_state is None else State(row.from_state),
        to_state=State(row.to_state),
        actor=row.actor,
        actor_name=row.actor_name,
        department=row.department,
        duty=row.duty,
        at=row.at,
        on=row.day,
        elapsed_days=row.elapsed_days,
        counted_days=row.counted_days,
        detail=json.loads(row.detail),
    )


def _part(share: ClaimShare) -> FundPart:
    ratio = f"{share.numerator}/{share.denominator}"
    return FundPart(share.fund_id, ratio, share.reserved, share.committed, share.paid)
