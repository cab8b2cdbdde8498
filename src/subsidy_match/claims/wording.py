"""Checks of what people write into a record: a line, a text, the code of a firm."""

from __future__ import annotations

import unicodedata
from typing import NoReturn

from subsidy_match.errors import InputError
from subsidy_match.profiles.uscc import normalise_uscc

__all__ = ["check_firm", "check_line", "check_text", "check_word", "is_writable"]

_LONGEST_TEXT = 2000
_CODE = 18
_NEVER = frozenset({"Cc", "Cs"})  # a terminal would obey them; half a character cannot be written
_BETWEEN = "\n\r\t"


def check_line(name: str, text: str, longest: int) -> str:
    """Give one line of text without spaces around it; it may be empty.

    Raises:
        InputError: ``field_invalid``.
    """
    clean = text.strip()
    if len(clean) > longest or (clean and not clean.isprintable()):
        raise _invalid(name)
    return clean


def check_word(name: str, text: str, longest: int) -> str:
    """Give one line of text that must say something.

    Raises:
        InputError: ``field_missing``, ``field_invalid``.
    """
    return check_line(name, text, longest) or _missing(name)


def check_text(name: str, text: str) -> str:
    """Give a text of several lines that must say something.

    Raises:
        InputError: ``field_missing``, ``field_invalid``.
    """
    clean = text.strip() or _missing(name)
    if len(clean) > _LONGEST_TEXT or not is_writable(clean):
        raise _invalid(name)
    return clean


def is_writable(text: str) -> bool:
    """Whether a text of several lines has no control characters besides those that end a line or set it in."""
    return not any(unicodedata.category(letter) in _NEVER and letter not in _BETWEEN for letter in text)


def check_firm(text: str) -> str:
    """Give a unified social credit code as it is kept.

    Raises:
        InputError: ``uscc_invalid``.
    """
    code = normalise_uscc(text)
    if len(code) != _CODE or not (code.isascii() and code.isalnum()):
        zh, en = (
            "统一社会信用代码应为18位数字和大写字母",
            "a unified social credit code has 18 digits and capital letters",
        )
        raise InputError("uscc_invalid", zh, en)
    return code


def _missing(name: str) -> NoReturn:
    raise InputError("field_missing", f"缺少字段:{name}", f"missing field: {name}")


def _invalid(name: str) -> InputError:
    return InputError("field_invalid", f"字段内容有误:{name}", f"invalid value for the field {name}")
