"""The tables of payment lines and of batches, as data: code, handbook and property tests all read these rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from subsidy_match.claims.payment.payment_states import BatchEvent, BatchState, LineEvent, LineState
from subsidy_match.store.users import Role

__all__ = ["BATCH_TABLE", "LINE_TABLE", "BatchGuard", "BatchRule", "LineGuard", "LineRule", "batch_rule", "line_rule"]


class LineGuard(StrEnum):
    """A condition on a line and on what the bank says of it, by name; ``claims.payment.lines.guards`` has the code."""

    AMOUNT_MATCHES = "amount_matches"
    ACCOUNT_MATCHES = "account_matches"
    REFERENCE_NEW = "reference_new"
    AFTER_MAKING = "after_making"
    DEFINITE = "definite"
    WAS_SENT = "was_sent"
    REFERENCE_MATCHES = "reference_matches"
    RETURN_NEW = "return_new"
    AFTER_SETTLEMENT = "after_settlement"


class BatchGuard(StrEnum):
    """A condition on a batch, by name."""

    TWO_PEOPLE = "two_people"
    MAY_USE_FUNDS = "may_use_funds"
    CLAIMS_NOT_HELD = "claims_not_held"
    CREDIT_CLEAR = "credit_clear"
    SAME_FILE = "same_file"
    NOTHING_FAILED = "nothing_failed"
    LINES_FINISHED = "lines_finished"


@dataclass(frozen=True, slots=True)
class LineRule:
    """One row of the table of lines; ``answers`` rows need an answer of the bank."""

    sources: tuple[LineState, ...]
    event: LineEvent
    target: LineState
    roles: frozenset[Role]
    guards: tuple[LineGuard, ...] = ()
    answers: bool = False


@dataclass(frozen=True, slots=True)
class BatchRule:
    """One row of the table of batches."""

    sources: tuple[BatchState, ...]
    event: BatchEvent
    target: BatchState
    roles: frozenset[Role]
    guards: tuple[BatchGuard, ...] = ()


_L, _V, _G = LineState, LineEvent, LineGuard
_MAKER, _CHECKER = frozenset({Role.MAKER}), frozenset({Role.CHECKER})
_CANCELLERS = frozenset({Role.MAKER, Role.CHECKER, Role.SUPERVISOR})
_SENDERS = frozenset({Role.MAKER, Role.CHECKER, Role.RECONCILER})
_RECONCILER = frozenset({Role.RECONCILER})
_SUPERVISOR = frozenset({Role.SUPERVISOR})
_OUT = (_L.SENT, _L.UNKNOWN)
_SAME_LINE = (_G.AMOUNT_MATCHES, _G.ACCOUNT_MATCHES)

LINE_TABLE: tuple[LineRule, ...] = (
    LineRule((_L.CREATED,), _V.BATCH, _L.BATCHED, _MAKER),
    LineRule((_L.BATCHED,), _V.APPROVE, _L.APPROVED, _CHECKER),
    LineRule((_L.BATCHED,), _V.REFUSE, _L.FAILED, _CHECKER),
    LineRule((_L.APPROVED,), _V.CANCEL, _L.FAILED, _CANCELLERS),
    LineRule((_L.APPROVED,), _V.SEND, _L.SENT, _SENDERS),
    LineRule(_OUT, _V.SETTLE, _L.SETTLED, _RECONCILER, (*_SAME_LINE, _G.REFERENCE_NEW, _G.AFTER_MAKING), answers=True),
    LineRule(_OUT, _V.FAIL, _L.FAILED, _RECONCILER, (*_SAME_LINE, _G.DEFINITE), answers=True),
    LineRule(_OUT, _V.LOSE_SIGHT, _L.UNKNOWN, _RECONCILER, _SAME_LINE, answers=True),
    LineRule(
        (_L.SETTLED,),
        _V.RETURN,
        _L.RETURNED,
        _RECONCILER,
        (*_SAME_LINE, _G.REFERENCE_MATCHES, _G.RETURN_NEW, _G.AFTER_SETTLEMENT),
        answers=True,
    ),
    # The bank took its failure back. No file moves this: its word was parked, and a person answers for taking it in.
    LineRule(
        (_L.FAILED,),
        _V.SETTLE_LATE,
        _L.SETTLED,
        _SUPERVISOR,
        (_G.WAS_SENT, *_SAME_LINE, _G.REFERENCE_NEW, _G.AFTER_MAKING),
    ),
)

_B, _E, _C = BatchState, BatchEvent, BatchGuard
_LIVE = (_C.CLAIMS_NOT_HELD, _C.CREDIT_CLEAR)
_AGAIN = (_C.MAY_USE_FUNDS, _C.SAME_FILE, _C.NOTHING_FAILED)

BATCH_TABLE: tuple[BatchRule, ...] = (
    BatchRule((), _E.MAKE, _B.MADE, _MAKER),
    BatchRule((_B.MADE,), _E.APPROVE, _B.APPROVED, _CHECKER, (_C.TWO_PEOPLE,)),
    BatchRule((_B.MADE,), _E.REFUSE, _B.REFUSED, _CHECKER, (_C.TWO_PEOPLE,)),
    BatchRule((_B.APPROVED,), _E.CANCEL, _B.CANCELLED, _CANCELLERS),
    BatchRule((_B.APPROVED,), _E.INTEND, _B.SENDING, _SENDERS, (_C.MAY_USE_FUNDS, *_LIVE)),
    BatchRule((_B.SENDING,), _E.INTEND, _B.SENDING, _SENDERS, (*_LIVE, *_AGAIN)),
    BatchRule((_B.SENT,), _E.INTEND, _B.SENT, _SENDERS, _AGAIN),
    BatchRule((_B.CLOSED,), _E.INTEND, _B.CLOSED, _SENDERS, _AGAIN),
    BatchRule((_B.SENDING,), _E.SEND, _B.SENT, _SENDERS),
    BatchRule((_B.SENDING, _B.SENT), _E.CLOSE, _B.CLOSED, _RECONCILER, (_C.LINES_FINISHED,)),
)


def line_rule(state: LineState, event: LineEvent) -> LineRule | None:
    """The one row that ``event`` takes from ``state``, if there is one."""
    return next((row for row in LINE_TABLE if row.event is event and state in row.sources), None)


def batch_rule(state: BatchState | None, event: BatchEvent) -> BatchRule | None:
    """The one row that ``event`` takes from ``state``, if there is one; ``None`` is before the batch exists."""
    return next(
        (row for row in BATCH_TABLE if row.event is event and (state in row.sources if state else not row.sources)),
        None,
    )
