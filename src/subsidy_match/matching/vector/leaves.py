"""Conditions of all policies over a block, a column at a time: everything that asks one column passes over it together.

They give what :mod:`deciding` gives; what has no quick form goes there.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from subsidy_match.matching.vector.bitmaps import Bits, Words, packed
from subsidy_match.matching.vector.codes import Test
from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.nodes import Do, Node, Nodes
from subsidy_match.matching.vector.ratios import Ratios, RatioTest
from subsidy_match.matching.vector.reaching import reached
from subsidy_match.matching.vector.spans import Ints
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.comparing import compare
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind, Op
from subsidy_match.rules.truth import Truth

__all__ = ["COMPARING", "Leaves", "group_leaves"]

COMPARING = {
    Op.AT_LEAST: operator.ge, Op.ON_OR_AFTER: operator.ge, Op.MORE_THAN: operator.gt, Op.AT_MOST: operator.le,
    Op.LESS_THAN: operator.lt, Op.BEFORE: operator.lt,
}  # fmt: skip
_LARGEST = 1 << 62


class LeafGroup(Protocol):
    """Conditions that ask the same columns."""

    def bits(self, view: FirmView) -> Iterator[tuple[int, Bits]]:
        """Each condition over all firms of a block."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """All conditions of a plan; ``others`` have no quick form."""

    groups: tuple[LeafGroup, ...]
    others: tuple[int, ...]

    def bits(self, view: FirmView) -> dict[int, Bits]:
        """Every condition over all firms of a block."""
        found = {leaf: bits for group in self.groups for leaf, bits in group.bits(view)}
        return found | {leaf: packed(view.decide(leaf), view.size) for leaf in self.others}


def group_leaves(nodes: Nodes, leaves: Iterable[int]) -> Leaves:
    """Sort conditions by what they ask."""
    numbers: dict[int, list[_Threshold]] = defaultdict(list)
    ratios: dict[tuple[int, int], list[RatioTest]] = defaultdict(list)
    codes: dict[int, list[tuple[int, Test]]] = defaultdict(list)
    others = []
    for leaf in leaves:
        node = nodes[leaf]
        if (fact := _coded_fact(nodes, node)) is not None:
            codes[fact].append((leaf, agreement(*node.params)))
        elif (threshold := _threshold(nodes, node)) is not None:
            numbers[node.children[0]].append(threshold)
        elif (ratio := _ratio(nodes, node)) is not None:
            top, bottom = nodes[node.children[0]].children
            ratios[top, bottom].append(ratio)
        else:
            others.append(leaf)
    groups: list[LeafGroup] = [_thresholds(nodes[fact], tests) for fact, tests in numbers.items()]
    groups += [Ratios.of(nodes[top], nodes[bottom], tests) for (top, bottom), tests in ratios.items()]
    for fact, asked in codes.items():
        kind = _Flags if nodes[fact].params[1] is Kind.BOOL else _Codes
        groups.append(kind(nodes[fact], tuple(asked)))
    return Leaves(tuple(groups), tuple(others))


def _limit(nodes: Nodes, node: Node) -> Fraction | None:
    """The number that a condition compares with."""
    if node.do is not Do.COMPARE or nodes[node.children[1]].do is not Do.NUMBER:
        return None
    limit = nodes[node.children[1]].params[0]
    return limit if isinstance(limit, Fraction) else None


def _slowly(view: FirmView, leaves: Iterable[int]) -> Iterator[tuple[int, Bits]]:
    """Conditions on a column that the snapshot does not have."""
    return ((leaf, packed(view.decide(leaf), view.size)) for leaf in leaves)


# --- a number or a day against limits ---


@dataclass(frozen=True, slots=True)
class _Threshold:
    """Whole numbers reach a limit where they reach the whole number next to it, ``edge``; ``below``: they must not."""

    leaf: int
    edge: int
    below: bool
    unknown: Truth


@dataclass(frozen=True, slots=True)
class _Thresholds:
    fact: Node
    tests: tuple[_Threshold, ...]
    edges: Ints
    places: tuple[int, ...]

    def bits(self, view: FirmView) -> Iterator[tuple[int, Bits]]:
        column = view.block.numbers(self.fact)
        if len(column.values) != view.size:
            yield from _slowly(view, (test.leaf for test in self.tests))
            return
        hits, gone = reached(column.values, self.edges), None if column.known is None else ~column.known
        for test, place in zip(self.tests, self.places, strict=True):
            hit = ~hits[place] if test.below else hits[place]
            yield test.leaf, _where_known(hit, column.known, gone, test.unknown)


def _threshold(nodes: Nodes, node: Node) -> _Threshold | None:
    limit, fact = _limit(nodes, node), nodes[node.children[0]] if node.children else node
    if limit is None or fact.do is not Do.FACT:
        return None
    _, kind, scale, span, _ = fact.params
    op: Any = node.params[0]
    stored = limit * int(str(scale))
    here = op in (Op.AT_LEAST, Op.ON_OR_AFTER, Op.LESS_THAN, Op.BEFORE)
    edge = math.ceil(stored) if here else math.floor(stored) + 1
    if abs(edge) >= _LARGEST:
        return None
    unknown = Span(-math.inf, math.inf) if kind is Kind.DATE else Span(*span)  # type: ignore[misc]
    below = op in (Op.AT_MOST, Op.LESS_THAN, Op.BEFORE)
    return _Threshold(node.id, edge, below, compare(unknown, op, Span.exactly(limit)))


def _thresholds(fact: Node, tests: Sequence[_Threshold]) -> _Thresholds:
    edges = sorted({test.edge for test in tests})
    at = {edge: place for place, edge in enumerate(edges)}
    return _Thresholds(fact, tuple(tests), np.array(edges, np.int64), tuple(at[test.edge] for test in tests))


def _where_known(hit: Words, known: Words | None, gone: Words | None, unknown: Truth) -> Bits:
    """What is hit where it is known; where it is not, what an unknown value says."""
    if known is None or gone is None:
        return Bits(np.broadcast_to(hit, (2, len(hit))))
    pair = np.empty((2, len(hit)), np.uint64)
    for row, counts in zip(pair, (unknown.sure, unknown.possible), strict=True):
        np.bitwise_or(hit, gone, out=row) if counts else np.bitwise_and(hit, known, out=row)
    return Bits(pair)


# --- codes, and yes or no ---


def _coded_fact(nodes: Nodes, node: Node) -> int | None:
    """The fact whose code a condition asks for."""
    return node.children[0] if node.do is Do.AGREE and nodes[node.children[0]].do is Do.FACT else None


@dataclass(frozen=True, slots=True)
class _Codes:
    fact: Node
    tests: tuple[tuple[int, Test], ...]

    def bits(self, view: FirmView) -> Iterator[tuple[int, Bits]]:
        column = view.block.coded(self.fact)
        names, ranked = column.names, column.ranked
        edges = [ranked.edges_of(leaf, names.said(leaf, test)) for leaf, test in self.tests]
        column.prepare(edge for pair in edges for row in pair if row for edge in row)
        for (leaf, _), (sure, possible) in zip(self.tests, edges, strict=True):
            pair = np.empty((2, -(-view.size // 64)), np.uint64)
            hit = column.words(sure, pair[0])
            maybe = hit if possible is None else column.words(possible, pair[1])
            np.bitwise_or(maybe, 0 if column.gone is None else column.gone, out=pair[1])
            yield leaf, Bits(pair)


@dataclass(frozen=True, slots=True)
class _Flags:
    fact: Node
    tests: tuple[tuple[int, Test], ...]

    def bits(self, view: FirmView) -> Iterator[tuple[int, Bits]]:
        column = view.block.flagged(self.fact)
        if column is None:
            yield from _slowly(view, (leaf for leaf, _ in self.tests))
            return
        true, known = column
        for leaf, test in self.tests:
            yield leaf, _flag(true, known, {answer: test(answer) for answer in (True, False)})


def _flag(true: Words, known: Words | None, says: Mapping[bool, bool | None]) -> Bits:
    if says[True] is says[False]:
        hit = np.full_like(true, 2**64 - 1 if says[True] else 0)
    else:
        hit = true if says[True] else ~true
    return Bits(np.broadcast_to(hit, (2, len(hit)))) if known is None else Bits.of(hit & known, hit | ~known)


# --- a ratio against limits ---


def _ratio(nodes: Nodes, node: Node) -> RatioTest | None:
    limit = _limit(nodes, node)
    if limit is None or nodes[node.children[0]].do is not Do.RATIO:
        return None
    top, bottom = (nodes[child] for child in nodes[node.children[0]].children)
    if top.do is not Do.FACT or bottom.do is not Do.FACT:
        return None
    return RatioTest.of(node, limit * Fraction(int(str(top.params[2])), int(str(bottom.params[2]))))
