"""Whether one enterprise can tell two nodes of a policy apart: what each comes to where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from subsidy_match.rules.analysis.places import placed, places
from subsidy_match.rules.frame import Frame
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.reasons import Outcome
from subsidy_match.rules.tree import Condition, Items, Rows, Value
from subsidy_match.rules.truth import Truth
from subsidy_match.rules.walking import nodes_below

__all__ = ["Elements", "Teller", "counts_items", "elements_of"]

Elements: TypeAlias = Mapping[int, frozenset[str | None]]  # by id of a node: the lists in whose rows it is read
Said: TypeAlias = Truth | Outcome


def elements_of(policy: Policy) -> Elements:
    """Where every node of a policy is read: in the rows of a list, or (None) of the enterprise itself."""
    found: dict[int, set[str | None]] = defaultdict(set)
    for spot in placed(policy):
        found[id(spot.node)].add(spot.element)
    return {number: frozenset(several) for number, several in found.items()}


def counts_items(node: Condition | Value) -> bool:
    """Whether a node counts the elements that are claimed for, which only a whole match decides."""
    return any(
        isinstance(below, Items) or (isinstance(below, Rows) and below.collection is None)
        for below in nodes_below(node)
    )


@dataclass(slots=True)
class Teller:
    """One enterprise under one policy; it remembers what the policy's own nodes come to."""

    frame: Frame
    elements: Elements
    _places: dict[str | None, list[Frame]] = field(default_factory=dict)
    _said: dict[tuple[int, str | None], list[Said]] = field(default_factory=dict)

    def tells_apart(self, old: Condition | Value, new: Condition | Value) -> bool:
        """Whether ``new`` comes to something else than the policy's own node ``old`` anywhere."""
        return any(
            self._of_old(old, element) != [_outcome(_like(place), new) for place in self._at(element)]
            for element in self.elements.get(id(old), frozenset({None}))
        )

    def _of_old(self, node: Condition | Value, element: str | None) -> list[Said]:
        key = id(node), element
        if key not in self._said:
            self._said[key] = [_outcome(place, node) for place in self._at(element)]
        return self._said[key]

    def _at(self, element: str | None) -> list[Frame]:
        if element not in self._places:
            self._places[element] = places(self.frame, element)
        return self._places[element]


def _like(frame: Frame) -> Frame:
    """A frame for a node of another policy: it knows the values that are known, and what it learns is forgotten with it.

    Values are remembered by the identity of their node, and a node that is gone may leave its identity to another.
    """
    return Frame(frame.case, frame.policy, frame.row, frame.element, frame.row_source, cache=dict(frame.cache))


def _outcome(frame: Frame, node: Condition | Value) -> Said:
    return frame.decide(node).truth if isinstance(node, Condition) else frame.measure(node)
