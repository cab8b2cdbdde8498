"""Every node of a policy with the list whose rows it is read in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.tree import Condition, Extreme, Label, Mark, PaidUnder, Rows, Sum, Type, Value

__all__ = ["Placed", "placed", "placed_in_amount", "places"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A node, and the collection whose fields it may read."""

    node: object
    element: str | None
    mark: Mark  # of the nearest node above that has one: its id and its place


def placed(policy: Policy) -> Iterator[Placed]:
    """Every node of the conditions and the amount, once for each list it is read in."""
    each = policy.for_each.collection if policy.for_each else None
    mark = policy.condition.mark
    yield from placed_below(policy.condition, None, each, mark)
    if policy.for_each is not None:
        yield from placed_below(policy.for_each.item_if, each, each, mark)
    yield from placed_in_amount(policy)


def places(frame: Frame, element: str | None) -> list[Frame]:
    """Where a node is read for one enterprise: in the frame itself, or in that of every row of a list."""
    if element is None:
        return [frame]
    return [frame.inside(row, element) for row in frame.collection(element).rows]


def placed_in_amount(policy: Policy) -> Iterator[Placed]:
    """Every node of the amount."""
    each, terms = policy.for_each.collection if policy.for_each else None, policy.amount
    if terms is not None:
        mark = Mark(terms.at, "amount")
        yield from placed_below(terms.each, each, each, mark)
        yield from placed_below(terms.total, None, each, mark)
        yield from placed_below(terms.cap, None, each, mark)


def placed_below(
    root: Value | Condition | None, element: str | None, items: str | None, mark: Mark
) -> Iterator[Placed]:
    """A node and everything below it; ``items`` is the collection of ``for_each``."""
    seen: set[tuple[int, str | None]] = set()
    waiting: list[tuple[object, str | None, Mark]] = [(root, element, mark)]
    while waiting:
        node, here, above = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend((part, here, above) for part in reversed(node))
        elif is_dataclass(node) and not isinstance(node, Type | Mark | Label) and (id(node), here) not in seen:
            seen.add((id(node), here))
            own = getattr(node, "mark", above)
            now = own if own.at.path else above
            yield Placed(node, here, now)
            inner = _inside(node, items) or here
            waiting.extend(
                (getattr(node, f.name), inner if f.name in ("where", "take") else here, now) for f in fields(node)
            )


def _inside(node: object, items: str | None) -> str | None:
    match node:
        case Rows(collection=name):
            return name or items
        case Sum(rows=rows) | Extreme(rows=rows) | PaidUnder(rows=rows):
            return rows.collection or items
        case _:
            return None
