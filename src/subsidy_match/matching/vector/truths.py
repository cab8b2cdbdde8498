"""Columns of truths: the four bits of the reference evaluator, a whole block at a time.

Data decide between ``sure`` and ``possible``; where a person must confirm something, ``confirms`` and ``allows`` say the same
once the person speaks for it and against it. Both pairs obey one algebra, so a condition without a manual clause keeps one pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from subsidy_match.matching.vector.spans import Bools, Ints, taken
from subsidy_match.rules.truth import Truth

__all__ = ["Truths", "all_of", "always", "any_of", "at_least_n", "known", "negate"]


@dataclass(frozen=True, slots=True)
class Truths:
    """``sure`` and ``possible`` row by row; ``confirms`` and ``allows`` (not denied) where persons are asked."""

    sure: Bools
    possible: Bools
    asked: tuple[Bools, Bools] | None = None

    @property
    def confirms(self) -> Bools:
        """True by data alone once the persons say what favours it."""
        return self.sure if self.asked is None else self.asked[0]

    @property
    def allows(self) -> Bools:
        """Not yet false once the persons say what goes against it."""
        return self.possible if self.asked is None else self.asked[1]

    def take(self, rows: Ints) -> Truths:
        """The truths of some rows."""
        asked = None if self.asked is None else (taken(self.asked[0], rows), taken(self.asked[1], rows))
        return Truths(taken(self.sure, rows), taken(self.possible, rows), asked)


def always(truth: Truth) -> Truths:
    """The same truth in every row."""
    asked = (np.array([truth.confirms]), np.array([not truth.denies]))
    plain = truth.confirms == truth.sure and truth.denies != truth.possible
    return Truths(np.array([truth.sure]), np.array([truth.possible]), None if plain else asked)


def known(true: Bools) -> Truths:
    """What data decide in every row."""
    return Truths(true, true)


def negate(a: Truths) -> Truths:
    """NOT: what was sure is impossible."""
    return Truths(~a.possible, ~a.sure, None if a.asked is None else (~a.asked[1], ~a.asked[0]))


def all_of(several: Sequence[Truths]) -> Truths:
    """AND, row by row; of none it is true."""
    return _joined(several, np.logical_and) if several else known(np.array([True]))


def any_of(several: Sequence[Truths]) -> Truths:
    """OR, row by row; of none it is false."""
    return _joined(several, np.logical_or) if several else known(np.array([False]))


def at_least_n(count: int, several: Sequence[Truths]) -> Truths:
    """At least ``count`` of several, row by row."""

    def enough(masks: Iterable[Bools]) -> Bools:
        return np.asarray(sum((mask.astype(np.int16) for mask in masks), np.zeros(1, np.int16)) >= count)

    asked = None
    if any(t.asked is not None for t in several):
        asked = enough(t.confirms for t in several), enough(t.allows for t in several)
    return Truths(enough(t.sure for t in several), enough(t.possible for t in several), asked)


def _joined(several: Sequence[Truths], join: Callable[[Bools, Bools], Bools]) -> Truths:
    asked = None
    if any(t.asked is not None for t in several):
        asked = reduce(join, (t.confirms for t in several)), reduce(join, (t.allows for t in several))
    return Truths(reduce(join, (t.sure for t in several)), reduce(join, (t.possible for t in several)), asked)
