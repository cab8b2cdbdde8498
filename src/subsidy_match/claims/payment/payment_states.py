"""The states and events of the second machine, money in flight: payment lines and the batches they travel in.

UNKNOWN is a state of its own: no answer, or one that is not definite. It leaves only by a statement of the bank or by
asking it, and a line is never paid again while it may have been paid. ``claims.payment.lines`` has the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "BATCH_EVENT_NAMES",
    "BATCH_STATE_NAMES",
    "FAILURES",
    "LINE_EVENT_NAMES",
    "LINE_STATE_NAMES",
    "OPEN_LINES",
    "OWN_CODES",
    "RETURNS",
    "UNANSWERED",
    "BatchEvent",
    "BatchState",
    "Failure",
    "LineEvent",
    "LineState",
    "Source",
]


class LineState(StrEnum):
    """Where a payment line stands."""

    CREATED = "CREATED"
    BATCHED = "BATCHED"
    APPROVED = "APPROVED"
    SENT = "SENT"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    RETURNED = "RETURNED"


class LineEvent(StrEnum):
    """What happens to a payment line."""

    BATCH = "batch"
    APPROVE = "approve"
    REFUSE = "refuse"
    CANCEL = "cancel"
    SEND = "send"
    SETTLE = "settle"
    FAIL = "fail"
    LOSE_SIGHT = "lose_sight"
    RETURN = "return"
    SETTLE_LATE = "settle_late"


class BatchState(StrEnum):
    """Where a batch stands; SENDING is the intent recorded before the file goes out."""

    MADE = "MADE"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    SENDING = "SENDING"
    SENT = "SENT"
    CLOSED = "CLOSED"


class BatchEvent(StrEnum):
    """What happens to a batch."""

    MAKE = "make"
    APPROVE = "approve"
    REFUSE = "refuse"
    CANCEL = "cancel"
    INTEND = "intend"
    SEND = "send"
    CLOSE = "close"


class Source(StrEnum):
    """Where an answer of the bank came from."""

    STATEMENT = "statement"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a code means.

    Attributes:
        code: as the bank writes it.
        zh: in Chinese.
        en: in English.
        definite: it is known that no money moved, or that all of it came back.
        blames_account: paying to the same account again would fail again.
    """

    code: str
    zh: str
    en: str
    definite: bool
    blames_account: bool = False


LINE_STATE_NAMES: Mapping[LineState, tuple[str, str]] = {
    LineState.CREATED: ("已生成", "created"),
    LineState.BATCHED: ("已编批", "in a batch"),
    LineState.APPROVED: ("已复核", "approved"),
    LineState.SENT: ("已发送", "sent"),
    LineState.SETTLED: ("已到账", "settled"),
    LineState.FAILED: ("失败", "failed"),
    LineState.UNKNOWN: ("结果待查", "unknown"),
    LineState.RETURNED: ("已退回", "returned"),
}

LINE_EVENT_NAMES: Mapping[LineEvent, tuple[str, str]] = {
    LineEvent.BATCH: ("编入批次", "put into a batch"),
    LineEvent.APPROVE: ("复核", "approve"),
    LineEvent.REFUSE: ("退回批次", "send the batch back"),
    LineEvent.CANCEL: ("撤销批次", "cancel the batch"),
    LineEvent.SEND: ("发送", "send"),
    LineEvent.SETTLE: ("到账", "settle"),
    LineEvent.FAIL: ("付款失败", "fail"),
    LineEvent.LOSE_SIGHT: ("结果不明", "lose sight"),
    LineEvent.RETURN: ("银行退票", "come back"),
    LineEvent.SETTLE_LATE: ("更正为到账", "settle after a failure"),
}

BATCH_STATE_NAMES: Mapping[BatchState, tuple[str, str]] = {
    BatchState.MADE: ("待复核", "awaits the checker"),
    BatchState.APPROVED: ("已复核", "approved"),
    BatchState.REFUSED: ("已退回", "sent back"),
    BatchState.CANCELLED: ("已撤销", "cancelled"),
    BatchState.SENDING: ("发送中", "being sent"),
    BatchState.SENT: ("已发送", "sent"),
    BatchState.CLOSED: ("已结清", "closed"),
}

BATCH_EVENT_NAMES: Mapping[BatchEvent, tuple[str, str]] = {
    BatchEvent.MAKE: ("制单", "make"),
    BatchEvent.APPROVE: ("复核", "approve"),
    BatchEvent.REFUSE: ("退回", "send back"),
    BatchEvent.CANCEL: ("撤销", "cancel"),
    BatchEvent.INTEND: ("登记发送", "record the intent to send"),
    BatchEvent.SEND: ("发送", "send"),
    BatchEvent.CLOSE: ("结清", "close"),
}

OPEN_LINES = frozenset(LineState) - {LineState.SETTLED, LineState.FAILED, LineState.RETURNED}
"""States in which a line is not definitely finished; a claim has at most one such line."""

UNANSWERED = frozenset({LineState.SENT, LineState.UNKNOWN})
"""States in which the money may have moved and nobody here knows."""

_BLAMED = (
    Failure("ACCOUNT_CLOSED", "账户已销户", "the account is closed", definite=True, blames_account=True),
    Failure("ACCOUNT_INVALID", "账号不存在", "there is no such account", definite=True, blames_account=True),
    Failure("NAME_MISMATCH", "户名与账号不符", "holder and account do not match", definite=True, blames_account=True),
)


def _by_code(*failures: Failure) -> Mapping[str, Failure]:
    return {failure.code: failure for failure in failures}


FAILURES: Mapping[str, Failure] = _by_code(
    *_BLAMED,
    Failure("BANK_REJECTED", "银行拒绝入账", "the bank refused the payment", definite=True),
    Failure("TIMEOUT", "超时未答复", "no answer in time", definite=False),
    Failure("PROCESSING", "银行处理中", "the bank is still working on it", definite=False),
)
"""The codes with which a bank says that a payment did not arrive."""

RETURNS: Mapping[str, Failure] = _by_code(
    *_BLAMED,
    Failure("PAYEE_REFUSED", "收款人退回", "the payee sent it back", definite=True),
    Failure("BANK_RETURNED", "银行退回", "the bank sent it back", definite=True),
)
"""The codes with which a bank says why a settled payment came back."""

OWN_CODES: Mapping[str, Failure] = _by_code(
    Failure("REFUSED_BY_CHECKER", "复核退回,未发送", "sent back by the checker, never sent", definite=True),
    Failure("BATCH_CANCELLED", "批次撤销,未发送", "the batch was cancelled, never sent", definite=True),
    Failure("NO_ANSWER", "查询无结果", "the bank was asked and did not say", definite=False),
)
"""The codes of this system itself."""
