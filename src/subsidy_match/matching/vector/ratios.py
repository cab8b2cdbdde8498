"""The ratio of two facts against many limits: divided in floats once, and decided exactly wherever floats are too near to tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from subsidy_match.matching.vector.bitmaps import Bits, Words, as_words, firms_of, packed
from subsidy_match.matching.vector.blocks import Numbers
from subsidy_match.matching.vector.comparing import End, Quotients
from subsidy_match.matching.vector.nodes import Node
from subsidy_match.matching.vector.reaching import reached
from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.tree import Op

__all__ = ["RatioTest", "Ratios"]

_SMALLEST, _BAND = 1e-9, 1e-13  # of a limit: floats that differ by more do differ


@dataclass(frozen=True, slots=True)
class RatioTest:
    """A condition on a ratio of stored numbers: it reaches ``limit``, or with ``below`` it does not; at it, ``equal`` decides."""

    leaf: int
    limit: Fraction
    below: bool
    equal: bool  # whether a ratio that is the limit counts as reaching it

    @classmethod
    def of(cls, node: Node, limit: Fraction) -> RatioTest | None:
        """The test of a condition; ``None`` where the limit is too small or too large for floats."""
        if not _SMALLEST < abs(limit) < 1 / _SMALLEST:
            return None
        op: Any = node.params[0]
        equal = op in (Op.AT_LEAST, Op.ON_OR_AFTER, Op.LESS_THAN, Op.BEFORE)
        return cls(node.id, limit, op in (Op.AT_MOST, Op.LESS_THAN, Op.BEFORE), equal)


@dataclass(frozen=True, slots=True)
class Ratios:
    """All conditions on one ratio; ``edges`` are two a condition, just below its limit and just above."""

    top: Node
    bottom: Node
    tests: tuple[RatioTest, ...]
    edges: npt.NDArray[np.float64]

    @classmethod
    def of(cls, top: Node, bottom: Node, tests: Sequence[RatioTest]) -> Ratios:
        """Conditions on the ratio of two facts."""
        limits = [float(test.limit) for test in tests]
        edges = np.array(
            [edge for limit in limits for edge in (limit - abs(limit) * _BAND, limit + abs(limit) * _BAND)]
        )
        return cls(top, bottom, tuple(tests), edges)

    def bits(self, view: FirmView) -> Iterator[tuple[int, Bits]]:
        """Each condition over all firms of a block."""
        top, bottom = view.block.numbers(self.top), view.block.numbers(self.bottom)
        if len(top.values) != view.size or len(bottom.values) != view.size:
            yield from ((test.leaf, packed(view.decide(test.leaf), view.size)) for test in self.tests)
            return
        quotients = _divided(view, top, bottom, self.tests[0].leaf)
        least = reached(quotients.least, self.edges)
        greatest = least if quotients.greatest is quotients.least else reached(quotients.greatest, self.edges)
        for place, test in enumerate(self.tests):
            low, high = least[2 * place : 2 * place + 2], greatest[2 * place : 2 * place + 2]
            sure, possible = (~high[1], ~low[1]) if test.below else (low[1], high[1])
            near = (low[0] ^ low[1]) | (high[0] ^ high[1])
            if near.any():
                sure, possible = quotients.settle(test, firms_of(near, 0), sure, possible)
            yield test.leaf, Bits.of(sure, possible)


@dataclass(slots=True)
class _Quotients:
    """The least and the greatest that each ratio can be; one array where all of them are certain.

    ``others`` are the rows in which something is not known or the bottom is not above nothing, ``rest`` are these firms.
    """

    top: Numbers
    bottom: Numbers
    least: npt.NDArray[np.float64]
    greatest: npt.NDArray[np.float64]
    others: Ints
    rest: FirmView | None
    _decided: dict[int, Any] = field(default_factory=dict)

    def settle(self, test: RatioTest, rows: Ints, sure: Words, possible: Words) -> tuple[Words, Words]:
        """Decide exactly what lies near a limit."""
        size = len(self.least)
        masks = [
            np.unpackbits(words.view(np.uint8), bitorder="little").view(np.bool_)[:size] for words in (sure, possible)
        ]
        is_other = np.zeros(size, np.bool_)
        is_other[self.others] = True
        plain = rows[~is_other[rows]]
        for mask in masks:
            mask[plain] = self._reaches(test, plain) != test.below
        if self.rest is not None:
            truth = self.rest.decide(test.leaf)
            masks[0][self.others], masks[1][self.others] = truth.sure, truth.possible
        first, second = (as_words(np.packbits(mask, bitorder="little"), len(sure)) for mask in masks)
        return first, second

    def _reaches(self, test: RatioTest, rows: Ints) -> Bools:
        """Cross-multiply whole numbers of any size."""
        top, bottom = (column.values[rows].astype(object) for column in (self.top, self.bottom))
        left, right = top * test.limit.denominator, bottom * test.limit.numerator
        return np.asarray(left >= right if test.equal else left > right).astype(np.bool_)


def _divided(view: FirmView, top: Numbers, bottom: Numbers, leaf: int) -> _Quotients:
    """Divide two columns; what an unknown one leaves open is worked out by the condition ``leaf``, which asks for the ratio."""
    plain = bottom.values > 0
    for column in (top, bottom):
        if column.valid is not None:
            plain &= column.valid
    values, others = np.zeros(view.size), np.flatnonzero(~plain)
    np.divide(top.values, bottom.values, out=values, where=plain)
    if not len(others):
        return _Quotients(top, bottom, values, values, others, None)
    rest, greatest = view.some(others), values.copy()
    ratio = rest.measure(view.nodes[leaf].children[0])
    if not isinstance(ratio, Quotients):
        raise TypeError("a ratio is not a quotient")
    scale = _stored_per_value(top, bottom)
    values[others], greatest[others] = (
        _floats(end, infinity) * scale for end, infinity in zip(ratio.ends, (-np.inf, np.inf), strict=True)
    )
    return _Quotients(top, bottom, values, greatest, others, rest)


def _stored_per_value(top: Numbers, bottom: Numbers) -> float:
    """What turns a ratio of values into one of stored numbers."""
    return float(Fraction(top.scale, bottom.scale))


def _floats(end: End, infinity: float) -> Any:
    found = np.true_divide(end.num.astype(np.float64), end.den.astype(np.float64))
    return found if end.gone is None else np.where(end.gone, infinity, found)
