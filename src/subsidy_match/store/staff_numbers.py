"""Staff numbers (工号): one form for one person, however it was typed, so that nobody counts as two."""

from __future__ import annotations

import re
import unicodedata

from subsidy_match.errors import InputError

__all__ = ["rough_form", "staff_number"]

_LONGEST = 40
# What cannot be seen, and letters of other scripts that look like these, would make two people of one.
_SIGNS = re.compile(rf"[A-Za-z0-9\u3400-\u4dbf\u4e00-\u9fff._-]{{1,{_LONGEST}}}")


def staff_number(given: str) -> str:
    """Give the one form in which a staff number is kept: half width, upper case, without spaces around it.

    Raises:
        InputError: ``person_invalid``.
    """
    plain = unicodedata.normalize("NFKC", given).strip()
    if not _SIGNS.fullmatch(plain):
        zh = f"工号由字母、数字、汉字和._-组成,1至{_LONGEST}位,不得含空格或不可见字符"
        en = f"a staff number has 1 to {_LONGEST} letters, digits, Chinese characters and ._-, and nothing invisible"
        raise InputError("person_invalid", zh, en)
    return plain.upper()


def rough_form(stored: str) -> str:
    """What is left of a number, as older stores may have it, without spaces and signs that nobody sees or types."""
    plain = unicodedata.normalize("NFKC", stored).upper()
    return "".join(sign for sign in plain if sign.isprintable() and not sign.isspace())
