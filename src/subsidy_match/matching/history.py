"""What this system has paid itself, added to the history that the finance bureau sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from subsidy_match.rules.enterprise import Collection, Enterprise, Scalar

__all__ = ["Payment", "history_row", "with_payments"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment made through this system, in 分."""

    claim_no: str
    policy_id: str
    item_key: str | None
    amount: int
    paid_on: date


def with_payments(enterprise: Enterprise, payments: Sequence[Payment]) -> Enterprise:
    """The enterprise with our own payments in its history.

    The bureau numbers its records in its own way, so a payment is taken for one that the bureau lists when policy, amount
    and day agree; each record stands for one payment.
    """
    history = enterprise.collections.get("subsidy_history", Collection())
    listed: Counter[tuple[Scalar | None, ...]] = Counter(
        (row.get("policy"), row.get("amount"), row.get("paid_on")) for row in history.rows
    )
    added = tuple(history_row(payment) for payment in payments if not _is_listed(payment, listed))
    if not added:
        return enterprise
    rows = replace(history, rows=(*history.rows, *added))
    return replace(enterprise, collections={**enterprise.collections, "subsidy_history": rows})


def history_row(payment: Payment) -> dict[str, Scalar | None]:
    """A payment as a row of the history."""
    return {
        "record_no": payment.claim_no,
        "policy": payment.policy_id,
        "item": payment.policy_id,
        "item_key": payment.item_key,
        "level": None,
        "amount": payment.amount,
        "paid_on": payment.paid_on,
    }


def _is_listed(payment: Payment, listed: Counter[tuple[Scalar | None, ...]]) -> bool:
    """Whether the bureau has a record left that can be this payment; it is then used up."""
    key = (payment.policy_id, payment.amount, payment.paid_on)
    listed[key] -= 1
    return listed[key] >= 0
