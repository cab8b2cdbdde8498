"""What is checked once more before money goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from subsidy_match.claims.assessment import Standing
from subsidy_match.claims.occasion import Occasion, shares_of
from subsidy_match.claims.payment.parking import check_nothing_parked
from subsidy_match.claims.payment.payment_states import FAILURES, RETURNS
from subsidy_match.claims.payment.payout_records import LineRow
from subsidy_match.claims.records import AccountRow
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict
from subsidy_match.money import yuan_text

__all__ = ["GUARDS", "check_credit"]

_BLAMING = sorted({code for code, said in (*FAILURES.items(), *RETURNS.items()) if said.blames_account})


def check_credit(standing: Standing | None) -> None:
    """Refuse a payment to a firm that the credit lists bar.

    Raises:
        Conflict: ``credit_unknown``, ``credit_bad``.
    """
    if standing is None or standing.clear is None:
        raise Conflict("credit_unknown", "无法核对信用名单,不能支付", "the credit lists could not be read")
    if not standing.clear:
        raise Conflict("credit_bad", f"信用核查未通过:{standing.zh}", f"the credit lists bar payment: {standing.en}")


def _credit_clear(occasion: Occasion) -> None:
    check_credit(occasion.standing)


def _no_open_line(occasion: Occasion) -> None:
    mine = select(LineRow.instruction).where(LineRow.claim_id == occasion.claim.id, LineRow.is_open)
    instruction = occasion.session.scalars(mine).first()
    if instruction is not None:
        zh = f"支付令{instruction}尚无确定结果,不能再付"
        raise Conflict("line_open", zh, f"the instruction {instruction} may still be paid: not a second one")


def _account_not_refused(occasion: Occasion) -> None:
    account = occasion.account()
    if account is None:
        return  # another guard's matter
    # Entered anew it is another row, but the same account.
    refused = (
        select(LineRow)
        .join(AccountRow, AccountRow.id == LineRow.account_id)
        .where(
            LineRow.claim_id == occasion.claim.id,
            AccountRow.fingerprint == account.fingerprint,
            LineRow.failure_code.in_(_BLAMING),
        )
    )
    line = occasion.session.scalars(refused.order_by(LineRow.id.desc())).first()
    if line is not None:
        said = FAILURES[line.failure_code or ""]
        zh = f"该账户已被银行退回({said.zh}),须换账户"
        raise Conflict("account_refused", zh, f"the bank refused this account ({said.en}): another one is needed")


def _nothing_parked(occasion: Occasion) -> None:
    check_nothing_parked(occasion.session, occasion.claim.id)


def _committed_as_paid(occasion: Occasion) -> None:
    instruction = occasion.payload["instruction"]
    line = occasion.session.scalars(select(LineRow).where(LineRow.instruction == instruction)).one()
    held = sum(share.committed for share in shares_of(occasion.session, occasion.claim.id))
    if held != line.amount:
        zh = f"本件占用资金{yuan_text(held)}元,银行已付{yuan_text(line.amount)}元,不符"
        en = f"{yuan_text(held)} yuan are committed to the claim and the bank paid {yuan_text(line.amount)}"
        raise Conflict("committed_differs", zh, en)


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.CREDIT_CLEAR: _credit_clear,
    Guard.NO_OPEN_LINE: _no_open_line,
    Guard.ACCOUNT_NOT_REFUSED: _account_not_refused,
    Guard.NOTHING_PARKED: _nothing_parked,
    Guard.COMMITTED_AS_PAID: _committed_as_paid,
}
