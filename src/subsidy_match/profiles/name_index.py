"""All names of a register by the characters that tell them apart: which names may be like another one, without comparing all.

What is left out could not have been found by :func:`~subsidy_match.profiles.names.similar_names`: two cores that are alike
enough share a certain number of characters, and those are counted first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["NameIndex"]

# A score of 80 is half the likeness of whole names, which is 100 at most, and half that of cores, which is 59 then at least:
# twice the characters in common over the sum of lengths. A little less, for the rounding of floats.
_SHARE = 0.29


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Known names with their cores (:func:`~subsidy_match.profiles.names.name_core`), and the names of each character of a core."""

    cores: Mapping[str, str]
    _names: list[str] = field(default_factory=list)
    _lengths: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _characters: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    _places: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    @classmethod
    def of(cls, cores: Mapping[str, str]) -> NameIndex:
        """Index names with their cores."""
        texts = list(cores.values())
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        characters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        order = np.argsort(characters, kind="stable")
        return cls(
            cores,
            list(cores),
            lengths,
            characters[order],
            np.repeat(np.arange(len(texts), dtype=np.int32), lengths)[order],
        )

    def near(self, core: str) -> dict[str, str]:
        """The names, with their cores, that share enough characters with a core to be like it, and perhaps others."""
        shared = np.zeros(len(self._names), np.int64)
        for character, times in Counter(core).items():
            begin, end = np.searchsorted(self._characters, [ord(character), ord(character) + 1])
            shared[self._places[begin:end]] += times  # once a name, however often it has the character: see below
        # a character that the core has several times counts as often in every name: more than are shared, never fewer
        alike = shared >= _SHARE * (self._lengths + len(core))
        one_slip = shared >= np.maximum(self._lengths, len(core)) - 1
        found = [self._names[place] for place in np.flatnonzero(alike | one_slip)]
        return {name: self.cores[name] for name in found}
