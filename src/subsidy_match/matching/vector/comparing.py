"""Comparing columns of intervals: definite only where every possible pair agrees. Ratios are decided without division."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import assert_never

import numpy as np

from subsidy_match.matching.vector.spans import Bools, Ints, Spans, aligned
from subsidy_match.matching.vector.truths import Truths, all_of
from subsidy_match.rules.tree import Op

__all__ = ["End", "Quotients", "compare", "divided", "inside", "quotient"]

_LARGEST = 1 << 62
_BAND = 1e-14  # of the greater product: beyond it two float products that differ do differ


@dataclass(frozen=True)
class Quotients:
    """A column of ratios that has not been divided; undefined where the bottom may be nothing or less."""

    top: Spans
    bottom: Spans

    def take(self, rows: Ints) -> Quotients:
        """The ratios of some rows."""
        return Quotients(self.top.take(rows), self.bottom.take(rows))

    @cached_property
    def ends(self) -> tuple[End, End]:
        """The least and the greatest that each ratio can be."""
        return _ends(self)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a ratio: ``num / den`` with ``den`` above 0, or nothing known where ``gone``."""

    num: Ints
    num_bound: int
    den: Ints
    den_bound: int
    gone: Bools | None


def quotient(top: Spans, bottom: Spans) -> Quotients:
    """A ratio of two columns."""
    return Quotients(*aligned(top, bottom))


def divided(ratio: Quotients) -> Spans:
    """A ratio as a column of exact numbers, one fraction a row: slow, for ratios that are not merely compared."""
    low, high = ratio.ends
    lo, hi = _fractions(low), _fractions(high)
    return Spans(lo, hi, 1, low.gone, high.gone, max(_LARGEST, ratio.top.bound))


def compare(seen: Spans | Quotients, op: Op, limit: Spans | Quotients) -> Truths:
    """Compare two columns row by row."""
    match op:
        case Op.AT_LEAST | Op.ON_OR_AFTER:
            return Truths(_reaches(seen, limit, sure=True, equal=True), _reaches(seen, limit, sure=False, equal=True))
        case Op.MORE_THAN:
            return Truths(_reaches(seen, limit, sure=True, equal=False), _reaches(seen, limit, sure=False, equal=False))
        case Op.AT_MOST:
            return Truths(_reaches(limit, seen, sure=True, equal=True), _reaches(limit, seen, sure=False, equal=True))
        case Op.LESS_THAN | Op.BEFORE:
            return Truths(_reaches(limit, seen, sure=True, equal=False), _reaches(limit, seen, sure=False, equal=False))
        case _:
            assert_never(op)


def inside(seen: Spans | Quotients, low: Spans, high: Spans) -> Truths:
    """Between two bounds, both included."""
    return all_of([compare(seen, Op.AT_LEAST, low), compare(seen, Op.AT_MOST, high)])


def _reaches(a: Spans | Quotients, b: Spans | Quotients, *, sure: bool, equal: bool) -> Bools:
    """Whether ``a`` is at least (more than) ``b``: for every pair of numbers, or for some."""
    if isinstance(a, Spans) and isinstance(b, Spans):
        return _plain_reaches(a, b, sure=sure, equal=equal)
    first, second = _ends_of(a), _ends_of(b)
    x, y = (first[0], second[1]) if sure else (first[1], second[0])
    found = _product_order(x, y) >= (0 if equal else 1)
    for gone in (x.gone, y.gone):
        if gone is not None:
            found = found & ~gone if sure else found | gone
    return found


def _plain_reaches(a: Spans, b: Spans, *, sure: bool, equal: bool) -> Bools:
    a, b = aligned(a, b)
    x, no_x, y, no_y = (a.lo, a.no_lo, b.hi, b.no_hi) if sure else (a.hi, a.no_hi, b.lo, b.no_lo)
    found = np.asarray(x >= y if equal else x > y).astype(np.bool_)
    for gone in (no_x, no_y):
        if gone is not None:
            found = found & ~gone if sure else found | gone
    return found


