"""Administrative divisions by any name or code that files use, old ones too (``policies/parameters/regions.yml``).

The place of a firm is never read from its credit code: positions 3 to 8 name the office of first registration, which stays
when the firm moves. Nor is it the unit of another time: whatever a file calls it, a firm is where that place is today.
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
from subsidy_match.rules.codes import region_covers

__all__ = ["Former", "Region", "Regions", "load_regions"]


@dataclass(frozen=True, slots=True)
class Former:
    """What a unit was before: the name or code it had, from one year up to a day in another, where these are known."""

    zh: str | None
    code: str | None
    since: int | None
    until: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Region:
    """One unit; ``parent`` is the code of the unit above, ``kind`` is division or zone.

    ``since`` is the year of its present name and code; ``local`` says that no standard has the code.
    """

    code: str
    zh: str
    en: str
    parent: str | None
    kind: str
    since: int | None = None
    local: bool = False
    former: tuple[Former, ...] = ()


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
        AuthorError: there is none, one name stands for two units, or a unit does not lie in its parent.
    """
    path = policies / "parameters" / "regions.yml"
    try:
        raw = path.read_bytes()
        nodes = yaml.safe_load(raw)["regions"]
        by_code = {code: _region(code, node) for code, node in nodes.items()}
        aliases = _aliases(nodes)
        _check(by_code)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        zh, en = f"区划表 {path} 无法读取:{error}", f"the table of regions {path} cannot be read: {error}"
        raise AuthorError("profiles.regions", zh, en, Location(str(path))) from error
    return Regions(by_code, aliases, hashlib.sha256(raw).hexdigest())


def _region(code: str, node: Mapping[str, Any]) -> Region:
    kind, former = node.get("kind", "division"), tuple(map(_former, node.get("former", ())))
    return Region(
        code, node["zh"], node["en"], node.get("parent"), kind, node.get("since"), node.get("local", False), former
    )


def _former(node: Mapping[str, Any]) -> Former:
    return Former(node.get("zh"), node.get("code"), node.get("from"), node.get("until"), node["note"])


def _check(by_code: Mapping[str, Region]) -> None:
    for region in by_code.values():
        if region.parent is not None and not (region.parent in by_code and region_covers(region.parent, region.code)):
            raise ValueError(f"{region.code} does not lie in {region.parent}")
        for old in region.former:
            if old.since is not None and old.until is not None and old.since > old.until:
                raise ValueError(f"{old.zh or old.code} ended before it began")
            if old.code in by_code:
                raise ValueError(f"{old.code} is an old code and a code of today")


def _aliases(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for code, node in nodes.items():
        names = [*_names(node)]
        codes = [code, *(old["code"] for old in node.get("former", ()) if "code" in old)]
        paths = [above + name for above in _above(nodes, node.get("parent")) for name in names]
        for name in (*codes, *names, *paths):
            if aliases.setdefault(name_key(name), code) != code:
                raise ValueError(f"{name} stands for both {aliases[name_key(name)]} and {code}")
    return aliases


def _names(node: Mapping[str, Any]) -> Iterator[str]:
    yield from (node["zh"], *node.get("aliases", ()))
    for old in node.get("former", ()):
        yield from (*([old["zh"]] if "zh" in old else ()), *old.get("aliases", ()))


def _above(nodes: Mapping[str, Mapping[str, Any]], parent: str | None) -> list[str]:
    """What may stand before the name of a unit: the names of the one above, alone and after those above it."""
    if parent is None:
        return []
    node = nodes[parent]
    official = [node["zh"], *(old["zh"] for old in node.get("former", ()) if "zh" in old)]
    return official + [above + name for above in _above(nodes, node.get("parent")) for name in official]
