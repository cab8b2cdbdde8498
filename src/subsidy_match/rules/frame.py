"""Where an expression is evaluated: one policy, one enterprise, one day, perhaps one row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, assert_never

from subsidy_match.rules import deciding, measuring
from subsidy_match.rules.enterprise import Collection, Row, Source
from subsidy_match.rules.policy import Period, Policy
from subsidy_match.rules.reasons import Item, Outcome, Read, Reason, Term
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Condition, Day, DayName, Value

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
        return self.policy.claim.period(self.case.as_of, self.policy.start, self.policy.end)

    def inside(self, row: Row, element: str) -> Frame:
        """The frame of one row of a collection."""
        source = self.collection(element).source
        return Frame(self.case, self.policy, row, element, source, items=self.items)

    def set_items(self, items: list[Item]) -> None:
        """Tell which elements of ``for_each`` there are."""
        self.items = items

    def collection(self, name: str) -> Collection:
        """A collection of the enterprise; one never heard of is empty and incomplete."""
        return self.case.enterprise.collections.get(name, _EMPTY)

    def is_complete(self, name: str | None) -> bool:
        """Whether "no row" means none: every list it comes from is loaded and fresh, and none is in dispute."""
        if name is None:
            name = self.policy.for_each.collection if self.policy.for_each else ""
        spec = self.case.policies.catalogue.collections[name]
        found = self.collection(name)
        if found.disputed or not spec.complete_from:
            return False
        oldest = spec.stale_after.before(self.case.as_of) if spec.stale_after else date.min
        return all(found.loaded.get(department, date.min) >= oldest for department in spec.complete_from)

    def rows(self, name: str | None) -> Iterator[tuple[str, Frame]]:
        """The rows of a collection, or the accepted items, each with a key to name it by and its frame."""
        if name is None:
            name = self.policy.for_each.collection if self.policy.for_each else ""
        spec = self.case.policies.catalogue.collections[name]
        for row in self.collection(name).rows:
            yield " ".join(str(row.get(key)) for key in spec.key), self.inside(row, name)

    def day(self, node: Day) -> date:
        """A named date, shifted by periods."""
        period, window = self.period, self.policy.window
        match node.name:
            case DayName.AS_OF:
                found = self.case.as_of
            case DayName.PERIOD_START:
                found = period.start
            case DayName.PERIOD_END:
                found = period.end
            case DayName.WINDOW_OPEN:
                found = window[0] if window else period.start
            case DayName.WINDOW_CLOSE:
                found = window[1] if window else period.end
            case _:
                assert_never(node.name)
        last_of_february = found.month == 2 and found.day == 29
        return found.replace(year=found.year + node.offset, day=28 if last_of_february and node.offset else found.day)

    def decide(self, node: Condition) -> Reason:
        """Decide a condition here."""
        return deciding.decide(self, node)

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
