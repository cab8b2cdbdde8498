"""A number as an interval: what is known of it lies between ``lo`` and ``hi``.

A known number has lo = hi; a missing one has the range of its fact; arithmetic is interval arithmetic, exact over the
rationals. Dates are spans of their ordinals. The infinities stand for "no bound" and are the only floats; no finite value
ever becomes one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TypeAlias

from subsidy_match.money import Rounding, round_to

__all__ = ["ANYTHING", "INFINITY", "Bound", "Num", "Span", "greatest", "hull", "least", "ratio"]

Num: TypeAlias = int | Fraction
Bound: TypeAlias = int | Fraction | float

INFINITY = math.inf


@dataclass(frozen=True, slots=True)
class Span:
    """All numbers from ``lo`` to ``hi``, both included."""

    lo: Bound
    hi: Bound

    @classmethod
    def exactly(cls, value: Num) -> Span:
        """The span of one known number."""
        return cls(value, value)

    @property
    def is_known(self) -> bool:
        """Whether only one number is possible."""
        return self.lo == self.hi

    def __add__(self, other: Span) -> Span:
        if self.lo is self.hi and other.lo is other.hi:
            return Span(known := _plus(self.lo, other.lo), known)
        return Span(_plus(self.lo, other.lo), _plus(self.hi, other.hi))

    def __neg__(self) -> Span:
        return Span(-self.hi, -self.lo)

    def __sub__(self, other: Span) -> Span:
        return self + -other

    def __mul__(self, other: Span) -> Span:
        if self.lo is self.hi and other.lo is other.hi:  # numbers that are known
            return Span(known := _times(self.lo, other.lo), known)
        corners = [_times(a, b) for a, b in product((self.lo, self.hi), (other.lo, other.hi))]
        return Span(min(corners), max(corners))

    def rounded(self, step: Num, mode: Rounding) -> Span:
        """Both ends on multiples of ``step``: rounding never changes the order of two numbers."""
        low = _rounded(self.lo, step, mode)
        return Span(low, low if self.hi is self.lo else _rounded(self.hi, step, mode))

    def contains(self, value: Num) -> bool:
        """Whether ``value`` is possible."""
        return self.lo <= value <= self.hi


ANYTHING = Span(-INFINITY, INFINITY)


def ratio(top: Span, bottom: Span) -> Span:
    """Divide exactly. A ratio to nothing or to less than nothing means nothing: anything, so never a definite verdict."""
    if bottom.lo <= 0:
        return ANYTHING
    return top * Span(_inverse(bottom.hi), _inverse(bottom.lo))


def least(spans: Iterable[Span]) -> Span:
    """The least of several numbers; an unknown one still bounds it from above, so an unknown cap is never lost."""
    several = list(spans)
    return Span(min(s.lo for s in several), min(s.hi for s in several))


def greatest(spans: Iterable[Span]) -> Span:
    """The greatest of several numbers."""
    several = list(spans)
    return Span(max(s.lo for s in several), max(s.hi for s in several))


def hull(spans: Iterable[Span]) -> Span:
    """The smallest span that holds all of them."""
    several = list(spans)
    return Span(min(s.lo for s in several), max(s.hi for s in several))


def _plus(a: Bound, b: Bound) -> Bound:
    # a bound is a float only where it is infinite: a number beyond every float must not be turned into one
    if isinstance(a, float):
        return a
    return b if isinstance(b, float) else a + b


def _times(a: Bound, b: Bound) -> Bound:
    if not a or not b:
        return 0  # nothing times "no bound" is nothing
    if isinstance(a, float) or isinstance(b, float):
        return INFINITY if (a > 0) is (b > 0) else -INFINITY
    return a * b


def _inverse(value: Bound) -> Num:
    return 0 if isinstance(value, float) else Fraction(1) / value


def _rounded(value: Bound, step: Num, mode: Rounding) -> Bound:
    return value if isinstance(value, float) else round_to(value, step, mode)
