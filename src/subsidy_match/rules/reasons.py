"""What the reference evaluator returns: verdict, amount and the whole tree of reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from subsidy_match.rules.enterprise import Quality, Row, Scalar, Source
from subsidy_match.rules.policy import Period, Policy
from subsidy_match.rules.span import ANYTHING, Span
from subsidy_match.rules.tree import (
    All,
    Any,
    AtLeastN,
    Condition,
    Count,
    Extreme,
    Fact,
    FieldOf,
    Has,
    Items,
    Named,
    Not,
    PaidUnder,
    Param,
    Quantified,
    Stated,
    Status,
    Sum,
)
from subsidy_match.rules.truth import UNKNOWN, Truth, Verdict, all_of, any_of, at_least_n, negate

__all__ = ["Item", "ItemsClause", "Match", "Outcome", "Read", "Reason", "Term", "fold", "owed"]

# numbers and dates are spans; codes, texts, lists of codes and yes-or-no are themselves, None where unknown; a code of
# which only some are possible is a frozen set of them
Outcome: TypeAlias = Span | Scalar | frozenset[str] | None


@dataclass(slots=True)
class Read:
    """One fact, parameter or field that was looked at, with the value found and where it came from.

    A list that is not complete is looked at as well: then ``node`` is the value or condition that it left open.
    """

    node: Fact | FieldOf | Param | Items | Count | Sum | Extreme | PaidUnder | Has
    key: str
    value: Outcome
    known: bool
    source: Source | None = None


@dataclass(slots=True)
class Term:
    """One named value on the way, with what it came to."""

    node: Named
    value: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class ItemsClause:
    """The clause that every policy with ``for_each`` has: something to claim for."""

    collection: str


@dataclass(slots=True)
class Reason:
    """What one condition came to, and why.

    ``open_rows`` says that more rows may exist than were seen; ``key`` names the row that the reason is about.
    """

    node: Condition | ItemsClause
    truth: Truth
    seen: Outcome = None
    wanted: tuple[Outcome, ...] = ()
    log: tuple[Read | Term, ...] = ()
    children: tuple[Reason, ...] = ()
    open_rows: bool = False
    key: str | None = None

    def walk(self) -> Iterator[Reason]:
        """This reason and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True)
class Item:
    """One element of ``for_each``."""

    key: str
    row: Row
    reason: Reason
    amount: Span | None = None
    log: tuple[Read | Term, ...] = ()  # what the amount was worked out from


@dataclass(slots=True)
class Match:
    """One enterprise, one policy, one subject: the verdict, how much (分, as bounds), and why.

    ``stale`` has the day of every fact and list of the enterprise that was found too old to count.
    """

    policy: Policy
    uscc: str
    subject: str | None
    period: Period
    as_of: date
    reason: Reason
    amount: Span | None
    items: tuple[Item, ...] = ()
    amount_log: tuple[Read | Term, ...] = ()
    stale: Mapping[str, date] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """One of the four verdicts."""
        return self.reason.truth.verdict

    @property
    def reads(self) -> Iterator[Read]:
        """Every fact, parameter and field looked at."""
        for reason in self.reason.walk():
            yield from (entry for entry in reason.log if isinstance(entry, Read))
        yield from (entry for entry in self.amount_log if isinstance(entry, Read))

    @property
    def is_automatic(self) -> bool:
        """Whether money could be due without an application: certain, exact, and vouched for by departments."""
        exact = self.amount is not None and self.amount.is_known
        declared = any(read.source and read.source.quality is Quality.DECLARED for read in self.reads)
        return self.verdict is Verdict.ELIGIBLE and exact and not declared

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts and lists that would help to decide, in the order in which they are asked for."""
        found = [] if self.reason.truth.decided is not None else list(owed(self.reason))
        exact = self.amount is not None and self.amount.is_known
        if self.verdict is not Verdict.INELIGIBLE and not exact:
            found += _owed_for(self.amount_log)
            if (
                self.amount is not None
            ):  # one item may be sure and another, or a row not seen yet, still add to the amount
                found += [key for item in self.items for key in owed(item.reason)]
                found += [
                    r.node.collection for r in self.reason.children if isinstance(r.node, ItemsClause) and r.open_rows
                ]
        return tuple(dict.fromkeys(found))


def fold(reason: Reason) -> Truth:
    """Work out a reason's truth from its children's: the explanation must add up to the verdict."""
    truths = [child.truth for child in reason.children]
    match reason.node:
        case All():
            return all_of(truths)
        case Any():
            return any_of(truths)
        case AtLeastN(count=count):
            return at_least_n(count, truths)
        case Not() | Stated():
            return negate(truths[0]) if isinstance(reason.node, Not) else truths[0]
        case Status() | ItemsClause():
            return any_of([*truths, UNKNOWN] if reason.open_rows else truths)
        case Quantified(none=none):
            some = any_of([*truths, UNKNOWN] if reason.open_rows else truths)
            return negate(some) if none else some
        case _:
            return reason.truth


def owed(reason: Reason) -> Iterator[str]:
    """What would help to decide a condition: walks down only where data could still move it."""
    if reason.truth.decided is not None:
        return
    node = reason.node
    if reason.open_rows and isinstance(node, Quantified | Status):
        yield node.rows.collection or ""
    if reason.open_rows and isinstance(node, ItemsClause):
        yield node.collection
    yield from _owed_for(reason.log)
    for child in reason.children:
        yield from owed(child)


def _owed_for(log: tuple[Read | Term, ...]) -> Iterator[str]:
    """What somebody owes: not a table of which only the key is unknown, for then the key is owed."""
    for entry in log:
        is_table = isinstance(entry.node, Param) and entry.value != ANYTHING
        if isinstance(entry, Read) and not entry.known and not is_table:
            yield entry.key
