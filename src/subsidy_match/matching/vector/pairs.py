"""Pairs of a firm and a policy that is not refused, as columns, and how many of each verdict there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from subsidy_match.matching.vector.claims import Claims
from subsidy_match.matching.vector.spans import Bools, Ints, Spans
from subsidy_match.rules.truth import Verdict

__all__ = ["CODES", "NO_ROW", "Pairs", "Tally"]

CODES: Mapping[Verdict, int] = {verdict: code for code, verdict in enumerate(Verdict)}
NO_ROW = -1


@dataclass(slots=True)
class Tally:
    """How many matches there are, by policy and verdict; ``refusable`` are all of a policy."""

    counts: npt.NDArray[np.int64]
    refusable: npt.NDArray[np.int64]

    @classmethod
    def of(cls, policies: int, firms: int) -> Tally:
        """Nothing but refusals yet: one match a firm."""
        return cls(np.zeros((policies, len(CODES)), np.int64), np.full(policies, firms, np.int64))

    def add(self, verdict: Verdict, place: int, count: int) -> None:
        """So many more of a verdict."""
        self.counts[place, CODES[verdict]] += count

    def __iadd__(self, other: Tally) -> Tally:
        self.counts += other.counts
        self.refusable += other.refusable
        return self

    def closed(self) -> npt.NDArray[np.int64]:
        """The counts by verdict, with those that are refused."""
        found = self.counts.copy()
        found[:, CODES[Verdict.INELIGIBLE]] = self.refusable - self.counts.sum(axis=1)
        return found


@dataclass(slots=True)
class Pairs:
    """Columns of equal length; ``low`` and ``high`` are 分, and count only where ``has_low`` and ``has_high`` say so."""

    policies: Ints
    firms: Ints
    rows: Ints  # in the policy's list, NO_ROW for none
    verdicts: npt.NDArray[np.int8]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    has_low: Bools
    has_high: Bools
    is_by_row: bool = False  # whether any of them has a row

    def __len__(self) -> int:
        return len(self.firms)

    @classmethod
    def of(cls, verdict: Verdict, policies: Ints, firms: Ints) -> Pairs:
        """Pairs of one verdict, without amounts yet."""
        size = len(firms)
        nothing, no = np.broadcast_to(np.int64(0), size), np.broadcast_to(np.False_, size)
        rows, verdicts = np.broadcast_to(NO_ROW, size), np.broadcast_to(np.int8(CODES[verdict]), size)
        return cls(policies, firms, rows, verdicts, nothing, nothing, no, no)

    @classmethod
    def of_claims(cls, place: int, claims: Claims) -> Pairs:
        """The matches of one policy."""
        size = len(claims.firms)
        found = cls.of(Verdict.UNKNOWN, np.full(size, place), claims.firms)
        found.rows, found.is_by_row = claims.rows, True
        sure, confirms = (np.broadcast_to(mask, size) for mask in (claims.truth.sure, claims.truth.confirms))
        eligible, to_confirm, unknown = (CODES[v] for v in (Verdict.ELIGIBLE, Verdict.TO_CONFIRM, Verdict.UNKNOWN))
        found.verdicts = np.where(sure, eligible, np.where(confirms, to_confirm, unknown)).astype(np.int8)
        if claims.amount is not None:
            found.set_amounts(claims.amount)
        return found

    def set_amounts(self, amounts: Spans) -> None:
        """The amounts of all of them."""
        size = len(self)
        self.low, self.high = (np.broadcast_to(_fen(end, amounts.den), size) for end in (amounts.lo, amounts.hi))
        self.has_low, self.has_high = (_has(gone, size) for gone in (amounts.no_lo, amounts.no_hi))

    def only(self, chosen: Bools) -> Pairs:
        """Some of the pairs."""
        return Pairs(
            self.policies[chosen],
            self.firms[chosen],
            self.rows[chosen],
            self.verdicts[chosen],
            self.low[chosen],
            self.high[chosen],
            self.has_low[chosen],
            self.has_high[chosen],
            self.is_by_row,
        )


def _has(gone: Bools | None, size: int) -> Bools:
    return np.broadcast_to(np.array([True]) if gone is None else ~gone, size)


def _fen(numerators: Ints, den: int) -> Ints:
    """Whole 分: an amount is rounded to its step already, and a step finer than one 分 is cut off."""
    if den == 1:
        return numerators
    return np.asarray(np.sign(numerators) * (np.abs(numerators) // den))
