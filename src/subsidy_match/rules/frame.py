"""Where an expression is evaluated: one policy, one enterprise, one day, perhaps one row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from subsidy_match.rules import deciding, measuring
from subsidy_match.rules.enterprise import Collection, Row, Source
from subsidy_match.rules.policy import Period, Policy
from subsidy_match.rules.reasons import Item, Outcome, Read, Reason, Term
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Condition, Day, Value

if TYPE_CHECKING:
    from subsidy_match.rules.evaluator import Evaluator

__all__ = ["Frame"]

_EMPTY = Collection()


@dataclass(slots=True)
class Frame:
    """One policy applied to one enterprise; ``inside`` a row its fields can be read."""

    case: Evaluator
    policy: Policy
    row: Row | None = None
    element: str = ""  # the collection that the row is of
    row_source: Source | None = None
    log: list[Read | Term] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    cache: dict[int, tuple[Outcome, list[Read | Term]]] = field(default_factory=dict)

    # --- the surroundings ---

    @property
    def period(self) -> Period:
        """The claim period that the day of evaluation falls in."""
        return self.policy.period(self.case.as_of)

    def inside(self, row: Row, element: str) -> Frame:
        """The frame of one row of a collection."""
        source = self.collection(element).source
        return Frame(self.case, self.policy, row, element, source, items=self.items)

    def collection(self, name: str) -> Collection:
        """A collection of the enterprise; one never heard of is empty and incomplete."""
        return self.case.enterprise.collections.get(name, _EMPTY)

    def is_complete(self, name: str | None) -> bool:
        """Whether "no row" means none: every list it comes from is loaded and fresh, and none is in dispute."""
        if name is None:
            name = self.policy.for_each.collection if self.policy.for_each else ""
        spec = self.case.policies.catalogue.collections[name]
        found = self.collection(name)
        if (old := spec.stale_since(found, self.case.as_of)) is not None:
            self.case.stale[name] = old
        return spec.is_complete(found, self.case.as_of)

    def rows(self, name: str | None) -> Iterator[tuple[str, Frame, Reason | None]]:
        """The rows of a collection, each with a key to name it by and its frame; items with whether they are accepted."""
        if name is None:
            each = self.policy.for_each.collection if self.policy.for_each else ""
            yield from ((item.key, self.inside(item.row, each), item.reason) for item in self.items)
            return
        spec = self.case.policies.catalogue.collections[name]
        for row in self.collection(name).rows:
            yield " ".join(str(row.get(key)) for key in spec.key), self.inside(row, name), None

    def day(self, node: Day) -> date:
        """A named date, shifted by periods."""
        return self.policy.day(node, self.case.as_of)

    def decide(self, node: Condition) -> Reason:
        """Decide a condition here."""
        reason = deciding.decide(self, node)
        if self.case.observer is not None:
            self.case.observer(node, reason)
        return reason

    def measure(self, node: Value) -> Outcome:
        """Measure a value here: a span, a code, or None where a code is unknown."""
        return measuring.measure(self, node)

    def number(self, node: Value) -> Span:
        """Measure a number or a date."""
        found = self.measure(node)
        if not isinstance(found, Span):
            raise TypeError(f"{node!r} is not a number or a date")
        return found

    def amount_of_item(self) -> Span | None:
        """What the element at hand is worth."""
        terms = self.policy.amount
        return self.number(terms.each) if terms is not None and terms.each is not None else None
