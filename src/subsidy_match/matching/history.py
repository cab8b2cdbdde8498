"""What this system has paid itself, added to the history that the finance bureau sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from subsidy_match.rules.enterprise import Collection, Enterprise

__all__ = ["Payment", "with_payments"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment made through this system, in 分."""

    claim_no: str
    policy_id: str
    item_key: str | None
    amount: int
    paid_on: date


def with_payments(enterprise: Enterprise, payments: Sequence[Payment]) -> Enterprise:
    """The enterprise with our own payments in its history; one that the bureau already lists is not counted twice."""
    history = enterprise.collections.get("subsidy_history", Collection())
    listed = {row.get("record_no") for row in history.rows}
    added = tuple(
        {
            "record_no": payment.claim_no,
            "policy": payment.policy_id,
            "item": payment.policy_id,
            "item_key": payment.item_key,
            "level": None,
            "amount": payment.amount,
            "paid_on": payment.paid_on,
        }
        for payment in payments
        if payment.claim_no not in listed
    )
    if not added:
        return enterprise
    rows = replace(history, rows=(*history.rows, *added))
    return replace(enterprise, collections={**enterprise.collections, "subsidy_history": rows})
