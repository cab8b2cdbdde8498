"""What the bank said and was not taken in, for a person must look: kept, told again, and answered by a person.

A return of money that is being recovered, or a result that contradicts the record, is no wrong line of its file: it is
news. The rest of the file counts; the claim is not paid anew, and gives no money up, until somebody says what was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import canonical_key
from subsidy_match.claims.payment.bank_records import ParkedAnswerRow
from subsidy_match.claims.payment.late_advice import advice_for, holds_no_money
from subsidy_match.claims.payment.lines.answers import Answer, Return
from subsidy_match.claims.payment.lines.steps import Hand
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.records import ClaimRow
from subsidy_match.claims.states import STATE_NAMES, State
from subsidy_match.errors import Conflict, Finding

__all__ = [
    "Parked",
    "ParkedAnswer",
    "answer_of",
    "check_nothing_parked",
    "is_any_parked",
    "park",
    "parked_answers",
    "parked_findings",
    "parked_for_another",
    "take_in",
]

_OPEN = ParkedAnswerRow.resolved_at.is_(None)
_TAKEN_IN = "已入账 / taken in"


class Parked(StrEnum):
    """What kind of answer it is."""

    RETURN = "return"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class ParkedAnswer:
    """An answer that was left to a person; ``amount`` in 分, ``note`` what was done about it."""

    id: int
    batch_id: int
    instruction: str
    claim_id: int
    kind: Parked
    amount: int
    reference: str
    code: str
    dated: date | None
    parked_by: str
    parked_at: datetime
    resolved_by: str | None
    resolved_at: datetime | None
    note: str | None


def park(hand: Hand, line: LineRow, kind: Parked, answer: Answer) -> bool:
    """Leave an answer to a person; false where somebody has dealt with it already."""
    known = hand.session.scalars(_said(line, kind, _reference(answer))).one_or_none()
    if known is not None:
        return known.resolved_at is None
    row = ParkedAnswerRow(
        line_id=line.id,
        kind=str(kind),
        key=canonical_key(_reference(answer)),
        reference=_reference(answer),
        amount=answer.amount,
        code=answer.code,
        dated=answer.on,
        source=None if hand.evidence is None else str(hand.evidence.source),
        file_id=None if hand.evidence is None else hand.evidence.file_id,
        parked_by=hand.actor.id,
        parked_at=hand.at,
    )
    hand.session.add(row)
    return True


def take_in(hand: Hand, line: LineRow, kind: Parked, reference: str) -> None:
    """Note that an answer which was left to a person has been taken in after all."""
    # A supervisor may be answering for it in this very moment: locked and read anew, whoever came first has the word.
    query = _said(line, kind, reference).with_for_update().execution_options(populate_existing=True)
    row = hand.session.scalars(query).one_or_none()
    if row is not None and row.resolved_at is None:
        row.resolved_by, row.resolved_at, row.note = hand.actor.id, hand.at, _TAKEN_IN


def is_any_parked(session: Session, lines: Iterable[LineRow]) -> bool:
    """Whether an answer about one of ``lines`` waits for a person."""
    wanted = {line.id for line in lines}
    return any(line_id in wanted for line_id in session.scalars(select(ParkedAnswerRow.line_id).where(_OPEN)))


def parked_answers(
    session: Session, *, after: int = 0, limit: int = 50, resolved: bool = False
) -> Sequence[ParkedAnswer]:
    """Read what waits for a person by id, from ``after`` on; also what was dealt with where ``resolved``."""
    query = select(ParkedAnswerRow, LineRow).join(LineRow, LineRow.id == ParkedAnswerRow.line_id)
    found = query if resolved else query.where(_OPEN)
    found = found.where(ParkedAnswerRow.id > after).order_by(ParkedAnswerRow.id).limit(limit)
    return [answer_of(row, line) for row, line in session.execute(found)]


def parked_findings(session: Session) -> list[Finding]:
    """What ``doctor`` tells of answers that wait for a person."""
    return [_told(one, _state_of(session, one)) for one in parked_answers(session, limit=1000)]


def _told(one: ParkedAnswer, state: State) -> Finding:
    zh = f"{one.instruction}:银行答复({one.kind},流水号{one.reference})未入账,须人工核对"
    en = f"{one.instruction}: an answer of the bank ({one.kind}, {one.reference}) waits for a person"
    hint = None
    if one.kind is Parked.SUCCESS and holds_no_money(state):
        zh, en = f"{zh};该件{STATE_NAMES[state][0]}", f"{en}, and its claim is {STATE_NAMES[state][1]}"
        hint = " / ".join(advice_for(state))
    return Finding("F020", zh, en, hint=hint)


def _state_of(session: Session, one: ParkedAnswer) -> State:
    return State(session.scalars(select(ClaimRow.state).where(ClaimRow.id == one.claim_id)).one())


def parked_for_another(session: Session, reference: str, claim_id: int) -> str | None:
    """The instruction of another claim whose return came under this reference and was parked."""
    query = select(LineRow.instruction).join(ParkedAnswerRow, ParkedAnswerRow.line_id == LineRow.id)
    mine = query.where(ParkedAnswerRow.kind == str(Parked.RETURN), ParkedAnswerRow.key == canonical_key(reference))
    return session.scalars(mine.where(LineRow.claim_id != claim_id)).first()


def check_nothing_parked(session: Session, claim_id: int) -> None:
    """Refuse to pay a claim, or to give its money up, while the bank's word about a payment of it waits for a person.

    Raises:
        Conflict: ``answer_parked``.
    """
    mine = select(LineRow.instruction).join(ParkedAnswerRow, ParkedAnswerRow.line_id == LineRow.id)
    instruction = session.scalars(mine.where(_OPEN, LineRow.claim_id == claim_id)).first()
    if instruction is not None:
        zh = f"银行对支付令{instruction}的答复尚待人工核对,核对前不得再付,也不得释放其资金"
        en = f"what the bank said of {instruction} waits for a person: no payment, and its money stays, until then"
        raise Conflict("answer_parked", zh, en)


def _said(line: LineRow, kind: Parked, reference: str) -> Select[ParkedAnswerRow]:
    return select(ParkedAnswerRow).where(
        ParkedAnswerRow.line_id == line.id,
        ParkedAnswerRow.kind == str(kind),
        ParkedAnswerRow.key == canonical_key(reference),
    )


def _reference(answer: Answer) -> str:
    return answer.return_ref if isinstance(answer, Return) else answer.bank_ref


def answer_of(row: ParkedAnswerRow, line: LineRow) -> ParkedAnswer:
    """The answer that a row keeps about ``line``."""
    return ParkedAnswer(
        id=row.id,
        batch_id=line.batch_id,
        instruction=line.instruction,
        claim_id=line.claim_id,
        kind=Parked(row.kind),
        amount=row.amount,
        reference=row.reference,
        code=row.code,
        dated=row.dated,
        parked_by=row.parked_by,
        parked_at=row.parked_at,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
        note=row.note,
    )
