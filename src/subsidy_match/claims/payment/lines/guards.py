"""The conditions of the table of lines, by name: what the bank says must fit the line that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import canonical
from subsidy_match.claims.clock import business_day
from subsidy_match.claims.payment.lines.answers import Answer, Return
from subsidy_match.claims.payment.lines.tables import LineGuard
from subsidy_match.claims.payment.payment_states import FAILURES, BatchState
from subsidy_match.claims.payment.payout_records import BatchRow, LineRow
from subsidy_match.claims.payment.references import used_for
from subsidy_match.claims.records import AccountRow
from subsidy_match.errors import Conflict, InputError

__all__ = ["LINE_GUARDS", "Asked", "check_its_return", "check_same_line"]


_SENT = (BatchState.SENDING, BatchState.SENT, BatchState.CLOSED)


@dataclass(frozen=True, slots=True)
class Asked:
    """A line, and the answer that is to move it."""

    session: Session
    line: LineRow
    answer: Answer


def check_same_line(asked: Asked) -> None:
    """Refuse an answer that speaks of another amount or another account than the line.

    Raises:
        InputError: ``receipt_amount``, ``receipt_account``.
    """
    _amount_matches(asked)
    _account_matches(asked)


def check_its_return(asked: Asked) -> None:
    """Refuse a return that speaks of another payment than the line, or of a day before it was settled.

    Raises:
        InputError: ``receipt_amount``, ``receipt_account``, ``return_reference``, ``return_too_early``.
    """
    check_same_line(asked)
    _reference_matches(asked)
    _after_settlement(asked)


def _amount_matches(asked: Asked) -> None:
    if asked.line.amount != asked.answer.amount:
        raise InputError("receipt_amount", "金额与支付令不符", "not the amount of the instruction")


def _account_matches(asked: Asked) -> None:
    account = asked.session.get_one(AccountRow, asked.line.account_id)
    if account.last_four != asked.answer.last_four:
        zh = f"账号后四位不符:支付令为{account.last_four}"
        en = f"not the account of the instruction, which ends in {account.last_four}"
        raise InputError("receipt_account", zh, en, hint="后四位按文本填写,保留前面的零 / four digits as text")


def _reference_new(asked: Asked) -> None:
    ref = asked.answer.bank_ref
    if (used := used_for(asked.session, ref)) is not None:
        raise InputError("receipt_reference_used", f"银行流水号{ref}已用于{used[0]}", f"{ref} is known from {used[1]}")


def _after_making(asked: Asked) -> None:
    made = business_day(asked.session.get_one(BatchRow, asked.line.batch_id).made_at)
    if asked.answer.on is not None and asked.answer.on < made:
        zh, en = f"到账日期早于制单日期{made}", f"settled before its batch was made on {made}"
        raise InputError("receipt_too_early", zh, en)


def _definite(asked: Asked) -> None:
    failure = FAILURES.get(asked.answer.code)
    if failure is None or not failure.definite:
        zh = f"失败代码不确定:{asked.answer.code}"
        raise InputError("failure_not_definite", zh, f"not a definite failure: {asked.answer.code}")


def _was_sent(asked: Asked) -> None:
    # A line that its checker or a cancellation ended failed here, not at the bank.
    if asked.session.get_one(BatchRow, asked.line.batch_id).state not in _SENT:
        zh, en = "该支付令从未发送,不能登记为到账", "this instruction was never sent: it cannot be what the bank paid"
        raise Conflict("line_never_sent", zh, en)


def _reference_matches(asked: Asked) -> None:
    if canonical(asked.line.bank_ref or "") != canonical(asked.answer.bank_ref):
        zh = f"原流水号不符:到账流水号为{asked.line.bank_ref}"
        raise InputError("return_reference", zh, f"the payment was settled under {asked.line.bank_ref}")


def _return_new(asked: Asked) -> None:
    ref = _as_return(asked).return_ref
    if (used := used_for(asked.session, ref)) is not None:
        raise InputError("return_reference_used", f"退回流水号{ref}已用于{used[0]}", f"{ref} is known from {used[1]}")


def _after_settlement(asked: Asked) -> None:
    settled, on = asked.line.settled_on, asked.answer.on
    if settled is None or on is None or on < settled:
        zh, en = f"退回日期早于到账日期{settled}", f"came back before it was settled on {settled}"
        raise InputError("return_too_early", zh, en)


def _as_return(asked: Asked) -> Return:
    if not isinstance(asked.answer, Return):
        raise AssertionError("only a returned payment comes back")  # noqa: TRY004  # a mistake in this library
    return asked.answer


LINE_GUARDS: Mapping[LineGuard, Callable[[Asked], None]] = {
    LineGuard.AMOUNT_MATCHES: _amount_matches,
    LineGuard.ACCOUNT_MATCHES: _account_matches,
    LineGuard.REFERENCE_NEW: _reference_new,
    LineGuard.AFTER_MAKING: _after_making,
    LineGuard.DEFINITE: _definite,
    LineGuard.WAS_SENT: _was_sent,
    LineGuard.REFERENCE_MATCHES: _reference_matches,
    LineGuard.RETURN_NEW: _return_new,
    LineGuard.AFTER_SETTLEMENT: _after_settlement,
}
