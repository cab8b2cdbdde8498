"""YAML as positioned text: every node knows its line and column, and no scalar is given a type by YAML.

Values get their type from where they stand (``0111`` is an industry code, ``NO`` a word), so the traps of YAML 1.1 cannot
arise. Anchors, aliases, tags, duplicate keys, deep nesting and huge files are refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from subsidy_match.errors import AuthorError, Location

__all__ = ["Mapped", "Node", "Scalar", "Sequence", "parse_yaml", "read_text", "read_yaml"]

_SIGNS = ",:[]{}"
_MAX_BYTES = 2_000_000
_MAX_DEPTH = 60
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text."""

    text: str
    at: Location
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    at: Location


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping; ``keys`` has the place of each key."""

    entries: Mapping[str, Node]
    keys: Mapping[str, Location] = field(repr=False)
    at: Location = field(repr=False)


Node: TypeAlias = Scalar | Sequence | Mapped


def read_yaml(path: Path, *, name: str | None = None) -> Node:
    """Read one YAML document.

    Raises:
        AuthorError: not UTF-8, too large, not YAML, or YAML that this project does not use; with the place.
    """
    shown = name or str(path)
    return parse_yaml(read_text(path, shown), shown)


def read_text(path: Path, shown: str) -> str:
    """Read a text file as it is, less a byte order mark.

    Raises:
        AuthorError: not UTF-8, or too large.
    """
    try:
        if not path.is_file():
            raise AuthorError(
                "P001", "不是普通文件", "not a file (a folder, a broken link or a device)", Location(shown)
            )
        if path.stat().st_size > _MAX_BYTES:
            raise AuthorError("P001", "文件过大", f"file larger than {_MAX_BYTES:,} bytes", Location(shown))
        raw = path.read_bytes()
    except OSError as error:
        zh, en = f"读不了文件:{error.strerror}", f"the file cannot be read: {error.strerror}"
        raise AuthorError("P001", zh, en, Location(shown)) from error
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        at, hint = Location(shown, line), "save the file as UTF-8"
        raise AuthorError("P001", "文件不是 UTF-8 编码", f"not UTF-8 at byte {error.start}", at, hint) from error


def parse_yaml(text: str, name: str) -> Node:
    """Read one YAML document from text; ``name`` is what errors call it."""
    try:
        events = yaml.parse(text, Loader=_Loader)
        return _Composer(events, name).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Location(name, mark.line + 1, mark.column + 1) if mark else Location(name)
        raise AuthorError("P001", "YAML 格式错误", f"not YAML: {error.problem}", at, _yaml_hint(text, mark)) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise AuthorError("P001", "YAML 格式错误", f"not YAML: {error}", Location(name)) from error


def _yaml_hint(text: str, mark: yaml.Mark | None) -> str | None:
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    if "\t" in line:
        return "indent with spaces, not tabs"
    hints = []
    if "{" in line or "[" in line or ": " in line:
        hints.append("put a sentence that holds , : [ ] { } in double quotes")
    if any(not sign.isascii() and unicodedata.normalize("NFKC", sign) in _SIGNS for sign in line):
        hints.append("outside quotes write , : [ ] { } in half width")
    return "; ".join(hints) or None


class _Composer:
    """Builds nodes from parser events, refusing what policies do not need."""

    def __init__(self, events: Iterator[yaml.Event], name: str) -> None:
        self._events, self._name, self._depth = events, name, 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    raise self._error(event, "一个文件只能有一份文档", "more than one document in the file")
                root = self._node(event)
        if root is None:
            raise AuthorError("P001", "文件为空", "the file is empty", Location(self._name))
        return root

    def _node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._error(
                event, "不允许使用锚点和别名", "anchors and aliases are not allowed", "write the text out"
            )
        if (tag := getattr(event, "tag", None)) is not None:
            raise self._error(event, "不允许使用标签", f"tags are not allowed: {tag}")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, self._at(event), quoted=event.style in ('"', "'"))
        if self._depth >= _MAX_DEPTH:
            raise self._error(event, "嵌套过深", f"nested deeper than {_MAX_DEPTH} levels")
        self._depth += 1
        node = self._sequence(event) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(event)
        self._depth -= 1
        return node

    def _sequence(self, start: yaml.Event) -> Sequence:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event))
        return Sequence(tuple(items), self._at(start))

    def _mapping(self, start: yaml.Event) -> Mapped:
        entries: dict[str, Node] = {}
        keys: dict[str, Location] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event)
            if not isinstance(key, Scalar):
                raise self._error(event, "键必须是文字", "a key must be text", "quote a sentence that holds { or [")
            if key.text in entries:
                raise self._error(event, f"键重复:{key.text}", f"duplicate key {key.text!r}", code="P003")
            entries[key.text] = self._node(next(self._events))
            keys[key.text] = key.at
        return Mapped(entries, keys, self._at(start))

    def _at(self, event: yaml.Event) -> Location:
        mark = event.start_mark
        return Location(self._name, mark.line + 1, mark.column + 1) if mark else Location(self._name)

    def _error(self, event: yaml.Event, zh: str, en: str, hint: str | None = None, code: str = "P001") -> AuthorError:
        return AuthorError(code, zh, en, self._at(event), hint)
