"""Columns of a snapshot for engines that work on arrays: codes as numbers, days as days since 1970, money as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.firms import CODES

Bits = npt.NDArray[np.uint64]


@dataclass(slots=True)
class Encoded:
    """All firms at once, in the order of the snapshot.

    ``words`` has the texts that numbers of code columns stand for.
    """

    uscc: pa.Array
    columns: dict[str, pa.Array] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)

    def numbers(self, column: str, dtype: npt.DTypeLike, size: int | None = None) -> npt.NDArray[np.integer]:
        """A column as numbers, nothing where it is unknown or past the end."""
        array = self.columns[column]
        plain = array.indices if isinstance(array, pa.DictionaryArray) else array
        if pa.types.is_date32(plain.type):
            plain = plain.view(pa.int32())
        found = np.zeros(len(array) if size is None else size, dtype)
        found[: len(array)] = plain.fill_null(pa.scalar(0).cast(plain.type)).to_numpy(zero_copy_only=False)
        return found

    def known(self, column: str) -> npt.NDArray[np.bool_]:
        """Whose value is known."""
        found: npt.NDArray[np.bool_] = self.columns[column].is_valid().to_numpy(zero_copy_only=False)
        return found

    def member(self, column: str, codes: tuple[str, ...], *, prefixes: bool = False) -> npt.NDArray[np.bool_]:
        """For each number of a code column, whether its text is one of some, or begins with one of them."""
        if prefixes:
            return np.array([word.startswith(codes) for word in self.words[column]], np.bool_)
        wanted = frozenset(codes)
        return np.array([word in wanted for word in self.words[column]], np.bool_)


def fetch(path: Path, columns: list[str], threads: int) -> Encoded:
    """Read some columns."""
    with duckdb.connect(config={"threads": threads}) as con:
        con.execute("SET enable_progress_bar = false")
        con.execute(f"ATTACH '{path}' AS snapshot (READ_ONLY)")
        firm = "snapshot.firm"
        for name in CODES.keys() & columns:
            con.execute(
                f"CREATE TYPE words_{name} AS ENUM (SELECT DISTINCT {name} FROM {firm} WHERE {name} IS NOT NULL)"
            )
        parts = [f"{name}::words_{name} AS {name}" if name in CODES else name for name in columns]
        table = con.sql(f"SELECT {', '.join(['uscc', *parts])} FROM {firm}").to_arrow_table()
    whole = {name: _whole(table.column(name)) for name in table.column_names}
    words = {n: a.dictionary.to_pylist() for n, a in whole.items() if isinstance(a, pa.DictionaryArray)}
    return Encoded(whole.pop("uscc"), whole, words)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found
