"""One column against many limits: every limit asks the same piece of the column while the piece lies in the cache."""

from __future__ import annotations

import numpy as np

from subsidy_match.matching.vector.bitmaps import Words
from subsidy_match.matching.vector.spans import Ints

__all__ = ["reached"]

_PIECE = 1 << 14  # rows; a multiple of 64


def reached(values: Ints, limits: Ints) -> Words:
    """Where values are at least as large as each of several limits.

    Args:
        values: numbers, one a row; not a number reaches nothing.
        limits: numbers of the same type.

    Returns:
        One row of bits for each limit; bits past the last value are 0.
    """
    words = -(-len(values) // 64)
    octets = np.zeros((len(limits), words * 8), np.uint8)
    hits, each = np.empty((len(limits), min(_PIECE, len(values))), np.bool_), limits[:, np.newaxis]
    for start in range(0, len(values), _PIECE):
        piece = values[start : start + _PIECE]
        hit = hits[:, : len(piece)]
        np.greater_equal(piece, each, out=hit)
        packed = np.packbits(hit, axis=1, bitorder="little")
        octets[:, start // 8 : start // 8 + packed.shape[1]] = packed
    found: Words = octets.view(np.uint64)
    return found
