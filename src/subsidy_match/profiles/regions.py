"""Administrative divisions by any name or code that files use, old ones too (``policies/parameters/regions.yml``).

The place of a firm is never read from its credit code: positions 3 to 8 name the office of first registration, which stays
when the firm moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from subsidy_match.errors import AuthorError, Location
from subsidy_match.profiles.names import name_key

__all__ = ["Region", "Regions", "load_regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """One unit; ``parent`` is the code of the unit above, ``kind`` is division or zone."""

    code: str
    zh: str
    en: str
    parent: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Regions:
    """The table: units by code, and every accepted name or code → code."""

    by_code: Mapping[str, Region]
    aliases: Mapping[str, str]
    digest: str

    def find(self, text: str) -> str | None:
        """The six-digit code of a name, an old name, a code or an old code; ``None`` where the table has none."""
        return self.aliases.get(name_key(text))


def load_regions(policies: Path) -> Regions:
    """Read the table of a policy folder.

    Raises:
        AuthorError: there is none, or one name stands for two units.
    """
    path = policies / "parameters" / "regions.yml"
    try:
        raw = path.read_bytes()
        nodes = yaml.safe_load(raw)["regions"]
        by_code = {code: _region(code, node) for code, node in nodes.items()}
        aliases = _aliases(nodes)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        zh, en = f"区划表 {path} 无法读取:{error}", f"the table of regions {path} cannot be read: {error}"
        raise AuthorError("profiles.regions", zh, en, Location(str(path))) from error
    return Regions(by_code, aliases, hashlib.sha256(raw).hexdigest())


def _region(code: str, node: Mapping[str, Any]) -> Region:
    return Region(code, node["zh"], node["en"], node.get("parent"), node.get("kind", "division"))


def _aliases(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for code, node in nodes.items():
        for name in _names(code, node):
            if aliases.setdefault(name_key(name), code) != code:
                raise ValueError(f"{name} stands for both {aliases[name_key(name)]} and {code}")
    return aliases


def _names(code: str, node: Mapping[str, Any]) -> Iterator[str]:
    yield from (code, node["zh"], *node.get("aliases", ()))
    for old in node.get("former", ()):
        yield from (str(old[part]) for part in ("code", "zh") if part in old)
        yield from old.get("aliases", ())
