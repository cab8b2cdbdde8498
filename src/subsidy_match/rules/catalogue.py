"""The fact catalogue: what may be asked of an enterprise, in which unit and range, and who owes the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from subsidy_match.errors import AuthorError, Location
from subsidy_match.rules.enterprise import Collection
from subsidy_match.rules.fields import Fields, Findings
from subsidy_match.rules.source import Mapped, read_yaml
from subsidy_match.rules.span import ANYTHING, INFINITY, Span
from subsidy_match.rules.tree import Kind, Label, Type
from subsidy_match.units import NO_UNIT, Duration, LiteralError, Unit, parse_duration, parse_quantity

__all__ = ["BaseFact", "Catalogue", "CollectionSpec", "FieldSpec", "StatusSpec", "load_catalogue", "with_regions"]

_SENSITIVITIES = ("public", "commercial", "personal", "secret")
_CONCERNS = ("tax_paid",)
_RATIO_SCALE = 10**6


@dataclass(frozen=True, slots=True)
class BaseFact:
    """One base fact: its words, type, range, whether it is yearly, and the departments that owe it, most trusted first."""

    name: str
    label: Label
    type: Type
    span: Span
    yearly: bool
    sources: tuple[str, ...]
    sensitivity: str
    changeable: bool
    stale_after: Duration | None
    concern: str | None = None  # why tying money to it concerns fair competition


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of the rows of a collection."""

    name: str
    label: Label
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """One list about enterprises; "no row" means none only when every list of ``complete_from`` is loaded and fresh."""

    name: str
    label: Label
    key: tuple[str, ...]
    counter: Unit
    complete_from: tuple[str, ...]
    stale_after: Duration | None
    fields: Mapping[str, FieldSpec]

    def is_complete(self, found: Collection, as_of: date) -> bool:
        """Whether "no row" means none: every list it comes from is loaded and fresh, and none is in dispute."""
        if found.disputed or not self.complete_from:
            return False
        loaded = all(source in found.loaded for source in self.complete_from)
        return loaded and self.stale_since(found, as_of) is None

    def stale_since(self, found: Collection, as_of: date) -> date | None:
        """The day of the oldest list it comes from, where that is too old to say "none"."""
        days = [found.loaded[source] for source in self.complete_from if source in found.loaded]
        old = self.stale_after is not None and bool(days) and min(days) < self.stale_after.before(as_of)
        return min(days) if old else None


