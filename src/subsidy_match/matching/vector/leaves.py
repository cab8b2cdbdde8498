"""The commonest conditions straight to bits: one fact against a number, the ratio of two, a code, a yes-or-no.

They give what :mod:`deciding` gives; anything else goes there.
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import Any

import numpy as np

from subsidy_match.matching.vector.bitmaps import Bits, Words, as_words, packed
from subsidy_match.matching.vector.blocks import Divided
from subsidy_match.matching.vector.comparing import End
from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.comparing import compare
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind, Op

__all__ = ["COMPARING", "leaf_bits"]

COMPARING = {
    Op.AT_LEAST: operator.ge, Op.ON_OR_AFTER: operator.ge, Op.MORE_THAN: operator.gt, Op.AT_MOST: operator.le,
    Op.LESS_THAN: operator.lt, Op.BEFORE: operator.lt,
}  # fmt: skip
_SMALLEST, _BAND = 1e-9, 1e-13  # of a limit: floats that differ by more do differ


def leaf_bits(view: FirmView, node_id: int) -> Bits:
    """A condition over all firms of a block."""
    nodes = view.nodes
    node = nodes[node_id]
    if node.do is Do.COMPARE and nodes[node.children[1]].do is Do.NUMBER:
        seen, limit = nodes[node.children[0]], nodes[node.children[1]].params[0]
        if isinstance(limit, Fraction) and seen.do is Do.FACT:
            return _threshold(view, seen, node.params[0], limit)
        if isinstance(limit, Fraction) and seen.do is Do.RATIO:
            top, bottom = (nodes[child] for child in seen.children)
            if top.do is Do.FACT is bottom.do and (found := _ratio(view, node, (top, bottom), limit)) is not None:
                return found
    if node.do is Do.AGREE and nodes[node.children[0]].do is Do.FACT:
        return _code(view, node)
    return packed(view.decide(node_id), view.size)


def _threshold(view: FirmView, fact: Node, op: Any, limit: Fraction) -> Bits:
    """Whole numbers reach a limit where they reach the whole number next to it."""
    column = view.block.numbers(fact)
    stored = limit * column.scale
    whole = math.ceil(stored) if op in (Op.AT_LEAST, Op.ON_OR_AFTER, Op.LESS_THAN, Op.BEFORE) else math.floor(stored)
    hit = _words(COMPARING[op](column.values, whole), view.size)
    if column.known is None:
        return Bits.of(hit, hit)
    unknown = compare(column.unknown, op, Span.exactly(limit))
    return _where_known(hit, column.known, sure=unknown.sure, possible=unknown.possible)


def _ratio(view: FirmView, node: Node, facts: tuple[Node, Node], limit: Fraction) -> Bits | None:
    """Divided in floats where both are known and the bottom is above nothing; what lies near the limit is done exactly."""
    parts = view.block.quotients(*facts)
    stored = float(limit * Fraction(parts.top.scale, parts.bottom.scale))
    if not _SMALLEST < abs(stored) < 1 / _SMALLEST:
        return None
    op, test = node.params[0], COMPARING[node.params[0]]  # type: ignore[index]
    hit, near = _float_test(parts.values, test, stored)
    if near is not None:
        _settle(hit, np.flatnonzero(near), parts, test, limit)
    if not len(parts.others):
        return packed(Truths(hit, hit), view.size)
    sure, possible = _others(view, node, parts, (op, test), float(limit))
    both = hit.copy()
    hit[parts.others], both[parts.others] = sure, possible
    return packed(Truths(hit, both), view.size)


def _others(view: FirmView, node: Node, parts: Divided, op: tuple[Any, Any], limit: float) -> tuple[Bools, Bools]:
    """(sure, possible) where something is not known: by the least and the greatest that the ratio can be."""
    if parts.rest is None:
        parts.rest = view.some(parts.others)
        ratio = parts.rest.measure(node.children[0])
        parts.ends = tuple(_floats(end, infinity) for end, infinity in zip(ratio.ends, (-np.inf, np.inf), strict=True))
    low, high = parts.ends if op[0] in (Op.AT_LEAST, Op.MORE_THAN) else parts.ends[::-1]
    sure, near = _float_test(low, op[1], limit)
    possible, near_too = _float_test(high, op[1], limit)
    if near is None and near_too is None:
        return sure, possible
    truth = parts.rest.decide(node.id)
    return truth.sure, truth.possible


def _floats(end: End, infinity: float) -> Any:
    found = np.true_divide(end.num.astype(np.float64), end.den.astype(np.float64))
    return found if end.gone is None else np.where(end.gone, infinity, found)


def _float_test(values: Any, test: Any, limit: float) -> tuple[Bools, Bools | None]:
    """What floats say, and where they are too near to the limit to say anything."""
    margin = abs(limit) * _BAND
    hit, other = test(values, limit - margin), test(values, limit + margin)
    return hit, None if np.count_nonzero(hit) == np.count_nonzero(other) else hit != other


def _settle(hit: Bools, rows: Ints, parts: Divided, test: Any, limit: Fraction) -> None:
    """Decide ratios near the limit by cross-multiplying whole numbers of any size."""
    top, bottom = (column.values[rows].astype(object) for column in (parts.top, parts.bottom))
    left = top * (limit.denominator * parts.bottom.scale)
    hit[rows] = test(left, bottom * (limit.numerator * parts.top.scale)).astype(np.bool_)


def _code(view: FirmView, node: Node) -> Bits:
    fact = view.nodes[node.children[0]]
    if fact.params[1] is Kind.BOOL:
        return packed(view.decide(node.id), view.size)
    parts = view.block.coded(fact)
    sure, possible = parts.names.said(node.id, agreement(*node.params))
    hit = parts.words(sure)
    if np.array_equal(sure[:-1], possible[:-1]):  # no name is too short to tell: only an unknown one is open
        return Bits.of(hit, hit if parts.known is None else hit | ~parts.known)
    return Bits.of(hit, parts.words(possible))


def _where_known(hit: Words, known: Words, *, sure: bool, possible: bool) -> Bits:
    held = hit & known
    return Bits.of(held | ~known if sure else held, held | ~known if possible else held)


def _words(mask: Bools, size: int) -> Words:
    if len(mask) == 1 != size:
        mask = np.broadcast_to(mask, size)
    return as_words(np.packbits(mask, bitorder="little"), -(-size // 64))
