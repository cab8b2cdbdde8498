"""Takes one step of a line or a batch by its table: who may, what must hold, where it leads; a line's step is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.payment.lines.answers import Answer, Evidence
from subsidy_match.claims.payment.lines.guards import LINE_GUARDS, Asked
from subsidy_match.claims.payment.lines.tables import LineRule, batch_rule, line_rule
from subsidy_match.claims.payment.payment_states import (
    BATCH_EVENT_NAMES,
    BATCH_STATE_NAMES,
    LINE_EVENT_NAMES,
    LINE_STATE_NAMES,
    OPEN_LINES,
    BatchEvent,
    BatchState,
    LineEvent,
    LineState,
)
from subsidy_match.claims.payment.payout_records import BatchRow, LineRow, LineStepRow
from subsidy_match.claims.rights import check_role
from subsidy_match.errors import Conflict
from subsidy_match.store.users import Actor

__all__ = ["Hand", "advance_batch", "advance_line"]


@dataclass(frozen=True, slots=True)
class Hand:
    """Who moves a line, when, in which transaction, and on what evidence."""

    session: Session
    actor: Actor
    at: datetime
    evidence: Evidence | None = None


def advance_line(hand: Hand, line: LineRow, event: LineEvent, *, answer: Answer | None = None, code: str = "") -> None:
    """Move a line by its table and keep the step; ``code`` says why it did not arrive.

    Raises:
        Conflict: ``line_event_not_allowed``.
        Forbidden: ``role_missing``.
        InputError: what the bank says does not fit the line.
    """
    state = LineState(line.state)
    rule = line_rule(state, event)
    if rule is None:
        (zh, en), (zh_event, en_event) = LINE_STATE_NAMES[state], LINE_EVENT_NAMES[event]
        raise Conflict("line_event_not_allowed", f"支付明细{zh},不能{zh_event}", f"a line {en} cannot {en_event}")
    check_role(hand.actor, rule.roles, LINE_EVENT_NAMES[event])
    _check_answer(hand, line, rule, answer)
    _keep(hand, line, rule, state, code)
    line.state, line.is_open = str(rule.target), rule.target in OPEN_LINES


def advance_batch(batch: BatchRow, event: BatchEvent, actor: Actor) -> None:
    """Move a batch by its table; its guards are the caller's.

    Raises:
        Conflict: ``batch_state``.
        Forbidden: ``role_missing``.
    """
    state = BatchState(batch.state)
    rule = batch_rule(state, event)
    if rule is None:
        (zh, en), (zh_event, en_event) = BATCH_STATE_NAMES[state], BATCH_EVENT_NAMES[event]
        raise Conflict("batch_state", f"批次{zh},不能{zh_event}", f"the batch is {state} ({en}): cannot {en_event}")
    check_role(actor, rule.roles, BATCH_EVENT_NAMES[event])
    batch.state = str(rule.target)


def _check_answer(hand: Hand, line: LineRow, rule: LineRule, answer: Answer | None) -> None:
    # Nothing but the bank's word moves what may have been paid; the store has the same bar.
    if rule.answers and hand.evidence is None:
        raise AssertionError("a line that was sent moves by a statement or a query only")
    if answer is None:
        return
    for guard in rule.guards:
        LINE_GUARDS[guard](Asked(hand.session, line, answer))


def _keep(hand: Hand, line: LineRow, rule: LineRule, state: LineState, code: str) -> None:
    last = select(func.max(LineStepRow.seq)).where(LineStepRow.line_id == line.id)
    evidence = hand.evidence
    step = LineStepRow(
        line_id=line.id,
        seq=(hand.session.scalar(last) or 0) + 1,
        event=str(rule.event),
        from_state=str(state),
        to_state=str(rule.target),
        source=None if evidence is None else str(evidence.source),
        file_id=None if evidence is None else evidence.file_id,
        code=code or None,
        actor=hand.actor.id,
        at=hand.at,
        day=business_day(hand.at),
    )
    hand.session.add(step)
    hand.session.flush()
