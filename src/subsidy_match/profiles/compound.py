"""The streams of a compound file, the container of old workbooks."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from subsidy_match.profiles.marks import Unsure

__all__ = ["streams"]

_SMALL, _SMALL_SHIFT = 4096, 6
_ENTRY = 128
_STREAM, _ROOT = 2, 5
_LAST = 0xFFFFFFFA  # numbers from here on name no sector


def streams(content: bytes) -> Mapping[str, bytes]:
    """The streams by name.

    Raises:
        Unsure: the file is damaged, or two streams have the same name.
    """
    try:
        return dict(_unique(_Compound(content)))
    except (struct.error, IndexError, ValueError) as error:
        raise Unsure(str(error)) from error


class _Compound:
    def __init__(self, content: bytes) -> None:
        self._content = content
        (self._shift,) = struct.unpack_from("<H", content, 30)
        self._table = self._numbers(self._table_sectors())
        directory, _, _, small = struct.unpack_from("<IIII", content, 48)
        self._small_table = self._numbers(self._chain(small, self._table))
        self._directory = b"".join(map(self._sector, self._chain(directory, self._table)))
        self._small = next((self._large(start) for kind, _, start, _ in self.entries() if kind == _ROOT), b"")

    def entries(self) -> Iterator[tuple[int, str, int, int]]:
        """Kind, name, first sector and size of each entry of the directory."""
        for at in range(0, len(self._directory), _ENTRY):
            length, kind = struct.unpack_from("<HB", self._directory, at + 64)
            start, size = struct.unpack_from("<II", self._directory, at + 116)
            yield kind, self._directory[at : at + max(length - 2, 0)].decode("utf-16-le"), start, size

    def read(self, start: int, size: int) -> bytes:
        """A stream."""
        if size >= _SMALL:
            found = self._large(start)
        else:
            places = (n << _SMALL_SHIFT for n in self._chain(start, self._small_table))
            found = b"".join(self._small[at : at + (1 << _SMALL_SHIFT)] for at in places)
        if len(found) < size:
            raise ValueError("a stream is cut off")
        return found[:size]

    def _large(self, start: int) -> bytes:
        return b"".join(map(self._sector, self._chain(start, self._table)))

    def _table_sectors(self) -> Iterator[int]:
        yield from (n for n in struct.unpack_from("<109I", self._content, 76) if n < _LAST)
        more, left = struct.unpack_from("<II", self._content, 68)
        for _ in range(left):
            *numbers, more = self._numbers([more])
            yield from (n for n in numbers if n < _LAST)

    def _numbers(self, sectors: Iterator[int] | list[int]) -> list[int]:
        joined = b"".join(map(self._sector, sectors))
        return list(struct.unpack(f"<{len(joined) // 4}I", joined[: len(joined) // 4 * 4]))

    def _sector(self, number: int) -> bytes:
        at = (number + 1) << self._shift
        return self._content[at : at + (1 << self._shift)]

    @staticmethod
    def _chain(number: int, table: list[int]) -> Iterator[int]:
        for _ in range(len(table) + 1):
            if number >= _LAST:
                return
            yield number
            number = table[number]
        raise ValueError("a chain of sectors is a ring")


def _unique(file: _Compound) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    for kind, name, start, size in file.entries():
        if kind != _STREAM or name not in ("Workbook", "Book"):
            continue
        if name in seen:  # a workbook within the workbook: which of them is read is not known here
            raise Unsure(f"two streams {name}")
        seen.add(name)
        yield name, file.read(start, size)