# --- ratios ---


def _ends_of(column: Spans | Quotients) -> tuple[End, End]:
    if isinstance(column, Quotients):
        return column.ends
    den = np.array([column.den], dtype=np.int64 if column.den < _LARGEST else object)
    return (
        End(column.lo, column.bound, den, column.den, column.no_lo),
        End(column.hi, column.bound, den, column.den, column.no_hi),
    )


def _ends(ratio: Quotients) -> tuple[End, End]:
    """The two ends: the sign of the top says which bottom makes it least; an endless bottom brings it to nothing."""
    top, bottom = ratio.top, ratio.bottom
    undefined = bottom.lo <= 0
    if bottom.no_lo is not None:
        undefined = undefined | bottom.no_lo
    undefined = np.asarray(undefined).astype(np.bool_)
    least = np.where(undefined, 1, bottom.lo)
    greatest = least if bottom.lo is bottom.hi else np.where(undefined, 1, bottom.hi)
    low = _end(top, top.lo, top.no_lo, _Bottoms(greatest, bottom.no_hi, least, bottom.bound), undefined)
    high = _end(top, top.hi, top.no_hi, _Bottoms(least, None, greatest, bottom.bound, bottom.no_hi), undefined)
    return low, high


@dataclass(frozen=True, slots=True)
class _Bottoms:
    """The divisor for a top that is not negative and for one that is, each endless where its mask says so."""

    positive: Ints
    endless_positive: Bools | None
    negative: Ints
    bound: int
    endless_negative: Bools | None = None


def _end(top: Spans, num: Ints, missing: Bools | None, by: _Bottoms, undefined: Bools) -> End:
    below = np.asarray(num < 0).astype(np.bool_)
    den = by.positive if by.positive is by.negative else np.where(below, by.negative, by.positive)
    nothing = None
    if by.endless_positive is not None:
        nothing = by.endless_positive & ~below
    if by.endless_negative is not None:
        nothing = (by.endless_negative & below) if nothing is None else nothing | (by.endless_negative & below)
    if nothing is not None:
        num, den = np.where(nothing, 0, num), np.where(nothing, 1, den)
    gone = undefined if missing is None else undefined | missing
    return End(num, top.bound, den, max(by.bound, 1), gone if gone.any() else None)


def _product_order(x: End, y: End) -> Ints:
    """The sign of ``x - y``, by cross-multiplication: the denominators are above 0."""
    bound = max(x.num_bound * y.den_bound, y.num_bound * x.den_bound)
    if bound < _LARGEST:
        return np.sign(x.num * y.den - y.num * x.den) if 2 * bound < _LARGEST else _order(x.num * y.den, y.num * x.den)
    return _banded_order(x, y)


def _order(left: Ints, right: Ints) -> Ints:
    return (left > right).astype(np.int8) - (left < right).astype(np.int8)


def _banded_order(x: End, y: End) -> Ints:
    """Products beyond int64: floats decide where they clearly differ, Python's integers where they do not."""
    a, b, c, d = np.broadcast_arrays(x.num, y.den, y.num, x.den)
    left, right = (np.asarray(p.astype(np.float64) * q.astype(np.float64)) for p, q in ((a, b), (c, d)))
    order = _order(left, right)
    close = np.flatnonzero(np.abs(left - right) <= _BAND * np.maximum(np.abs(left), np.abs(right)))
    if len(close):
        exact = a[close].astype(object) * b[close].astype(object) - c[close].astype(object) * d[close].astype(object)
        order[close] = np.sign(exact).astype(np.int8)
    return order


def _fractions(end: End) -> Ints:
    num, den = np.broadcast_arrays(end.num, end.den)
    found = np.empty(len(num), dtype=object)
    found[:] = [Fraction(int(n), int(d)) for n, d in zip(num, den, strict=True)]
    return found if end.gone is None else np.where(end.gone, 0, found)
