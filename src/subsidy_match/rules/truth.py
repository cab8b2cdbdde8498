"""Kleene truth that also remembers what a person must confirm, and the four verdicts.

Data decide a condition true, false or unknown. A ``manual`` clause is open until a person looks. A result that is open only
because of manual clauses is *to confirm*; one that data could still move is *unknown*. Four bits carry that through
``all``, ``any`` and ``not``:

    sure      true whatever the unknowns and the persons say
    possible  not yet false
    confirms  true by data alone once the persons say what favours it
    denies    false by data alone once the persons say what goes against it
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

__all__ = [
    "FALSE",
    "MANUAL",
    "TRUE",
    "UNKNOWN",
    "Truth",
    "Verdict",
    "all_of",
    "any_of",
    "at_least_n",
    "known",
    "negate",
]


class Verdict(Enum):
    """What the product says of one enterprise and one policy (a plain Enum: it must never be used as a truth value)."""

    ELIGIBLE = "eligible"
    TO_CONFIRM = "to_confirm"
    UNKNOWN = "unknown"
    INELIGIBLE = "ineligible"


class Truth(NamedTuple):
    """What is known of one condition."""

    sure: bool
    possible: bool
    confirms: bool
    denies: bool

    @property
    def verdict(self) -> Verdict:
        """The verdict if this were the whole policy."""
        if self.sure:
            return Verdict.ELIGIBLE
        if not self.possible:
            return Verdict.INELIGIBLE
        return Verdict.TO_CONFIRM if self.confirms else Verdict.UNKNOWN

    @property
    def decided(self) -> bool | None:
        """True, False, or None where it is open."""
        return True if self.sure else None if self.possible else False


TRUE = Truth(sure=True, possible=True, confirms=True, denies=False)
FALSE = Truth(sure=False, possible=False, confirms=False, denies=True)
UNKNOWN = Truth(sure=False, possible=True, confirms=False, denies=False)
MANUAL = Truth(sure=False, possible=True, confirms=True, denies=True)


def known(value: bool | None) -> Truth:
    """The truth of a condition that data decide, or do not."""
    return UNKNOWN if value is None else TRUE if value else FALSE


def negate(truth: Truth) -> Truth:
    """NOT: what was sure is impossible, and the persons' favours change sides."""
    return Truth(not truth.possible, not truth.sure, truth.denies, truth.confirms)


def all_of(truths: Iterable[Truth]) -> Truth:
    """AND over any number; of none it is true."""
    several = tuple(truths)
    return Truth(
        all(t.sure for t in several),
        all(t.possible for t in several),
        all(t.confirms for t in several),
        any(t.denies for t in several),
    )


def any_of(truths: Iterable[Truth]) -> Truth:
    """OR over any number; of none it is false."""
    return negate(all_of(negate(t) for t in truths))


def at_least_n(count: int, truths: Iterable[Truth]) -> Truth:
    """At least ``count`` of several."""
    several = tuple(truths)
    short = len(several) - count  # so many may fail

    return Truth(
        sum(t.sure for t in several) >= count,
        sum(t.possible for t in several) >= count,
        sum(t.confirms for t in several) >= count,
        sum(t.denies for t in several) > short,
    )
