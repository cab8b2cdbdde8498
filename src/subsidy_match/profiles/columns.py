"""A column of text → a column of values: each distinct text is read once, what cannot be read is listed with its row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.profiles.catalogue import ValueType
from subsidy_match.profiles.cells import (
    FOREVER,
    MONEY_UNITS,
    RATIO_UNITS,
    Parser,
    Value,
    check_formula,
    is_empty,
    parse_bool,
    parse_date,
    parse_number,
    parse_word,
    parse_words,
    plain,
)
from subsidy_match.profiles.industries import Industries
from subsidy_match.profiles.industry import parse_industry
from subsidy_match.profiles.layout import Bound
from subsidy_match.profiles.persons import number_free, person_code, person_free
from subsidy_match.profiles.plain_numbers import PlainNumbers
from subsidy_match.profiles.problems import CellProblem, Problem
from subsidy_match.profiles.regions import Regions

__all__ = ["Cells", "Cleaned", "numbers_of", "parser_of"]

_OPEN_END = ("长期", "永久", "无固定期限", "长期有效")
_ORDINAL = "第"
_NUMBERS = ("_no", "_key")  # fields by which rows of one list are found in another
_LOST = re.compile(r"\d(?:\.\d+)?[Ee]\+(?:1[5-9]|[2-9]\d)")
_REMEMBERED = 100_000  # texts a column
_NUMERIC = frozenset({"money", "count", "ratio"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A typed column and the problems of its cells, by position."""

    values: pa.Array
    problems: dict[int, Problem]


@dataclass(frozen=True, slots=True)
class Cells:
    """Reads the cells of one column of a sheet, block by block; a text that comes again is not parsed again.

    Attributes:
        parse: the parser for a cell that is not empty.
        type: the type of the values.
        numbers: reads the plain numbers among them in bulk, with the same result.
    """

    parse: Parser
    type: pa.DataType
    numbers: PlainNumbers | None = None
    _known: dict[str, Value | Problem | None] = field(default_factory=dict)

    def clean(self, texts: pa.StringArray) -> Cleaned:
        """Read a block; empty cells are null, unreadable ones are null with a problem."""
        if self.numbers is None:
            return self._each(texts)
        values, known = self.numbers.read(texts)
        rest = pc.invert(known)
        found = self._each(texts.filter(rest))
        places = pc.indices_nonzero(rest)
        problems = {places[position].as_py(): problem for position, problem in found.problems.items()}
        return Cleaned(pc.replace_with_mask(values, rest, found.values), problems)

    def _each(self, texts: pa.StringArray) -> Cleaned:
        encoded = texts.dictionary_encode()
        found = [self._read(text) for text in encoded.dictionary.to_pylist()]
        values = pa.array([None if isinstance(value, Problem) else value for value in found], self.type)
        problems = {position: value for position, value in enumerate(found) if isinstance(value, Problem)}
        return Cleaned(values.take(encoded.indices), _by_row(encoded.indices, problems))

    def _read(self, text: str) -> Value | Problem | None:
        if text not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            try:
                check_formula(text)
                self._known[text] = None if is_empty(text) else self.parse(text)
            except CellProblem as found:
                self._known[text] = found.problem
        return self._known[text]


def numbers_of(bound: Bound) -> PlainNumbers | None:
    """The reader of plain numbers for a bound column, where nothing but the type of its values decides."""
    type_, column = bound.type, bound.column
    if type_ is None or type_.kind not in _NUMERIC or column.person or column.empty or column.unmatched == "empty":
        return None
    return PlainNumbers.of(bound.scale, type_.low, type_.high) if bound.scale is not None else None


def parser_of(
    bound: Bound, regions: Regions, key: bytes, industries: Industries | None = None, keys: Collection[str] = ()
) -> Parser:
    """The parser for the cells of a bound column.

    Args:
        bound: the column.
        regions: the table of regions.
        key: the key for stand-ins.
        industries: the table of industries.
        keys: fields that tell rows apart: they may be long rows of digits, which in other texts may be accounts.
    """
    type_, column = bound.type, bound.column
    if type_ is None:
        return plain
    if column.person:
        return partial(person_code, key=key)
    free = person_free if bound.target in keys or bound.target.endswith(_NUMBERS) else number_free
    parse = _of_type(type_, bound, regions, industries, partial(free, key=key))
    if column.unmatched == "empty":
        return partial(_or_nothing, words={plain(word): code for word, code in column.words.items()})
    if column.empty:
        return partial(_or_empty, parse=parse, words=frozenset(map(plain, column.empty)))
    return partial(_or_forever, parse=parse) if column.open_ended else parse


def _of_type(
    type_: ValueType, bound: Bound, regions: Regions, industries: Industries | None, free: Callable[[str], str]
) -> Parser:
    words = {plain(word): code for word, code in {**(type_.codes or {}), **bound.column.words}.items()}
    simple: dict[str, Parser] = {
        "date": parse_date,
        "industry": partial(parse_industry, table=industries),
        "bool": partial(_truth, words=words),
        "enum": partial(parse_word, codes=words),
        "enums": partial(parse_words, codes=words),
        "region": partial(_region, find=regions.find),
        "text": partial(_text, free=free),
    }
    return simple[type_.kind] if type_.kind in simple else partial(_number, type_=type_, scale=bound.scale)


def _number(text: str, type_: ValueType, scale: int | None) -> int:
    if type_.kind == "money":
        value = parse_number(text, scale, MONEY_UNITS, money=True)
    elif type_.kind == "ratio":
        value = parse_number(text, scale, RATIO_UNITS)
    else:
        value = parse_number(
            text.strip().removeprefix(_ORDINAL), scale, {type_.unit or "": 1, "个": 1, "个月": 1, "名": 1}
        )
    if (type_.low is not None and value < type_.low) or (type_.high is not None and value > type_.high):
        raise CellProblem("cell.range", "超出合理范围", "out of range")
    return value


def _truth(text: str, words: dict[str, str]) -> bool:
    return words[plain(text)] == "true" if plain(text) in words else parse_bool(text)


def _region(text: str, find: Callable[[str], str | None]) -> str:
    if code := find(text):
        return code
    raise CellProblem("cell.region", "区划表中没有此地", "not in the table of regions")


def _text(text: str, free: Callable[[str], str]) -> str:
    # Document numbers are keys: width and blanks must not make two of one, nor a spreadsheet one of two.
    shown = " ".join(unicodedata.normalize("NFKC", text).split())
    if _LOST.fullmatch(shown):
        raise CellProblem("cell.scientific", "科学计数法已丢失数位", "scientific notation has lost digits")
    return free(shown)


def _or_nothing(text: str, words: dict[str, str]) -> Value | None:
    # Only the reviewed words count: what nobody linked stays unknown.
    return words.get(plain(text))


def _or_empty(text: str, parse: Parser, words: frozenset[str]) -> Value | None:
    return None if plain(text) in words else parse(text)


def _or_forever(text: str, parse: Parser) -> Value | None:
    return FOREVER if plain(text) in _OPEN_END else parse(text)


def _by_row(indices: pa.Array, problems: dict[int, Problem]) -> dict[int, Problem]:
    if not problems:
        return {}
    bad = pc.indices_nonzero(pc.is_in(indices, pa.array(list(problems), indices.type)))
    rows = bad.to_pylist()
    return {row: problems[code] for row, code in zip(rows, indices.take(bad).to_pylist(), strict=True)}
