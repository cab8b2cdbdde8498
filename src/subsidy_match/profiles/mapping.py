"""What a department's list looks like and what its columns mean: data in ``mappings/*.yml``, checked when it is read.

A mapping names a department and its lists; a list says by which headers it is known and what each column feeds: the code or
the name of the firm, a fact, or a field of a collection. Words of the department become codes here, and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as ReadMapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from subsidy_match.errors import AuthorError, Finding, Location
from subsidy_match.profiles.catalogue import Catalogue, ValueType

__all__ = ["Column", "End", "ListSpec", "Mapping", "Mappings", "Stated", "column_faults", "load_mappings"]

_SHIPPED = Path(__file__).parent / "mappings"
Role = Literal[
    "uscc", "name", "former_names", "district", "year", "industry_name",
    # of the register alone: ids of before 2015, and how firms hang together (see links.py)
    "registration_no", "organisation_code", "tax_no", "parent_uscc", "parent_name", "predecessor_uscc",
    "moved_in_on", "moved_from", "moved_out_on", "moved_to",
]  # fmt: skip


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Column(_Node):
    """One column: the headers it goes by, and what it feeds.

    ``year`` says to which fiscal year a yearly fact belongs: the one written in the header (``{year}`` in the pattern), the
    year of the title, the year before it, or the year column of the row. ``unit`` holds where neither the header nor the
    sheet states one. ``words`` are added to those of the catalogue (one word of a list may mean several codes,
    separated by blanks); ``empty`` are words that say that there is no value yet; ``ignore_rows`` are words whose rows are
    none of our business.
    """

    header: tuple[str, ...]
    role: Role | None = Field(default=None, alias="is")
    fact: str | None = None
    field: str | None = None
    required: bool = False
    year: Literal["header", "title", "title - 1", "row"] | None = None
    unit: str | None = None
    words: ReadMapping[str, str] = {}
    unmatched: Literal["reject", "empty"] = "reject"
    ignore_rows: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    person: bool = False
    open_ended: bool = False


class End(_Node):
    """When something ends that a list gives no end for: never, or with the year of another date of the row."""

    blank: Literal["never", "year_end"]
    of: str = ""


class Stated(_Node):
    """A date that a whole list shares: stated above the header (``发证日期:2025年11月18日``) and in no column.

    ``year_of`` is a field with numbers that begin with the year; a row of another year is not taken.
    """

    words: tuple[str, ...]
    year_of: str


class ListSpec(_Node):
    """One list of a department: the register itself, a list that feeds facts, or one that feeds a collection.

    ``ends`` says what a blank or absent end date means there; elsewhere it is unknown. ``stated`` are dates that may stand
    above the header, once for all rows.
    """

    id: str
    title: ReadMapping[str, str]
    register_of_firms: bool = False
    collection: str | None = None
    constants: ReadMapping[str, str] = {}
    ends: ReadMapping[str, End] = {}
    stated: ReadMapping[str, Stated] = {}
    columns: tuple[Column, ...]
    unused: tuple[str, ...] = ()


class Mapping(_Node):
    """The lists that one department hands over."""

    department: str
    lists: tuple[ListSpec, ...]


class Mappings(_Node):
    """All mappings; ``digest`` changes with any of them."""

    lists: ReadMapping[str, ListSpec]
    departments: ReadMapping[str, str]  # list id -> department
    digest: str

    def of(self, department: str | None) -> tuple[ListSpec, ...]:
        """The lists of one department, or all of them."""
        return tuple(spec for name, spec in self.lists.items() if department in (None, self.departments[name]))


def load_mappings(catalogue: Catalogue, folder: Path = _SHIPPED) -> Mappings:
    """Read and check all mappings of a folder against the catalogue.

    Raises:
        AuthorError: a mapping does not parse, or names a fact, list, field, code or department that the catalogue has not.
    """
    lists: dict[str, ListSpec] = {}
    departments: dict[str, str] = {}
    digest, findings = hashlib.sha256(), []
    for path in sorted(folder.glob("*.yml")):
        raw = path.read_bytes()
        digest.update(raw)
        mapping = _parse(path, raw)
        for spec in mapping.lists:
            findings += [
                Finding("profiles.mapping", zh, en, Location(str(path))) for zh, en in _faults(mapping, spec, catalogue)
            ]
            if spec.id in lists:
                findings.append(
                    Finding("profiles.mapping", f"清单编号重复:{spec.id}", f"list id used twice: {spec.id}")
                )
            lists[spec.id], departments[spec.id] = spec, mapping.department
    if findings:
        raise AuthorError("profiles.mapping", "字段映射有误", "a mapping is wrong", findings=findings)
    return Mappings(lists=lists, departments=departments, digest=digest.hexdigest())


def _parse(path: Path, raw: bytes) -> Mapping:
    try:
        return Mapping.model_validate(yaml.safe_load(raw))
    except (yaml.YAMLError, ValidationError) as error:
        zh, en = f"字段映射无法读取:{error}", f"the mapping cannot be read: {error}"
        raise AuthorError("profiles.mapping", zh, en, Location(str(path))) from error


def _faults(mapping: Mapping, spec: ListSpec, catalogue: Catalogue) -> list[tuple[str, str]]:
    faults = []
    if mapping.department not in catalogue.departments:
        faults.append((f"没有这个部门:{mapping.department}", f"no such department: {mapping.department}"))
    if spec.collection is not None and spec.collection not in catalogue.collections:
        faults.append((f"没有这个清单:{spec.collection}", f"no such collection: {spec.collection}"))
        return faults
    fields = catalogue.collections[spec.collection].fields if spec.collection else {}
    named = {name for field, end in spec.ends.items() for name in (field, end.of or field)}
    named |= {name for field, stated in spec.stated.items() for name in (field, stated.year_of)}
    faults += [(f"{spec.id}: 没有这个字段:{n}", f"{spec.id}: no such field: {n}") for n in sorted(named - set(fields))]
    for column in spec.columns:
        faults += column_faults(mapping.department, spec, column, catalogue)
    return faults + [_key_fault(spec, field) for field in _unsure_keys(spec, catalogue)]


def _unsure_keys(spec: ListSpec, catalogue: Catalogue) -> list[str]:
    sure = {*spec.constants, *(column.field for column in spec.columns if column.required)}
    return (
        [field for field in catalogue.collections[spec.collection].key if field not in sure] if spec.collection else []
    )


def _key_fault(spec: ListSpec, field: str) -> tuple[str, str]:
    return (
        f"{spec.id}: 主键 {field} 须为必有列或常量",
        f"{spec.id}: the key {field} must be a required column or a constant",
    )


def column_faults(department: str, spec: ListSpec, column: Column, catalogue: Catalogue) -> list[tuple[str, str]]:
    """What is wrong with a column of a department's list, in both languages."""
    place = f"{spec.id}/{column.header[0]}"
    if [column.role, column.fact, column.field].count(None) != 2:
        return [(f"{place}: is、fact、field 恰取其一", f"{place}: exactly one of is, fact and field")]
    if column.fact is not None:
        return _fact_faults(department, place, column, catalogue)
    if column.field is not None:
        fields = catalogue.collections[spec.collection].fields if spec.collection else {}
        if column.field not in fields:
            return [(f"{place}: 没有字段 {column.field}", f"{place}: no field {column.field}")]
        return _word_faults(place, column, fields[column.field])
    return []


def _fact_faults(department: str, place: str, column: Column, catalogue: Catalogue) -> list[tuple[str, str]]:
    fact = catalogue.facts.get(column.fact or "")
    if fact is None:
        return [(f"{place}: 没有事实 {column.fact}", f"{place}: no fact {column.fact}")]
    if department not in fact.sources:
        return [(f"{place}: {fact.name} 不取自该部门", f"{place}: {fact.name} is not taken from this department")]
    if fact.yearly != (column.year is not None):
        return [(f"{place}: {fact.name} 的年度写法不对", f"{place}: year is wrong for {fact.name}")]
    return _word_faults(place, column, fact.type)


def _word_faults(place: str, column: Column, type_: ValueType) -> list[tuple[str, str]]:
    codes = [code for word in column.words.values() for code in word.split()]
    strange = [code for code in codes if type_.codes and code not in type_.codes]
    return [(f"{place}: 没有代码 {code}", f"{place}: no code {code}") for code in strange]
