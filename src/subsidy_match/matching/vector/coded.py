"""A column of codes by rank: names in order stand together, so that a set of codes is a few ranges of ranks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from subsidy_match.matching.vector.bitmaps import Words, as_words
from subsidy_match.matching.vector.codes import Codes, Names, Ranked
from subsidy_match.matching.vector.reaching import reached
from subsidy_match.matching.vector.spans import Ints

__all__ = ["Coded"]


@dataclass(slots=True)
class Coded:
    """A fact that is a code: the rank of each row's name; what is not known comes last.

    ``known`` and ``gone`` are ``None`` where every row is known.
    """

    ranks: Ints
    ranked: Ranked
    names: Names
    known: Words | None
    gone: Words | None
    _reached: dict[int, Words] = field(default_factory=dict)

    @classmethod
    def of(cls, column: Codes, size: int) -> Coded:
        """The ranks of a column of ``size`` rows."""
        ranked = column.names.ranked
        index = np.broadcast_to(column.index, size)
        unknown, known = index < 0, None
        if unknown.any():
            known = as_words(np.packbits(~unknown, bitorder="little"), -(-size // 64))
        gone = None if known is None else ~known
        return cls(ranked.ranks.take(index, mode="wrap"), ranked, column.names, known, gone)

    def prepare(self, edges: Iterable[int]) -> None:
        """Have the edges ready that are going to be asked for: all of them in one pass."""
        missing = sorted(set(edges).difference(self._reached))
        if missing:
            words = reached(self.ranks, np.array(missing, self.ranks.dtype))
            self._reached.update(zip(missing, words, strict=True))

    def words(self, edges: Sequence[int], out: Words) -> Words:
        """Rows whose rank lies between the first edge and the second, the third and the fourth, and so on."""
        if not edges:
            out[:] = 0
            return out
        np.bitwise_xor(self._reached[edges[0]], self._reached[edges[1]], out=out)
        for edge in edges[2:]:
            np.bitwise_xor(out, self._reached[edge], out=out)
        return out
