"""Where plan nodes are worked out: all firms of a block, some of them, or the rows of a list; each node once a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from subsidy_match.matching.vector import deciding, measuring
from subsidy_match.matching.vector.blocks import Block, Column
from subsidy_match.matching.vector.nodes import Node, Nodes
from subsidy_match.matching.vector.spans import Bools, Ints, Spans
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.rules.policy import PolicySet

__all__ = ["FirmView", "RowView", "View"]


@dataclass(slots=True)
class FirmView:
    """Firms of a block: all of them, or ``rows`` of them, perhaps one several times with other ``slots``."""

    nodes: Nodes
    policies: PolicySet
    block: Block
    rows: Ints | None = None
    slots: tuple[Spans, ...] = ()
    _values: dict[int, Column] = field(default_factory=dict)
    _truths: dict[int, Truths] = field(default_factory=dict)
    _lists: dict[str, RowView] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many firms."""
        return self.block.size if self.rows is None else len(self.rows)

    def some(self, rows: Ints) -> FirmView:
        """Some of these firms."""
        return FirmView(self.nodes, self.policies, self.block, rows if self.rows is None else self.rows[rows])

    def measure(self, node_id: int) -> Column:
        """The values of a node."""
        if node_id not in self._values:
            self._values[node_id] = measuring.measure(self, self.nodes[node_id])
        return self._values[node_id]

    def decide(self, node_id: int) -> Truths:
        """The truths of a node."""
        if node_id not in self._truths:
            self._truths[node_id] = deciding.decide(self, self.nodes[node_id])
        return self._truths[node_id]

    def fact(self, node: Node) -> Column:
        """A fact of these firms."""
        column = self.block.fact(node)
        return column if self.rows is None else column.take(self.rows)

    def listed(self, collection: str) -> RowView:
        """The rows of a list of these firms."""
        if collection not in self._lists:
            self._lists[collection] = self._list(collection)
        return self._lists[collection]

    def is_open(self, collection: str) -> Bools:
        """For which of these firms the list may have more rows than were seen."""
        found = self.block.open_lists[collection]
        return found if self.rows is None or len(found) == 1 else found[self.rows]

    def _list(self, collection: str) -> RowView:
        listed = self.block.lists.get(collection)
        whole = np.zeros(self.block.size + 1, np.int64) if listed is None else listed.starts
        sizes = np.diff(whole) if self.rows is None else np.diff(whole)[self.rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        places = None
        if self.rows is not None:
            places = np.repeat(whole[:-1][self.rows] - starts[:-1], sizes) + np.arange(starts[-1])
        return RowView(self, collection, starts, np.repeat(np.arange(len(sizes)), sizes), places)


@dataclass(slots=True)
class RowView:
    """Rows of one list of the firms of a view: those of firm i are ``starts[i]`` to ``starts[i + 1]``."""

    firms: FirmView
    collection: str
    starts: Ints
    owner: Ints  # the firm of each row
    places: Ints | None  # of each row in the block
    _values: dict[int, Column] = field(default_factory=dict)
    _truths: dict[int, Truths] = field(default_factory=dict)

    @property
    def nodes(self) -> Nodes:
        """The nodes of the plan."""
        return self.firms.nodes

    @property
    def policies(self) -> PolicySet:
        """The policies of the plan."""
        return self.firms.policies

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.owner)

    @property
    def slots(self) -> tuple[Spans, ...]:
        """Numbers that differ from policy to policy: those of the firms, row by row."""
        return tuple(slot.take(self.owner) for slot in self.firms.slots)

    def measure(self, node_id: int) -> Column:
        """The values of a node; what does not look at the row is the firm's."""
        if node_id not in self._values:
            node = self.nodes[node_id]
            self._values[node_id] = (
                measuring.measure(self, node) if node.local else self.firms.measure(node_id).take(self.owner)
            )
        return self._values[node_id]

    def decide(self, node_id: int) -> Truths:
        """The truths of a node; what does not look at the row is the firm's."""
        if node_id not in self._truths:
            node = self.nodes[node_id]
            self._truths[node_id] = (
                deciding.decide(self, node) if node.local else self.firms.decide(node_id).take(self.owner)
            )
        return self._truths[node_id]

    def field(self, node: Node) -> Column:
        """A field of these rows."""
        column = self.firms.block.field(self.collection, node)
        return column if self.places is None else column.take(self.places)

    def some(self, rows: Ints) -> Mapping[str, Ints]:
        """Where some of these rows stand in the block, and whose they are."""
        return {"places": rows if self.places is None else self.places[rows], "owner": self.owner[rows]}


View = FirmView | RowView
