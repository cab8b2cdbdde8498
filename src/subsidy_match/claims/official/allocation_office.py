"""The office that allocates money: a document is drafted by one person, issued by another, and clears its claims.

Locks are taken in one order everywhere: the document, its claims by id, their funds by id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day, check_order
from subsidy_match.claims.many_claims import Deed, lock_claims, step_claims
from subsidy_match.claims.official.allocation_drafts import check_issuable, insert_allocation
from subsidy_match.claims.official.allocation_records import AllocationRow
from subsidy_match.claims.official.document_states import AllocationState
from subsidy_match.claims.official.fund_allocations import (
    Allocation,
    claims_in,
    funds_in,
    list_allocations,
    load_allocation,
    locked_allocation,
)
from subsidy_match.claims.official.official_documents import (
    check_claim_ids,
    check_listed,
    check_why,
    finish,
    in_audited_unit,
)
from subsidy_match.claims.people.persons import is_same_person
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.claims.rights import check_funds, check_role
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Door
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = ["AllocationOffice"]

Also = Callable[[Session, Allocation], None]
_MAKERS = frozenset({Role.NOTICE, Role.MAKER})
_ISSUERS = frozenset({Role.APPROVER, Role.SUPERVISOR})
_CLEARERS = frozenset({Role.NOTICE, Role.SYSTEM})
_BEFORE = frozenset({State.PUBLISHED, State.APPROVED})


@dataclass(frozen=True, slots=True)
class AllocationOffice:
    """Documents of allocation over the store of a desk; ``also`` is called in the transaction, to keep an answer."""

    desk: ClaimDesk

    def draft(
        self,
        claim_ids: Sequence[int],
        *,
        number: str,
        title: str,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> Allocation:
        """Draft a document over claims in their notice, or approved without one; all or none.

        Raises:
            InputError: ``document_empty``, ``number_invalid`` and others of the form.
            Conflict: ``number_taken``.
            BatchRefused: ``batch_refused``, with a finding for every claim that cannot be in it.
        """

        def work(session: Session) -> Allocation:
            deed = self.desk.deed(session, actor, at)
            check_role(actor, _MAKERS, ("拟制资金下达文件", "draft an allocation"))
            claims = lock_claims(session, dict.fromkeys(check_claim_ids(claim_ids)))
            check_listed(deed, claims, _MAKERS)
            row = insert_allocation(deed, claims, number=number, title=title)
            return _finished(deed, row, "draft", also)

        return in_audited_unit(self.desk.engine, "allocations", "draft", actor=actor, at=at, work=work)

    def issue(self, allocation_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Allocation:
        """Issue a document once the notice of every claim in it is over and its totals are those of its claims.

        Raises:
            Forbidden: ``role_missing``, ``duty_conflict`` (whoever drafted it), ``fund_not_yours``.
            Conflict: ``allocation_state``, ``allocation_totals``.
            BatchRefused: ``batch_refused``.
        """

        def work(deed: Deed, row: AllocationRow) -> None:
            if is_same_person(deed.session, actor, row.maker):
                zh = "拟稿人不得签发本人拟制的资金下达文件"
                raise Forbidden("duty_conflict", zh, "whoever drafted the document cannot issue it")
            by_fund, entries = funds_in(deed.session, row.id), claims_in(deed.session, row.id)
            check_funds(actor, by_fund)
            claims = lock_claims(deed.session, {entry.claim_id: None for entry in entries})
            check_listed(deed, claims, _ISSUERS)
            entries = claims_in(deed.session, row.id)  # a claim may have left while its lock was waited for
            check_issuable(deed.session, row, entries, claims, by_fund, business_day(at))
            row.state, row.issuer, row.issued_at = str(AllocationState.ISSUED), actor.id, at

        return self._on(allocation_id, "issue", (AllocationState.DRAFT,), _ISSUERS, actor, at, work, also)

    def clear(self, allocation_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Allocation:
        """Make the claims of an issued document payable.

        One that came under objection after the issue keeps no other waiting: it is cleared by doing this again later.

        Raises:
            Conflict: ``allocation_state``.
            BatchRefused: ``batch_refused``.
        """

        def work(deed: Deed, row: AllocationRow) -> None:
            live = {entry.claim_id: None for entry in claims_in(deed.session, row.id) if entry.is_live}
            claims = lock_claims(deed.session, live)
            said = {n: {"allocation_no": row.number} for n, claim in claims.items() if _is_ready(claim, at)}
            step_claims(deed, Event.CLEAR, said, door=Door.DESK)

        return self._on(allocation_id, "clear", (AllocationState.ISSUED,), _CLEARERS, actor, at, work, also)

    def void(
        self,
        allocation_id: int,
        *,
        reason_code: str,
        note: str | None = None,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> Allocation:
        """Void a document before anything of it is paid; claims that it made payable are taken back.

        Raises:
            Forbidden: ``role_missing``: a draft is voided by makers and issuers, an issued one by issuers.
            Conflict: ``allocation_state``.
            BatchRefused: ``batch_refused``, a claim is in payment or paid.
        """

        def work(deed: Deed, row: AllocationRow) -> None:
            if row.state == AllocationState.ISSUED:
                check_role(actor, _ISSUERS, ("作废已下达文件", "void an issued document"))
            check_funds(actor, funds_in(deed.session, row.id))
            why = check_why(reason_code, note, Event.RECALL)
            live = [entry for entry in claims_in(deed.session, row.id) if entry.is_live]
            claims = lock_claims(deed.session, {entry.claim_id: None for entry in live})
            check_listed(deed, claims, _ISSUERS if row.state == AllocationState.ISSUED else _MAKERS | _ISSUERS)
            if row.state == AllocationState.ISSUED:
                back = [n for n, claim in claims.items() if claim.state not in _BEFORE | {State.OBJECTION}]
                said = {"allocation_no": row.number, **why}
                step_claims(deed, Event.RECALL, dict.fromkeys(back, said), door=Door.ALLOCATIONS)
            for entry in live:
                entry.is_live = False
            row.state, row.voided_by, row.voided_at = str(AllocationState.VOID), actor.id, at
            row.reason_code, row.note = reason_code, why.get("note")

        states = (AllocationState.DRAFT, AllocationState.ISSUED)
        return self._on(allocation_id, "void", states, _MAKERS | _ISSUERS, actor, at, work, also)

    def allocation(self, allocation_id: int) -> Allocation:
        """Read a document.

        Raises:
            NotFound: ``allocation_unknown``.
        """
        return in_unit(self.desk.engine, lambda session: load_allocation(session, allocation_id), immediate=False)

    def allocations(self, *, after: int = 0, limit: int = 50) -> Sequence[Allocation]:
        """List documents by id."""
        return in_unit(self.desk.engine, lambda s: list_allocations(s, after=after, limit=limit), immediate=False)

    def _on(
        self,
        allocation_id: int,
        action: str,
        states: tuple[AllocationState, ...],
        roles: frozenset[Role],
        actor: Actor,
        at: datetime,
        work: Callable[[Deed, AllocationRow], None],
        also: Also | None,
    ) -> Allocation:
        def whole(session: Session) -> Allocation:
            deed = self.desk.deed(session, actor, at)
            locked_allocation(session, allocation_id, *AllocationState)
            check_role(actor, roles, ("资金下达", f"{action} an allocation"))
            row = locked_allocation(session, allocation_id, *states)
            check_order(at, row.issued_at or row.made_at, self.desk.tolerance)
            work(deed, row)
            return _finished(deed, row, action, also)

        return in_audited_unit(self.desk.engine, f"allocation:{allocation_id}", action, actor=actor, at=at, work=whole)


def _is_ready(claim: ClaimRow, at: datetime) -> bool:
    if claim.state == State.PUBLISHED:
        return claim.notice_until is not None and business_day(at) > claim.notice_until
    return claim.state == State.APPROVED


def _finished(deed: Deed, row: AllocationRow, action: str, also: Also | None) -> Allocation:
    def read() -> Allocation:
        return load_allocation(deed.session, row.id)

    return finish(deed, f"allocation:{row.id}", action, read, _told, also)


def _told(allocation: Allocation) -> Mapping[str, Any]:
    return {
        "number": allocation.number,
        "state": str(allocation.state),
        "total": allocation.total,
        "funds": dict(allocation.funds),
        "claims": {str(entry.claim_id): entry.amount for entry in allocation.entries if entry.is_live},
        "reason_code": allocation.reason_code,
        "note": allocation.note,
    }
