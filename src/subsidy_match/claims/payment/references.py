"""What the bank's numbers stand for: one number is one movement, be it a settlement, a return or money recovered."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy.orm import Session

from subsidy_match.claims.canonical import canonical_key
from subsidy_match.claims.payment.bank_records import BankReferenceRow
from subsidy_match.claims.payment.payout_records import LineRow

__all__ = ["Movement", "take_reference", "used_for"]


class Movement(StrEnum):
    """What moved."""

    SETTLEMENT = "settlement"
    RETURN = "return"
    RECOVERY = "recovery"


_NAMES = {
    Movement.SETTLEMENT: ("到账", "the settlement"),
    Movement.RETURN: ("退票", "the return"),
    Movement.RECOVERY: ("追回到账", "money recovered"),
}


def used_for(session: Session, reference: str) -> tuple[str, str] | None:
    """What a reference stands for already, in Chinese and in English; however wide, spaced or cased it is written."""
    row = session.get(BankReferenceRow, canonical_key(reference))
    if row is None:
        return None
    zh, en = _NAMES[Movement(row.kind)]
    line = None if row.line_id is None else session.get_one(LineRow, row.line_id)
    return (zh, en) if line is None else (f"支付令{line.instruction}的{zh}", f"{en} of {line.instruction}")


def take_reference(session: Session, reference: str, kind: Movement, *, of: int) -> None:
    """Note what a reference stands for, ``of`` a line or of a recovery; the key of the table has the last word."""
    is_recovery = kind is Movement.RECOVERY
    row = BankReferenceRow(
        key=canonical_key(reference),
        kind=str(kind),
        reference=reference,
        line_id=None if is_recovery else of,
        recovery_id=of if is_recovery else None,
    )
    session.add(row)
