"""Conditions as ANDs of ORs, so that what the quick leaves say of all policies is a few passes over one array.

AND and OR of truths in four bits are those of each bit, so that OR may be spread over AND as in any logic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, TypeAlias

import numpy as np

from subsidy_match.matching.vector.programs import Either, Every, Leaf, Part, Program
from subsidy_match.matching.vector.quick import ALL, OPPOSITE

__all__ = ["Clauses", "is_told"]

_MOST = 32  # clauses of one part: spreading could make no end of them
Places: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
Bits: TypeAlias = "np.ndarray[Any, np.dtype[np.uint8]]"
Clause: TypeAlias = tuple[Leaf, ...]  # one of them

_OPPOSITE = np.array(OPPOSITE, np.uint8)


@dataclass(frozen=True, slots=True)
class Clauses:
    """All policies as clauses over quick leaves.

    ``leaves`` are the places of the leaves of all clauses in the table of answers; a clause begins where ``clauses`` says, and a
    policy at the clause that ``policies`` says.
    """

    leaves: Places
    clauses: Places
    policies: Places

    @classmethod
    def of(cls, programs: Sequence[Program], quick: Sequence[int]) -> Clauses:
        """The clauses of programs, as far as these leaves go; every policy begins with one that is always true."""
        place = {node: 1 + number for number, node in enumerate(quick)}
        of_policies = [[(0,), *_places(program, place)] for program in programs]
        clauses = list(chain.from_iterable(of_policies))
        return cls(_flat(clauses), _starts(clauses), _starts(of_policies))

    def said(self, answers: Sequence[int]) -> Bits:
        """What the answers of the quick leaves, in their order, say of each policy."""
        if not len(self.policies):
            return np.zeros(0, np.uint8)
        plain = np.array([ALL, *answers], np.uint8)
        table = np.concatenate([plain, _OPPOSITE[plain]])
        each = np.bitwise_or.reduceat(table[self.leaves], self.clauses)
        return np.asarray(np.bitwise_and.reduceat(each, self.policies))


def is_told(part: Part, quick: Collection[int]) -> bool:
    """Whether the clauses say all that a part says."""
    found = _spread(part)
    return found is not None and all(leaf.node in quick for clause in found for leaf in clause)


def _places(program: Program, place: dict[int, int]) -> Iterable[tuple[int, ...]]:
    for part in program:
        for clause in _spread(part) or ():
            if clause and all(leaf.node in place for leaf in clause):  # one with another leaf may always be true
                yield tuple(place[leaf.node] + leaf.negated * (1 + len(place)) for leaf in clause)


def _spread(part: Part) -> list[Clause] | None:
    """A part as clauses; ``None`` where that is too many, or one is empty: then nothing is said of it."""
    match part:
        case Leaf():
            return [(part,)]
        case Every(of=of):
            inner = [_spread(one) for one in of]
            found = None if None in inner else [clause for some in inner if some for clause in some]
        case Either(of=of):
            inner = [_spread(one) for one in of]
            if None in inner or _count(inner) > _MOST:
                return None
            found = [tuple(chain.from_iterable(each)) for each in product(*(some or [] for some in inner))]
        case _:
            return None
    return None if found is None or len(found) > _MOST or not all(found) else found


def _count(inner: Sequence[list[Clause] | None]) -> int:
    return int(np.prod([len(some or ()) for some in inner], dtype=np.float64))


def _flat(several: Sequence[Sequence[int]]) -> Places:
    return np.array(list(chain.from_iterable(several)), np.int64)


def _starts(several: Sequence[Sequence[Any]]) -> Places:
    return np.cumsum([0, *map(len, several)])[:-1]
