"""The plan's nodes: values and conditions of all policies, each distinct one once, whatever policy asks for it.

A node is an operation with child nodes and plain parameters; equal ones are one node, so that what many policies share is
worked out once a block. Nodes know whether they look at the row of a list at hand.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

__all__ = ["Do", "Node", "Nodes"]


class Do(Enum):
    """What a node does; the comment says its children, then its parameters."""

    # values
    FACT = auto()  # - / column, Kind, scale, span, oldest day that is fresh
    FIELD = auto()  # - / name, Kind, scale, span
    NUMBER = auto()  # - / number, or a span of which no more is known, [the clock that shows it]
    CODE = auto()  # - / code or truth
    SLOT = auto()  # - / place of a number that differs from policy to policy
    TRUTH = auto()  # condition
    ADD = auto()  # values
    SUBTRACT = auto()  # values
    DAYS = auto()  # from a day, to a day
    MULTIPLY = auto()  # values
    RATIO = auto()  # top, bottom
    LEAST = auto()  # values
    GREATEST = auto()  # values
    BAND = auto()  # value, (edge, value)…, otherwise / op
    FIRST = auto()  # (condition, value)…, otherwise
    EACH = auto()  # (condition, value)…, [otherwise] / whether there is one
    COUNT = auto()  # rows
    SUM = auto()  # rows, value / whether an unseen row may take away
    EXTREME = auto()  # rows, value / whether it is a number (else a day)
    PARAM = auto()  # key / table, first day of its row, whether every code has an entry
    GRADE = auto()  # industry, numbers… / standard, first day of its row, names of the numbers
    ROUND = auto()  # value / step, mode
    # rows
    ROWS = auto()  # conditions on a row / collection
    # conditions
    ALL = auto()  # conditions
    ANY = auto()  # conditions
    AT_LEAST_N = auto()  # conditions / count
    NOT = auto()  # condition
    COMPARE = auto()  # value, limit / op
    BETWEEN = auto()  # value, low, high
    AGREE = auto()  # value / form, codes
    INCLUDES = auto()  # value / codes
    SOME = auto()  # rows
    KEYED = auto()  # the field that tells rows apart: the row has one
    MANUAL = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One node. ``local``: it reads the row at hand; ``manual``: a person must be asked somewhere below."""

    id: int
    do: Do
    children: tuple[int, ...]
    params: tuple[Hashable, ...]
    local: bool
    manual: bool


@dataclass(slots=True)
class Nodes:
    """All nodes of a plan; children come before their parents."""

    all: list[Node] = field(default_factory=list)
    _known: dict[tuple[Do, tuple[int, ...], tuple[Hashable, ...]], int] = field(default_factory=dict)

    def __getitem__(self, node_id: int) -> Node:
        return self.all[node_id]

    def add(self, do: Do, children: Sequence[int] = (), *params: Hashable) -> int:
        """The node that does this, new or known."""
        key = do, tuple(children), params
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.all)
            below = [self.all[child] for child in children]
            local = do is Do.FIELD or (do is not Do.ROWS and any(node.local for node in below))
            if do in (Do.SUM, Do.EXTREME):
                local = False  # what is taken is a matter of the rows below, not of the row at hand
            manual = do is Do.MANUAL or any(node.manual for node in below)
            self.all.append(Node(found, do, key[1], params, local, manual))
        return found

    def only(self, *roots: int) -> tuple[Nodes, dict[int, int]]:
        """What some nodes need as nodes of their own, and where each of them is there."""
        found, places = Nodes(), dict[int, int]()
        for place in sorted(self.below(*roots)):
            node = self.all[place]
            places[place] = found.add(node.do, [places[child] for child in node.children], *node.params)
        return found, places

    def below(self, *roots: int) -> set[int]:
        """All nodes that some nodes need, themselves included."""
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(self.all[node].children)
        return seen
