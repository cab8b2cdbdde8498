"""Columns of intervals: the spans of the reference evaluator, a whole block at a time, exact.

A column holds the numerators of its lower and upper ends over one common denominator, as int64 as long as no result can leave
int64, else as Python integers: each column carries a bound that its data really keep, so nothing is ever taken on trust.
An array of one element stands for a column of equal values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from subsidy_match.money import Rounding
from subsidy_match.rules.span import Bound, Num, Span

__all__ = ["ANY_DAY", "Bools", "Ints", "Spans", "add", "aligned", "anything", "constant", "days", "extremes", "merged", "multiply", "rounded", "subtract"]  # fmt: skip

Ints = npt.NDArray[Any]  # int64, or object where int64 could overflow
Bools = npt.NDArray[np.bool_]

_LARGEST = 1 << 62
_NEVER = 1 << 58  # days since or until a day that never was
ANY_DAY = 1 << 40  # stands for the infinities among ordinals of days, which are only ever compared


@dataclass(frozen=True, slots=True)
class Spans:
    """Intervals: ``lo / den`` to ``hi / den``, no bound below where ``no_lo``, none above where ``no_hi``.

    Numerators under a missing bound are 0. ``bound`` is at least every ``|lo|`` and ``|hi|``. An exact column has one array
    for both ends.
    """

    lo: Ints
    hi: Ints
    den: int = 1
    no_lo: Bools | None = None
    no_hi: Bools | None = None
    bound: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether every interval is one number."""
        return self.lo is self.hi and self.no_lo is None and self.no_hi is None

    def take(self, rows: Ints) -> Spans:
        """The intervals of some rows."""
        lo = taken(self.lo, rows)
        hi = lo if self.lo is self.hi else taken(self.hi, rows)
        return Spans(lo, hi, self.den, _taken(self.no_lo, rows), _taken(self.no_hi, rows), self.bound)


def taken(values: Ints, rows: Ints) -> Ints:
    """Some rows of a column; one that stands for equal values stays as it is."""
    return values if len(values) == 1 else values[rows]


def constant(span: Span | Num) -> Spans:
    """A column of equal intervals."""
    low, high = (span.lo, span.hi) if isinstance(span, Span) else (span, span)
    den = math.lcm(*(end.denominator for end in (low, high) if isinstance(end, Fraction)))
    lo, hi = _numerator(low, den), _numerator(high, den)
    bound = max(abs(lo), abs(hi))
    first = _array(lo, bound)
    second = first if low == high else _array(hi, bound)
    return Spans(first, second, den, _missing(low), _missing(high), bound)


def anything() -> Spans:
    """A column of which nothing is known."""
    return constant(Span(-math.inf, math.inf))


def _numerator(end: Bound, den: int) -> int:
    return 0 if isinstance(end, float) else int(end * den)


def _array(value: int, bound: int) -> Ints:
    return np.array([value], dtype=np.int64 if bound < _LARGEST else object)


def _missing(end: Bound) -> Bools | None:
    return np.array([True]) if isinstance(end, float) else None


def _taken(mask: Bools | None, rows: Ints) -> Bools | None:
    return None if mask is None else taken(mask, rows)


# --- widths and denominators ---


def wide(values: Ints, bound: int) -> Ints:
    """An array that can hold numbers up to ``bound``."""
    return values.astype(object) if bound >= _LARGEST and values.dtype != object else values


def scaled(values: Ints, factor: int, bound: int) -> Ints:
    """Multiply by a whole number, exactly; ``bound`` is that of the result."""
    if factor == 1:
        return values
    return wide(values, max(bound, factor)) * factor  # a factor alone may be too large, beside a column of zeros


def aligned(*columns: Spans) -> list[Spans]:
    """The same columns over one denominator."""
    den = math.lcm(*(column.den for column in columns))
    return [_over(column, den) for column in columns]


def _over(column: Spans, den: int) -> Spans:
    factor = den // column.den
    if factor == 1:
        return column
    bound = column.bound * factor
    lo = scaled(column.lo, factor, bound)
    hi = lo if column.lo is column.hi else scaled(column.hi, factor, bound)
    return Spans(lo, hi, den, column.no_lo, column.no_hi, bound)


# --- arithmetic ---


def add(columns: Sequence[Spans]) -> Spans:
    """The sum, row by row."""
    total = columns[0]
    for column in columns[1:]:
        a, b = aligned(total, column)
        bound = a.bound + b.bound
        no_lo, no_hi = _either(a.no_lo, b.no_lo), _either(a.no_hi, b.no_hi)
        lo = _plus(a.lo, b.lo, bound, no_lo)
        hi = lo if a.is_exact and b.is_exact else _plus(a.hi, b.hi, bound, no_hi)
        total = Spans(lo, hi, a.den, no_lo, no_hi, bound)
    return total


