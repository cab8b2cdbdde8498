"""Columns of codes: numbers into a list of names that grows as blocks bring new ones, so that a test asks each name once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from subsidy_match.matching.vector.spans import Bools, Ints, taken
from subsidy_match.matching.vector.truths import Truths

__all__ = ["Choices", "CodeLists", "Codes", "Flags", "Names", "Test", "agreed"]

Test: TypeAlias = Callable[[str | bool], bool | None]  # None: the code is too short to tell
_UNKNOWN = -1


@dataclass(slots=True)
class Names:
    """The distinct names of a column so far, and what tests said of each of them."""

    names: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _said: dict[object, tuple[Bools, Bools]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def places(self, names: list[str]) -> Ints:
        """The number of each name; new ones get the next."""
        with self._lock:
            for name in names:
                if name not in self._places:
                    self._places[name] = len(self.names)
                    self.names.append(name)
            return np.array([self._places[name] for name in names], dtype=np.int32)

    def said(self, key: object, test: Test) -> tuple[Bools, Bools]:
        """(sure, possible) for every name and last for "unknown"; kept under ``key``."""
        found = self._said.get(key)
        if found is None or len(found[0]) <= len(self.names):
            names = list(self.names)
            answers = [test(name) for name in names]
            sure = np.array([answer is True for answer in answers] + [False])
            possible = np.array([answer is not False for answer in answers] + [True])
            found = self._said[key] = sure, possible
        return found


@dataclass(frozen=True, slots=True)
class Codes:
    """One code a row, -1 where it is not known."""

    index: npt.NDArray[np.int32]
    names: Names

    def take(self, rows: Ints) -> Codes:
        """The codes of some rows."""
        return Codes(taken(self.index, rows), self.names)


@dataclass(frozen=True, slots=True)
class Choices:
    """Of a few names those that are possible, as bits; no bit means that nothing is known."""

    bits: npt.NDArray[np.int64]
    names: tuple[str, ...]

    def take(self, rows: Ints) -> Choices:
        """The choices of some rows."""
        return Choices(taken(self.bits, rows), self.names)


@dataclass(frozen=True, slots=True)
class Flags:
    """Yes or no a row, or not known."""

    true: Bools
    known: Bools

    def take(self, rows: Ints) -> Flags:
        """The flags of some rows."""
        return Flags(taken(self.true, rows), taken(self.known, rows))


@dataclass(frozen=True, slots=True)
class CodeLists:
    """A list of codes a row: those of row i are ``codes[starts[i]:starts[i + 1]]``."""

    starts: Ints
    codes: Codes
    known: Bools

    def take(self, rows: Ints) -> CodeLists:
        """The lists of some rows."""
        sizes = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        inner = np.repeat(self.starts[:-1][rows] - starts[:-1], sizes) + np.arange(starts[-1])
        return CodeLists(starts, self.codes.take(inner), taken(self.known, rows))

    def include(self, name: str) -> Bools:
        """Whether each list has a name."""
        sure, _ = self.codes.names.said(("has", name), lambda one: one == name)
        hits = np.concatenate([[0], np.cumsum(sure[self.codes.index])])
        return np.asarray(hits[self.starts[1:]] > hits[self.starts[:-1]])


def agreed(seen: Codes | Choices | Flags, key: object, test: Test) -> Truths:
    """What a test says of each code; of one of which several are possible, what it says of all of them."""
    match seen:
        case Codes(index=index, names=names):
            sure, possible = names.said(key, test)
            return Truths(sure[index], possible[index])
        case Flags(true=true, known=known):
            yes, no = test(True), test(False)
            answer = np.where(true, yes is True, no is True)
            return Truths(known & answer, ~known | answer)
        case Choices(bits=bits, names=names):
            answers = [test(name) for name in names]
            return Truths(_all_say(bits, answers, True), ~_all_say(bits, answers, False))


def _all_say(bits: npt.NDArray[np.int64], answers: list[bool | None], answer: bool) -> Bools:
    others = sum(1 << place for place, one in enumerate(answers) if one is not answer)
    return np.asarray((bits != 0) & (bits & others == 0))
