"""Dated grading standards: by industry and a few numbers an enterprise is large, medium, small or micro.

An enterprise has the lowest grade among those its numbers reach one by one (国统字〔2017〕213号, 说明三: 大型、中型和小型须同时满足
所列指标的下限). Numbers that are not known leave several grades possible; one number already below the last limit decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from subsidy_match.errors import AuthorError
from subsidy_match.rules.codes import industry_prefixes
from subsidy_match.rules.comparing import is_within
from subsidy_match.rules.fields import Fields, Findings
from subsidy_match.rules.source import Node, Scalar, Sequence, read_yaml
from subsidy_match.rules.span import Bound, Num, Span
from subsidy_match.rules.tree import Label
from subsidy_match.units import LiteralError, Unit, parse_date, parse_quantity

__all__ = ["GRADES", "NOT_COVERED", "Line", "Standard", "StandardRow", "load_standards"]

GRADES = ("micro", "small", "medium", "large")
NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a standard: the industries it is for, and for each number its limits for small, medium and large."""

    label: Label
    prefixes: tuple[str, ...]
    barred: tuple[str, ...]
    limits: Mapping[str, tuple[Num, Num, Num]]

    def grades(self, numbers: Mapping[str, Span]) -> frozenset[str]:
        """The grades that are possible for numbers known as spans."""
        worst = min(_reached(numbers[name].lo, limits) for name, limits in self.limits.items())
        best = min(_reached(numbers[name].hi, limits) for name, limits in self.limits.items())
        return frozenset(GRADES[worst : best + 1])


@dataclass(frozen=True, slots=True)
class StandardRow:
    """A standard as in force from one day to another, both included."""

    start: date
    end: date
    scopes: tuple[Line, ...]
    document: str
    provenance: str

    def grades(self, industry: str | None, numbers: Mapping[str, Span]) -> frozenset[str]:
        """The grades that are possible; an industry in no row is not covered."""
        held = [True if industry is None else is_within(industry, s.prefixes, s.barred) for s in self.scopes]
        sure = industry is not None and True in held
        found = [s.grades(numbers) for s, inside in zip(self.scopes, held, strict=True) if _may(inside, sure=sure)]
        return frozenset(itertools.chain(*found, () if sure else (NOT_COVERED,)))


@dataclass(frozen=True, slots=True)
class Standard:
    """One named standard; ``numbers`` are the names and units of what it looks at."""

    name: str
    label: Label
    enum: str
    numbers: Mapping[str, Unit]
    rows: tuple[StandardRow, ...]

    def row(self, on: date) -> StandardRow | None:
        """The row in force on a day."""
        return next((row for row in self.rows if row.start <= on <= row.end), None)


def load_standards(folder: Path, findings: Findings, root: Path) -> dict[str, Standard]:
    """Read the standards of every ``*.yml`` of ``folder`` that has some; names are ``<file>.<standard>``."""
    found: dict[str, Standard] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            top = Fields.of(read_yaml(path, name=str(path.relative_to(root.parent))), findings)
        except AuthorError:
            continue  # reported by the reader of dated tables
        if "standards" in top:
            top.allow("title", "note", "standards")
            for name, item in top.each("standards"):
                found[f"{path.stem}.{name}"] = _standard(f"{path.stem}.{name}", item)
    return found


def _reached(value: Bound, limits: tuple[Num, Num, Num]) -> int:
    return sum(value >= limit for limit in limits)


def _may(inside: bool | None, *, sure: bool) -> bool:
    return inside is True if sure else inside is not False


# --- reading ---


def _standard(name: str, item: Fields) -> Standard:
    item.allow("zh", "en", "enum", "numbers", "rows")
    numbers = {key: _unit(item, node) for key, node in _entries(item, "numbers").items()}
    listed = item.entries.get("rows")
    nodes = listed.items if isinstance(listed, Sequence) else ()
    rows = tuple(_row(Fields.of(node, item.findings), numbers) for node in nodes)
    for before, after in itertools.pairwise(sorted(rows, key=lambda row: row.start)):
        if after.start <= before.end:
            item.wrong("rows", "生效期重叠", f"rows overlap on {after.start}", code="P009")
    label = Label(item.text("zh") or "", item.text("en") or "")
    return Standard(name, label, item.text("enum") or "", numbers, rows)


