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
from rapidfuzz.distance import OSA

__all__ = ["display_name", "firm_of_branch", "name_core", "name_key", "similar_names"]

_BRACKETS = str.maketrans("[{\u3014【〈《]}\u3015】〉》•・‧", "((((((" + "))))))" + "···")
_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_PLACE = re.compile(r"江苏省?|淮安市?|(?:清江浦|淮阴|洪泽|楚州)区?|(?:涟水|盱眙|金湖)县?|[()]")
_SUFFIX = re.compile(r"(?:有限责任公司|股份有限公司|有限公司|公司)")
_BRANCH = re.compile(r"(?<=公司).+?(?:分公司|分店|分厂|分部|营业部|办事处)(?:\(.*\))?$")
_WIDE_BRACKETS = str.maketrans("()", "（）")
_WHOLE_FLOOR = 70
_FLOOR = 80
_HIGHEST_OF_BRANCH = 95  # a branch is not its firm: never as alike as the name itself


def name_key(name: str) -> str:
    """The form by which names are compared exactly; empty for a name of nothing but blanks."""
    folded = unicodedata.normalize("NFKC", name).upper().translate(_BRACKETS)
    return _INVISIBLE.sub("", folded)


def display_name(name: str) -> str:
    """The form in which names are shown: half-width, single blanks, and brackets as the register writes them."""
    folded = " ".join(unicodedata.normalize("NFKC", name).split())
    return folded if folded.isascii() else folded.translate(_WIDE_BRACKETS)


@lru_cache(maxsize=200_000)
def name_core(key: str) -> str:
    """What is left of a key without place and legal form: the part that tells firms apart."""
    return _SUFFIX.sub("", _PLACE.sub("", key)) or key


def firm_of_branch(key: str) -> str:
    """The key of the firm whose branch a key names; other keys stay as they are."""
    return _BRANCH.sub("", key)


def similar_names(key: str, known: Mapping[str, str], *, limit: int = 5) -> list[tuple[str, int]]:
    """Rank known names by likeness, for a person to choose from.

    A name one slip away in its telling part is always among them; others must be alike as a whole and in that part. A branch
    is compared by the name of its firm.

    Args:
        key: the key that no firm has.
        known: key → core (:func:`name_core`) of all registered and former names, or of those that may be alike.
        limit: how many at most.

    Returns:
        ``(known key, score)`` with scores 0 to 100, best first; ties in alphabetical order, so that any order of the
        register gives the same list.
    """
    head = firm_of_branch(key)
    highest = 100 if head == key else _HIGHEST_OF_BRANCH
    core = name_core(head)
    scored = []
    for name, whole, _ in process.extract(head, known.keys(), scorer=fuzz.ratio, score_cutoff=_WHOLE_FLOOR, limit=None):
        score = min(highest, round((whole + fuzz.ratio(core, known[name])) / 2))
        if score >= _FLOOR or OSA.distance(core, known[name], score_cutoff=1) <= 1:
            scored.append((name, score))
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:limit]
