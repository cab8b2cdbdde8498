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
from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.comparing import compare
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind, Op

__all__ = ["leaf_bits"]

_COMPARE = {
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
    hit = _words(_COMPARE[op](column.values, whole), view.size)
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
    test, margin = _COMPARE[node.params[0]], abs(stored) * _BAND  # type: ignore[index]
    hit = test(parts.values, stored - margin)
    other = test(parts.values, stored + margin)
    if np.count_nonzero(hit) != np.count_nonzero(other):
        _settle(hit, np.flatnonzero(hit != other), parts, test, limit)
    if not len(parts.others):
        return packed(Truths(hit, hit), view.size)
    if parts.rest is None:
        parts.rest = view.some(parts.others)
    truth = parts.rest.decide(node.id)
    possible = hit.copy()
    hit[parts.others], possible[parts.others] = truth.sure, truth.possible
    return packed(Truths(hit, possible), view.size)


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
