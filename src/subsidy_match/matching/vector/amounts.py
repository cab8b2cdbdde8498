"""Amounts of many policies in one pass: those that differ only in their numbers are worked out together.

The amount of a policy becomes a template in which every number is a slot; policies with one template form a group, and each
pair of a firm and a policy brings the numbers of its policy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from subsidy_match.matching.vector import measuring, spans
from subsidy_match.matching.vector.lowering import Lowered
from subsidy_match.matching.vector.nodes import Do, Nodes
from subsidy_match.matching.vector.spans import Ints, Spans
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.money import Rounding
from subsidy_match.rules.span import Num

__all__ = ["Group", "group_amounts"]

_MOST_NODES = 300  # a larger tree is left as it is: as a template it could grow without end


@dataclass(slots=True)
class Group:
    """Policies that pay by one template; ``numbers[slot]`` holds that of each of its ``size`` policies."""

    root: int
    step: Num
    mode: Rounding
    numbers: list[list[Fraction]] = field(default_factory=list)
    size: int = 0
    _slots: tuple[Spans, ...] | None = None

    def add(self, numbers: Sequence[Fraction]) -> int:
        """Take in one more policy; gives its place in the group."""
        self.numbers = self.numbers or [[] for _ in numbers]
        for column, number in zip(self.numbers, numbers, strict=True):
            column.append(number)
        self.size += 1
        return self.size - 1

    def amounts(self, view: FirmView, firms: Ints, places: Ints) -> Spans:
        """What each pair pays.

        Args:
            view: all firms of the block.
            firms: of each pair.
            places: of each pair's policy in this group.
        """
        if self._slots is None:
            self._slots = tuple(map(_slot, self.numbers))
        slots = tuple(slot.take(places) for slot in self._slots)
        pairs = FirmView(view.nodes, view.policies, view.block, firms, slots)
        return spans.rounded(measuring.number(pairs, self.root), self.step, self.mode)


def group_amounts(nodes: Nodes, lowered: Sequence[Lowered]) -> tuple[list[Group], dict[int, tuple[int, int]]]:
    """The groups of all policies that pay by the firm, and of each such policy its group and its place there."""
    groups: dict[tuple[int, Num, Rounding], Group] = {}
    numbers_of: dict[tuple[int, Num, Rounding], int] = {}
    found: dict[int, tuple[int, int]] = {}
    for place, one in enumerate(lowered):
        terms = one.policy.amount
        if terms is None or one.items is not None or one.total is None:
            continue
        pays = one.total if one.cap is None else nodes.add(Do.LEAST, [one.total, one.cap])
        numbers: list[Fraction] = []
        root = _template(nodes, pays, numbers) if len(nodes.below(pays)) <= _MOST_NODES else pays
        key = root, terms.step, terms.mode
        group = groups.setdefault(key, Group(*key))
        found[place] = numbers_of.setdefault(key, len(numbers_of)), group.add(numbers)
    return list(groups.values()), found


def _template(nodes: Nodes, node_id: int, numbers: list[Fraction]) -> int:
    node = nodes[node_id]
    if node.do is Do.NUMBER and isinstance(node.params[0], Fraction):
        numbers.append(node.params[0])
        return nodes.add(Do.SLOT, [], len(numbers) - 1)
    if node.do is Do.ROWS:  # rows are worked out once a view: their numbers stay
        return node_id
    return nodes.add(node.do, [_template(nodes, child, numbers) for child in node.children], *node.params)


def _slot(column: Sequence[Fraction]) -> Spans:
    """The numbers of a slot over one denominator."""
    den = math.lcm(*(number.denominator for number in column))
    whole = [int(number * den) for number in column]
    bound = max(map(abs, whole))
    if len(set(whole)) == 1:
        return spans.constant(column[0])
    values = np.array(whole, dtype=np.int64 if bound < 1 << 62 else object)
    return Spans(values, values, den, bound=bound)
