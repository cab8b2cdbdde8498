"""Columns of credit codes graded in bulk: the same checks as :func:`~subsidy_match.profiles.uscc.check_uscc`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.profiles.uscc import check_uscc

__all__ = ["valid_codes"]

_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", np.uint8)
_ORGANISATION_CHECKS = np.frombuffer(b"0123456789X0", np.uint8)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
_WEIGHTS = np.array([3**i % 31 for i in range(17)])
_PLAIN = r"^[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$"


def _values(alphabet: bytes) -> npt.NDArray[np.int64]:
    values = np.zeros(256, np.int64)
    values[np.frombuffer(alphabet, np.uint8)] = np.arange(len(alphabet))
    return values


_OF_31 = _values(_ALPHABET.tobytes())
_OF_36 = _values(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def valid_codes(texts: pa.StringArray) -> pa.BooleanArray:
    """Which codes pass all checks."""
    plain = pc.match_substring_regex(texts, _PLAIN)
    grades = pa.array(_checked(texts.filter(plain)), pa.bool_())
    rest = pc.invert(plain)
    others = pa.array([check_uscc(text).is_valid for text in texts.filter(rest).to_pylist()], pa.bool_())
    return pc.replace_with_mask(pc.replace_with_mask(plain, plain, grades), rest, others)


def _checked(texts: pa.StringArray) -> npt.NDArray[np.bool_]:
    codes = np.array(texts.to_numpy(zero_copy_only=False), "S18").view(np.uint8).reshape(-1, 18)
    organisation = _OF_36[codes[:, 8:16]] @ _ORGANISATION_WEIGHTS
    whole = _OF_31[codes[:, :17]] @ _WEIGHTS
    right = codes[:, 16] == _ORGANISATION_CHECKS[11 - organisation % 11]
    return np.asarray(right & (codes[:, 17] == _ALPHABET[-whole % 31]))
