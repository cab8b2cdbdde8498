"""Columns of codes: numbers into a list of names that grows as blocks bring new ones, so that a test asks each name once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from subsidy_match.matching.vector.spans import Bools, Ints, taken
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.rules.codes import region_prefixes
from subsidy_match.rules.comparing import is_within

__all__ = ["Choices", "CodeLists", "Codes", "Flags", "Inside", "Names", "Ranked", "Test", "agreed"]

Test: TypeAlias = Callable[[str | bool], bool | None]  # None: the code is too short to tell
Edges: TypeAlias = tuple[tuple[int, ...], tuple[int, ...] | None]
_AFTER = "\U0010ffff"  # sorts behind whatever follows a prefix


@dataclass(frozen=True, slots=True)
class Inside:
    """The test whether a region or an industry lies inside some sub-trees, less others."""

    prefixes: tuple[str, ...]
    barred: tuple[str, ...]

    def __call__(self, one: str | bool) -> bool | None:
        """Ask it of one code."""
        return is_within(str(one), self.prefixes, self.barred)


class PrefixTree:
    """Names in order, so that all below a prefix stand together: what :func:`is_within` says, for all of them at once."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._known = [next(iter(region_prefixes(name)), name) for name in names]
        self._order = sorted(range(len(names)), key=self._known.__getitem__)
        self._sorted = [self._known[place] for place in self._order]

    def inside(self, test: Inside) -> tuple[Bools, Bools]:
        """(sure, possible) for every name and last for "unknown"."""
        held, may_hold = self._under(test.prefixes)
        out, may_be_out = self._under(test.barred)
        sure, possible = np.zeros(len(self.names) + 1, np.bool_), np.zeros(len(self.names) + 1, np.bool_)
        sure[self._order], possible[self._order] = held & ~may_be_out, may_hold & ~out
        possible[-1] = True
        return sure, possible

    def _under(self, prefixes: tuple[str, ...]) -> tuple[Bools, Bools]:
        sure, possible = np.zeros(len(self.names), np.bool_), np.zeros(len(self.names), np.bool_)
        for prefix in prefixes:
            sure[self._range(prefix, prefix + _AFTER)] = True
            for length in range(len(prefix)):  # a name that is only the beginning of the prefix is too short to tell
                possible[self._range(prefix[:length], prefix[:length] + "\0")] = True
        return sure, sure | possible

    def _range(self, low: str, high: str) -> slice:
        return slice(bisect_left(self._sorted, low), bisect_left(self._sorted, high))


@dataclass(slots=True)
class Ranked:
    """Names in order by number, and the rank of each, with a last one for the number -1; ``edges`` are kept by test."""

    order: Ints
    ranks: Ints
    edges: dict[object, Edges] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[str]) -> Ranked:
        """The order of some names."""
        order = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
        ranks = np.empty(len(names) + 1, np.int16 if len(names) < 1 << 15 else np.int32)
        ranks[order], ranks[-1] = np.arange(len(names)), len(names)
        return cls(order, ranks)

    def edges_of(self, key: object, said: tuple[Bools, Bools]) -> Edges:
        """Where what a test says changes along the order: for "sure", and for "possible" if that differs; kept under ``key``."""
        if key not in self.edges:
            sure, possible = (self._changes(answers) for answers in said)
            self.edges[key] = sure, None if sure == possible else possible
        return self.edges[key]

    def _changes(self, answers: Bools) -> tuple[int, ...]:
        padded = np.zeros(len(self.order) + 2, np.bool_)
        padded[1:-1] = answers[self.order]
        return tuple(np.flatnonzero(padded[1:] != padded[:-1]).tolist())


@dataclass(slots=True)
class Names:
    """The distinct names of a column so far, and what tests said of each of them."""

    names: list[str] = field(default_factory=list)
    _places: dict[str, int] = field(default_factory=dict)
    _said: dict[object, tuple[Bools, Bools]] = field(default_factory=dict)
    _tree: PrefixTree | None = None
    _ranked: Ranked | None = None
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
            found = self._said[key] = self._ask(test)
        return found

    @property
    def ranked(self) -> Ranked:
        """The names so far in order."""
        found = self._ranked
        if found is None or len(found.order) < len(self.names):
            found = self._ranked = Ranked.of(list(self.names))
        return found

    def _ask(self, test: Test) -> tuple[Bools, Bools]:
        if isinstance(test, Inside):
            if self._tree is None or len(self._tree.names) < len(self.names):
                self._tree = PrefixTree(list(self.names))
            return self._tree.inside(test)
        answers = [test(name) for name in list(self.names)]
        sure = np.array([answer is True for answer in answers] + [False])
        return sure, np.array([answer is not False for answer in answers] + [True])


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
        codes = Codes(
            self.codes.index[inner], self.codes.names
        )  # not take(): a list of one name does not stand for all
        return CodeLists(starts, codes, taken(self.known, rows))

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
