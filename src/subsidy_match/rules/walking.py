"""Walking the typed tree: every node below a node, each once, whatever kind of node it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from subsidy_match.rules.tree import Condition, Value

__all__ = ["nodes_below"]


def nodes_below(*roots: Value | Condition | None) -> Iterator[object]:
    """The roots and all nodes, rows and branches below them; a shared sub-tree is visited once."""
    seen: set[int] = set()
    waiting: list[object] = list(roots)
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
        elif is_dataclass(node) and id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(getattr(node, field.name) for field in fields(node))
