"""One firing of one row: all that guards and effects may look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, CompoundSelect, Select, bindparam, func, select, union_all
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.assessment import Assessment, Standing
from subsidy_match.claims.clock import TOLERANCE, ClockReading, Pause, read_clock
from subsidy_match.claims.deadline.calendar_store import calendar_in_force
from subsidy_match.claims.duties import Duty, PastDuty
from subsidy_match.claims.fund.fund_records import FundRow
from subsidy_match.claims.payload import Payload
from subsidy_match.claims.people.records import DeputyRow
from subsidy_match.claims.records import AccountRow, ClaimPause, ClaimRow, ClaimShare, ClaimStep
from subsidy_match.claims.transition import Transition
from subsidy_match.store.user_rows import UserPerson, UserRow
from subsidy_match.store.users import Actor, Role

__all__ = [
    "Bearer",
    "Occasion",
    "StandIn",
    "bearers_of",
    "claim_clock",
    "clock_of",
    "current_amount",
    "forget_shares",
    "past_duties",
    "pauses_of",
    "shares_of",
]


@dataclass(frozen=True, slots=True)
class StandIn:
    """In whose place somebody acts, with which role, by which delegation."""

    principal: Actor
    role: Role
    delegation_id: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """A row of the table about to fire, within a transaction that holds the claim.

    Attributes:
        told: what effects add to the record of the step, beside what came with the event.
    """

    session: Session
    claim: ClaimRow
    transition: Transition
    actor: Actor
    payload: Payload
    at: datetime
    on: date
    calendar: WorkingCalendar
    assessment: Assessment | None = None
    standing: Standing | None = None
    tolerance: timedelta = TOLERANCE
    told: dict[str, Any] = field(default_factory=dict)
    """What an effect wants written down with the step."""
    stand_in: StandIn | None = None

    @property
    def rights(self) -> Actor:
        """Whose funds, department, level and assignments count: the actor's, or those of the person they stand in for."""
        return self.actor if self.stand_in is None else self.stand_in.principal

    @property
    def people(self) -> tuple[Actor, ...]:
        """Everybody whose duty the step is: the actor, and the person in whose place they act."""
        return (self.actor,) if self.stand_in is None else (self.actor, self.stand_in.principal)

    def acts_as(self, role: Role) -> bool:
        """Whether the actor may use ``role`` here, by their own right or as lent to them."""
        return role in self.actor.roles if self.stand_in is None else self.stand_in.role is role

    @property
    def next_version(self) -> int:
        """The version that the claim will have."""
        return self.claim.version + 1

    @property
    def duty(self) -> Duty | None:
        """The duty that a person does by this; the machine does none."""
        return None if self.actor.is_machine else self.transition.duty

    def require_assessment(self) -> Assessment:
        """The assessment, which rows with ``reassess`` always have."""
        if self.assessment is None:
            raise AssertionError(f"row {self.transition.row} was fired without assessment")
        return self.assessment

    def account(self) -> AccountRow | None:
        """The account that the payload names, else the claim's, else the firm's newest verified one, else its newest."""
        newest = (AccountRow.verified_by.is_(None), AccountRow.id.desc())
        query = select(AccountRow).where(AccountRow.uscc == self.claim.uscc).order_by(*newest)
        wanted = self.payload.get("account_id", self.claim.account_id)
        if wanted is not None:
            query = query.where(AccountRow.id == wanted)
        return self.session.scalars(query.limit(1)).first()


def current_amount(claim: ClaimRow) -> int:
    """What the claim is worth at its stage (分): approved, else proposed, else what was claimed, else the estimate."""
    stages = (claim.amount_approved, claim.amount_proposed, claim.amount_claimed, claim.amount_max)
    return next(amount for amount in (*stages, 0) if amount is not None)


_OF_CLAIM: BindParameter[int] = bindparam("claim_id")


