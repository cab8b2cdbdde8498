"""Truths of a block as bits: 64 firms a word, true and possible apart, so that Kleene logic is plain AND and OR of words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from subsidy_match.matching.vector.spans import Bools, Ints
from subsidy_match.matching.vector.truths import Truths

__all__ = ["Bits", "Words", "as_words", "at", "firms_of", "packed", "set_bits", "tail"]

Words = npt.NDArray[np.uint64]
_WORD = 64
_ONE = np.uint64(1)


@dataclass(frozen=True)
class Bits:
    """A condition over a block, as two rows of words: where it is sure, and where it is possible.

    ``asked`` are the same two rows once persons have spoken for it, and against it: confirmed, and still allowed. Bits past the
    last firm mean nothing.
    """

    pair: Words
    asked: Words | None = None

    @classmethod
    def of(cls, sure: Words, possible: Words) -> Bits:
        """Two rows."""
        return cls(np.stack([sure, possible]))

    @property
    def asking(self) -> Words:
        """Confirmed and allowed; where nobody is asked, the same as sure and possible."""
        return self.pair if self.asked is None else self.asked

    @cached_property
    def opposite(self) -> Bits:
        """NOT: what was sure is impossible."""
        return Bits(~self.pair[::-1], None if self.asked is None else ~self.asked[::-1])

    @cached_property
    def reach(self) -> tuple[int, int]:
        """The words from the first to the last in which anything is possible."""
        words = np.flatnonzero(self.pair[1])
        return (int(words[0]), int(words[-1]) + 1) if len(words) else (0, 0)

    @cached_property
    def weight(self) -> int:
        """For how many firms it is possible: conditions that refuse most are asked first."""
        return int(np.bitwise_count(self.pair[1]).sum())


def packed(truth: Truths, size: int) -> Bits:
    """Truths row by row as bits."""
    asked = None if truth.asked is None else np.stack([_pack(mask, size) for mask in truth.asked])
    sure = _pack(truth.sure, size)
    return Bits(np.stack([sure, sure if truth.possible is truth.sure else _pack(truth.possible, size)]), asked)


def _pack(mask: Bools, size: int) -> Words:
    words = -(-size // _WORD)
    if len(mask) == 1 != size:
        return np.full(words, 2**64 - 1 if mask[0] else 0, np.uint64)
    return as_words(np.packbits(mask, bitorder="little"), words)


def as_words(octets: npt.NDArray[np.uint8], words: int) -> Words:
    """Bytes as words, the last one filled up."""
    if len(octets) == words * 8:
        return octets.view(np.uint64)
    whole = np.zeros(words * 8, np.uint8)
    whole[: len(octets)] = octets
    return whole.view(np.uint64)


def tail(size: int) -> Any:
    """The bits of the last word that stand for firms."""
    rest = size % _WORD
    return np.uint64((1 << rest) - 1 if rest else 2**64 - 1)


def firms_of(words: Words, first_word: int) -> Ints:
    """The firms whose bits are set, in order."""
    octets = words.view(np.uint8)
    some = np.flatnonzero(octets)
    bits = np.flatnonzero(np.unpackbits(octets[some], bitorder="little").view(np.bool_))
    return np.asarray(some[bits >> 3] * 8 + (bits & 7) + first_word * _WORD)


def set_bits(words: Words) -> tuple[Ints, Ints]:
    """(word, bit) of every set bit, in no certain order: one bit a word and turn, few turns where bits are few."""
    places, found = [], []
    here = np.flatnonzero(words)
    left = words[here]
    while len(here):
        lowest = left & -left
        places.append(here)
        found.append(np.bitwise_count(lowest - _ONE))
        left = left ^ lowest
        more = left != 0
        if not more.all():
            here, left = here[more], left[more]
    if not places:
        return np.zeros(0, np.int64), np.zeros(0, np.uint8)
    return np.concatenate(places), np.concatenate(found)


def at(words: Words, firms: Ints) -> Bools:
    """The bits of some firms."""
    found: Bools = ((words[firms >> 6] >> (firms & 63).astype(np.uint64)) & np.uint64(1)).astype(np.bool_)
    return found
