"""The treasury file that goes out and the receipt file that comes back, both CSV in UTF-8 with a byte-order mark.

Out: a control line (batch, count, total), a header, a line per payment, the control line again. The same batch always
gives the same bytes. In: a header and a line per receipt; every wrong line is reported with its number. A result that
is none of the three agreed ones is no error of the file: nothing is known of that payment.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.money import fen_from_yuan

__all__ = ["Outcome", "Payment", "Receipt", "parse_receipts", "write_treasury_file", "yuan"]

_PAYMENT_HEADER = (
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
_RECEIPT_HEADER = ("支付令号", "金额(元)", "结果", "银行流水号", "到账日期", "失败代码")


class Outcome(StrEnum):
    """What the bank says of a payment."""

    SUCCESS = "成功"
    FAILURE = "失败"
    UNKNOWN = "未知"


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment as the treasury reads it; several funds are given as ``number:amount`` joined by semicolons."""

    instruction: str
    holder: str
    bank_name: str
    number: str
    amount: int
    indicator_no: str
    function_code: str
    spending_plan: str
    purpose: str
    claim_no: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt; ``amount`` in 分, ``said`` the bank's own word for the result."""

    instruction: str
    amount: int
    outcome: Outcome
    bank_ref: str
    on: date | None
    failure_code: str
    at: Location
    said: str

    @property
    def is_understood(self) -> bool:
        """Whether the result is one of those that were agreed."""
        return self.said in _OUTCOMES


def yuan(fen: int) -> str:
    """分 as 元 with two decimals, as bank files have it."""
    return f"{fen // 100}.{fen % 100:02d}"


def write_treasury_file(batch_number: str, payments: Sequence[Payment]) -> bytes:
    """Write the payments of a batch with their control totals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    total = yuan(sum(payment.amount for payment in payments))
    control = ("控制行", batch_number, "笔数", len(payments), "合计金额(元)", total, "币种", "CNY")
    writer.writerow(control)
    writer.writerow(_PAYMENT_HEADER)
    for position, payment in enumerate(payments, start=1):
        writer.writerow((position, *_cells(payment)))
    writer.writerow(control)
    return out.getvalue().encode("utf-8-sig")


def parse_receipts(content: bytes, *, name: str) -> Sequence[Receipt]:
    """Read a receipt file whole, or refuse it whole.

    Raises:
        InputError: ``receipts_unreadable`` or ``receipts_invalid``, the latter with a finding for every wrong line.
    """
    rows = _rows(content, name)
    if not rows or tuple(cell.strip() for cell in rows[0]) != _RECEIPT_HEADER:
        header = ",".join(_RECEIPT_HEADER)
        raise InputError("receipts_unreadable", "回单表头不符", "not the header of a receipt file", hint=header)
    receipts: list[Receipt] = []
    findings: list[Finding] = []
    for number, cells in enumerate(rows[1:], start=2):
        parsed = _receipt([cell.strip() for cell in cells], Location(name, number))
        (findings if isinstance(parsed, Finding) else receipts).append(parsed)  # type: ignore[arg-type]
    findings.extend(_repeated(receipts))
    if findings:
        raise InputError("receipts_invalid", "回单有误,未导入", "the receipt file has errors", findings=findings)
    return receipts


def _cells(payment: Payment) -> tuple[str, ...]:
    return (
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


def _rows(content: bytes, name: str) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError("receipts_unreadable", "回单无法读取", "not a UTF-8 CSV file", Location(name)) from error


def _receipt(cells: Sequence[str], at: Location) -> Receipt | Finding:
    if len(cells) != len(_RECEIPT_HEADER):
        return _finding("receipt_columns", "列数不符", f"{len(_RECEIPT_HEADER)} columns are needed", at)
    instruction, amount_text, outcome_text, bank_ref, day_text, failure = cells
    amount, outcome, on = _fen(amount_text), _OUTCOMES.get(outcome_text, Outcome.UNKNOWN), _day(day_text)
    if not instruction or amount is None:
        return _finding("receipt_amount", "支付令号或金额有误", "no instruction number, or not an amount", at)
    if not outcome_text:
        return _finding("receipt_outcome", "没有结果", "there is no result", at)
    if outcome is Outcome.SUCCESS and (on is None or not bank_ref):
        return _finding("receipt_incomplete", "成功须有流水号和日期", "a success needs a reference and a date", at)
    return Receipt(instruction, amount, outcome, bank_ref, on, failure, at, outcome_text)


def _repeated(receipts: Iterable[Receipt]) -> list[Finding]:
    seen: dict[str, Location] = {}
    findings = []
    for receipt in receipts:
        if receipt.instruction in seen:
            zh, en = f"支付令号重复:{receipt.instruction}", f"also on {seen[receipt.instruction]}"
            findings.append(_finding("receipt_repeated", zh, en, receipt.at))
        seen.setdefault(receipt.instruction, receipt.at)
    return findings


def _fen(text: str) -> int | None:
    try:
        amount = Decimal(text)
        return fen_from_yuan(amount) if amount.is_finite() and amount > 0 else None
    except (InvalidOperation, ValueError):
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _finding(code: str, zh: str, en: str, at: Location) -> Finding:
    return Finding(code, zh, en, at)


_OUTCOMES: Mapping[str, Outcome] = {str(outcome): outcome for outcome in Outcome}
