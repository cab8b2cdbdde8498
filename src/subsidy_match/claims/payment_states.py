"""The second machine: a payment line, money in flight. Its table, and the codes with which a bank says no.

UNKNOWN is a state of its own: no answer, or one that is not definite. It leaves only by a statement of the bank, and a
line is never paid again while it may have been paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from subsidy_match.errors import Conflict

__all__ = ["FAILURES", "LINE_TABLE", "OPEN_LINES", "BatchState", "Failure", "LineEvent", "LineState", "next_line_state"]


class LineState(StrEnum):
    """Where a payment line stands."""

    CREATED = "CREATED"
    BATCHED = "BATCHED"
    APPROVED = "APPROVED"
    SENT = "SENT"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class LineEvent(StrEnum):
    """What happens to a payment line."""

    BATCH = "batch"
    APPROVE = "approve"
    REFUSE = "refuse"
    SEND = "send"
    SETTLE = "settle"
    FAIL = "fail"
    LOSE_SIGHT = "lose_sight"


class BatchState(StrEnum):
    """Where a batch stands; SENDING is the intent recorded before the file is written."""

    MADE = "MADE"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    SENDING = "SENDING"
    SENT = "SENT"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a bank's code means; only a ``definite`` one is known to have moved no money."""

    code: str
    zh: str
    en: str
    definite: bool


_L, _V = LineState, LineEvent
LINE_TABLE: Mapping[tuple[LineState, LineEvent], LineState] = {
    (_L.CREATED, _V.BATCH): _L.BATCHED,
    (_L.BATCHED, _V.APPROVE): _L.APPROVED,
    (_L.BATCHED, _V.REFUSE): _L.FAILED,
    (_L.APPROVED, _V.SEND): _L.SENT,
    (_L.SENT, _V.SETTLE): _L.SETTLED,
    (_L.SENT, _V.FAIL): _L.FAILED,
    (_L.SENT, _V.LOSE_SIGHT): _L.UNKNOWN,
    (_L.UNKNOWN, _V.SETTLE): _L.SETTLED,
    (_L.UNKNOWN, _V.FAIL): _L.FAILED,
    (_L.UNKNOWN, _V.LOSE_SIGHT): _L.UNKNOWN,
}

OPEN_LINES = frozenset(LineState) - {LineState.SETTLED, LineState.FAILED}
"""States in which a line is not definitely finished; a claim has at most one such line."""

FAILURES: Mapping[str, Failure] = {
    failure.code: failure
    for failure in (
        Failure("ACCOUNT_CLOSED", "账户已销户", "the account is closed", definite=True),
        Failure("ACCOUNT_INVALID", "账号不存在", "there is no such account", definite=True),
        Failure("NAME_MISMATCH", "户名与账号不符", "holder and account do not match", definite=True),
        Failure("BANK_REJECTED", "银行拒绝入账", "the bank refused the payment", definite=True),
        Failure("TIMEOUT", "超时未答复", "no answer in time", definite=False),
        Failure("PROCESSING", "银行处理中", "the bank is still working on it", definite=False),
    )
}


def next_line_state(state: LineState, event: LineEvent) -> LineState:
    """Where ``event`` takes a line.

    Raises:
        Conflict: ``line_event_not_allowed``.
    """
    target = LINE_TABLE.get((state, event))
    if target is None:
        raise Conflict("line_event_not_allowed", f"支付明细为{state},不能{event}", f"a line {state} cannot {event}")
    return target
