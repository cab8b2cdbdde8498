"""Year end for claims under way: they are moved from a closed fund to the one that its money was carried over to.

Each claim is a transaction of its own; a fund's are moved one after the other, those that hold money first. The money
comes free in the old fund, where another closing takes it back, and is reserved in the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.clock import TOLERANCE
from subsidy_match.claims.fund.funds import lock_funds
from subsidy_match.claims.fund.rehoming_records import RehomingRow
from subsidy_match.claims.fund.rehomings import check_way
from subsidy_match.claims.fund.stranded import Stranded, stranded_in
from subsidy_match.claims.fund.waitlist import serve_waitlist
from subsidy_match.claims.many_claims import Deed, step_claim
from subsidy_match.claims.payload import parse_payload
from subsidy_match.claims.reading import CLAIM_UNKNOWN, locked_row
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.refusals import audited, record_refusals
from subsidy_match.claims.rights import check_funds, check_role
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.table import rows_for
from subsidy_match.claims.transition import Door
from subsidy_match.errors import RetryableError, SubsidyError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["Outcome", "Rehomed", "Rehoming", "RehomingOffice"]

_MOST = 500
_ACTION = str(Event.REHOME)
_NEVER = datetime.max.replace(tzinfo=UTC)
(_ROW,) = rows_for(State.ACCEPTED, Event.REHOME)


@dataclass(frozen=True, slots=True)
class Rehomed:
    """A claim that moved, and what moved with it (分)."""

    claim_id: int
    claim_no: str
    version: int
    source_id: str
    target_id: str
    document_no: str
    reserved: int
    committed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one claim of a fund: it moved, or was refused."""

    claim_id: int
    claim_no: str
    rehomed: Rehomed | None
    refusal: SubsidyError | None


@dataclass(frozen=True, slots=True)
class Rehoming:
    """What became of the claims of a fund; ``left`` of them it leaves behind still."""

    source_id: str
    target_id: str
    outcomes: tuple[Outcome, ...]
    left: int

    @property
    def moved(self) -> int:
        """How many moved."""
        return sum(outcome.rehomed is not None for outcome in self.outcomes)

    @property
    def refused(self) -> int:
        """How many were refused."""
        return len(self.outcomes) - self.moved


