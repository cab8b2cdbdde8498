"""The unified social credit code (GB 32100-2015): put into one form, and graded instead of merely refused.

Registers hold a few real codes whose check character is wrong, so the result names the first check that fails and leaves it
to the caller (and its list of overrides) what to do. Nothing is corrected silently: O for 0 is only ever *suggested*.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from itertools import product

__all__ = ["Grade", "UsccCheck", "check_uscc", "is_organisation_code", "normalise_uscc"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: without I O S V Z
_INDEX = {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS = tuple(3**i % 31 for i in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_ORGANISATION_CHECKS = "0123456789X0"
_LENGTH = 18
_ORGANISATION_LENGTH = 9
_NOISE = re.compile("[\\s\\-\u2010-\u2015'`\u2018\u2019\ufeff]+")
_CONFUSED = {"O": "0", "I": "1", "S": "5", "Z": "2", "V": "U"}


class Grade(Enum):
    """How far a code passes; the first check that fails gives its name."""

    VALID = "valid"
    FORMAT = "format"
    CHARSET = "charset"
    ORGANISATION = "organisation"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class UsccCheck:
    """A normalised code with its grade; ``suggestion`` is a valid code that the eye confuses with it, if there is one."""

    code: str
    grade: Grade
    suggestion: str | None = None

    @property
    def is_valid(self) -> bool:
        """Whether all checks passed."""
        return self.grade is Grade.VALID


def normalise_uscc(text: str) -> str:
    """Undo what typing and spreadsheets do: width, case, blanks, hyphens, a leading apostrophe, a byte order mark."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).upper()


def check_uscc(text: str) -> UsccCheck:
    """Grade a code as it stands in a file.

    Returns:
        The normalised code, its grade, and a suggestion where a forbidden letter stands for a look-alike.
    """
    code = normalise_uscc(text)
    grade = _grade(code)
    return UsccCheck(code, grade, _suggest(code) if grade is Grade.CHARSET else None)


def is_organisation_code(text: str) -> bool:
    """Whether a text is an organisation code (GB 11714) by form and check character: nine characters without the hyphen."""
    body = text[:8]
    plain = len(text) == _ORGANISATION_LENGTH and body.isascii() and body.isalnum() and body == body.upper()
    return plain and text[8] == _organisation_check(body)


def _grade(code: str) -> Grade:
    if len(code) != _LENGTH or not code.isascii() or not code.isalnum():
        return Grade.FORMAT
    if any(character not in _INDEX for character in code):
        return Grade.CHARSET
    if not code[2:8].isdigit():
        return Grade.FORMAT
    if code[16] != _organisation_check(code[8:16]):
        return Grade.ORGANISATION
    return Grade.VALID if code[17] == _check(code[:17]) else Grade.CHECK


def _organisation_check(body: str) -> str:
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return _ORGANISATION_CHECKS[11 - total % 11]


def _check(body: str) -> str:
    total = sum(_INDEX[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def _suggest(code: str) -> str | None:
    choices = [(_CONFUSED[c],) if c in _CONFUSED else (c,) for c in code]
    readings = {"".join(reading) for reading in product(*choices)}
    valid = [reading for reading in readings if _grade(reading) is Grade.VALID]
    return valid[0] if len(valid) == 1 else None
