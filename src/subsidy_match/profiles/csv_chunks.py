"""CSV read by columns, a chunk at a time: plain rows go to Arrow, every doubtful one to Python's reader.

Arrow and Python's ``csv`` agree only on regular text. So quotes and line ends are checked first: a row of another width goes to
Python's reader alone, and a chunk with a quote out of place or a bare carriage return goes there as a whole. Rows and their
numbers are the same either way.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

__all__ = ["Chunk", "Refuse", "read_chunks"]

Refuse: TypeAlias = Callable[[csv.Error | None, int], Exception]
_Places: TypeAlias = npt.NDArray[np.int64]

_SIZE = 8 << 20
_LINE = 64 << 20
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a file; rows count from 0.

    ``columns`` hold the rows ``numbers``, which have one cell a column; ``odd`` are the rows between them that are narrower,
    wider or not surely regular.
    """

    numbers: _Places
    columns: tuple[pa.StringArray, ...]
    odd: tuple[tuple[int, list[str]], ...]


def read_chunks(
    path: Path,
    encoding: str,
    delimiter: str,
    refuse: Refuse,
    *,
    largest_cell: int,
    longest_line: int = _LINE,
    size: int = _SIZE,
) -> Iterator[Chunk]:
    """Read a file chunk by chunk.

    Args:
        path: the file.
        encoding: its encoding, of which it is known that it fits.
        delimiter: the delimiter, one ASCII character.
        refuse: makes the exception for broken CSV, of the error and the line; without an error the line is too long.
        largest_cell: what is longer than this, in characters, is refused.
        longest_line: a line without an end within so many characters is refused.
        size: how many bytes are read at once.
    """
    csv.field_size_limit(largest_cell)
    with path.open("rb") as file:
        yield from _Reader(_Feed(file, encoding, size), delimiter, refuse, largest_cell, longest_line).chunks()


class _Feed:
    """The text of a file as UTF-8, in pieces of whole characters."""

    def __init__(self, file: IO[bytes], encoding: str, size: int) -> None:
        self._file, self._size = file, size
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self.ended = False

    def read(self) -> bytes:
        """The next piece; empty only at the end."""
        text = ""
        while not text and not self.ended:
            raw = self._file.read(self._size)
            self.ended = not raw
            text = self._decoder.decode(raw, final=self.ended)
        return text.encode()


class _Reader:
    """Cuts a feed into chunks; a class because the text left over, the row and the line go on from chunk to chunk."""

    def __init__(self, feed: _Feed, delimiter: str, refuse: Refuse, largest: int, line: int) -> None:
        self._feed, self._delimiter, self._refuse, self._largest, self._longest = feed, delimiter, refuse, largest, line
        self._left, self._row, self._line = b"", 0, 0

    def chunks(self) -> Iterator[Chunk]:
        """All chunks."""
        while True:
            self._left += self._feed.read()
            if not self._left:
                return
            records = _Records.of(self._left, ord(self._delimiter), whole=self._feed.ended)
            if records is not None and records.longest <= self._largest:
                yield self._by_columns(records)
            elif records is not None or len(self._left) > self._largest or self._feed.ended:
                yield self._by_rows(self._left.rfind(b"\n") + 1 or len(self._left))

    def _by_columns(self, records: _Records) -> Chunk:
        text, self._left = self._left[: records.end], self._left[records.end :]
        first, count, odd = self._row, len(records.starts), records.odd
        self._row += count
        self._line += text.count(b"\n")
        rows = list(self._rows(io.StringIO("".join(records.texts(text, odd)), newline="")))
        numbers = np.delete(np.arange(first, first + count), odd)
        plain = _without(text, records, odd)
        columns = self._columns(plain, records) if len(numbers) else ()
        return Chunk(numbers, columns, tuple(zip((first + odd).tolist(), rows, strict=True)))

    def _columns(self, text: bytes, records: _Records) -> tuple[pa.StringArray, ...]:
        names = [str(i) for i in range(records.width)]
        table = arrow_csv.read_csv(
            # Arrow takes a byte order mark from each buffer; within a file it is a character of the first cell.
            pa.BufferReader(codecs.BOM_UTF8 + text if text.startswith(codecs.BOM_UTF8) else text),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 4, column_names=names),
            arrow_csv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=records.quoted, ignore_empty_lines=False
            ),
            arrow_csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        return tuple(_one(column) for column in table.columns)

    def _by_rows(self, least: int) -> Chunk:
        """As Python reads them: at least so many bytes, up to the end of a record."""
        lines = _Lines(self._left, self._feed, self._longest)
        rows = []
        for row in self._rows(self._bounded(lines)):
            rows.append(row)
            if lines.taken >= least:
                break
        self._left = lines.rest()
        self._line += lines.count
        first, self._row = self._row, self._row + len(rows)
        return Chunk(np.empty(0, np.int64), (), tuple(enumerate(rows, first)))

    def _bounded(self, lines: _Lines) -> Iterator[str]:
        for line in lines:
            if len(line) >= self._longest and not line.endswith(("\n", "\r")):
                raise self._refuse(None, self._line + lines.count)
            yield line

    def _rows(self, lines: Iterator[str]) -> Iterator[list[str]]:
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        try:
            yield from reader
        except csv.Error as error:
            raise self._refuse(error, self._line + reader.line_num) from error


