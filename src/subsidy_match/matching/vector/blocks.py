"""A block of firms as typed columns: Arrow arrays of a snapshot, read once and kept while the block is worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.errors import InputError
from subsidy_match.matching.vector.bitmaps import Words, as_words
from subsidy_match.matching.vector.coded import Coded
from subsidy_match.matching.vector.codes import Choices, CodeLists, Codes, Flags, Names
from subsidy_match.matching.vector.comparing import Quotients
from subsidy_match.matching.vector.nodes import Node
from subsidy_match.matching.vector.spans import ANY_DAY, Bools, Ints, Spans, constant
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind

__all__ = ["Block", "Column", "Dictionaries", "Listed", "Numbers", "arrow_type", "typed"]

Column: TypeAlias = Spans | Quotients | Codes | Choices | Flags | CodeLists
_EPOCH = date(1970, 1, 1).toordinal()
_ARROW = {
    Kind.NUMBER: pa.types.is_integer, Kind.DATE: pa.types.is_date32, Kind.BOOL: pa.types.is_boolean,
    Kind.CODE: pa.types.is_string, Kind.TEXT: pa.types.is_string, Kind.CODES: pa.types.is_list,
}  # fmt: skip


@dataclass(slots=True)
class Dictionaries:
    """The names of every column of codes, shared by all blocks of a run."""

    by_column: dict[str, Names] = field(default_factory=dict)

    def of(self, column: str) -> Names:
        """The names of one column."""
        return self.by_column.setdefault(column, Names())


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of one list: those of firm i are ``starts[i]`` to ``starts[i + 1]``; ``fields`` hold all of them."""

    starts: Ints
    fields: Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A fact as it is stored: whole numbers of ``1 / scale``, and which are known."""

    values: Ints
    valid: Bools | None
    known: Words | None
    scale: int


@dataclass(slots=True)
class Block:
    """Firms ``0 … size - 1``: their facts and lists, whether a list is whole for them, and what is too old to count."""

    size: int
    facts: Mapping[str, pa.Array]
    lists: Mapping[str, Listed]
    open_lists: Mapping[str, Bools]
    days: Mapping[str, pa.Array]
    dictionaries: Dictionaries
    _facts: dict[int, Column] = field(default_factory=dict)
    _numbers: dict[int, Numbers] = field(default_factory=dict)
    _coded: dict[int, Coded] = field(default_factory=dict)
    _fields: dict[tuple[str, int], Column] = field(default_factory=dict)

    def fact(self, node: Node) -> Column:
        """The column of a fact; one that is absent or too old is unknown."""
        if node.id not in self._facts:
            name, kind, scale, span, _ = node.params
            self._facts[node.id] = typed(self._array(node), kind, scale, span, self.dictionaries, str(name))
        return self._facts[node.id]

    def numbers(self, node: Node) -> Numbers:
        """A fact that is a number or a day, as it is stored."""
        if node.id not in self._numbers:
            name, kind, scale, _, _ = node.params
            array = _checked(self._array(node), kind, str(name))
            self._numbers[node.id] = _stored(array, kind, scale)  # type: ignore[arg-type]
        return self._numbers[node.id]

    def coded(self, node: Node) -> Coded:
        """A fact that is a code."""
        if node.id not in self._coded:
            column = self.fact(node)
            if not isinstance(column, Codes):
                raise TypeError(f"{node.params[0]} is not a code")
            self._coded[node.id] = Coded.of(column, self.size)
        return self._coded[node.id]

    def flagged(self, node: Node) -> tuple[Words, Words | None] | None:
        """A fact that is yes or no as bits: where it is yes, and where it is known; ``None`` where it is not in the snapshot."""
        array = _checked(self._array(node), Kind.BOOL, str(node.params[0]))
        if len(array) != self.size:
            return None
        return _bits(array, array.buffers()[1]), _bits(array, array.buffers()[0]) if array.null_count else None

    def _array(self, node: Node) -> pa.Array:
        """The values of a fact; one that is absent or too old is null."""
        name, kind, _, _, oldest = node.params
        array = self.facts.get(str(name))
        if array is None:
            return pa.nulls(1, arrow_type(kind))
        day = self.days.get(str(name))
        if not isinstance(oldest, date) or day is None:
            return array
        return pc.if_else(pc.fill_null(pc.greater_equal(day, pa.scalar(oldest, pa.date32())), True), array, None)

    def field(self, collection: str, node: Node) -> Column:
        """A field of all rows of a list."""
        key = collection, node.id
        if key not in self._fields:
            name, kind, scale, span = node.params
            array = self.lists[collection].fields.get(str(name)) if collection in self.lists else None
            array = pa.nulls(1, arrow_type(kind)) if array is None else array
            self._fields[key] = typed(array, kind, scale, span, self.dictionaries, f"{collection}.{name}")
        return self._fields[key]


def typed(array: pa.Array, kind: Any, scale: Any, span: Any, dictionaries: Dictionaries, name: str) -> Column:
    """An Arrow array as a column of a kind; nulls get what their catalogue says of an unknown value.

    Raises:
        InputError: the array is of another type.
    """
    known = _known(_checked(array, kind, name))
    match kind:
        case Kind.NUMBER:
            return _numbers(array, known, scale, span)
        case Kind.DATE:
            return _days(array, known)
        case Kind.BOOL:
            true = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
            return Flags(true, np.array([True]) if known is None else known)
        case Kind.CODES:
            starts = array.offsets.to_numpy()
            inner = _codes(array.values, dictionaries.of(name))
            return CodeLists(starts, inner, np.ones(len(array), np.bool_) if known is None else known)
        case _:
            return _codes(array, dictionaries.of(name))


def _checked(array: pa.Array, kind: Any, name: str) -> pa.Array:
    if not _ARROW[kind](array.type) and not pa.types.is_dictionary(array.type):
        zh, en = f"快照列 {name} 的类型不对:{array.type}", f"the column {name} of the snapshot is {array.type}"
        raise InputError("engine.column_type", zh, en)
    return array


def _stored(array: pa.Array, kind: Any, scale: int) -> Numbers:
    is_day = kind is Kind.DATE
    values = _integers(array.view(pa.int32()) if is_day else array)
    if is_day:
        values = values.astype(np.int64) + _EPOCH
    valid = _known(array)
    known = None if valid is None else as_words(np.packbits(valid, bitorder="little"), -(-len(array) // 64))
    return Numbers(values, valid, known, scale)


def arrow_type(kind: Any) -> pa.DataType:
    """The Arrow type in which a snapshot holds values of a kind."""
    types = {Kind.NUMBER: pa.int64(), Kind.DATE: pa.date32(), Kind.BOOL: pa.bool_(), Kind.CODES: pa.list_(pa.string())}
    return types.get(kind, pa.string())


def _bits(array: pa.Array, buffer: pa.Buffer) -> Words:
    """Bits of an Arrow array as they lie in memory, moved to the first one where they do not begin there."""
    size, octets = len(array), np.frombuffer(buffer, np.uint8)
    if array.offset % 8:
        octets = np.packbits(
            np.unpackbits(octets, bitorder="little")[array.offset : array.offset + size], bitorder="little"
        )
    else:
        octets = octets[array.offset // 8 :][: -(-size // 8)]
    whole = np.zeros(-(-size // 64) * 8, np.uint8)  # a copy: words must lie at multiples of 8
    whole[: len(octets)] = octets
    return whole.view(np.uint64)


def _known(array: pa.Array) -> Bools | None:
    return None if array.null_count == 0 else array.is_valid().to_numpy(zero_copy_only=False)


def _numbers(array: pa.Array, known: Bools | None, scale: int, span: tuple[Any, Any]) -> Spans:
    values = _integers(array)
    if known is None:
        return Spans(values, values, scale, bound=_bound(values))
    unknown = constant(Span(*span))
    factor = Fraction(scale, unknown.den)
    if factor.denominator != 1:
        raise AssertionError("a range finer than what is stored")
    low, high = (int(end[0]) * factor.numerator for end in (unknown.lo, unknown.hi))
    lo = np.where(known, values, low)
    hi = lo if low == high else np.where(known, values, high)
    no_lo, no_hi = (None if gone is None else ~known for gone in (unknown.no_lo, unknown.no_hi))
    return Spans(lo, hi, scale, no_lo, no_hi, max(_bound(lo), _bound(hi)))


def _bound(values: Ints) -> int:
    return max(-int(values.min(initial=0)), int(values.max(initial=0)))


def _days(array: pa.Array, known: Bools | None) -> Spans:
    days = _integers(array.view(pa.int32())).astype(np.int64) + _EPOCH
    if known is None:
        return Spans(days, days, bound=ANY_DAY)
    return Spans(np.where(known, days, -ANY_DAY), np.where(known, days, ANY_DAY), bound=ANY_DAY)


def _integers(array: pa.Array) -> Ints:
    """The numbers as they lie in memory: what stands under a null means nothing."""
    kind = array.type.to_pandas_dtype()
    values: Ints = np.frombuffer(array.buffers()[1], dtype=kind)[array.offset : array.offset + len(array)]
    return values


def _codes(array: pa.Array, names: Names) -> Codes:
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    places = np.append(names.places(encoded.dictionary.to_pylist()), np.int32(-1)).astype(np.int32)
    indices = encoded.indices if encoded.indices.null_count == 0 else encoded.indices.fill_null(-1)
    return Codes(places[indices.to_numpy(zero_copy_only=False)], names)
