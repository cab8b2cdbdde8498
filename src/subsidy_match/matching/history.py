"""What this system has paid itself, beside the history that the finance bureau sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from subsidy_match.rules.enterprise import Collection, Enterprise, Row, Scalar

__all__ = ["HISTORY", "Listing", "Payment", "Settled", "imported_rows", "settle", "with_payments"]

HISTORY = "subsidy_history"
Listing = tuple[object, object, object]
"""What a record of the bureau says: policy, amount, day."""
# The bureau may write down the day on which it told the bank to pay, or the one on which its books were closed.
_NEAR = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment made through this system, in 分.

    Attributes:
        amount: what the firm still has of it.
        settled: what was paid, where some of it was recovered since.
    """

    claim_no: str
    policy_id: str
    item_key: str | None
    amount: int
    paid_on: date
    settled: int | None = None

    @property
    def listing(self) -> Listing:
        """What the bureau's record of this payment says."""
        return self.policy_id, self.amount if self.settled is None else self.settled, self.paid_on


@dataclass(frozen=True, slots=True)
class Settled:
    """What our payments change of the bureau's records: rows that are added, and places of records that are struck out."""

    added: tuple[dict[str, Scalar | None], ...]
    struck: frozenset[int]


def with_payments(enterprise: Enterprise, payments: Sequence[Payment]) -> Enterprise:
    """The enterprise with our own payments in its history; see ``settle``."""
    history = enterprise.collections.get(HISTORY, Collection())
    change = settle([_listing(row) for row in history.rows], payments)
    if not change.added and not change.struck:
        return enterprise
    kept = (row for place, row in enumerate(history.rows) if place not in change.struck)
    rows = replace(history, rows=(*kept, *change.added))
    return replace(enterprise, collections={**enterprise.collections, HISTORY: rows})


def settle(listed: Sequence[Listing], payments: Sequence[Payment]) -> Settled:
    """Work out what our payments change of the bureau's records.

    The bureau numbers its records in its own way, so a payment is taken for one that the bureau lists when policy, amount
    and day agree; each record stands for one payment. Of a payment that was recovered only the rest counts, if any, also
    where the bureau lists the whole.
    """
    places = _places(listed, payments)
    known = {number: place for number, place in enumerate(places) if place is not None}
    added = (p for number, p in enumerate(payments) if p.amount and (number not in known or p.settled is not None))
    struck = (place for number, place in known.items() if payments[number].settled is not None)
    return Settled(tuple(_row(payment) for payment in added), frozenset(struck))


def imported_rows(enterprise: Enterprise, payments: Sequence[Payment]) -> Iterator[Row]:
    """The bureau's records of what did not go through this system, each number once.

    A record is also ours where its day is not quite that of the payment.
    """
    rows = enterprise.collections.get(HISTORY, Collection()).rows
    listed = [_listing(row) for row in rows]
    ours = [*_places(listed, payments)]
    for number, payment in enumerate(payments):
        if ours[number] is None:
            ours[number] = _near(payment, listed, set(ours))
    seen: set[Scalar | None] = {rows[place].get("record_no") for place in ours if place is not None} - {None}
    for place, row in enumerate(rows):
        number_of_it = row.get("record_no")
        if place in ours or number_of_it in seen:
            continue
        if number_of_it is not None:
            seen.add(number_of_it)
        yield row


def _places(listed: Sequence[Listing], payments: Sequence[Payment]) -> list[int | None]:
    """For each payment the place of the record that is it; a record is used up by one payment."""
    free: dict[Listing, list[int]] = defaultdict(list)
    for place in reversed(range(len(listed))):
        free[listed[place]].append(place)
    return [free[payment.listing].pop() if free.get(payment.listing) else None for payment in payments]


def _near(payment: Payment, listed: Sequence[Listing], used: set[int | None]) -> int | None:
    policy, amount, _ = payment.listing
    for place, (theirs, paid, day) in enumerate(listed):
        is_same = (theirs, paid) == (policy, amount) and place not in used
        if is_same and isinstance(day, date) and abs(day - payment.paid_on) <= _NEAR:
            return place
    return None


def _listing(row: Row) -> Listing:
    return row.get("policy"), row.get("amount"), row.get("paid_on")


def _row(payment: Payment) -> dict[str, Scalar | None]:
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
