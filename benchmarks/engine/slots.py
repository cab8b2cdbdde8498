"""The plan of the compiled bound: a slot for every distinct atom, calls that fill them, and policies as programs over them."""

from __future__ import annotations

import ctypes
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from engine.compiling import Scratch, address, library
from engine.encoded import Bits, Encoded
from engine.plain import Atom, Flag, Formula, From, Group, Inside, Leaf, OneOf, Share

T = TypeVar("T")
Fill = Callable[[Scratch, int, int], None]  # fills slots of the blocks from one to another
Chances = npt.NDArray[np.float64]  # of each slot, how often it is sure and how often possible

ROWS, DEPTH = 512, 16
_AND_SLOT, _PUSH_SLOT, _OR_TOP, _AND_TOP, _AND_POPPED = range(5)
_int, _long = ctypes.c_int32, ctypes.c_int64


@dataclass(slots=True)
class Padded:
    """Columns in whole blocks, and bits of what is known."""

    encoded: Encoded
    size: int
    _kept: dict[tuple[str, str], Any] = field(default_factory=dict)

    def numbers(self, column: str, dtype: npt.DTypeLike = np.int64) -> npt.NDArray[Any]:
        """A column as numbers."""
        return self._keep((column, str(dtype)), lambda: self.encoded.numbers(column, dtype, self.size))

    def flags(self, column: str) -> Bits:
        """A yes-or-no as bits."""
        return self._keep((column, "flags"), lambda: packed(self.encoded.numbers(column, np.bool_, self.size)))

    def known(self, column: str) -> Bits:
        """Bits of whose value is known."""
        return self._keep((column, "known"), lambda: packed(self.encoded.known(column), self.size))

    def both_known(self, column: str, other: str) -> Bits:
        """Bits of whose two values are known."""
        return self._keep((column, other), lambda: self.known(column) & self.known(other))

    def _keep(self, key: tuple[str, str], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found


def packed(truths: npt.NDArray[Any], size: int | None = None) -> Bits:
    """Truths as bits, padded to whole blocks."""
    found = np.zeros((len(truths) if size is None else size) // 8, np.uint8)
    some = np.packbits(truths, bitorder="little")
    found[: len(some)] = some
    return found.view(np.uint64)


@dataclass(slots=True)
class Slots:
    """Where each atom's bits are, and what fills them."""

    place: dict[Atom, int] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many."""
        return len(self.place)


def make_slots(atoms: Sequence[Atom], columns: Padded) -> Slots:
    """Slots for distinct atoms, those of one column side by side."""
    kinds: dict[tuple[str, ...], list[Atom]] = defaultdict(list)
    for atom in atoms:
        kinds[_kind(atom)].append(atom)
    slots = Slots()
    for (kind, *names), some in kinds.items():
        base = slots.count
        slots.place |= {atom: base + number for number, atom in enumerate(some)}
        slots.fills.append(_FILLS[kind](columns, names, some, base))
    return slots


def _kind(atom: Atom) -> tuple[str, ...]:
    match atom:
        case Flag(column=column):
            return "flag", column
        case From(column=column):
            return "from", column
        case Share(column=column, whole=whole):
            return "share", column, whole
        case Inside(column=column) | OneOf(column=column):
            return "code", column


def _flags(columns: Padded, names: list[str], _some: list[Atom], base: int) -> Fill:
    values, known = columns.flags(names[0]), columns.known(names[0])
    call = library().encode_flags
    return lambda into, first, last: call(into, address(values), address(known), _long(first), _long(last), _int(base))


def _numbers(columns: Padded, names: list[str], some: list[Any], base: int) -> Fill:
    values, known = columns.numbers(names[0]), columns.known(names[0])
    limits, call = np.array([atom.number for atom in some], np.int64), library().encode_numbers
    return lambda into, first, last: call(
        into, address(values), address(known), _long(first), _long(last), address(limits), _int(len(some)), _int(base)
    )


def _shares(columns: Padded, names: list[str], some: list[Any], base: int) -> Fill:
    values, wholes = (columns.numbers(name) for name in names)
    known, call = columns.both_known(*names), library().encode_parts
    denominator = math.lcm(*(atom.least.denominator for atom in some))
    limits = np.array([int(atom.least * denominator) for atom in some], np.int64)
    return lambda into, first, last: call(
        into, address(values), address(wholes), address(known), _long(first), _long(last), address(limits),
        _int(len(some)), _long(denominator), _int(base),
    )  # fmt: skip


def _codes(columns: Padded, names: list[str], some: list[Any], base: int) -> Fill:
    values, known = columns.numbers(names[0], np.uint16), columns.known(names[0])
    rows = [_members(columns.encoded, atom) for atom in some]
    code, member = np.nonzero(np.array(rows).T)
    starts = np.searchsorted(code, np.arange(len(rows[0]) + 1)).astype(np.int32)
    members, call = member.astype(np.int32), library().encode_codes
    return lambda into, first, last: call(
        into, address(values), address(known), _long(first), _long(last), address(starts), address(members),
        _int(len(some)), _int(base),
    )  # fmt: skip


def _members(encoded: Encoded, atom: Inside | OneOf) -> npt.NDArray[np.bool_]:
    if isinstance(atom, Inside):
        return encoded.member(atom.column, atom.prefixes, prefixes=True)
    return encoded.member(atom.column, atom.codes)


_FILLS: Mapping[str, Callable[[Padded, list[str], list[Any], int], Fill]] = {
    "flag": _flags, "from": _numbers, "share": _shares, "code": _codes,
}  # fmt: skip


# --- programs ---


def program(condition: Formula, slots: Slots, chances: Chances) -> list[tuple[int, int, int]]:
    """A condition as steps (what, slot, negated): the parts that are possible most rarely come first."""
    parts = list(_conjuncts(condition))
    parts.sort(key=lambda part: _chance(part, slots, chances))
    found: list[tuple[int, int, int]] = []
    for part in parts:
        if isinstance(part, Leaf):
            found.append((_AND_SLOT, slots.place[part.atom], int(part.negated)))
        else:
            if _depth(part) > DEPTH:
                raise ValueError("a condition is nested too deeply for the compiled bound")
            found += [*_pushed(part, slots), (_AND_POPPED, 0, 0)]
    return found


def _conjuncts(formula: Formula) -> list[Formula]:
    if isinstance(formula, Group) and formula.every:
        return [one for part in formula.of for one in _conjuncts(part)]
    return [formula]


def _chance(formula: Formula, slots: Slots, chances: Chances) -> float:
    if isinstance(formula, Leaf):
        sure, possible = chances[slots.place[formula.atom]]
        return float(1 - sure if formula.negated else possible)
    each = [_chance(part, slots, chances) for part in formula.of]
    return math.prod(each) if formula.every else 1 - math.prod(1 - one for one in each)


def _pushed(formula: Formula, slots: Slots) -> list[tuple[int, int, int]]:
    if isinstance(formula, Leaf):
        return [(_PUSH_SLOT, slots.place[formula.atom], int(formula.negated))]
    found = _pushed(formula.of[0], slots)
    for part in formula.of[1:]:
        found += [*_pushed(part, slots), (_AND_TOP if formula.every else _OR_TOP, 0, 0)]
    return found


def _depth(formula: Formula) -> int:
    return 1 if isinstance(formula, Leaf) else 1 + max(map(_depth, formula.of))