def subtract(first: Spans, others: Sequence[Spans]) -> Spans:
    """The first less all others."""
    return add([first, *(_negated(column) for column in others)])


def days(start: Spans, end: Spans) -> Spans:
    """How many days from one day to another; with the beginning of time as one of them more than any number, or less."""
    lo_sign, hi_sign = (_endless(a, b) for a, b in ((end.lo, start.hi), (end.hi, start.lo)))
    lo = np.where(lo_sign == 0, end.lo - start.hi, np.where(lo_sign > 0, _NEVER, 0))
    hi = np.where(hi_sign == 0, end.hi - start.lo, np.where(hi_sign < 0, -_NEVER, 0))
    return Spans(lo, hi, 1, lo_sign < 0, hi_sign > 0, _NEVER)


def _endless(to: Ints, since: Ints) -> Ints:
    """The sign of an infinite number of days, or 0: that of the later day counts before that of the earlier."""
    last, first = (np.sign(day) * (np.abs(day) >= ANY_DAY) for day in (to, since))
    return np.where(last != 0, last, -first)


def _negated(a: Spans) -> Spans:
    lo = -a.hi
    return Spans(lo, lo if a.lo is a.hi else -a.lo, a.den, a.no_hi, a.no_lo, a.bound)


def _plus(a: Ints, b: Ints, bound: int, missing: Bools | None) -> Ints:
    return _cleared(wide(a, bound) + wide(b, bound), missing)


def multiply(a: Spans, b: Spans) -> Spans:
    """The product; nothing times "no bound" is nothing."""
    bound, den = a.bound * b.bound, a.den * b.den
    if a.is_exact and b.is_exact:
        lo = wide(a.lo, bound) * wide(b.lo, bound)
        return Spans(lo, lo, den, bound=bound)
    corners = [
        _times(x, no_x, up_x, y, no_y, up_y, bound)
        for x, no_x, up_x in ((a.lo, a.no_lo, -1), (a.hi, a.no_hi, 1))
        for y, no_y, up_y in ((b.lo, b.no_lo, -1), (b.hi, b.no_hi, 1))
    ]
    if all(endless is None for _, endless in corners):
        products = [product for product, _ in corners]
        return Spans(_least(products), _greatest(products), den, bound=bound)
    return _spanned(corners, den, bound)


def _times(
    x: Ints, no_x: Bools | None, up_x: int, y: Ints, no_y: Bools | None, up_y: int, bound: int
) -> tuple[Ints, Ints | None]:
    """A corner of a product: its number, and where it is endless the sign of the infinity."""
    product = wide(x, bound) * wide(y, bound)
    if no_x is None and no_y is None:
        return product, None
    sign_x = np.sign(x).astype(np.int8) if no_x is None else np.where(no_x, up_x, np.sign(x)).astype(np.int8)
    sign_y = np.sign(y).astype(np.int8) if no_y is None else np.where(no_y, up_y, np.sign(y)).astype(np.int8)
    return product, np.where(_both(no_x, no_y), sign_x * sign_y, 0)


def _both(a: Bools | None, b: Bools | None) -> Bools:
    found = _either(a, b)
    return np.array([False]) if found is None else found


def _spanned(corners: Sequence[tuple[Ints, Ints | None]], den: int, bound: int) -> Spans:
    """The least and the greatest of corners of which some are infinite."""
    shape = np.broadcast_shapes(
        *(product.shape for product, _ in corners), *(s.shape for _, s in corners if s is not None)
    )
    signs = np.stack([np.broadcast_to(np.int8(0) if s is None else s, shape) for _, s in corners])
    values = np.stack([np.broadcast_to(product, shape) for product, _ in corners])
    finite = signs == 0
    no_lo, no_hi = np.asarray((signs < 0).any(axis=0)), np.asarray((signs > 0).any(axis=0))
    lo = np.where(finite, values, bound).min(axis=0)
    hi = np.where(finite, values, -bound).max(axis=0)
    return Spans(_cleared(lo, no_lo), _cleared(hi, no_hi), den, no_lo, no_hi, bound)


