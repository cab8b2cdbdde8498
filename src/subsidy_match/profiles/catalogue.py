"""The fact catalogue as this package needs it: which columns a snapshot has, of what type, and who is trusted for them.

A small private reader of ``facts.yml``; everything else here goes through :func:`fact_columns`, so that the full catalogue
of the rules can take its place by changing this module alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from subsidy_match.errors import AuthorError, InputError, Location
from subsidy_match.units import parse_quantity

__all__ = ["Catalogue", "Collection", "Department", "Fact", "ValueType", "department_code", "fact_columns"]

# No amount of this field is near 10¹⁵ 分, no count near 10⁹, no quantity of energy near 10¹²; what is beyond is a wrong unit or a slipped digit.
_WIDEST = {"money": (-(10**15), 10**15), "count": (0, 10**9), "quantity": (0, 10**12), "ratio": (-(10**12), 10**12)}
_ARROW = {"money": pa.int64(), "count": pa.int64(), "quantity": pa.int64(), "ratio": pa.int64(), "date": pa.date32(), "bool": pa.bool_(),
          "enums": pa.list_(pa.string())}  # fmt: skip
_SQL = {
    "money": "BIGINT",
    "count": "BIGINT",
    "quantity": "BIGINT",
    "ratio": "BIGINT",
    "date": "DATE",
    "bool": "BOOLEAN",
    "enums": "VARCHAR[]",
}


@dataclass(frozen=True, slots=True)
class Department:
    """A department by its code, with its names."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a fact or of a field of a list.

    ``low`` and ``high`` are in stored units (分, counts, millionths); ``codes`` maps the words of an enum to its codes.
    """

    kind: str
    unit: str | None = None
    low: int | None = None
    high: int | None = None
    codes: Mapping[str, str] | None = None

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of a column of such values."""
        return _ARROW.get(self.kind, pa.string())

    @property
    def sql(self) -> str:
        """The DuckDB type of a column of such values."""
        return _SQL.get(self.kind, "VARCHAR")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the catalogue; ``sources`` are departments in order of trust."""

    name: str
    type: ValueType
    yearly: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of the catalogue; ``key`` tells two rows of one firm apart."""

    name: str
    key: tuple[str, ...]
    fields: Mapping[str, ValueType]
    departments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All columns that a snapshot may have; ``digest`` changes with any of them."""

    departments: Mapping[str, Department]
    facts: Mapping[str, Fact]
    collections: Mapping[str, Collection]
    digest: str


def fact_columns(policies: Path) -> Catalogue:
    """Read the catalogue of a policy folder.

    Raises:
        AuthorError: there is none, or it is not what this reader expects.
    """
    path = policies / "facts.yml"
    try:
        raw = path.read_bytes()
        return _catalogue(yaml.safe_load(raw), hashlib.sha256(raw).hexdigest())
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        zh, en = f"事实目录 {path} 无法读取:{error}", f"the fact catalogue {path} cannot be read: {error}"
        raise AuthorError("profiles.catalogue", zh, en, Location(str(path))) from error


def department_code(written: str, catalogue: Catalogue) -> str:
    """The code of a department given by its code or by its name, also a part of its Chinese one.

    Raises:
        InputError: no department, or several, are called that.
    """
    if written in catalogue.departments:
        return written
    found = [d.code for d in catalogue.departments.values() if written in (d.zh, d.en) or written in d.zh]
    if len(found) == 1:
        return found[0]
    known = "、".join(catalogue.departments)
    zh, en = f"没有部门“{written}”", f"there is no department {written!r}"
    raise InputError("profiles.department", zh, en, hint=f"one of: {known}")


def _catalogue(text: Mapping[str, Any], digest: str) -> Catalogue:
    enums = {name: {code: label["zh"] for code, label in codes.items()} for name, codes in text["enums"].items()}
    departments = {code: Department(code, label["zh"], label["en"]) for code, label in text["departments"].items()}
    facts = {name: _fact(name, node, enums) for name, node in text["facts"].items()}
    collections = {name: _collection(name, node, enums) for name, node in text["collections"].items()}
    return Catalogue(departments, facts, collections, digest)


def _fact(name: str, node: Mapping[str, Any], enums: Mapping[str, Mapping[str, str]]) -> Fact:
    return Fact(name, _type(node, enums), node["per"] == "year", tuple(node["sources"]))


def _collection(name: str, node: Mapping[str, Any], enums: Mapping[str, Mapping[str, str]]) -> Collection:
    fields = {field: _type(spec, enums) for field, spec in node["fields"].items()}
    return Collection(name, tuple(node["key"]), fields, tuple(node["complete_when"]["all_of"]))


def _type(node: Mapping[str, Any], enums: Mapping[str, Mapping[str, str]]) -> ValueType:
    kind = str(node["type"])
    low, high = _range(kind, node.get("range"))
    return ValueType(kind, node.get("unit"), low, high, _codes(enums[node["enum"]]) if "enum" in node else None)


def _range(kind: str, written: list[Any] | None) -> tuple[int | None, int | None]:
    if written is None:
        return _WIDEST.get(kind, (None, None))
    low, high = (parse_quantity(str(end)).value * (10**6 if kind == "ratio" else 1) for end in written)
    return int(low), int(high)


def _codes(labels: Mapping[str, str]) -> dict[str, str]:
    return {code: code for code in labels} | {zh: code for code, zh in labels.items()}
