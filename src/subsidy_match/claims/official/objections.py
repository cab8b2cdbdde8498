"""Objections: filed by the public or by a department against a claim in a notice, decided by a supervisor.

What an objector writes, and who it was, stays out of steps, audit and notices; the name is sealed and opened for those
who must answer, which is written down.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.fund.waitlist import freed_funds
from subsidy_match.claims.many_claims import Deed, step_claim
from subsidy_match.claims.official.document_states import ObjectionState
from subsidy_match.claims.official.listings import open_objections
from subsidy_match.claims.official.notice_records import NoticeClaimRow, ObjectionRow, PublicNoticeRow
from subsidy_match.claims.official.objection_values import (
    Objection,
    load_objection,
    objection_from_row,
    unknown_objection,
)
from subsidy_match.claims.official.official_documents import check_number, write_down
from subsidy_match.claims.official.public_notices import notice_by_number
from subsidy_match.claims.people.parties import check_apart
from subsidy_match.claims.reading import locked_row
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.rights import check_role
from subsidy_match.claims.sealed import OBJECTOR, check_key
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event, State
from subsidy_match.claims.transition import Door
from subsidy_match.claims.wording import check_line, check_text
from subsidy_match.errors import Conflict, InputError, NotFound
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = ["ObjectionDesk", "Objector"]

Result = TypeVar("Result")
Also = Callable[[Session, Objection], None]
_OPENERS = frozenset({Role.SUPERVISOR, Role.NOTICE})
_MOST_OPEN = 50
_PUBLIC, _DEPARTMENT = "public", "department"


@dataclass(frozen=True, slots=True)
class Objector:
    """Who objects and how to answer them."""

    name: str
    contact: str


@dataclass(frozen=True, slots=True)
class ObjectionDesk:
    """Objections over the store of a desk; ``also`` is called in the transaction, to keep an idempotent answer."""

    desk: ClaimDesk

    def file(
        self,
        notice_no: str,
        claim_no: str,
        *,
        evidence: str,
        objector: Objector | None,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> Objection:
        """Object to a claim in a notice: its notice and its clock stop until this is decided.

        Args:
            notice_no: the number of the notice.
            claim_no: the number of the claim, as the notice has it.
            evidence: what is wrong and how it is known.
            objector: a member of the public; ``None`` where the actor's own department objects.
            actor: an officer, or ``PUBLIC``.
            at: when.
            also: called inside the transaction.

        Raises:
            NotFound: ``notice_unknown``, ``claim_not_in_notice``.
            Conflict: ``notice_closed``, ``objections_many``, ``event_not_allowed``.
            InputError: ``objector_missing``, ``field_missing``, ``field_invalid``.
        """

        def work(session: Session) -> Objection:
            said, sealed = check_text("evidence", evidence), self._sealed(session, objector, actor)
            deed = self.desk.deed(session, actor, at)
            notice = notice_by_number(session, check_number(notice_no), lock=True)
            claim = _listed_claim(session, notice, claim_no)
            row = _new_row(deed, notice, claim, said, sealed)
            step_claim(deed, claim, Event.OBJECT, {"notice_no": notice.number, "objection": row.id}, door=Door.NOTICES)
            told = {"objection": row.id, "claim": claim.id, "sha256": hashlib.sha256(said.encode()).hexdigest()}
            write_down(session, f"notice:{notice.id}", deed, "object", told)
            return _finished(session, row, also)

        return self._audited("objections", "object", actor, at, work)

    def dismiss(
        self, objection_id: int, *, reason_code: str, answer: str, actor: Actor, at: datetime, also: Also | None = None
    ) -> Objection:
        """Dismiss an objection; with the last one the notice runs on for the days that were left.

        Raises:
            NotFound: ``objection_unknown``.
            Conflict: ``objection_decided``.
            Forbidden: ``role_missing``, ``decider_not_new``.
        """
        return self._decide(objection_id, Event.DISMISS_OBJECTION, reason_code, answer, actor, at, also)

    def uphold(
        self, objection_id: int, *, reason_code: str, answer: str, actor: Actor, at: datetime, also: Also | None = None
    ) -> Objection:
        """Send the claim back to review: its approval is undone, its money reserved; joined objections end with this.

        Raises: as ``dismiss``.
        """
        return self._decide(objection_id, Event.UPHOLD_OBJECTION, reason_code, answer, actor, at, also)

    def revoke(
        self, objection_id: int, *, reason_code: str, answer: str, actor: Actor, at: datetime, also: Also | None = None
    ) -> Objection:
        """End the claim, its ground being established; its money goes to who waits for it. Joined objections end with this.

        Raises: as ``dismiss``.
        """
        claim_id = self.objection(objection_id).claim_id
        before = self.desk.claim(claim_id)
        done = self._decide(objection_id, Event.REVOKE, reason_code, answer, actor, at, also)
        self.desk.serve_waitlist(freed_funds(before, self.desk.claim(claim_id)), at)
        return done

    def objection(self, objection_id: int) -> Objection:
        """Read an objection, without whoever made it.

        Raises:
            NotFound: ``objection_unknown``.
        """
        return in_unit(self.desk.engine, lambda session: load_objection(session, objection_id), immediate=False)

    def objections(
        self, *, claim_id: int | None = None, state: ObjectionState | None = None, after: int = 0, limit: int = 50
    ) -> Sequence[Objection]:
        """List objections by id."""
        query = select(ObjectionRow).where(ObjectionRow.id > after).order_by(ObjectionRow.id).limit(limit)
        if claim_id is not None:
            query = query.where(ObjectionRow.claim_id == claim_id)
        if state is not None:
            query = query.where(ObjectionRow.state == str(state))

        def read(session: Session) -> Sequence[Objection]:
            return [objection_from_row(row) for row in session.scalars(query)]

        return in_unit(self.desk.engine, read, immediate=False)

    def objector(self, objection_id: int, *, actor: Actor, at: datetime) -> Objector | None:
        """Open who objected, for those who must answer; that they looked is written down.

        Raises:
            NotFound: ``objection_unknown``.
            Forbidden: ``role_missing``, ``interest_declared``, ``duty_conflict`` (whoever filed the claim),
                ``out_of_scope``.
        """

        def work(session: Session) -> Objector | None:
            check_role(actor, _OPENERS, ("查看异议人", "see who objected"))
            row = session.get(ObjectionRow, objection_id)
            if row is None:
                raise unknown_objection(objection_id)
            check_apart(session, actor, session.get_one(ClaimRow, row.claim_id), _OPENERS, business_day(at))
            audit.append(session, f"objection:{objection_id}", at=at, actor=actor.id, action="read_objector", detail={})
            return None if not row.objector else Objector(**json.loads(self._open(row)))

        return self._audited(f"objection:{objection_id}", "read_objector", actor, at, work)

    def _decide(
        self,
        objection_id: int,
        event: Event,
        reason_code: str,
        answer: str,
        actor: Actor,
        at: datetime,
        also: Also | None,
    ) -> Objection:
        subject = f"claim:{self.objection(objection_id).claim_id}"

        def work(session: Session) -> Objection:
            deed = self.desk.deed(session, actor, at)
            claim = locked_row(session, load_objection(session, objection_id).claim_id)
            row = session.get_one(ObjectionRow, objection_id, populate_existing=True)
            if row.state != ObjectionState.OPEN:
                raise Conflict("objection_decided", "该异议已处理", "the objection was decided before")
            joined = open_objections(session, claim.id)
            fired = event if event is not Event.DISMISS_OBJECTION or len(joined) == 1 else Event.ANSWER_OBJECTION
            said = {"objection": objection_id, "reason_code": reason_code, "note": answer}
            step_claim(deed, claim, fired, said, door=Door.NOTICES)
            ended = [row] if event is Event.DISMISS_OBJECTION else joined
            for each in ended:
                _decided(each, event, deed, reason_code, answer)
            told = {"objections": [each.id for each in ended], "claim": claim.id, "reason_code": reason_code}
            write_down(session, f"notice:{row.notice_id}", deed, str(fired), told)
            return _finished(session, row, also)

        return self._audited(subject, str(event), actor, at, work)

    def _sealed(self, session: Session, objector: Objector | None, actor: Actor) -> str:
        if objector is None:
            if Role.PUBLIC in actor.roles and len(actor.roles) == 1:
                zh, en = "请填写异议人姓名和联系方式", "give your name and how to reach you"
                raise InputError("objector_missing", zh, en)
            return ""
        name = check_line("objector.name", objector.name, 80)
        contact = check_line("objector.contact", objector.contact, 200)
        if not (name and contact):
            zh, en = "请填写异议人姓名和联系方式", "give your name and how to reach you"
            raise InputError("objector_missing", zh, en)
        plain = json.dumps({"name": name, "contact": contact}, ensure_ascii=False)
        check_key(session, self.desk.sealer)
        return self.desk.sealer.seal(plain, context=OBJECTOR)

    def _open(self, row: ObjectionRow) -> str:
        return self.desk.sealer.open(row.objector, context=OBJECTOR)

    def _audited(
        self, subject: str, action: str, actor: Actor, at: datetime, work: Callable[[Session], Result]
    ) -> Result:
        engine = self.desk.engine
        return audited(engine, subject, action, actor=actor, at=at, work=lambda: in_unit(engine, work))


def _listed_claim(session: Session, notice: PublicNoticeRow, claim_no: str) -> ClaimRow:
    query = (
        select(NoticeClaimRow.claim_id)
        .join(ClaimRow, ClaimRow.id == NoticeClaimRow.claim_id)
        .where(NoticeClaimRow.notice_id == notice.id, ClaimRow.claim_no == claim_no.strip())
    )
    claim_id = session.scalars(query).one_or_none()
    if claim_id is None:
        zh, en = f"本公示中没有办件{claim_no}", f"the notice does not list a claim {claim_no}"
        raise NotFound("claim_not_in_notice", zh, en)
    claim = locked_row(session, claim_id)
    entry = session.get_one(NoticeClaimRow, (notice.id, claim_id), populate_existing=True)
    if not entry.is_open:
        raise Conflict("notice_closed", "该件公示已结束,不再受理异议", "the notice of this claim is over")
    return claim


def _new_row(deed: Deed, notice: PublicNoticeRow, claim: ClaimRow, evidence: str, sealed: str) -> ObjectionRow:
    joined = open_objections(deed.session, claim.id)
    if len(joined) >= _MOST_OPEN:
        zh = "该件未处理的异议过多,请联系受理部门"
        raise Conflict("objections_many", zh, "too many objections to this claim are open: call the office")
    row = ObjectionRow(
        notice_id=notice.id,
        claim_id=claim.id,
        state=str(ObjectionState.OPEN),
        origin=_PUBLIC if sealed else _DEPARTMENT,
        department=deed.actor.department,
        objector=sealed,
        evidence=evidence,
        days_left=joined[0].days_left if joined else _days_left(deed, claim),
        filed_by=deed.actor.id,
        filed_at=deed.at,
    )
    deed.session.add(row)
    deed.session.flush()
    return row


def _days_left(deed: Deed, claim: ClaimRow) -> int:
    on, until = business_day(deed.at), claim.notice_until
    if claim.state != State.PUBLISHED or until is None or until <= on:
        return 0
    return deed.calendar.working_days_between(on, until)


def _decided(row: ObjectionRow, event: Event, deed: Deed, reason_code: str, answer: str) -> None:
    state = ObjectionState.DISMISSED if event is Event.DISMISS_OBJECTION else ObjectionState.UPHELD
    row.state, row.decided_by, row.decided_at = str(state), deed.actor.id, deed.at
    row.reason_code, row.answer = reason_code, answer.strip()


def _finished(session: Session, row: ObjectionRow, also: Also | None) -> Objection:
    session.flush()
    objection = objection_from_row(row)
    if also is not None:
        also(session, objection)
    return objection