def _row(row: Fields, numbers: Mapping[str, Unit]) -> StandardRow:
    row.allow("from", "to", "document", "provenance", "scopes")
    listed = row.entries.get("scopes")
    nodes = listed.items if isinstance(listed, Sequence) else ()
    scopes = tuple(_scope(Fields.of(node, row.findings), numbers) for node in nodes)
    for one, other in itertools.combinations(scopes, 2):
        if both := _common(one, other):
            zh, en = f"行业重叠:{both}", f"industry {both} is in two rows"
            row.wrong("scopes", f"{zh}({one.label.zh}、{other.label.zh})", f"{en}: {one.label.en}, {other.label.en}")
    provenance = row.choice("provenance", ("official", "sourced", "representative")) or "representative"
    end = _date(row, "to") if "to" in row else date.max
    return StandardRow(_date(row, "from"), end, scopes, row.text("document") or "", provenance)


def _scope(item: Fields, numbers: Mapping[str, Unit]) -> Line:
    item.allow("zh", "en", "industries", "except", "at_least")
    limits: dict[str, tuple[Num, Num, Num]] = {}
    for name, node in _entries(item, "at_least").items():
        if name not in numbers:
            item.wrong("at_least", f"没有这个指标:{name}", f"no such number: {name!r}", code="P007")
        elif (three := _limits(item, node, numbers[name])) is not None:
            limits[name] = three
    label = Label(item.text("zh") or "", item.text("en") or "")
    return Line(label, _prefixes(item, "industries"), _prefixes(item, "except"), limits)


def _limits(item: Fields, node: Node, unit: Unit) -> tuple[Num, Num, Num] | None:
    """Limits as people print them: large, medium, small."""
    texts = [part.text for part in node.items if isinstance(part, Scalar)] if isinstance(node, Sequence) else []
    try:
        quantities = [parse_quantity(text) for text in texts]
    except LiteralError as error:
        item.wrong("at_least", error.zh, error.en, code="P006", hint=error.hint)
        return None
    values = [quantity.value for quantity in quantities]
    if len(values) != len(GRADES) - 1 or any(q.unit != unit for q in quantities) or sorted(values)[::-1] != values:
        zh, en = f"需要大、中、小型三个界限,单位{unit}", f"three limits, large to small, in {unit}"
        item.wrong("at_least", zh, en, code="P006")
        return None
    return values[2], values[1], values[0]


def _prefixes(item: Fields, key: str) -> tuple[str, ...]:
    found: list[str] = []
    for text in item.texts(key, required=key == "industries"):
        some = industry_prefixes(text)
        if not some:
            item.wrong(key, f"没有这个行业:{text}", f"no such industry: {text!r}", code="P007")
        found.extend(some)
    return tuple(found)


def _common(one: Line, other: Line) -> str | None:
    for a, b in itertools.product(one.prefixes, other.prefixes):
        deeper = a if a.startswith(b) else b if b.startswith(a) else None
        if deeper is not None and not deeper.startswith((*one.barred, *other.barred)):
            return deeper
    return None


def _entries(item: Fields, key: str) -> Mapping[str, Node]:
    inner = item.fields(key)
    return inner.entries if inner is not None else {}


def _unit(item: Fields, node: Node) -> Unit:
    try:
        return Unit.of(node.text if isinstance(node, Scalar) else "")
    except LiteralError as error:
        item.wrong("numbers", error.zh, error.en)
        return Unit()


def _date(row: Fields, key: str) -> date:
    try:
        return parse_date(row.text(key) or "")
    except LiteralError as error:
        row.wrong(key, error.zh, error.en, hint=error.hint)
        return date.min
