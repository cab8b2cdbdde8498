"""Puts together what each topic says on its own, and finds at import what two of them say or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

__all__ = ["covering", "merge"]

Key = TypeVar("Key")
Value = TypeVar("Value")


def merge(*parts: Mapping[Key, Value]) -> Mapping[Key, Value]:
    """Join the parts of all topics in their order.

    Raises:
        ValueError: two of them have the same key.
    """
    whole: dict[Key, Value] = {}
    for part in parts:
        if twice := whole.keys() & part.keys():
            raise ValueError(f"said by two topics: {sorted(map(str, twice))}")
        whole |= part
    return whole


def covering(members: Iterable[Key], *parts: Mapping[Key, Value]) -> Mapping[Key, Value]:
    """Join the parts, which together must say something of each of ``members`` and of nothing else.

    Raises:
        ValueError: a member is said twice or not at all, or a key is no member.
    """
    whole, wanted = merge(*parts), set(members)
    if odd := wanted ^ whole.keys():
        raise ValueError(f"said by no topic, or not to be said: {sorted(map(str, odd))}")
    return whole