def extremes(columns: Sequence[Spans], *, least: bool) -> Spans:
    """The least or the greatest of several, end by end."""
    several = aligned(*columns)
    bound = max(column.bound for column in several)
    pick = _least if least else _greatest
    if all(column.is_exact for column in several):
        lo = pick([column.lo for column in several])
        return Spans(lo, lo, several[0].den, bound=bound)
    no_lo, lo = _end([c.lo for c in several], [c.no_lo for c in several], bound, least=least, low=True)
    no_hi, hi = _end([c.hi for c in several], [c.no_hi for c in several], bound, least=least, low=False)
    return Spans(lo, hi, several[0].den, no_lo, no_hi, bound)


def _end(
    ends: Sequence[Ints], missing: Sequence[Bools | None], bound: int, *, least: bool, low: bool
) -> tuple[Bools | None, Ints]:
    """One end of the least (or greatest): a missing bound wins where it lies outwards, and counts for nothing else."""
    pick = _least if least else _greatest
    if all(mask is None for mask in missing):
        return None, pick(ends)
    outwards = least is low
    neutral = bound if least else -bound
    filled = [
        end if mask is None else np.where(mask, neutral, wide(end, bound))
        for end, mask in zip(ends, missing, strict=True)
    ]
    masks = [np.array([False]) if mask is None else mask for mask in missing]
    gone = _any_of(masks) if outwards else _all_of(masks)
    return gone, _cleared(pick(filled), gone)


def merged(masks: Sequence[Bools], columns: Sequence[Spans]) -> Spans:
    """The smallest interval that holds those of the columns whose mask is set; every row has at least one."""
    several = aligned(*columns)
    bound = max(column.bound for column in several)
    if len(several) == 1:
        return several[0]
    no_lo = _open_end(masks, [c.no_lo for c in several])
    no_hi = _open_end(masks, [c.no_hi for c in several])
    lo = _least([np.where(mask, wide(c.lo, bound), bound) for mask, c in zip(masks, several, strict=True)])
    hi = _greatest([np.where(mask, wide(c.hi, bound), -bound) for mask, c in zip(masks, several, strict=True)])
    return Spans(_cleared(lo, no_lo), _cleared(hi, no_hi), several[0].den, no_lo, no_hi, bound)


def _open_end(masks: Sequence[Bools], missing: Sequence[Bools | None]) -> Bools | None:
    found = [mask & gone for mask, gone in zip(masks, missing, strict=True) if gone is not None]
    return _any_of(found) if found else None


def rounded(column: Spans, step: Num, mode: Rounding) -> Spans:
    """Both ends on multiples of a step; halves go away from zero, down is towards zero."""
    unit = Fraction(step)
    over = column.den * unit.numerator
    bound = 2 * column.bound * unit.denominator + 2 * over
    reach = (column.bound * unit.denominator // over + 1) * unit.numerator
    lo = _stepped(column.lo, unit, over, mode, bound)
    hi = lo if column.lo is column.hi else _stepped(column.hi, unit, over, mode, bound)
    return Spans(lo, hi, unit.denominator, column.no_lo, column.no_hi, reach)


def _stepped(values: Ints, unit: Fraction, over: int, mode: Rounding, bound: int) -> Ints:
    if len(values) and values.min() >= 0:
        return _upwards(scaled(values, unit.denominator, bound), over, mode, bound) * unit.numerator
    sign = np.where(values < 0, -1, 1)
    whole = _upwards(scaled(np.abs(values), unit.denominator, bound), over, mode, bound)
    return sign * whole * unit.numerator


def _upwards(magnitude: Ints, over: int, mode: Rounding, bound: int) -> Ints:
    """Whole multiples of ``over`` in numbers that are not negative."""
    numbers = wide(magnitude, bound)
    if mode is Rounding.HALF_UP:
        return np.asarray((2 * numbers + over) // (2 * over))
    return np.asarray(numbers // over if mode is Rounding.DOWN else -(-numbers // over))


# --- arrays ---


def _least(arrays: Sequence[Ints]) -> Ints:
    found = arrays[0]
    for other in arrays[1:]:
        found = np.minimum(found, other)
    return found


def _greatest(arrays: Sequence[Ints]) -> Ints:
    found = arrays[0]
    for other in arrays[1:]:
        found = np.maximum(found, other)
    return found


def _either(a: Bools | None, b: Bools | None) -> Bools | None:
    if a is None or b is None:
        return b if a is None else a
    return a | b


def _any_of(masks: Sequence[Bools]) -> Bools:
    found = masks[0]
    for other in masks[1:]:
        found = found | other
    return found


def _all_of(masks: Sequence[Bools]) -> Bools:
    found = masks[0]
    for other in masks[1:]:
        found = found & other
    return found


def _cleared(values: Ints, missing: Bools | None) -> Ints:
    return values if missing is None else np.where(missing, 0, values)