@dataclass(frozen=True, slots=True)
class StatusSpec:
    """Which collection holds statuses, and which of its fields say what and from when until when."""

    collection: str
    kind: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All facts. ``derived`` keeps the texts of derived facts, which the rule loader reads like any value."""

    departments: Mapping[str, Label]
    enums: Mapping[str, Mapping[str, Label]]
    facts: Mapping[str, BaseFact]
    collections: Mapping[str, CollectionSpec]
    statuses: StatusSpec
    derived: Mapping[str, Mapped] = field(repr=False)
    regions: Mapping[str, Label] = field(
        default_factory=dict
    )  # names of some region codes; others are codes all the same

    def code_label(self, codes: str | None, code: str) -> Label | None:
        """The words for a code of a list, where there are any."""
        return self.regions.get(code) if codes == "region" else self.enums.get(codes or "", {}).get(code)

    def status_names(self) -> Mapping[str, Label]:
        """The statuses that ``holds`` may ask for."""
        kind = self.collections[self.statuses.collection].fields[self.statuses.kind].type
        return self.enums[kind.codes or ""]


def load_catalogue(path: Path) -> Catalogue:
    """Read ``facts.yml``.

    Raises:
        AuthorError: with every finding, each with its place.
    """
    findings = Findings()
    catalogue = _Reader(findings).catalogue(Fields.of(read_yaml(path), findings))
    if catalogue is not None:
        _refuse_gaps(catalogue, findings, Location(str(path), 1, 1))
    findings.raise_if_any("P002", "指标目录有误", "the fact catalogue has errors")
    if catalogue is None:
        raise AuthorError("P002", "指标目录有误", "the fact catalogue has errors", Location(str(path)))
    return catalogue


def _refuse_gaps(catalogue: Catalogue, findings: Findings, at: Location) -> None:
    """Find what the language needs and the catalogue lacks."""
    if "district_code" not in catalogue.facts:
        findings.add("P002", "缺少指标 district_code", "the fact 'district_code' is missing", at)
    spec = catalogue.statuses
    held = catalogue.collections.get(spec.collection)
    lacking = [field for field in (spec.kind, spec.start, spec.end) if held is None or field not in held.fields]
    if lacking:
        names, name = ", ".join(lacking), spec.collection
        findings.add("P002", f"清单 {name} 缺少:{names}", f"the list {name!r} lacks {names}", at)


def with_regions(catalogue: Catalogue, path: Path, findings: Findings) -> Catalogue:
    """The catalogue with the names of regions from their table, where there is one."""
    if not path.is_file():
        return catalogue
    regions = Fields.of(read_yaml(path), findings).fields("regions")
    labels = (
        {code: Label(r.text("zh") or code, r.text("en") or code) for code, r in regions.each_of_all()}
        if regions
        else {}
    )
    return replace(catalogue, regions=labels)


class _Reader:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._enums: dict[str, dict[str, Label]] = {}

    def catalogue(self, top: Fields) -> Catalogue | None:
        top.allow("departments", "enums", "facts", "collections", "statuses", "derived")
        departments = {name: self._label_alone(item) for name, item in top.each("departments")}
        for name, item in top.each("enums"):
            self._enums[name] = {code: self._label_alone(entry) for code, entry in item.each_of_all()}
        facts = {name: self._fact(name, item) for name, item in top.each("facts")}
        collections = {name: self._collection(name, item) for name, item in top.each("collections")}
        statuses = top.fields("statuses")
        derived = top.fields("derived")
        if statuses is None:
            return None
        statuses.allow("in", "kind", "from", "until")
        spec = StatusSpec(*(statuses.text(key) or "" for key in ("in", "kind", "from", "until")))
        texts = {name: item.node for name, item in derived.each_of_all()} if derived else {}
        return Catalogue(departments, self._enums, facts, collections, spec, texts)

    def _label_alone(self, item: Fields) -> Label:
        item.allow("zh", "en")  # an unquoted comma in a sentence would begin another key
        return self._label(item)

    def _label(self, item: Fields) -> Label:
        return Label(item.text("zh") or "", item.text("en") or "")

    def _fact(self, name: str, item: Fields) -> BaseFact:
        item.allow(
            "zh",
            "en",
            "type",
            "unit",
            "enum",
            "range",
            "per",
            "sources",
            "sensitivity",
            "changeable",
            "stale_after",
            "concern",
        )
        type_ = self._type(item)
        yearly, stale_after = item.choice("per", ("year", "as_of")) == "year", self._duration(item)
        if yearly and stale_after:
            item.wrong("stale_after", "年度指标不会过期", "what was true of a year does not grow stale")
        return BaseFact(
            name,
            self._label(item),
            type_,
            self._range(item, type_),
            yearly=yearly,
            sources=tuple(item.texts("sources")),
            sensitivity=item.choice("sensitivity", _SENSITIVITIES) or "secret",
            changeable=item.flag("changeable"),
            stale_after=stale_after,
            concern=item.choice("concern", _CONCERNS, default=None),
        )

    def _collection(self, name: str, item: Fields) -> CollectionSpec:
        item.allow("zh", "en", "key", "counter", "complete_when", "fields")
        complete = item.fields("complete_when")
        fields: dict[str, FieldSpec] = {}
        for field_name, entry in item.each("fields"):
            entry.allow("zh", "en", "type", "unit", "enum", "range")
            type_ = self._type(entry)
            fields[field_name] = FieldSpec(field_name, self._label(entry), type_, self._range(entry, type_))
        return CollectionSpec(
            name,
            self._label(item),
            tuple(item.texts("key")),
            self._counter(item),
            tuple(complete.texts("all_of")) if complete else (),
            self._duration(complete) if complete else None,
            fields,
        )

    def _counter(self, item: Fields) -> Unit:
        try:
            return Unit.of(item.text("counter", default="项") or "项")
        except LiteralError as error:
            item.wrong("counter", error.zh, error.en, hint=error.hint)
            return NO_UNIT

    def _type(self, item: Fields) -> Type:
        sort = item.text("type") or "text"
        enum = item.text("enum", default=None)
        match sort:
            case "money" | "count" | "quantity":
                return Type(Kind.NUMBER, self._unit(item))
            case "ratio":
                return Type(Kind.NUMBER, NO_UNIT, scale=_RATIO_SCALE)
            case "date":
                return Type(Kind.DATE)
            case "bool":
                return Type(Kind.BOOL)
            case "enum" | "enums":
                if enum not in self._enums:
                    item.wrong("enum", f"没有这个代码表:{enum}", f"no such enum: {enum}")
                return Type(Kind.CODE if sort == "enum" else Kind.CODES, codes=enum)
            case "region" | "industry":
                return Type(Kind.CODE, codes=sort)
            case "text":
                return Type(Kind.TEXT)
            case _:
                item.wrong("type", f"不认识的类型:{sort}", f"unknown type {sort!r}")
                return Type(Kind.TEXT)

    def _unit(self, item: Fields) -> Unit:
        try:
            return Unit.of(item.text("unit") or "")
        except LiteralError as error:
            item.wrong("unit", error.zh, error.en)
            return NO_UNIT

    def _range(self, item: Fields, type_: Type) -> Span:
        if type_.kind is not Kind.NUMBER:
            return ANYTHING
        ends = item.texts("range", required=False)
        if not ends:
            return Span(0, INFINITY)
        try:
            low, high = (parse_quantity(end) for end in ends)
        except (LiteralError, ValueError):
            item.wrong("range", "范围应为 [下限, 上限]", "a range is [low, high] with units")
            return ANYTHING
        if low.unit != type_.unit or high.unit != type_.unit:
            item.wrong("range", f"单位应为{type_.unit}", f"the unit should be {type_.unit}")
        return Span(low.value, high.value)

    def _duration(self, item: Fields) -> Duration | None:
        text = item.text("stale_after", default=None)
        try:
            return parse_duration(text) if text else None
        except LiteralError as error:
            item.wrong("stale_after", error.zh, error.en)
            return None
