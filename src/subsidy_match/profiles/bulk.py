"""Columns of text normalised in bulk: what is in normal form already is told by a pattern, each other text is read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.profiles.cells import is_empty
from subsidy_match.profiles.names import display_name, name_key
from subsidy_match.profiles.uscc import normalise_uscc

Free: TypeAlias = Callable[[str], str]

__all__ = ["Free", "codes", "each_distinct", "empties", "keys", "names"]

_CODE = r"^9[0-9A-HJ-NP-RTUW-Y]{17}$"  # no number of a person begins with 9
# Chinese, digits and wide brackets, with one Chinese character at least: what no normal form changes.
_CHINESE = r"\x{4e00}-\x{9fff}"
_NAME = rf"^[0-9A-Za-z（）]*[{_CHINESE}][0-9A-Za-z（）{_CHINESE}]*$"
_KEY = rf"^[0-9A-Z（）{_CHINESE}]*$"
_NOTHING = pa.array(["无", "暂无", "空", "未填报"])  # the empty words that look like names
_MANY_DIGITS = r"[0-9]{4}"  # as every number of a person has
_DASHES = pa.array(["", "-", "--", "/", "无", "暂无"])
_FILLED = r"^[0-9.,]+$"


def codes(texts: pa.StringArray, free: Free = str) -> pa.StringArray:
    """Codes of firms in normal form, empty text for none; ``free`` takes the numbers of persons out."""
    sure = pc.or_(pc.match_substring_regex(texts, _CODE), pc.equal(texts, ""))
    return _where_not(sure, texts, lambda text: free("" if is_empty(text) else normalise_uscc(text)))


def names(texts: pa.StringArray, free: Free = str) -> pa.StringArray:
    """Names as they are shown, null for none; ``free`` takes the numbers of persons out."""
    doubtful = pc.or_(pc.is_in(texts, _NOTHING), pc.match_substring_regex(texts, _MANY_DIGITS))
    sure = pc.and_(pc.match_substring_regex(texts, _NAME), pc.invert(doubtful))
    return _where_not(sure, texts, lambda text: _name(text, free))


def keys(shown: pa.StringArray) -> pa.StringArray:
    """The keys of names that :func:`names` gave, empty text for none."""
    filled = shown.fill_null("")
    sure = pc.match_substring_regex(filled, _KEY)
    narrow = pc.replace_substring(pc.replace_substring(filled, "（", "("), "）", ")")
    return pc.if_else(sure, narrow, _where_not(sure, filled, name_key))


def empties(texts: pa.StringArray) -> pa.BooleanArray:
    """Whether each cell says that there is nothing."""
    known = pc.is_in(texts, _DASHES)
    unsure = pc.invert(pc.or_(known, pc.match_substring_regex(texts, _FILLED)))
    rest = each_distinct(texts.filter(unsure), is_empty, pa.bool_())
    return pc.replace_with_mask(known, unsure, rest)


def each_distinct(texts: pa.StringArray, read: Callable[[str], object], type_: pa.DataType) -> pa.Array:
    """Read a column, each distinct text once."""
    encoded = texts.dictionary_encode()
    values: Sequence[object] = [read(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(values, type_).take(encoded.indices)


def _name(text: str, free: Free) -> str | None:
    shown = free(display_name(text))
    return None if is_empty(shown) else shown


def _where_not(sure: pa.BooleanArray, texts: pa.StringArray, read: Callable[[str], str | None]) -> pa.StringArray:
    unsure = pc.invert(sure)
    rest = texts.filter(unsure)
    if not len(rest):
        return texts
    return pc.replace_with_mask(texts, unsure, each_distinct(rest, read, pa.string()))
