"""The notice office: notices are drafted, published, closed and withdrawn, each for all of its claims or for none.

Locks are taken in one order everywhere: the document, its claims by id, their funds by id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day, check_order
from subsidy_match.claims.many_claims import Deed, lock_claims, refuse_batch, step_claims
from subsidy_match.claims.occasion import current_amount
from subsidy_match.claims.official.document_states import NoticeState
from subsidy_match.claims.official.notice_drafts import account_tail, add_claims, new_notice, why_not_over
from subsidy_match.claims.official.notice_records import PublicNoticeRow
from subsidy_match.claims.official.official_documents import (
    check_claim_ids,
    check_listed,
    check_why,
    finish,
    in_audited_unit,
    left_document,
)
from subsidy_match.claims.official.public_notices import (
    Contact,
    PublicNotice,
    entries_of,
    list_notices,
    load_notice,
    locked_notice,
)
from subsidy_match.claims.rights import check_role
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event
from subsidy_match.claims.transition import Door
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = ["NoticeOffice"]

Also = Callable[[Session, PublicNotice], None]
_OFFICERS = frozenset({Role.NOTICE})


@dataclass(frozen=True, slots=True)
class NoticeOffice:
    """Public notices over the store of a desk; ``also`` is called in the transaction, to keep an idempotent answer."""

    desk: ClaimDesk

    def draft(
        self,
        claim_ids: Sequence[int],
        *,
        number: str,
        title: str,
        contact: Contact,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> PublicNotice:
        """Draft a notice of approved claims, all or none.

        Raises:
            InputError: ``document_empty``, ``number_invalid``, ``contact_missing`` and others of the form.
            Conflict: ``number_taken``.
            BatchRefused: ``batch_refused``, with a finding for every claim that cannot be in it.
        """

        def work(session: Session) -> PublicNotice:
            deed = self.desk.deed(session, actor, at)
            check_role(actor, _OFFICERS, ("拟制公示", "draft a notice"))
            row = new_notice(deed, number, title, contact)
            return _finished(deed, add_claims(deed, row, check_claim_ids(claim_ids)), "draft", also)

        return in_audited_unit(self.desk.engine, "notices", "draft", actor=actor, at=at, work=work)

    def publish(self, notice_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> PublicNotice:
        """Publish a notice: its claims go from APPROVED to PUBLISHED, for the longest notice that any of them needs.

        Raises:
            Conflict: ``notice_state``.
            BatchRefused: ``batch_refused``.
        """

        def work(deed: Deed, row: PublicNoticeRow) -> None:
            entries = entries_of(deed.session, row.id)
            claims = lock_claims(deed.session, {entry.claim_id: None for entry in entries})
            refuse_batch({e.claim_id: left_document(e.claim_id) for e in entries if not e.is_open})
            row.from_on = business_day(at)
            row.until_on = deed.calendar.add_working_days(row.from_on, max(c.notice_days for c in claims.values())).on
            row.state, row.published_by, row.published_at = str(NoticeState.PUBLISHED), actor.id, at
            said = {"notice_no": row.number, "notice_until": row.until_on}
            step_claims(deed, Event.PUBLISH, dict.fromkeys(claims, said), door=Door.NOTICES)
            for entry in entries:
                claim = claims[entry.claim_id]
                entry.amount, entry.account_tail = current_amount(claim), account_tail(deed.session, claim)
                entry.enterprise_name = claim.enterprise_name

        return self._on(notice_id, "publish", (NoticeState.DRAFT,), actor, at, work, also)

    def close(self, notice_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> PublicNotice:
        """Close a notice whose days are over for every claim in it: from then on nobody can object.

        Raises:
            Conflict: ``notice_state``.
            BatchRefused: ``batch_refused``: ``notice_running``, ``objections_open``.
        """

        def work(deed: Deed, row: PublicNoticeRow) -> None:
            entries = [entry for entry in entries_of(deed.session, row.id) if entry.is_open]
            claims = lock_claims(deed.session, {entry.claim_id: None for entry in entries})
            check_listed(deed, claims, _OFFICERS)
            refuse_batch({n: why for n, claim in claims.items() if (why := why_not_over(claim, business_day(at)))})
            for entry in entries:
                entry.is_open = False
            row.state, row.ended_by, row.ended_at = str(NoticeState.CLOSED), actor.id, at

        return self._on(notice_id, "close", (NoticeState.PUBLISHED,), actor, at, work, also)

    def withdraw(
        self,
        notice_id: int,
        *,
        reason_code: str,
        note: str | None = None,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> PublicNotice:
        """Withdraw a notice that is wrong: its claims are APPROVED again and may be put into another.

        Raises:
            Conflict: ``notice_state``.
            BatchRefused: ``batch_refused``, a claim is under objection, allocated or payable.
        """

        def work(deed: Deed, row: PublicNoticeRow) -> None:
            why = check_why(reason_code, note, Event.UNPUBLISH)
            entries = [entry for entry in entries_of(deed.session, row.id) if entry.is_open]
            claims = lock_claims(deed.session, {entry.claim_id: None for entry in entries})
            check_listed(deed, claims, _OFFICERS)
            if row.state == NoticeState.PUBLISHED:
                said = {"notice_no": row.number, **why}
                step_claims(deed, Event.UNPUBLISH, dict.fromkeys(claims, said), door=Door.NOTICES)
            for entry in entries:
                entry.is_open = False
            row.state, row.ended_by, row.ended_at = str(NoticeState.WITHDRAWN), actor.id, at
            row.reason_code, row.note = reason_code, why.get("note")

        states = (NoticeState.DRAFT, NoticeState.PUBLISHED)
        return self._on(notice_id, "withdraw", states, actor, at, work, also)

    def notice(self, notice_id: int) -> PublicNotice:
        """Read a notice.

        Raises:
            NotFound: ``notice_unknown``.
        """
        return in_unit(self.desk.engine, lambda session: load_notice(session, notice_id), immediate=False)

    def notices(self, *, after: int = 0, limit: int = 50) -> Sequence[PublicNotice]:
        """List notices by id."""
        return in_unit(self.desk.engine, lambda s: list_notices(s, after=after, limit=limit), immediate=False)

    def _on(
        self,
        notice_id: int,
        action: str,
        states: tuple[NoticeState, ...],
        actor: Actor,
        at: datetime,
        work: Callable[[Deed, PublicNoticeRow], None],
        also: Also | None,
    ) -> PublicNotice:
        def whole(session: Session) -> PublicNotice:
            deed = self.desk.deed(session, actor, at)
            row = locked_notice(session, notice_id, *NoticeState)
            check_role(actor, _OFFICERS, ("公示", f"{action} a notice"))
            row = locked_notice(session, notice_id, *states)
            check_order(at, row.published_at or row.drafted_at, self.desk.tolerance)
            work(deed, row)
            return _finished(deed, row, action, also)

        return in_audited_unit(self.desk.engine, f"notice:{notice_id}", action, actor=actor, at=at, work=whole)


def _finished(deed: Deed, row: PublicNoticeRow, action: str, also: Also | None) -> PublicNotice:
    def read() -> PublicNotice:
        return load_notice(deed.session, row.id)

    return finish(deed, f"notice:{row.id}", action, read, _told, also)


def _told(notice: PublicNotice) -> Mapping[str, Any]:
    return {
        "number": notice.number,
        "state": str(notice.state),
        "until": None if notice.until_on is None else notice.until_on.isoformat(),
        "claims": {str(entry.claim_id): entry.amount for entry in notice.entries},
        "open": sum(entry.is_open for entry in notice.entries),
        "reason_code": notice.reason_code,
        "note": notice.note,
    }