@dataclass(frozen=True, slots=True)
class RehomingOffice:
    """Moves claims between funds over one store; everything asks for the role of a fund officer and for both funds."""

    engine: Engine
    calendar: WorkingCalendar
    tolerance: timedelta = TOLERANCE

    def rehome(
        self,
        claim_id: int,
        source_id: str,
        target_id: str,
        *,
        document_no: str,
        actor: Actor,
        at: datetime,
        also: Callable[[Session, Rehomed], None] | None = None,
    ) -> Rehomed:
        """Move the share of one claim, with all that is held for it, or nothing.

        ``also`` is called with session and result inside the transaction.

        Raises:
            NotFound: ``claim_unknown``, ``fund_unknown``.
            Forbidden: ``role_missing``, ``fund_not_yours``, ``duty_conflict``, ``interest_declared``, ``out_of_scope``.
            Conflict: ``event_not_allowed`` (paid, ended or in payment), ``fund_not_closed``, ``fund_not_carried``,
                ``fund_mode_differs``, ``fund_frozen``, ``fund_closed``, ``fund_short``, ``fund_not_of_claim``,
                ``rehomed_already``, ``payment_begun``, ``allocation_live``.
            InputError: ``field_missing``, ``field_invalid``.
        """
        said = {"fund": source_id, "to_fund": target_id, "document_no": document_no}

        def work(session: Session) -> Rehomed:
            done = self._move(session, claim_id, said, actor, at)
            if also is not None:
                also(session, done)
            return done

        def move() -> Rehomed:
            return in_unit(self.engine, work)

        subject = f"claim:{claim_id}"
        done = audited(self.engine, subject, _ACTION, actor=actor, at=at, work=move, unless=CLAIM_UNKNOWN)
        self._serve(target_id, at)
        return done

    def rehome_all(
        self, source_id: str, target_id: str, *, document_no: str, actor: Actor, at: datetime, most: int = _MOST
    ) -> Rehoming:
        """Move every claim of a closed fund that can be moved, at most ``most`` of them; doing it again goes on.

        Raises:
            NotFound: ``fund_unknown``.
            Forbidden: ``role_missing``, ``fund_not_yours``.
            Conflict: ``fund_not_closed``, ``fund_not_carried``, ``fund_mode_differs``, ``fund_frozen``, ``fund_closed``.
        """
        said = {"fund": source_id, "to_fund": target_id, "document_no": document_no}
        waiting = self._candidates(said, actor, at)
        outcomes: list[Outcome] = []
        for claim in waiting:
            if sum(outcome.rehomed is not None for outcome in outcomes) == most:
                break
            outcomes.append(self._try(claim, said, actor, at))
        self._write_refusals(outcomes, actor, at)
        self._serve(target_id, at)
        left = in_unit(self.engine, lambda session: len(stranded_in(session, source_id)), immediate=False)
        return Rehoming(source_id, target_id, tuple(outcomes), left)

    def _candidates(self, said: Mapping[str, str], actor: Actor, at: datetime) -> Sequence[Stranded]:
        source_id, target_id = said["fund"], said["to_fund"]

        def look(session: Session) -> Sequence[Stranded]:
            check_role(actor, _ROW.roles, ("资金管理", _ACTION))
            check_funds(actor, (source_id, target_id))
            rows = {row.id: row for row in lock_funds(session, (source_id, target_id))}
            check_way(session, rows[source_id], rows[target_id])
            parse_payload(_ROW, said)
            movable = [claim for claim in stranded_in(session, source_id) if rows_for(claim.state, Event.REHOME)]
            return sorted(movable, key=_order)

        def known() -> Sequence[Stranded]:
            return in_unit(self.engine, look)

        # What is not there has no chain to write a refusal to.
        subject = f"fund:{source_id}"
        return audited(self.engine, subject, _ACTION, actor=actor, at=at, work=known, unless="fund_unknown")

    def _try(self, claim: Stranded, said: Mapping[str, str], actor: Actor, at: datetime) -> Outcome:
        try:
            done = in_unit(self.engine, lambda session: self._move(session, claim.claim_id, said, actor, at))
        except SubsidyError as refusal:
            return Outcome(claim.claim_id, claim.claim_no, None, refusal)
        return Outcome(claim.claim_id, claim.claim_no, done, None)

    def _move(self, session: Session, claim_id: int, said: Mapping[str, str], actor: Actor, at: datetime) -> Rehomed:
        row = locked_row(session, claim_id)
        step_claim(Deed(session, self.calendar, actor, at, self.tolerance), row, Event.REHOME, said, door=Door.FUNDS)
        return _rehomed(session, row)

    def _write_refusals(self, outcomes: Sequence[Outcome], actor: Actor, at: datetime) -> None:
        refusals = {f"claim:{one.claim_id}": one.refusal for one in outcomes if one.refusal is not None}
        lasting = {name: why for name, why in refusals.items() if not isinstance(why, RetryableError)}
        record_refusals(self.engine, lasting, _ACTION, actor=actor, at=at)

    def _serve(self, target_id: str, at: datetime) -> None:
        # Whoever waits goes on waiting there in the order of acceptance; where the store is busy the sweeper serves.
        with suppress(RetryableError):
            serve_waitlist(self.engine, self.calendar, at=at, fund_ids=[target_id])


def _order(claim: Stranded) -> tuple[bool, datetime, int]:
    """Those who hold money first, among them whoever was accepted first."""
    return not claim.held, claim.accepted_at or _NEVER, claim.claim_id


def _rehomed(session: Session, claim: ClaimRow) -> Rehomed:
    query = select(RehomingRow).where(RehomingRow.claim_id == claim.id, RehomingRow.version == claim.version)
    row = session.scalars(query).one()
    return Rehomed(
        claim.id,
        claim.claim_no,
        claim.version,
        row.source_id,
        row.target_id,
        row.document_no,
        row.reserved,
        row.committed,
    )
