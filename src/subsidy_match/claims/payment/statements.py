"""Reads the bank's files, receipts and returns, from CSV or XLSX: the whole file, or every wrong line with its place.

A result that is none of the three agreed ones is no error of the file: nothing is known of that payment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from subsidy_match.claims.payment.lines.answers import Answer, Outcome, Receipt, Return
from subsidy_match.claims.payment.sheets import Line, read_lines
from subsidy_match.errors import Finding, InputError, Location
from subsidy_match.money import fen_from_yuan

__all__ = ["RECEIPT_HEADER", "RETURN_HEADER", "parse_receipts", "parse_returns"]

RECEIPT_HEADER = ("支付令号", "金额(元)", "账号后四位", "结果", "银行流水号", "到账日期", "失败代码")
RETURN_HEADER = ("支付令号", "金额(元)", "账号后四位", "原银行流水号", "退回流水号", "退回日期", "退回原因代码")
_LONGEST_REF = 80
_LARGEST = 10**15
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")
"""What a spreadsheet makes of a long number; its last digits are lost, so that two references look like one."""

Parsed = TypeVar("Parsed", bound=Answer)


class _Wrong(Exception):  # never leaves this module
    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code, self.zh, self.en = code, zh, en
        super().__init__(code)


def parse_receipts(content: bytes, *, name: str) -> Sequence[Receipt]:
    """Read a receipt file whole, or refuse it whole.

    Raises:
        InputError: ``receipts_unreadable`` or ``receipts_invalid``, the latter with a finding for every wrong line.
    """
    return _parse(content, name, RECEIPT_HEADER, _receipt)


def parse_returns(content: bytes, *, name: str) -> Sequence[Return]:
    """Read a file of returned payments whole, or refuse it whole.

    Raises:
        InputError: ``receipts_unreadable`` or ``receipts_invalid``, the latter with a finding for every wrong line.
    """
    return _parse(content, name, RETURN_HEADER, _return)


def _parse(
    content: bytes, name: str, header: Sequence[str], build: Callable[[Sequence[str], Location], Parsed]
) -> Sequence[Parsed]:
    lines = read_lines(content, name)
    if not lines or lines[0].cells != list(header):
        raise InputError(
            "receipts_unreadable", "表头不符", "not the header of this kind of file", Location(name), ",".join(header)
        )
    parsed: list[Parsed] = []
    findings: list[Finding] = []
    for line in lines[1:]:
        try:
            parsed.append(build(_checked(line, len(header)), line.at))
        except _Wrong as wrong:
            findings.append(Finding(wrong.code, wrong.zh, wrong.en, line.at))
    findings.extend(_repeated(parsed))
    if findings:
        raise InputError("receipts_invalid", "文件有误,未导入", "the file has errors", findings=findings)
    return parsed


def _checked(line: Line, columns: int) -> Sequence[str]:
    if len(line.cells) != columns:
        raise _Wrong("receipt_columns", "列数不符", f"{columns} columns are needed")
    if not all(cell.isprintable() for cell in line.cells):
        raise _Wrong("receipt_characters", "含不可见字符", "a cell has characters that cannot be printed")
    if any(len(cell) > _LONGEST_REF for cell in line.cells[3:5]):
        raise _Wrong(
            "receipt_too_long", f"流水号超过{_LONGEST_REF}字", f"a reference has over {_LONGEST_REF} characters"
        )
    if any(_ROUNDED.fullmatch(cell) for cell in line.cells[3:5]):
        zh = "流水号被表格软件改写成科学计数,请按文本填写"
        raise _Wrong("receipt_reference_rounded", zh, "a spreadsheet rounded the reference: give it as text")
    return line.cells


def _receipt(cells: Sequence[str], at: Location) -> Receipt:
    instruction, amount, last_four, said, bank_ref, day, code = cells
    outcome, on = _OUTCOMES.get(said, Outcome.UNKNOWN), _day(day)
    receipt = Receipt(
        instruction=_instruction(instruction),
        amount=_amount(amount),
        last_four=_last_four(last_four),
        bank_ref=bank_ref,
        on=on,
        code=code,
        at=at,
        outcome=outcome,
        said=said,
    )
    if not said:
        raise _Wrong("receipt_outcome", "没有结果", "there is no result")
    if outcome is Outcome.SUCCESS and (on is None or not bank_ref):
        raise _Wrong("receipt_incomplete", "成功须有流水号和日期", "a success needs a reference and a date")
    return receipt


def _return(cells: Sequence[str], at: Location) -> Return:
    instruction, amount, last_four, bank_ref, return_ref, day, code = cells
    on = _day(day)
    if not bank_ref or not return_ref or on is None or not code:
        zh = "退回须有原流水号、退回流水号、退回日期和原因代码"
        raise _Wrong("return_incomplete", zh, "a return needs both references, a date and a reason code")
    return Return(
        instruction=_instruction(instruction),
        amount=_amount(amount),
        last_four=_last_four(last_four),
        bank_ref=bank_ref,
        on=on,
        code=code,
        at=at,
        return_ref=return_ref,
    )


def _repeated(answers: Iterable[Answer]) -> list[Finding]:
    seen: dict[str, Location] = {}
    findings = []
    for answer in answers:
        if answer.instruction in seen:
            zh, en = f"支付令号重复:{answer.instruction}", f"also on {seen[answer.instruction]}"
            findings.append(Finding("receipt_repeated", zh, en, answer.at))
        seen.setdefault(answer.instruction, answer.at)
    return findings


def _instruction(text: str) -> str:
    if not text:
        raise _Wrong("receipt_instruction", "没有支付令号", "there is no instruction number")
    return text


def _amount(text: str) -> int:
    try:
        amount = Decimal(text)
        if amount.is_finite() and 0 < amount < _LARGEST:
            return fen_from_yuan(amount)
    except (InvalidOperation, ValueError):
        pass
    raise _Wrong("receipt_amount", "金额有误", "not an amount")


def _last_four(text: str) -> str:
    if len(text) != 4 or not (text.isascii() and text.isdigit()):
        raise _Wrong(
            "receipt_account", "账号后四位须为四位数字(按文本填写)", "the last four digits of the account, as text"
        )
    return text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_OUTCOMES: Mapping[str, Outcome] = {str(outcome): outcome for outcome in Outcome}
