"""Risks as values, with the names of their codes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

__all__ = ["CODES", "Risk", "short"]

CODES = {
    "same_item": ("同一事项另有申报", "the same item is claimed elsewhere"),
    "same_document": ("同一文件另有使用", "the same document is used elsewhere"),
    "account_shared": ("收款账户与其他企业相同", "another firm has the same bank account"),
    "credit_bad": ("信用核查未通过", "the credit lists speak against the firm"),
    "credit_unknown": ("信用名单无法核对", "the credit lists could not be read"),
    "history_unclear": ("拨付记录是否占用同类名额待核实", "a payment beside this system may count against the group"),
    "history_unknown": ("奖补历史可能漏计", "the history of payments may not be complete"),
    "qa_sample": ("抽中复核", "drawn for re-examination"),
}
"""Every code with its name."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to look at.

    Attributes:
        id: stays the same while the thing is the same; give it to ``acknowledge_risk``.
        code: one of ``CODES``.
        zh: what was found, for people.
        en: the same in English.
        blocking: whether the claim cannot be approved before an officer answers for it.
        other_claim: the id of the other claim, if it is about one.
        answered_by: the officer who answered for it.
        answered_at: when.
        note: with which reason.
    """

    id: str
    code: str
    zh: str
    en: str
    blocking: bool
    other_claim: int | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    note: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still stands in the way of an approval."""
        return self.blocking and self.answered_by is None


def short(text: str) -> str:
    """A text as twelve digits, the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
