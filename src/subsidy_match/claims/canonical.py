"""One form in which numbers of documents and references of banks are compared; they are kept and shown as entered."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable

__all__ = ["as_known", "canonical", "canonical_key", "is_known"]

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_ALIKE = {"Ps": "(", "Pe": ")", "Pd": "-"}


def canonical(text: str) -> str:
    """Give ``text`` in one width and case, with one kind of brackets and dashes, and without anything unseen.

    ``苏财〔2026〕1号`` is one document whether its digits are wide, its brackets square, or a blank got between.
    """
    wide = unicodedata.normalize("NFKC", text).upper()
    kinds = ((sign, unicodedata.category(sign)) for sign in unicodedata.normalize("NFKC", wide))
    return "".join(_ALIKE.get(kind, sign) for sign, kind in kinds if kind not in _UNSEEN)


def canonical_key(text: str) -> str:
    """The canonical form as a key of one length: some signs grow when they are brought to one width."""
    return hashlib.sha256(canonical(text).encode()).hexdigest()


def as_known(text: str, known: Iterable[str]) -> str:
    """Give ``text`` in the spelling in which it is known already; as it is where it is not known."""
    mine = canonical(text)
    return next((other for other in known if canonical(other) == mine), text)


def is_known(text: str, known: Iterable[str]) -> bool:
    """Whether ``text`` is known already, in whatever spelling."""
    return canonical(text) in map(canonical, known)
