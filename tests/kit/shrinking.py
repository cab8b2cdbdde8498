"""Making a found disagreement small: parts of the policy and of the enterprise are left out as long as it stays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from subsidy_match.rules.enterprise import Collection, Enterprise

__all__ = ["shrink"]

Tree = dict[str, Any]
_KEPT = {"id", "title", "provenance", "basis", "level", "authority", "effective", "channel", "claim", "rounding"}


def shrink(policy: Tree, firm: Enterprise, fails: Callable[[Tree, Enterprise], bool]) -> tuple[Tree, Enterprise]:
    """The smallest policy and enterprise found for which ``fails`` still holds."""
    smaller = True
    while smaller:
        smaller = False
        for tree in _smaller_trees(policy):
            if fails(tree, firm):
                policy, smaller = tree, True
                break
        for other in _smaller_firms(firm):
            if fails(policy, other):
                firm, smaller = other, True
                break
    return policy, firm


def _smaller_firms(firm: Enterprise) -> Iterator[Enterprise]:
    for name in firm.values:
        yield replace(firm, values={key: value for key, value in firm.values.items() if key != name})
    for name, listed in firm.collections.items():
        for place in range(len(listed.rows)):
            rows = listed.rows[:place] + listed.rows[place + 1 :]
            fewer = Collection(rows, listed.loaded, listed.disputed)
            yield replace(firm, collections={**firm.collections, name: fewer})
        if listed.disputed:
            yield replace(firm, collections={**firm.collections, name: Collection(listed.rows, listed.loaded)})


def _smaller_trees(policy: Tree) -> Iterator[Tree]:
    for path in _paths(policy):
        for change in ("drop", "lift"):
            tree = copy.deepcopy(policy)
            if _change(tree, path, change):
                yield tree


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        if not path and key in _KEPT:
            continue
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _change(tree: Any, path: tuple[Any, ...], change: str) -> bool:
    *above, last = path
    for key in above:
        tree = tree[key]
    if change == "drop":
        if isinstance(tree, list) and len(tree) < 2:
            return False
        del tree[last]
        return True
    inner = tree[last]
    parts = list(inner.values()) if isinstance(inner, dict) else inner if isinstance(inner, list) else []
    wanted = next((part for part in parts if isinstance(part, dict)), None)
    if wanted is None or (isinstance(tree, list) is False and not isinstance(inner, dict)):
        return False
    tree[last] = wanted
    return True
