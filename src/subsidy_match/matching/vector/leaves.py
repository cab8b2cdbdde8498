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
from subsidy_match.matching.vector.blocks import Numbers
from subsidy_match.matching.vector.codes import Codes
from subsidy_match.matching.vector.deciding import test_of
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.spans import Bools
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
_LARGEST = 1 << 62


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
        return Bits(hit, hit)
    unknown = compare(column.unknown, op, Span.exactly(limit))
    return _where_known(hit, column.known, sure=unknown.sure, possible=unknown.possible)


def _ratio(view: FirmView, node: Node, facts: tuple[Node, Node], limit: Fraction) -> Bits | None:
    """Cross-multiplied where both are known and the bottom is above nothing; the other rows one by one."""
    top, bottom = (view.block.numbers(fact) for fact in facts)
    left, right = limit.denominator * bottom.scale, limit.numerator * top.scale
    if max(top.bound * left, bottom.bound * abs(right)) >= _LARGEST:
        return None
    hit = np.asarray(_COMPARE[node.params[0]](top.values * left, bottom.values * right))  # type: ignore[index]
    plain = bottom.values > 0
    for column in (top, bottom):
        if column.valid is not None:
            plain = plain & column.valid
    others = np.flatnonzero(~plain)
    if not len(others):
        return packed(Truths(hit, hit), view.size)
    rest = view.some(others).decide(node.id)
    sure, possible = hit, hit.copy()
    sure[others], possible[others] = rest.sure, rest.possible
    return packed(Truths(sure, possible), view.size)


def _code(view: FirmView, node: Node) -> Bits:
    fact = view.nodes[node.children[0]]
    if fact.params[1] is Kind.BOOL:
        return packed(view.decide(node.id), view.size)
    seen = view.fact(fact)
    if not isinstance(seen, Codes):
        return packed(view.decide(node.id), view.size)
    sure, possible = seen.names.said(node.id, test_of(*node.params))
    hit = _words(sure[seen.index], view.size)
    if np.array_equal(sure[:-1], possible[:-1]):  # no name is too short to tell: only an unknown one is open
        known = _words(seen.index >= 0, view.size)
        return Bits(hit, hit | ~known)
    return Bits(hit, _words(possible[seen.index], view.size))


def _where_known(hit: Words, known: Words, *, sure: bool, possible: bool) -> Bits:
    held = hit & known
    return Bits(held | ~known if sure else held, held | ~known if possible else held)


def _words(mask: Bools, size: int) -> Words:
    if len(mask) == 1 != size:
        mask = np.broadcast_to(mask, size)
    return as_words(np.packbits(mask, bitorder="little"), -(-size // 64))
