"""Says what was done about an answer of the bank that waited for a person: the one who decides took no file in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.many_claims import Deed
from subsidy_match.claims.occasion import shares_of
from subsidy_match.claims.payment.bank_records import ParkedAnswerRow
from subsidy_match.claims.payment.late_payments import settle_late
from subsidy_match.claims.payment.parking import ParkedAnswer, answer_of, parked_answers
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.payment.reconciling import lock_line, taken_meanwhile
from subsidy_match.claims.refusals import Forbidden, audited
from subsidy_match.claims.rights import check_funds, check_role
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.wording import check_text
from subsidy_match.errors import Conflict, NotFound
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role, logins_of

__all__ = ["ParkedOffice", "resolve_parked"]

Also = Callable[[Session, ParkedAnswer], None]

_RESOLVERS = frozenset({Role.SUPERVISOR})


def resolve_parked(deed: Deed, parked_id: int, note: str, *, paid: bool = False) -> ParkedAnswer:
    """Say what was done about an answer: a supervisor who may use the funds of the claim.

    Where it was ``paid`` after a failure, line and claim are settled as the bank said; see ``settle_late``.

    Raises:
        NotFound: ``parked_unknown``.
        Conflict: ``parked_resolved``; where ``paid``, what ``settle_late`` refuses.
        InputError: ``field_missing``, ``field_invalid``.
        Forbidden: ``role_missing``, ``fund_not_yours``.
    """
    check_role(deed.actor, _RESOLVERS, ("处理待查答复", "answer for what the bank said"))
    row, line = _locked(deed.session, parked_id)
    check_funds(deed.actor, {share.fund_id for share in shares_of(deed.session, line.claim_id)})
    if row.parked_by in logins_of(deed.session, [deed.actor]):
        zh, en = "导入该答复的人员不得自行处理", "whoever took the answer in cannot answer for it"
        raise Forbidden("duty_conflict", zh, en)
    if row.resolved_at is not None:
        raise Conflict("parked_resolved", "该答复已处理", "this answer was dealt with before")
    row.note = check_text("note", note)
    row.resolved_by, row.resolved_at = deed.actor.id, deed.at
    if paid:
        settle_late(deed, row, line)
    deed.session.flush()
    told = {"parked": row.id, "instruction": line.instruction, "note": row.note, "paid": paid, "name": deed.actor.name}
    subject = f"payout:{line.batch_id}"
    audit.append(deed.session, subject, at=deed.at, actor=deed.actor.id, action="resolve_parked", detail=told)
    return answer_of(row, line)


def _locked(session: Session, parked_id: int) -> tuple[ParkedAnswerRow, LineRow]:
    """Lock an answer after its line: a file that is taken in locks in that order, too."""
    mine = ParkedAnswerRow.id == parked_id
    line_id = session.scalar(select(ParkedAnswerRow.line_id).where(mine))
    if line_id is None:
        raise NotFound("parked_unknown", f"没有此待查答复:{parked_id}", f"no parked answer {parked_id}")
    line = lock_line(session, line_id)
    query = select(ParkedAnswerRow).where(mine).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one(), line


@dataclass(frozen=True, slots=True)
class ParkedOffice:
    """The answers of the bank that wait for a person, over the store of a desk."""

    desk: ClaimDesk

    def answers(self, *, after: int = 0, limit: int = 50, resolved: bool = False) -> Sequence[ParkedAnswer]:
        """Read them by id; also those that were dealt with where ``resolved``."""
        read = partial(parked_answers, after=after, limit=limit, resolved=resolved)
        return in_unit(self.desk.engine, read, immediate=False)

    def resolve(
        self,
        parked_id: int,
        note: str,
        *,
        actor: Actor,
        at: datetime,
        paid: bool = False,
        also: Also | None = None,
    ) -> ParkedAnswer:
        """Say what was done about one; see ``resolve_parked``.

        Raises:
            Conflict: ``bank_reference_taken``, where a file with the same number is taken in this very moment.
        """

        def whole(session: Session) -> ParkedAnswer:
            done = resolve_parked(self.desk.deed(session, actor, at), parked_id, note, paid=paid)
            if also is not None:
                also(session, done)
            return done

        engine = self.desk.engine
        return audited(engine, "payouts", "resolve_parked", actor=actor, at=at, work=lambda: _in_unit(engine, whole))


def _in_unit(engine: Engine, work: Callable[[Session], ParkedAnswer]) -> ParkedAnswer:
    try:
        return in_unit(engine, work)
    except IntegrityError as clash:
        if (refusal := taken_meanwhile(clash)) is None:
            raise
        raise refusal from clash
