"""Looking for an enterprise of which something holds, or proving that there is none.

The reference evaluator answers for many enterprises at once: over what is unknown its answers are definite only where every
completion agrees. So a part of the space where it says no is empty for certain, one where it says yes holds an example, and
any other is cut along an unknown that it asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from subsidy_match.rules.analysis.space import Space
from subsidy_match.rules.enterprise import Enterprise, Known
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind

__all__ = ["Ask", "Found", "GaveUp", "Nothing", "Result", "search"]

# whether it holds for all of some enterprises (True), for none (False), or depends (None); and on which unknowns it depends
Ask: TypeAlias = Callable[[Enterprise], tuple[bool | None, Sequence[str]]]
_BUDGET = 600


@dataclass(frozen=True, slots=True)
class Found:
    """An enterprise of which it holds; what it leaves unknown does not matter."""

    enterprise: Enterprise


@dataclass(frozen=True, slots=True)
class Nothing:
    """It is proved that there is none."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """None was found, and none was ruled out."""


Result: TypeAlias = Found | Nothing | GaveUp


def search(space: Space, start: Enterprise, ask: Ask, *, budget: int = _BUDGET) -> Result:
    """Look for an enterprise, beginning with what ``start`` leaves open."""
    space.inexact.clear()
    waiting: list[tuple[Enterprise, Sequence[str]]] = []
    if (done := _look(start, ask, waiting, space)) is not None:
        return done
    spent, skipped = 1, False
    while waiting:
        firm, keys = waiting.pop()
        parts = _first_parts(space, firm, keys)
        if not parts:
            skipped = True
        ahead: list[tuple[Enterprise, Sequence[str]]] = []
        for part in parts:
            spent += 1
            if (done := _look(part, ask, ahead, space)) is not None:
                return done
        if spent > budget:
            return GaveUp()
        waiting.extend(sorted(ahead, key=lambda one: -len(one[1])))  # the part that needs least is looked into first
    return GaveUp() if skipped or space.inexact else Nothing()


def _look(firm: Enterprise, ask: Ask, waiting: list[tuple[Enterprise, Sequence[str]]], space: Space) -> Found | None:
    said, keys = ask(firm)
    if said is True:
        return Found(_filled(firm, space))
    if said is None:
        waiting.append((firm, keys))
    return None


def _first_parts(space: Space, firm: Enterprise, keys: Sequence[str]) -> list[Enterprise]:
    """The parts along the first unknown that can be cut; what decides more comes before lists and their fields."""
    for key in sorted(keys, key=lambda key: ("." in key, key in space.policies.catalogue.collections)):
        parts = list(space.pieces(firm, key))
        if len(parts) > 1:
            return parts
    return []


def _filled(firm: Enterprise, space: Space) -> Enterprise:
    """A value for every bound; all of them will do."""
    facts = space.policies.catalogue.facts
    values = dict(firm.values)
    for key, bound in firm.bounds.items():
        fact = facts.get(key) or facts[key.rpartition("_")[0]]
        if isinstance(bound, Span):
            values[key] = Known(_chosen(bound, fact.type.kind, fact.type.scale))
    return replace(firm, values=values, bounds={})


def _chosen(bound: Span, kind: Kind, scale: int) -> int | date:
    lo = 0 if isinstance(bound.lo, float) else bound.lo
    return date.fromordinal(int(lo)) if kind is Kind.DATE else int(lo * scale)
