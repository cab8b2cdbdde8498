"""Reading a mapping key by key, collecting every finding instead of stopping at the first."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NoReturn

from subsidy_match.errors import AuthorError, Finding, Location
from subsidy_match.rules.source import Mapped, Node, Scalar, Sequence

__all__ = ["Fields", "Findings", "Skip", "did_you_mean"]

_MOST_KEYS = 20
_LONGEST_WORD = 80
_LONGEST_TEXT = 400


class Skip(Exception):
    """This part cannot be read; its finding is recorded, go on with the next part."""


class Findings(list[Finding]):
    """What was found wrong so far."""

    def add(self, code: str, zh: str, en: str, at: Location, hint: str | None = None) -> None:
        """Record one finding."""
        self.append(Finding(code, _short(zh), _short(en), at, hint))

    def stop(self, code: str, zh: str, en: str, at: Location, hint: str | None = None) -> NoReturn:
        """Record one finding and leave the part that has it."""
        self.add(code, zh, en, at, hint)
        raise Skip

    def raise_if_any(self, code: str, zh: str, en: str) -> None:
        """Raise one error that carries all findings, in the order of their places."""
        if self:
            once = dict.fromkeys(self)  # shared clauses are read anew for each policy
            ordered = sorted(once, key=lambda f: (f.at.path, f.at.line or 0, f.at.column or 0) if f.at else ("", 0, 0))
            raise AuthorError(code, zh, en, ordered[0].at, findings=tuple(ordered))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest known words, if any is near."""
    return _nearest(word[:_LONGEST_WORD], tuple(known))


@lru_cache(maxsize=1024)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    close = difflib.get_close_matches(word, known, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(repr(c) for c in close)}?" if close else None


class Fields:
    """A mapping being read; wrong or missing keys become findings."""

    def __init__(self, node: Mapped, findings: Findings) -> None:
        self.node, self.findings = node, findings

    @classmethod
    def of(cls, node: Node, findings: Findings) -> Fields:
        """Read ``node`` as a mapping; anything else is a finding and reads as empty."""
        if isinstance(node, Mapped):
            return cls(node, findings)
        findings.add("P002", "此处应为键值", "a mapping is expected here", node.at)
        return cls(Mapped({}, {}, node.at), findings)

    @property
    def entries(self) -> Mapping[str, Node]:
        """The nodes by key."""
        return self.node.entries

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries

    def allow(self, *known: str) -> None:
        """Every other key is a finding; of very many the first will do."""
        strange = [key for key in self.entries if key not in known]
        for key in strange[:_MOST_KEYS]:
            hint = self._stray(key) or did_you_mean(key, known)
            self.findings.add("P004", f"不认识的键:{key}", f"unknown key {key!r}", self.node.keys[key], hint)
        if len(strange) > _MOST_KEYS:
            more, at = len(strange) - _MOST_KEYS, self.node.keys[strange[_MOST_KEYS]]
            self.findings.add("P004", f"另有{more}个不认识的键", f"{more} more unknown keys", at)

    def _stray(self, key: str) -> str | None:
        """Where a full-width colon hid the end of a key, or a comma of an unquoted sentence began another, say so."""
        node = self.entries[key]
        if any(mark in key for mark in "：，"):
            return f"full-width punctuation: write {unicodedata.normalize('NFKC', key)}"
        is_rest = isinstance(node, Scalar) and not node.text and not key.isascii()
        return "put a sentence that holds a comma in double quotes" if is_rest else None

    def wrong(self, key: str, zh: str, en: str, *, code: str = "P002", hint: str | None = None) -> None:
        """Record a finding at ``key``, or at the mapping where the key is missing."""
        node = self.entries.get(key, self.node)
        self.findings.add(code, zh, en, node.at, hint)

    def text(self, key: str, *, default: str | None = "") -> str | None:
        """The text at ``key``; missing is a finding unless a default other than ``""`` is given."""
        node = self.entries.get(key)
        if node is None:
            if default == "":
                self.wrong(key, f"缺少“{key}”", f"missing {key!r}")
            return default
        if not isinstance(node, Scalar):
            self.wrong(key, f"“{key}”应为文字", f"{key!r} should be text")
            return default
        return node.text

    def texts(self, key: str, *, required: bool = True) -> list[str]:
        """The list of texts at ``key``."""
        node = self.entries.get(key)
        if node is None:
            if required:
                self.wrong(key, f"缺少“{key}”", f"missing {key!r}")
            return []
        if not isinstance(node, Sequence) or not all(isinstance(item, Scalar) for item in node.items):
            self.wrong(key, f"“{key}”应为文字列表", f"{key!r} should be a list of texts")
            return []
        return [item.text for item in node.items if isinstance(item, Scalar)]

    def list_of(self, key: str) -> list[Fields]:
        """The mappings of the list at ``key``; absent is none."""
        node = self.entries.get(key)
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.wrong(key, f"“{key}”应为列表", f"{key!r} should be a list")
            return []
        return [Fields.of(item, self.findings) for item in node.items]

    def choice(self, key: str, known: tuple[str, ...], *, default: str | None = "") -> str | None:
        """The text at ``key``, one of ``known``."""
        text = self.text(key, default=default)
        if text and text not in known and key in self:
            hint = did_you_mean(text, known) or f"one of {', '.join(known)}"
            self.wrong(key, f"“{key}”没有这个取值:{text}", f"{key!r} cannot be {text!r}", hint=hint)
            return None
        return text

    def flag(self, key: str) -> bool:
        """The yes-or-no at ``key``; absent is no."""
        return self.choice(key, ("true", "false"), default="false") == "true"

    def fields(self, key: str) -> Fields | None:
        """The mapping at ``key``, or None where there is none."""
        node = self.entries.get(key)
        return None if node is None else Fields.of(node, self.findings)

    def each(self, key: str) -> Iterator[tuple[str, Fields]]:
        """The entries of the mapping at ``key``."""
        inner = self.fields(key)
        if inner is not None:
            yield from inner.each_of_all()

    def each_of_all(self) -> Iterator[tuple[str, Fields]]:
        """Every entry, each a mapping."""
        for key, node in self.entries.items():
            yield key, Fields.of(node, self.findings)
