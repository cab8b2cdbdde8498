"""How many of a sample of firms meet a drawn condition: only to draw policies of the wanted share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt

from engine.firms import CODES, write_snapshot

Tree: TypeAlias = tuple[Any, ...]  # ("all" | "any", trees), ("not", tree), or a leaf: (kind, column, ...)
Bools: TypeAlias = npt.NDArray[np.bool_]

_FIRMS = 20_000
_COMPARED = frozenset({"flag", "from", "below", "ratio", "day_from", "day_before"})


class Sample:
    """Some firms; the answers to leaves are kept, for policies ask the same of them again and again."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = {name: np.ma.asarray(values) for name, values in columns.items()}
        self._codes = {name: _numbered(self._columns[name]) for name in CODES}
        self._leaves: dict[Tree, Bools] = {}
        self._size = len(self._columns["uscc"])

    def share(self, tree: Tree) -> float:
        """The part of the firms that meet a condition, lists and derived facts left aside."""
        return float(self._true(tree).mean())

    def _true(self, tree: Tree) -> Bools:
        match tree:
            case ("all", parts):
                return reduce(and_, map(self._true, parts))
            case ("any", parts):
                return reduce(or_, map(self._true, parts))
            case ("not", ("any", parts)):
                return reduce(and_, (self._true(("not", part)) for part in parts))
            case _:
                if tree not in self._leaves:
                    self._leaves[tree] = self._leaf(tree)
                return self._leaves[tree]

    def _leaf(self, tree: Tree) -> Bools:
        match tree:
            case ("not", ("below", column, limit)):
                return self._leaf(("from", column, limit))
            case ("not", part):
                return ~self._leaf(part) & self._known(part)
            case ("within", column, prefixes):
                return self._member(column, lambda word: word.startswith(prefixes))
            case ("one_of", column, words):
                return self._member(column, lambda word: word in words)
            case (kind, column, *rest) if kind in _COMPARED:
                found: Bools = _compared(kind, self._columns, column, *rest).filled(False)
                return found
            case _:
                return np.ones(self._size, np.bool_)  # lists and derived facts: most firms, roughly

    def _member(self, column: str, test: Callable[[str], bool]) -> Bools:
        words, places = self._codes[column]
        found: Bools = np.fromiter(map(test, words), np.bool_, len(words))[places]
        return found

    def _known(self, tree: Tree) -> Bools:
        columns = [part for part in tree[1:] if isinstance(part, str) and part in self._columns]
        return reduce(and_, (~np.ma.getmaskarray(self._columns[column]) for column in columns))


def _compared(kind: str, columns: Mapping[str, Any], column: str, *rest: Any) -> Any:
    values = columns[column]
    match kind, *rest:
        case ("flag",):
            return values
        case "from", limit:
            return values >= limit
        case "below", limit:
            return values < limit
        case "ratio", bottom, per_cent:
            return values.astype(float) * 100 >= columns[bottom].astype(float) * per_cent
        case "day_from", day:
            return values >= np.datetime64(day)
        case "day_before", day:
            return values < np.datetime64(day)
        case _:
            raise AssertionError(kind)


def _numbered(column: Any) -> tuple[list[str], npt.NDArray[np.intp]]:
    words, places = np.unique(column.filled("").astype(str), return_inverse=True)
    return words.tolist(), places


def draw_sample() -> Sample:
    """Firms of the made-up population."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.duckdb"
        write_snapshot(path, _FIRMS)
        with duckdb.connect(str(path), read_only=True) as con:
            return Sample(con.execute("SELECT * FROM firm").fetchnumpy())
