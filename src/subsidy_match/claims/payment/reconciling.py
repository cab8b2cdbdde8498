"""What receipts, returns and answers to questions have in common: locks in one order, files once, batches closed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day, check_order
from subsidy_match.claims.many_claims import Deed
from subsidy_match.claims.payment.batches import lines_of
from subsidy_match.claims.payment.lines.answers import Answer, Evidence
from subsidy_match.claims.payment.lines.steps import advance_batch
from subsidy_match.claims.payment.payment_states import OPEN_LINES, BatchEvent, BatchState, Source
from subsidy_match.claims.payment.payout_records import BankFileRow, BatchRow, LineRow
from subsidy_match.errors import Conflict, InputError
from subsidy_match.store import audit

__all__ = [
    "check_not_ahead",
    "finish_batches",
    "keep_file",
    "known_file",
    "lock_line",
    "locked_lines",
    "taken_meanwhile",
    "unknown_instruction",
]

_LONGEST_NAME = 200
_AT_ONCE = 1000
"""How many values go into one statement: no store takes as many as a file of the bank may have lines."""
_TAKEN_ONCE = (
    "pk_bank_references",
    "uq_payment_lines_bank_ref",
    "uq_payment_returns_return_ref",
    "uq_bank_files_kind_sha256",
)
Row = TypeVar("Row", BatchRow, LineRow)
Value = TypeVar("Value")


def locked_lines(deed: Deed, answers: Sequence[Answer]) -> dict[str, LineRow]:
    """Lock the lines that ``answers`` speak of: batches before lines before claims, as approval and sending do.

    Raises:
        Conflict: ``clock_skew``.
    """
    named = _named_lines(deed.session, sorted({answer.instruction for answer in answers}))
    for batch in _locked(deed.session, BatchRow, named.values()):
        check_order(deed.at, batch.sent_at, deed.tolerance)
    return {line.instruction: line for line in _locked(deed.session, LineRow, named)}


def lock_line(session: Session, line_id: int) -> LineRow:
    """Lock one line, and its batch before it."""
    batch_id = session.scalars(select(LineRow.batch_id).where(LineRow.id == line_id)).one()
    list(_locked(session, BatchRow, [batch_id]))
    (line,) = _locked(session, LineRow, [line_id])
    return line


def check_not_ahead(deed: Deed, answer: Answer) -> None:
    """Refuse an answer that is dated after today: no bank can have paid yet what it will pay tomorrow.

    Raises:
        InputError: ``receipt_in_future``.
    """
    today = business_day(deed.at + deed.tolerance)
    if answer.on is not None and answer.on > today:
        zh, en = f"日期{answer.on}晚于今日{today}", f"dated {answer.on}, which is after today, {today}"
        raise InputError("receipt_in_future", zh, en)


def taken_meanwhile(clash: IntegrityError) -> Conflict | None:
    """The refusal of a file where another took in the same reference, or the same file, in the very same moment.

    ``None`` where the store refused something else, which is no matter of two files.
    """
    if not any(name in str(clash.orig) for name in _TAKEN_ONCE):
        return None
    zh = "另一份文件正在登记相同的银行流水号,请稍后重新导入本文件"
    en = "another file with the same bank reference was being taken in: import this one again"
    return Conflict("bank_reference_taken", zh, en)


def known_file(session: Session, kind: str, content: bytes) -> Evidence | None:
    """The very same file, taken in before; asked with its lines locked, so that two cannot both be first."""
    known = select(BankFileRow.id).where(BankFileRow.kind == kind, BankFileRow.sha256 == _digest(content))
    file_id = session.scalar(known)
    return None if file_id is None else Evidence(Source.STATEMENT, file_id)


def keep_file(deed: Deed, kind: str, content: bytes, name: str, lines: int) -> Evidence:
    """Note a file that is taken in; gives it as evidence."""
    row = BankFileRow(
        kind=kind,
        sha256=_digest(content),
        name=name[-_LONGEST_NAME:],
        line_count=lines,
        at=deed.at,
        actor=deed.actor.id,
    )
    deed.session.add(row)
    deed.session.flush()
    return Evidence(Source.STATEMENT, row.id)


def finish_batches(deed: Deed, action: str, lines: Mapping[str, LineRow], doubts: Mapping[str, str]) -> None:
    """Close every batch of ``lines`` in which nothing is open any more, and write down what was brought in."""
    for batch_id in sorted({line.batch_id for line in lines.values()}):
        batch = deed.session.get_one(BatchRow, batch_id)
        is_out = batch.state in (BatchState.SENDING, BatchState.SENT)
        if is_out and all(line.state not in OPEN_LINES for line in lines_of(deed.session, batch_id)):
            advance_batch(batch, BatchEvent.CLOSE, deed.actor)
        mine = {name: line.state for name, line in lines.items() if line.batch_id == batch_id}
        detail = {
            "state": batch.state,
            "lines": mine,
            "doubts": {name: doubt for name, doubt in doubts.items() if name in mine},
            "name": deed.actor.name,
        }
        audit.append(deed.session, f"payout:{batch_id}", at=deed.at, actor=deed.actor.id, action=action, detail=detail)


def unknown_instruction(answer: Answer) -> InputError:
    """The refusal of an answer that speaks of no line of ours."""
    return InputError("receipt_unknown", f"没有此支付令号:{answer.instruction}", "no such instruction number")


def _named_lines(session: Session, instructions: Sequence[str]) -> dict[int, int]:
    """Line → its batch, of those that are named."""
    found: dict[int, int] = {}
    for part in _parts(instructions):
        query = select(LineRow.id, LineRow.batch_id).where(LineRow.instruction.in_(part))
        found.update((line, batch) for line, batch in session.execute(query))
    return found


def _locked(session: Session, kind: type[Row], ids: Iterable[int]) -> Iterator[Row]:
    """Lock rows in the order of their ids."""
    for part in _parts(sorted(set(ids))):
        query = select(kind).where(kind.id.in_(part)).order_by(kind.id).with_for_update()
        yield from session.scalars(query.execution_options(populate_existing=True)).all()


def _parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
