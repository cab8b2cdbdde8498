"""Where each firm stands in a snapshot: asked once or twice by a scan, asked more often from memory.

A scan of a million codes takes some 20 ms; sorted hashes of them take 12 MB and a third of a second once. They are not
written into the snapshot, so that imports are not slower for it.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any, TypeAlias

import duckdb
import numpy as np

__all__ = ["Places"]

_SCANS = 2  # a command that asks for one firm needs no index
Column: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"


class Places:
    """The places of firms by their codes. Safe for threads: whoever asks while the index is made waits for it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._asked = 0
        self._lock = threading.Lock()
        self._index: tuple[Column, Column] | None = None

    def candidates(self, code: str) -> list[int]:
        """The rows that may be a firm's: mostly one, none where there is no such firm; the row itself says whether it is."""
        with self._lock:
            self._asked += 1
            if self._index is None and self._asked > _SCANS:
                self._index = self._hashes()
        index = self._index
        return self._rows("SELECT rowid FROM firm WHERE uscc = ?", code) if index is None else self._seek(code, *index)

    def _seek(self, code: str, hashes: Column, rows: Column) -> list[int]:
        mine = np.uint64(self._rows("SELECT hash(?::VARCHAR)", code)[0])
        first, last = (int(np.searchsorted(hashes, mine, side)) for side in ("left", "right"))
        return [int(row) for row in rows[first:last]]

    def _hashes(self) -> tuple[Column, Column]:
        with closing(self._con.cursor()) as cursor:
            found = cursor.execute("SELECT hash(uscc) AS h, rowid AS r FROM firm ORDER BY h").fetchnumpy()
        return np.asarray(found["h"], np.uint64), np.asarray(found["r"]).astype(np.uint32)

    def _rows(self, query: str, value: str) -> list[int]:
        with closing(self._con.cursor()) as cursor:
            return [int(number) for (number,) in cursor.execute(query, [value]).fetchall()]
