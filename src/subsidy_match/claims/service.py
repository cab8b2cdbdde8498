"""The desk: every way in which people and machines create, move and read claims.

A step is one transaction with one audit row and one outbox row. Whatever is refused is written to the audit trail in a
transaction of its own. Matching is asked before the transaction, never while the store is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.accounts import Account, accounts_of, register_account, verify_account
from subsidy_match.claims.assessment import Assessment, Assessor
from subsidy_match.claims.birth import draft_row, insert_claim
from subsidy_match.claims.claim import Claim, Step
from subsidy_match.claims.clock import ClockReading, business_day
from subsidy_match.claims.duties import is_barred
from subsidy_match.claims.handling.automatic import carry_on
from subsidy_match.claims.handling.channels import CHANNELS
from subsidy_match.claims.occasion import Occasion, claim_clock, past_duties
from subsidy_match.claims.payload import parse_payload
from subsidy_match.claims.people.persons import lent_roles
from subsidy_match.claims.reading import (
    ClaimFilter,
    evidence,
    find_claims,
    load_claim,
    locked_row,
    steps_of,
    visible_row,
)
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.states import EVENT_NAMES, Event, State
from subsidy_match.claims.steps import choose_row, matches_branch, take_step
from subsidy_match.claims.table import TRANSITIONS, rows_for
from subsidy_match.claims.transition import Door, Transition
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store.sealing import Sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUSH, Actor, Role

__all__ = ["ClaimDesk", "ClaimFilter"]

Result = TypeVar("Result")
Also = Callable[[Session, Claim], None]
_REASSESSED = frozenset(row.event for row in TRANSITIONS if row.reassess)


@dataclass(frozen=True, slots=True)
class ClaimDesk:
    """Claims over one store. Moments are given (``at``, aware); the business day follows from them.

    ``also`` is called with the session and the new claim inside the same transaction, to store an idempotent answer.
    """

    engine: Engine
    assessor: Assessor
    calendar: WorkingCalendar
    sealer: Sealer

    def create_draft(
        self,
        *,
        uscc: str,
        policy_id: str,
        period: str,
        actor: Actor,
        at: datetime,
        subject: str | None = None,
        reason: str | None = None,
        also: Also | None = None,
    ) -> Claim:
        """Start a claim (row 1); ``reason`` is needed where the verdict is not favourable.

        Raises:
            Forbidden: ``not_your_firm``, ``role_missing``.
            Conflict: ``duplicate_claim``, ``item_already_used``, ``verdict_needs_reason``.
        """
        payload = {} if reason is None else {"reason": reason}

        def create() -> Claim:
            assessment = self.assessor.assess(
                uscc=uscc, policy_id=policy_id, period=period, subject=subject, as_of=business_day(at)
            )
            row = draft_row(
                assessment, uscc=uscc, policy_id=policy_id, period=period, subject=subject, filer=actor.id, at=at
            )
            return in_unit(self.engine, lambda s: self._create(s, row, assessment, payload, actor, at, also))

        return audited(self.engine, f"enterprise:{uscc}", str(Event.DRAFT), actor=actor, at=at, work=create)

    def start_no_apply(
        self, *, uscc: str, policy_id: str, period: str, at: datetime, subject: str | None = None
    ) -> Claim:
        """Start a claim of a 免申即享 policy without application: drafted, submitted and accepted by push.

        One that an earlier push began and did not finish is carried on.

        Raises:
            Forbidden: ``channel_needs_person``, the policy is of another channel.
            Conflict: ``not_automatic``, ``duplicate_claim``, ``item_already_used``.
        """
        begun = ClaimFilter((State.DRAFT, State.SUBMITTED), uscc, policy_id, period, filer=PUSH.id)
        claim = next((found for found in self.list_claims(begun) if found.subject == subject), None)
        if claim is None:
            claim = self.create_draft(uscc=uscc, policy_id=policy_id, period=period, actor=PUSH, at=at, subject=subject)
        for event in CHANNELS["no_apply"].by_push[1:]:
            if rows_for(claim.state, event):
                claim = self.fire(claim.id, event, actor=PUSH, at=at, expected_version=claim.version)
        return claim

    def fire(
        self,
        claim_id: int,
        event: Event | str,
        *,
        actor: Actor,
        at: datetime,
        payload: Mapping[str, Any] | None = None,
        expected_version: int | None = None,
        also: Also | None = None,
    ) -> Claim:
        """Let ``event`` happen to a claim, by the transition table.

        Args:
            claim_id: the claim.
            event: one of ``Event``; those of payments go through ``claims.payouts``.
            actor: whoever does it.
            at: when, aware.
            payload: the fields that the row needs and takes; money in 分, dates as ISO text or ``date``.
            expected_version: the version last seen; another one is refused.
            also: called inside the transaction.

        Raises:
            NotFound: ``claim_unknown``.
            Conflict: ``stale_version`` (says who changed it and when), ``event_not_allowed``, or a guard.
            Forbidden: role, firm, fund or duties.
            InputError: ``event_unknown`` or the payload.
        """
        seen = self.claim(claim_id)

        def move() -> Claim:
            known = _event(event)
            assessment = self._assess_for(seen, known, actor, at)
            # What was assessed is the claim as seen: if it moved since, the assessment is of another claim.
            expected = (expected_version, seen.version if known in _REASSESSED else None)

            def work(session: Session) -> Claim:
                row = locked_row(session, claim_id)
                for version in expected:
                    _check_version(session, row, version)
                occasion = self._occasion(session, row, known, Door.DESK, actor, at, payload or {}, assessment)
                take_step(occasion)
                carry_on(occasion)
                return _finished(session, row, also)

            return in_unit(self.engine, work)

        return audited(self.engine, f"claim:{claim_id}", str(event), actor=actor, at=at, work=move)

    def claim(self, claim_id: int, *, viewer: Actor | None = None) -> Claim:
        """Read a claim; for an applicant as ``viewer`` other firms' claims do not exist.

        Raises:
            NotFound: ``claim_unknown``.
        """
        return self._read(lambda session: load_claim(session, visible_row(session, claim_id, viewer)))

    def timeline(self, claim_id: int, *, viewer: Actor | None = None) -> Sequence[Step]:
        """Read every step of a claim, oldest first."""
        return self._read(lambda s: steps_of(s, visible_row(s, claim_id, viewer).id))

    def due_date(self, claim_id: int, *, on: date) -> ClockReading | None:
        """Read the total clock of a claim on a day: due date, elapsed and counted days; ``None`` before acceptance."""
        return self._read(lambda s: claim_clock(s, visible_row(s, claim_id, None), self.calendar, on))

    def list_claims(self, wanted: ClaimFilter | None = None, *, viewer: Actor | None = None) -> Sequence[Claim]:
        """List claims by id, those that ``viewer`` may see."""
        return self._read(lambda session: find_claims(session, wanted or ClaimFilter(), viewer))

    def evidence(self, claim_id: int, version: int, *, viewer: Actor | None = None) -> bytes:
        """Read what the claim rested on when it got ``version``: the bytes pinned at submission or approval."""
        return self._read(lambda s: evidence(s, visible_row(s, claim_id, viewer).id, version))

    def possible_events(self, claim_id: int, *, actor: Actor, on: date | None = None) -> Sequence[Transition]:
        """List the rows that ``actor`` could fire now by state, role and duties; guards may still refuse.

        Roles that others have lent them for the day ``on`` count as well.
        """

        def read(session: Session) -> Sequence[Transition]:
            row = visible_row(session, claim_id, actor)
            history = past_duties(session, row.id)
            roles = actor.roles if on is None else actor.roles | lent_roles(session, actor, on)
            return [
                transition
                for transition in TRANSITIONS
                if transition in rows_for(State(row.state), transition.event)
                and matches_branch(transition.when, row)
                and not roles.isdisjoint(transition.roles)
                and (transition.duty is None or is_barred(actor.person, transition.duty, history) is None)
            ]

        return self._read(read)

    def register_account(
        self,
        *,
        uscc: str,
        holder: str,
        bank_name: str,
        number: str,
        actor: Actor,
        at: datetime,
        also: Callable[[Session, Account], None] | None = None,
    ) -> Account:
        """Enter a firm's bank account; see ``claims.accounts``."""

        def work(session: Session) -> Account:
            account = register_account(
                session,
                self.sealer,
                uscc=uscc,
                holder=holder,
                bank_name=bank_name,
                number=number,
                actor=actor,
                at=at,
            )
            return _told(session, account, also)

        def enter() -> Account:
            return in_unit(self.engine, work)

        return audited(self.engine, f"enterprise:{uscc}", "register_account", actor=actor, at=at, work=enter)

    def verify_account(
        self,
        account_id: int,
        *,
        actor: Actor,
        at: datetime,
        also: Callable[[Session, Account], None] | None = None,
    ) -> Account:
        """Verify a firm's bank account as a second person; see ``claims.accounts``."""

        def work(session: Session) -> Account:
            return _told(session, verify_account(session, account_id, actor=actor, at=at), also)

        def verify() -> Account:
            return in_unit(self.engine, work)

        return audited(self.engine, f"account:{account_id}", "verify_account", actor=actor, at=at, work=verify)

    def accounts(self, uscc: str) -> Sequence[Account]:
        """Read the accounts of a firm, newest first, without their numbers."""
        return self._read(lambda session: accounts_of(session, uscc))

    def _create(
        self,
        session: Session,
        row: ClaimRow,
        assessment: Assessment,
        payload: Mapping[str, Any],
        actor: Actor,
        at: datetime,
        also: Also | None,
    ) -> Claim:
        (birth,) = rows_for(None, Event.DRAFT)
        parsed = parse_payload(birth, payload)
        on = business_day(at)
        occasion = Occasion(session, row, birth, actor, parsed, at, on, self.calendar, assessment)
        insert_claim(session, row, assessment, year=on.year)
        take_step(occasion)
        return _finished(session, row, also)

    def _occasion(
        self,
        session: Session,
        row: ClaimRow,
        event: Event,
        door: Door,
        actor: Actor,
        at: datetime,
        payload: Mapping[str, Any],
        assessment: Assessment | None,
    ) -> Occasion:
        transition = choose_row(row, event, door)
        parsed = parse_payload(transition, payload)
        return Occasion(session, row, transition, actor, parsed, at, business_day(at), self.calendar, assessment)

    def _assess_for(self, seen: Claim, event: Event, actor: Actor, at: datetime) -> Assessment | None:
        rows = rows_for(seen.state, event)
        # An officer without the role gets no work out of the matching engine.
        roles = {role for row in rows if row.reassess for role in row.roles}
        if not actor.has_any(roles) and not (roles and self._is_lent_any(actor, roles, business_day(at))):
            return None
        return self.assessor.assess(
            uscc=seen.uscc,
            policy_id=seen.policy_id,
            period=seen.period,
            subject=seen.subject,
            as_of=business_day(at),
        )

    def _is_lent_any(self, actor: Actor, roles: set[Role], on: date) -> bool:
        return not roles.isdisjoint(self._read(lambda session: lent_roles(session, actor, on)))

    def _read(self, work: Callable[[Session], Result]) -> Result:
        return in_unit(self.engine, work, immediate=False)


def _event(name: Event | str) -> Event:
    try:
        return Event(name)
    except ValueError as error:
        known = ", ".join(Event)
        raise InputError("event_unknown", f"不认识的事件:{name}", f"unknown event: {name}", hint=known) from error


def _told(session: Session, account: Account, also: Callable[[Session, Account], None] | None) -> Account:
    session.flush()
    if also is not None:
        also(session, account)
    return account


def _finished(session: Session, row: ClaimRow, also: Also | None) -> Claim:
    session.flush()
    claim = load_claim(session, row)
    if also is not None:
        also(session, claim)
    return claim


def _check_version(session: Session, row: ClaimRow, expected: int | None) -> None:
    if expected is None or expected == row.version:
        return
    last = session.scalars(
        select(ClaimStep).where(ClaimStep.claim_id == row.id, ClaimStep.version == row.version)
    ).one()
    when, (zh, en) = business_day(last.at), EVENT_NAMES[Event(last.event)]
    raise Conflict(
        "stale_version",
        f"该件已被{last.actor_name}于{when}办理({zh}),请刷新后再办",
        f"{last.actor_name} changed this claim on {when} ({en}): reload it",
        hint=f"version {row.version} at {last.at.isoformat()} by {last.actor}",
    )