@dataclass(frozen=True, slots=True)
class _Records:
    """Where the records of a regular text begin and end, and how many delimiters each has."""

    starts: _Places
    ends: _Places
    delimiters: _Places
    quoted: bool

    @classmethod
    def of(cls, text: bytes, delimiter: int, *, whole: bool) -> _Records | None:
        """The records of a text up to its last line end, or to its own end; ``None`` where Python must read it."""
        data = np.frombuffer(text, np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        ends = _outside(np.flatnonzero(data == _NEWLINE), quotes) + 1
        if whole and (not len(ends) or ends[-1] < len(data)):
            ends = np.append(ends, len(data))
        if not len(ends):
            return None
        data, quotes = data[: ends[-1]], quotes[: np.searchsorted(quotes, ends[-1])]
        if not _is_regular(data, quotes, delimiter):
            return None
        marks = _outside(np.flatnonzero(data == delimiter), quotes)
        counts = np.diff(np.searchsorted(marks, ends), prepend=0)
        found = cls(np.concatenate([[0], ends[:-1]]), ends, counts, bool(len(quotes)))
        return found if found.width > 1 else None  # a blank line would look like a row of one empty cell

    @property
    def end(self) -> int:
        return int(self.ends[-1])

    @property
    def width(self) -> int:
        """The number of cells that most rows have; the greater one of two."""
        often = np.bincount(self.delimiters)
        return len(often) - int(often[::-1].argmax())

    @property
    def odd(self) -> _Places:
        """The records of another width."""
        return np.flatnonzero(self.delimiters != self.width - 1)

    @property
    def longest(self) -> int:
        return int((self.ends - self.starts).max())

    def texts(self, text: bytes, records: _Places) -> list[str]:
        """The texts of some records, with their line ends."""
        return [text[self.starts[i] : self.ends[i]].decode() for i in records]


class _Lines:
    """The lines of a text and of what follows it in the feed, as a file opened with ``newline=""`` gives them."""

    def __init__(self, text: bytes, feed: _Feed, enough: int) -> None:
        self._waiting = deque(io.StringIO(text.decode(), newline=""))
        self._feed, self._enough = feed, enough
        self.taken = self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while self._may_go_on() and (more := self._feed.read()):
            begun = self._waiting.pop() if self._waiting else ""
            self._waiting.extend(io.StringIO(begun + more.decode(), newline=""))
        if not self._waiting:
            raise StopIteration
        line = self._waiting.popleft()
        self.taken += len(line.encode())
        self.count += 1
        return line

    def _may_go_on(self) -> bool:
        return not self._waiting or (len(self._waiting) == 1 and len(self._waiting[0]) < self._enough)

    def rest(self) -> bytes:
        """What was not taken."""
        return "".join(self._waiting).encode()


def _outside(places: _Places, quotes: _Places) -> _Places:
    return places[np.searchsorted(quotes, places) % 2 == 0] if len(quotes) else places


def _is_regular(data: npt.NDArray[np.uint8], quotes: _Places, delimiter: int) -> bool:
    """Whether every carriage return ends a line and every quote stands where a quoted cell begins, ends or doubles it."""
    returns = np.flatnonzero(data == _RETURN)
    if len(returns) and (returns[-1] + 1 == len(data) or (data[returns + 1] != _NEWLINE).any()):
        return False
    if not len(quotes):
        return True
    edges = [delimiter, _NEWLINE, _RETURN, _QUOTE]
    opening, closing = quotes[::2], quotes[1::2]
    before, after = data[opening[opening > 0] - 1], data[closing[closing + 1 < len(data)] + 1]
    return len(quotes) % 2 == 0 and bool(np.isin(before, edges).all() and np.isin(after, edges).all())


def _without(text: bytes, records: _Records, odd: _Places) -> bytes:
    if not len(odd):
        return text
    view: Any = memoryview(text)
    begins = np.concatenate([[0], records.ends[odd]])
    ends = np.append(records.starts[odd], len(text))
    return b"".join(view[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True))


def _one(column: pa.ChunkedArray) -> pa.StringArray:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
