"""The payments of a batch as the treasury reads them, and their control totals; ``claims.payment.exporters`` has the formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["PAYMENT_HEADER", "Controls", "Part", "Payment", "TreasuryFile", "cells", "controls_of", "neutral", "yuan"]

PAYMENT_HEADER = (
    "序号",
    "支付令号",
    "收款人户名",
    "开户行",
    "账号",
    "金额(元)",
    "指标文号",
    "功能科目",
    "用款计划",
    "用途",
    "办件编号",
)
# Both widths: a spreadsheet takes the full-width signs for formulas as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "﹢", "﹣", "﹦", "﹫")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Part:
    """What one fund pays of a payment (分)."""

    indicator_no: str
    amount: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the treasury reads it; several funds are given as ``number:amount`` joined by semicolons."""

    instruction: str
    holder: str
    bank_name: str
    number: str = field(repr=False)
    amount: int
    indicator_no: str
    function_code: str
    spending_plan: str
    purpose: str
    claim_no: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Controls:
    """The control totals of a batch: how many payments, how much, and how much of each indicator (分)."""

    count: int
    total: int
    by_indicator: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TreasuryFile:
    """A batch on its way to the treasury."""

    number: str
    payments: Sequence[Payment]

    @property
    def controls(self) -> Controls:
        """Its control totals."""
        return controls_of(self.payments)


def controls_of(payments: Sequence[Payment]) -> Controls:
    """Add payments up."""
    sums: Counter[str] = Counter()
    for part in (part for payment in payments for part in payment.parts):
        sums[part.indicator_no] += part.amount
    return Controls(len(payments), sum(payment.amount for payment in payments), dict(sorted(sums.items())))


def cells(position: int, payment: Payment) -> tuple[str, ...]:
    """One payment under ``PAYMENT_HEADER``."""
    return (
        str(position),
        payment.instruction,
        payment.holder,
        payment.bank_name,
        payment.number,
        yuan(payment.amount),
        payment.indicator_no,
        payment.function_code,
        payment.spending_plan,
        payment.purpose,
        payment.claim_no,
    )


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before what would be one."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def yuan(fen: int) -> str:
    """分 as 元 with two decimals, as bank files have it."""
    return f"{fen // 100}.{fen % 100:02d}"
