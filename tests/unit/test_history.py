"""Our own payments in the history that matching looks at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from policy_world import AS_OF, PAID_FACTS, load, policy_text

from subsidy_match.matching.history import Payment, imported_rows, with_payments
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.matching.vector.sources import Source, table_of
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


@pytest.mark.parametrize(
    ("rest", "listed", "amounts"),
    [
        (10_000_000, (), [10_000_000]),
        (10_000_000, (THEIRS,), [10_000_000]),  # the bureau lists the whole
        (0, (), []),
        (0, (THEIRS, {**THEIRS, "record_no": "CZ-2", "amount": 1}), [1]),
    ],
)
def test_of_a_recovered_payment_only_the_rest_counts(rest: int, listed: tuple, amounts: list[int]):
    recovered = replace(OURS, amount=rest, settled=OURS.amount)
    found = with_payments(firm(*listed), [recovered]).collections["subsidy_history"].rows
    assert [row["amount"] for row in found] == amounts


def test_what_others_paid_is_told_from_what_we_paid():
    a_week_later = {**THEIRS, "record_no": "CZ-2", "paid_on": date(2026, 7, 23)}
    other = {**THEIRS, "record_no": "CZ-3", "paid_on": date(2025, 7, 16)}
    recovered = replace(OURS, amount=0, settled=OURS.amount)
    for ours in (OURS, recovered):
        assert list(imported_rows(firm(THEIRS, other, other), [ours])) == [other]
        assert list(imported_rows(firm(a_week_later, other), [ours])) == [other]
    assert list(imported_rows(firm(THEIRS, other), [])) == [THEIRS, other]


def test_many_firms_at_once_have_the_same_histories_as_each_by_itself(tmp_path: Path):
    once = "{all: [{id: once, basis: art1, value: {paid_under: self}, at_most: 0元}]}"
    text = policy_text(eligible_if=once)
    policies = load(tmp_path, {"facts.yml": PAID_FACTS, "grant@2026-01-01.yml": text})
    rest = [Payment("N1", "grant", None, amount, OURS.paid_on, 9) for amount in (4, 0)]
    listed = {"record_no": "CZ-1", "policy": "grant", "amount": 9, "paid_on": OURS.paid_on}
    firms = [
        replace(firm(*rows), uscc=f"{number}")
        for number, rows in enumerate(((listed,), (), (listed, listed), ({**listed, "amount": 1}, listed), (listed,)))
    ]
    paid = {"0": rest[:1], "1": rest[1:], "2": rest[1:], "3": rest}
    plan = make_plan(policies, AS_OF)
    found = Source(plan, {}, {}, paid).block(table_of(firms, plan)).lists["subsidy_history"]
    amounts, starts = found.fields["amount"].to_pylist(), found.starts.tolist()
    for number, one in enumerate(firms):
        rows = with_payments(one, paid.get(one.uscc, ())).collections["subsidy_history"].rows
        assert amounts[starts[number] : starts[number + 1]] == [row["amount"] for row in rows]
    assert amounts == [4, 9, 1, 4, 9]
