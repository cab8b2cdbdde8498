"""Firm names as keys: what may differ without a doubt, and what a person must look at.

The key folds width, brackets, blanks and the case of Latin letters, which no register tells firms apart by. It does **not**
fold 有限公司 with 有限责任公司: two registered names may differ in just that, and money goes by the match. Such pairs only
score high as candidates for review.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from rapidfuzz import fuzz, process

__all__ = ["name_core", "name_key", "similar_names"]

_BRACKETS = str.maketrans({"[": "(", "{": "(", "〔": "(", "【": "(", "〈": "(", "《": "(", "]": ")", "}": ")", "〕": ")", "】": ")",
                           "〉": ")", "》": ")", "•": "·", "・": "·", "‧": "·"})  # fmt: skip
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_PLACE = re.compile(r"江苏省?|淮安市?|(?:清江浦|淮阴|洪泽|楚州)区?|(?:涟水|盱眙|金湖)县?|[()]")
_SUFFIX = re.compile(r"(?:有限责任公司|股份有限公司|有限公司|公司)")
_FULL_FLOOR = 80
_CORE_FLOOR = 60


def name_key(name: str) -> str:
    """The form by which names are compared exactly; empty for a name of nothing but blanks."""
    folded = unicodedata.normalize("NFKC", name).upper().translate(_BRACKETS)
    return _INVISIBLE.sub("", folded)


@lru_cache(maxsize=200_000)
def name_core(key: str) -> str:
    """What is left of a key without place and legal form: the part that tells firms apart."""
    return _SUFFIX.sub("", _PLACE.sub("", key)) or key


def similar_names(key: str, known: Mapping[str, str], *, limit: int = 5) -> list[tuple[str, int]]:
    """Rank known names by likeness, for a person to choose from.

    Args:
        key: the key that no firm has.
        known: key → core (:func:`name_core`) of all registered and former names.
        limit: how many at most.

    Returns:
        ``(known key, score)`` with scores 0 to 100, best first; ties in alphabetical order, so that any order of the
        register gives the same list.
    """
    whole = process.extract(key, known.keys(), scorer=fuzz.ratio, score_cutoff=_FULL_FLOOR, limit=None)
    core = name_core(key)
    scored = [(name, full, fuzz.ratio(core, known[name])) for name, full, _ in whole]
    kept = [(name, round((full + part) / 2)) for name, full, part in scored if part >= _CORE_FLOOR]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))[:limit]