def _with_person(query: Select[str, str | None], login: Any) -> Select[str, str | None]:
    joined = query.outerjoin(UserRow, UserRow.login == login)
    return joined.outerjoin(UserPerson, UserPerson.user_id == UserRow.id)


def _duties() -> CompoundSelect[Any]:
    person = func.coalesce(UserPerson.person, ClaimStep.actor)
    done = _with_person(select(person, ClaimStep.duty), ClaimStep.actor)
    lent = _with_person(
        select(func.coalesce(UserPerson.person, DeputyRow.principal), DeputyRow.duty), DeputyRow.principal
    )
    return union_all(
        done.where(ClaimStep.claim_id == _OF_CLAIM, ClaimStep.duty.is_not(None)),
        lent.where(DeputyRow.claim_id == _OF_CLAIM, DeputyRow.duty.is_not(None)),
    )


# Statements of the hot path are built once: building one takes longer than most databases take to answer it. Where only
# values are read they are asked of the connection itself, without objects, after a flush where something may be pending.
_DUTIES = _duties()
_SHARES = (
    select(ClaimShare, FundRow.mode, FundRow.department)
    .join(FundRow, FundRow.id == ClaimShare.fund_id)
    .where(ClaimShare.claim_id == _OF_CLAIM)
    .order_by(ClaimShare.fund_id)
)
_PAUSES = (
    select(ClaimPause.start_on, ClaimPause.end_on, ClaimPause.reason)
    .where(ClaimPause.claim_id == _OF_CLAIM)
    .order_by(ClaimPause.version)
)


class Bearer(NamedTuple):
    """A fund that bears a share of a claim, with what never changes of the fund."""

    share: ClaimShare
    mode: str
    department: str


def bearers_of(session: Session, claim_id: int) -> Sequence[Bearer]:
    """Read who bears a claim in the order of fund ids, once a transaction: it changes only under the claim's lock.

    A claim without shares is asked for again: they may be on their way.
    """
    known: dict[int, Sequence[Bearer]] = session.info.setdefault("bearers", {})
    if not known.get(claim_id):
        known[claim_id] = [Bearer(*row) for row in session.execute(_SHARES, {"claim_id": claim_id})]
    return known[claim_id]


def shares_of(session: Session, claim_id: int) -> Sequence[ClaimShare]:
    """The shares of a claim, as ``bearers_of`` reads them."""
    return [bearer.share for bearer in bearers_of(session, claim_id)]


def forget_shares(session: Session) -> None:
    """Have shares read anew: some came or went in this transaction."""
    session.info.pop("bearers", None)


def past_duties(session: Session, claim_id: int) -> list[PastDuty]:
    """Read who did which duty in the whole history of a claim; whoever was stood in for did it as well."""
    session.flush()
    found: Iterable[Any] = session.connection().execute(_DUTIES, {"claim_id": claim_id})
    return [PastDuty(who, Duty(duty)) for who, duty in found]


def claim_clock(session: Session, claim: ClaimRow, calendar: WorkingCalendar, on: date) -> ClockReading | None:
    """Read the clock of a claim on a day; ``None`` before acceptance. The store's years go before those given."""
    if claim.accepted_on is None:
        return None
    return clock_of(claim, pauses_of(session, claim.id), calendar_in_force(session, calendar), on)


def clock_of(claim: ClaimRow, pauses: Sequence[Pause], calendar: WorkingCalendar, on: date) -> ClockReading | None:
    """Read the clock of a claim whose stops are known, by the calendar in force; ``None`` before acceptance."""
    if claim.accepted_on is None:
        return None
    day = on if claim.ended_on is None else min(on, claim.ended_on)
    return read_clock(calendar, accepted=claim.accepted_on, limit=claim.sla_days, pauses=pauses, on=day)


def pauses_of(session: Session, claim_id: int) -> list[Pause]:
    """Read when the clocks of a claim stood still."""
    session.flush()
    return [Pause(*row) for row in session.connection().execute(_PAUSES, {"claim_id": claim_id})]
