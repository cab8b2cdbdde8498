"""Our own payments in the history that matching looks at."""

from __future__ import annotations

from datetime import date

import pytest

from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.rules.enterprise import Collection, Enterprise

OURS = Payment("202600000001", "huaian-green-factory", None, 30_000_000, date(2026, 7, 16))
THEIRS = {"record_no": "CZ-1", "policy": OURS.policy_id, "amount": OURS.amount, "paid_on": OURS.paid_on}


def firm(*rows: dict[str, object]) -> Enterprise:
    return Enterprise("91320812MAB4DM124P", "虚构", {}, {"subsidy_history": Collection(rows)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listed", "paid", "expected"),
    [
        ((), (OURS,), 1),
        ((THEIRS,), (OURS,), 1),  # the bureau's record of our payment, under its own number
        ((THEIRS,), (OURS, OURS), 2),  # one record stands for one payment
        (({**THEIRS, "amount": 1},), (OURS,), 2),
        ((THEIRS,), (), 1),
    ],
)
def test_a_payment_that_the_bureau_lists_counts_once(listed: tuple, paid: tuple, expected: int):
    found = with_payments(firm(*listed), paid).collections["subsidy_history"].rows
    assert len(found) == expected
