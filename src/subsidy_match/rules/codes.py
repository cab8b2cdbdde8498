"""Region and industry codes as trees of prefixes.

A region code covers its descendants: ``320800`` all of Huai'an, ``320812`` one district (GB/T 2260). Industry codes follow
GB/T 4754-2017: a section letter, or 2 to 4 digits, or a range such as ``C13-43``.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["industry_prefixes", "region_covers", "region_prefixes"]

# first and last division of each section, GB/T 4754-2017
_SECTIONS = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60), "H": (61, 62),
    "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79), "O": (80, 82), "P": (83, 83),
    "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip
_RANGE = re.compile(r"[A-T]?(\d{2})-[A-T]?(\d{2})")
_CODE = re.compile(r"[A-T]?(\d{2,4})\*?")


@lru_cache(maxsize=4096)  # the regions of a country are some three thousand, and each is asked about again and again
def region_prefixes(code: str) -> tuple[str, ...]:
    """The prefix that the descendants of a six-digit region share; nothing if it is not a region code."""
    if not re.fullmatch(r"\d{6}", code):
        return ()
    return (re.sub(r"(00)+$", "", code) if code.endswith("00") else code,)


def region_covers(region: str, code: str) -> bool:
    """Whether ``code`` lies in ``region``."""
    return code.startswith(region_prefixes(region))


def industry_prefixes(code: str) -> tuple[str, ...]:
    """The prefixes of a section, a code or a range of divisions; nothing if it is none of these."""
    if code in _SECTIONS:
        first, last = _SECTIONS[code]
        return tuple(f"{n:02d}" for n in range(first, last + 1))
    if found := _RANGE.fullmatch(code):
        first, last = int(found[1]), int(found[2])
        return tuple(f"{n:02d}" for n in range(first, last + 1))
    if found := _CODE.fullmatch(code):
        return (found[1],)
    return ()
