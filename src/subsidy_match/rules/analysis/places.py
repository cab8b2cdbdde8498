"""Every node of a policy with the list whose rows it is read in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from subsidy_match.rules.policy import Policy
from subsidy_match.rules.tree import Condition, Extreme, Label, Mark, PaidUnder, Rows, Sum, Type, Value

__all__ = ["Placed", "placed", "placed_below"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A node, and the collection whose fields it may read."""

    node: object
    element: str | None


def placed(policy: Policy) -> Iterator[Placed]:
    """Every node of the conditions and the amount, once for each list it is read in."""
    each = policy.for_each.collection if policy.for_each else None
    yield from placed_below(policy.condition, None, each)
    if policy.for_each is not None:
        yield from placed_below(policy.for_each.item_if, each, each)
    if policy.amount is not None:
        yield from placed_below(policy.amount.each, each, each)
        yield from placed_below(policy.amount.total, None, each)
        yield from placed_below(policy.amount.cap, None, each)


def placed_below(root: Value | Condition | None, element: str | None, items: str | None) -> Iterator[Placed]:
    """A node and everything below it; ``items`` is the collection of ``for_each``."""
    seen: set[tuple[int, str | None]] = set()
    waiting: list[tuple[object, str | None]] = [(root, element)]
    while waiting:
        node, here = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend((part, here) for part in reversed(node))
        elif is_dataclass(node) and not isinstance(node, Type | Mark | Label) and (id(node), here) not in seen:
            seen.add((id(node), here))
            yield Placed(node, here)
            inner = _inside(node, items) or here
            waiting.extend(
                (getattr(node, f.name), inner if f.name in ("where", "take") else here) for f in fields(node)
            )


def _inside(node: object, items: str | None) -> str | None:
    match node:
        case Rows(collection=name):
            return name or items
        case Sum(rows=rows) | Extreme(rows=rows) | PaidUnder(rows=rows):
            return rows.collection or items
        case _:
            return None
