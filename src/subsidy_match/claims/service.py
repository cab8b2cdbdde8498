"""The desk: every way in which people and machines create, move and read claims.

A step is one transaction with one audit row and one outbox row. Whatever is refused is written to the audit trail in a
transaction of its own. Matching is asked before the transaction, never while the store is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.accounts import Account, accounts_of, register_account, verify_account
from subsidy_match.claims.assessment import Assessment, Assessor, Standing
from subsidy_match.claims.birth import draft_row, insert_claim
from subsidy_match.claims.claim import Claim, Step
from subsidy_match.claims.clock import TOLERANCE, ClockReading, business_day
from subsidy_match.claims.deadline.stage_clock import StageReading, clocks_of
from subsidy_match.claims.duties import Duty
from subsidy_match.claims.following import take_following
from subsidy_match.claims.fund.waitlist import freed_funds, serve_waitlist
from subsidy_match.claims.handling.automatic import carry_on
from subsidy_match.claims.handling.channels import CHANNELS
from subsidy_match.claims.many_claims import Deed
from subsidy_match.claims.materials import Deferred, deferred_materials
from subsidy_match.claims.occasion import Occasion, claim_clock
from subsidy_match.claims.payload import parse_payload
from subsidy_match.claims.people.authorisations import check_authorised, check_firm_of
from subsidy_match.claims.people.authority import require_role
from subsidy_match.claims.people.persons import lent_roles
from subsidy_match.claims.possible import possible_rows
from subsidy_match.claims.reading import (
    CLAIM_UNKNOWN,
    ClaimFilter,
    evidence,
    find_claims,
    load_claim,
    locked_row,
    steps_of,
    visible_row,
)
from subsidy_match.claims.records import ClaimRow, ClaimStep
from subsidy_match.claims.refusals import Forbidden, audited
from subsidy_match.claims.risk.risks import Risk, open_risks, risks_of
from subsidy_match.claims.states import EVENT_NAMES, Event, State
from subsidy_match.claims.steps import choose_row, take_step
from subsidy_match.claims.table import TRANSITIONS, rows_for
from subsidy_match.claims.transition import Door, Transition
from subsidy_match.errors import Conflict, InputError, RetryableError
from subsidy_match.store.sealing import Sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import PUSH, Actor, Role

__all__ = ["ClaimDesk", "ClaimFilter"]

Result = TypeVar("Result")
Also = Callable[[Session, Claim], None]
_REASSESSED = frozenset(row.event for row in TRANSITIONS if row.reassess)
# where the credit lists are looked at for the risks of the claim; payment looks once more
_STANDING = frozenset({Event.SUBMIT, Event.RESUBMIT, Event.APPROVE, Event.ACKNOWLEDGE_RISK})


@dataclass(frozen=True, slots=True)
class ClaimDesk:
    """Claims over one store. Moments are given (``at``, aware); the business day follows from them.

    ``also`` is called with the session and the new claim inside the same transaction, to store an idempotent answer.
    """

    engine: Engine
    assessor: Assessor
    calendar: WorkingCalendar
    sealer: Sealer
    tolerance: timedelta = TOLERANCE

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
            Forbidden: ``role_missing``, ``not_your_firm``, ``authorisation_missing``; nothing is assessed for them.
            Conflict: ``duplicate_claim``, ``verdict_needs_reason``.
        """
        payload = {} if reason is None else {"reason": reason}

        def create() -> Claim:
            self._check_may_draft(actor, uscc, policy_id, business_day(at))
            assessment = self.assessor.assess(
                uscc=uscc, policy_id=policy_id, period=period, subject=subject, as_of=business_day(at)
            )
            keys = {"uscc": uscc, "policy_id": policy_id, "period": period}
            # Made anew for every attempt: what a rollback takes back stays with the object.
            new = partial(draft_row, assessment, **keys, subject=subject, filer=actor.id, at=at)
            return in_unit(self.engine, lambda s: self._create(s, new(), assessment, payload, actor, at, also))

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
            event: one of ``Event``; those of payments go through ``claims.payment.payouts``.
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

        def move() -> tuple[Claim, Claim]:
            return self._move(claim_id, _event(event), actor, at, payload or {}, expected_version, also)

        subject = f"claim:{claim_id}"
        before, after = audited(self.engine, subject, str(event), actor=actor, at=at, work=move, unless=CLAIM_UNKNOWN)
        self.serve_waitlist(freed_funds(before, after), at)
        return after

    def attempt(self, claim_id: int, event: Event, *, actor: Actor, at: datetime, expected_version: int) -> Claim:
        """Do what ``fire`` does for the machine, which may find that it is not yet time: that leaves no audit row.

        Raises:
            As ``fire``.
        """
        if not actor.is_machine:
            raise Forbidden("role_missing", "仅限系统办理", "only the machine may try without a trace")
        before, after = self._move(claim_id, event, actor, at, {}, expected_version, None)
        self.serve_waitlist(freed_funds(before, after), at)
        return after

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

    def clocks(self, claim_id: int, *, on: date) -> tuple[ClockReading | None, StageReading | None]:
        """Read the total clock and that of the stage where a claim stands, on a day."""
        return self._read(lambda s: clocks_of(s, visible_row(s, claim_id, None), self.calendar, on))

    def list_with_clocks(
        self, wanted: ClaimFilter, *, on: date, viewer: Actor | None = None
    ) -> Sequence[tuple[Claim, ClockReading | None, StageReading | None]]:
        """List claims as ``list_claims`` does, with both clocks of each, all of one state of the store."""

        def read(session: Session) -> list[tuple[Claim, ClockReading | None, StageReading | None]]:
            claims = find_claims(session, wanted, viewer)
            rows = [session.get_one(ClaimRow, claim.id) for claim in claims]
            clocks = [clocks_of(session, row, self.calendar, on) for row in rows]
            return [(claim, *both) for claim, both in zip(claims, clocks, strict=True)]

        return self._read(read)

    def list_claims(self, wanted: ClaimFilter | None = None, *, viewer: Actor | None = None) -> Sequence[Claim]:
        """List claims by id, those that ``viewer`` may see."""
        return self._read(lambda session: find_claims(session, wanted or ClaimFilter(), viewer))

    def evidence(self, claim_id: int, version: int, *, viewer: Actor | None = None) -> bytes:
        """Read what the claim rested on when it got ``version``: the bytes pinned at submission or approval."""
        return self._read(lambda s: evidence(s, visible_row(s, claim_id, viewer).id, version))

    def risks(self, claim_id: int, *, at: datetime, viewer: Actor | None = None) -> Sequence[Risk]:
        """Look up the risks of a claim as they are now, the credit lists included; see ``claims.risk.risks``."""
        standing = self.assessor.standing(uscc=self.claim(claim_id, viewer=viewer).uscc, as_of=business_day(at))
        return self._read(lambda s: risks_of(s, visible_row(s, claim_id, viewer), standing))

    def count_risks(self, claim_ids: Sequence[int]) -> Mapping[int, int]:
        """Count the risks of claims that still stand in the way of an approval, by what the store knows."""
        return self._read(lambda session: open_risks(session, claim_ids))

    def deferred(self, *, on: date) -> Sequence[Deferred]:
        """List the documents that firms still owe (容缺), soonest first."""
        return self._read(lambda session: deferred_materials(session, on=on))

    def possible_events(self, claim_id: int, *, actor: Actor, on: date) -> Sequence[Transition]:
        """List the rows that ``actor`` could fire on a day: by state, by role, held or lent, and by all that bars a person.

        That is scope, interest, duties and the guards about whoever acts. Guards about the claim or what comes with the
        event may still refuse.
        """

        def read(session: Session) -> Sequence[Transition]:
            row = visible_row(session, claim_id, actor)
            return possible_rows(session, row, actor, on=on, calendar=self.calendar)

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

    def deed(self, session: Session, actor: Actor, at: datetime) -> Deed:
        """What somebody does to many claims at once, under the desk's calendar and tolerance."""
        return Deed(session, self.calendar, actor, at, self.tolerance)

    def serve_waitlist(self, fund_ids: set[str], at: datetime) -> None:
        """Serve those who wait for funds in which a step made room; where the store is busy the sweeper does it."""
        if fund_ids:
            with suppress(RetryableError):
                serve_waitlist(self.engine, self.calendar, at=at, fund_ids=fund_ids)

    def _check_may_draft(self, actor: Actor, uscc: str, policy_id: str, on: date) -> None:
        (birth,) = rows_for(None, Event.DRAFT)
        require_role(actor, birth)
        check_firm_of(actor, uscc)
        if Role.AGENT in actor.roles:  # of all others the store has nothing to say
            self._read(lambda session: check_authorised(session, actor, uscc, policy_id, on))

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
        occasion = Occasion(
            session, row, birth, actor, parsed, at, on, self.calendar, assessment, tolerance=self.tolerance
        )
        insert_claim(session, row, assessment, year=on.year)
        take_step(occasion)
        return _finished(session, row, also)

    def _move(
        self,
        claim_id: int,
        event: Event,
        actor: Actor,
        at: datetime,
        payload: Mapping[str, Any],
        expected_version: int | None,
        also: Also | None,
    ) -> tuple[Claim, Claim]:
        seen = self.claim(claim_id) if event in _REASSESSED | _STANDING else None
        assessment = None if seen is None else self._assess_for(seen, event, actor, at)
        standing = None if seen is None else self._standing_for(seen, event, actor, at)
        # What was assessed is the claim as seen: if it moved since, the assessment is of another claim.
        expected = (expected_version, seen.version if seen is not None and event in _REASSESSED else None)

        def work(session: Session) -> tuple[Claim, Claim]:
            row = locked_row(session, claim_id)
            for version in expected:
                _check_version(session, row, version, actor)
            before = load_claim(session, row)
            occasion = self._occasion(session, row, event, Door.DESK, actor, at, payload, assessment)
            occasion = replace(occasion, standing=standing)
            take_step(occasion)
            take_following(occasion)
            carry_on(occasion)
            return before, _finished(session, row, also)

        return in_unit(self.engine, work)

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
        on, tolerance = business_day(at), self.tolerance
        return Occasion(session, row, transition, actor, parsed, at, on, self.calendar, assessment, tolerance=tolerance)

    def _assess_for(self, seen: Claim, event: Event, actor: Actor, at: datetime) -> Assessment | None:
        rows = rows_for(seen.state, event)
        if not self._may(actor, [row for row in rows if row.reassess], at):
            return None
        return self.assessor.assess(
            uscc=seen.uscc,
            policy_id=seen.policy_id,
            period=seen.period,
            subject=seen.subject,
            as_of=business_day(at),
        )

    def _standing_for(self, seen: Claim, event: Event, actor: Actor, at: datetime) -> Standing | None:
        if event not in _STANDING or not self._may(actor, rows_for(seen.state, event), at):
            return None
        return self.assessor.standing(uscc=seen.uscc, as_of=business_day(at))

    def _may(self, actor: Actor, rows: Sequence[Transition], at: datetime) -> bool:
        """Whether the actor has a role for one of the rows, or is lent one: nobody else makes the matching engine work."""
        roles = {role for row in rows for role in row.roles}
        return actor.has_any(roles) or bool(roles and self._is_lent_any(actor, roles, business_day(at)))

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


def _check_version(session: Session, row: ClaimRow, expected: int | None, viewer: Actor) -> None:
    if expected is None or expected == row.version:
        return
    last = session.scalars(
        select(ClaimStep).where(ClaimStep.claim_id == row.id, ClaimStep.version == row.version)
    ).one()
    when, (zh, en) = business_day(last.at), EVENT_NAMES[Event(last.event)]
    name_zh = name_en = last.actor_name
    hint = f"version {row.version} at {last.at.isoformat()} by {last.actor}"
    if viewer.is_outsider and last.duty != Duty.FILER:  # which officer it was stays inside
        name_zh, name_en, hint = "经办人员", "an officer", f"version {row.version} at {last.at.isoformat()}"
    raise Conflict(
        "stale_version",
        f"该件已被{name_zh}于{when}办理({zh}),请刷新后再办",
        f"{name_en} changed this claim on {when} ({en}): reload it",
        hint=hint,
    )
