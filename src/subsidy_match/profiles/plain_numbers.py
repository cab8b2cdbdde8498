"""Numbers that are nothing but digits and a point, read by columns and exactly; all others are left to the parser of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["PlainNumbers"]

_DIGITS = 18  # what an int64 surely holds


@dataclass(frozen=True, slots=True)
class PlainNumbers:
    """How to read a column of numbers: ``places`` decimals make the stored unit, what is beyond the bounds is left over."""

    places: int
    low: int | None
    high: int | None

    @classmethod
    def of(cls, scale: int, low: int | None, high: int | None) -> PlainNumbers | None:
        """The reader for a scale; ``None`` where it is no power of ten."""
        places = len(str(scale)) - 1
        return cls(places, low, high) if scale == 10**places and places < _DIGITS else None

    def read(self, texts: pa.StringArray) -> tuple[pa.Int64Array, pa.BooleanArray]:
        """The values, and for which texts they hold; blank text is a value too, namely null."""
        pattern = rf"^-?[0-9]{{1,{_DIGITS - self.places}}}"
        pattern += rf"(?:\.[0-9]{{1,{self.places}}})?$" if self.places else "$"
        plain = pc.match_substring_regex(texts, pattern)
        values = self._exact(pc.if_else(plain, texts, None))
        known = pc.and_(plain, self._within(values).fill_null(False))
        return pc.if_else(known, values, None), pc.or_(known, pc.equal(texts, ""))

    def _exact(self, texts: pa.StringArray) -> pa.Int64Array:
        if not self.places:
            return texts.cast(pa.int64())
        decimals = texts.cast(pa.decimal128(_DIGITS, self.places))
        # Eighteen digits fit into the lower half of each 128-bit number.
        halves = np.frombuffer(decimals.buffers()[1], np.int64)[2 * decimals.offset :]
        lower = np.ascontiguousarray(halves[::2][: len(decimals)])
        return pc.if_else(decimals.is_valid(), pa.array(lower), None)

    def _within(self, values: pa.Int64Array) -> pa.BooleanArray:
        within = values.is_valid()
        if self.low is not None:
            within = pc.and_(within, pc.greater_equal(values, self.low))
        if self.high is not None:
            within = pc.and_(within, pc.less_equal(values, self.high))
        return within
