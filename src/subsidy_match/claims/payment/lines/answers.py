"""What a bank says of a payment: that it arrived, failed, is not known, or came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from subsidy_match.claims.payment.payment_states import Source
from subsidy_match.errors import Location

__all__ = ["LONGEST_CODE", "Answer", "Evidence", "Outcome", "Receipt", "Return"]

LONGEST_CODE = 40
"""How much is kept of what a bank gives as the reason why a payment did not arrive."""


class Outcome(StrEnum):
    """What the bank says of a payment."""

    SUCCESS = "成功"
    FAILURE = "失败"
    UNKNOWN = "未知"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What every answer says; ``amount`` in 分, ``last_four`` of the account that the bank had before it.

    A ``code`` longer than is kept of one is cut here, once for all: what counts is the answer, not the bank's wording.
    """

    instruction: str
    amount: int
    last_four: str
    bank_ref: str
    on: date | None
    code: str
    at: Location

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", self.code[:LONGEST_CODE].rstrip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt(Answer):
    """One receipt; ``said`` is the bank's own word for the result."""

    outcome: Outcome
    said: str

    @property
    def is_understood(self) -> bool:
        """Whether the result is one of those that were agreed."""
        return self.said in {str(outcome) for outcome in Outcome}


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Answer):
    """A settled payment that came back on the day ``on``; ``bank_ref`` is that of its settlement."""

    return_ref: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an answer came from: the file that holds it, or a question asked."""

    source: Source
    file_id: int | None = None
