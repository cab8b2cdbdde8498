"""The words that make conditions, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from subsidy_match.rules.codes import industry_prefixes, region_prefixes
from subsidy_match.rules.fields import Fields, did_you_mean
from subsidy_match.rules.scope import Scope
from subsidy_match.rules.source import Node, Scalar, Sequence
from subsidy_match.rules.tree import (
    All,
    Any,
    AtLeastN,
    Between,
    Compare,
    Condition,
    Day,
    DayName,
    FieldOf,
    Includes,
    Is,
    Kind,
    Label,
    Manual,
    Mark,
    Not,
    OneOfCodes,
    Op,
    Quantified,
    Rows,
    Stated,
    Status,
    Value,
    Within,
    WithinLast,
)
from subsidy_match.rules.values import Place, number, rows_of
from subsidy_match.units import LiteralError, parse_duration

if TYPE_CHECKING:
    from subsidy_match.rules.reader import Reader

__all__ = ["COMPARISONS", "WORDS", "build", "comparison"]

Build: TypeAlias = Callable[[Place, Node], Condition]
Comparison: TypeAlias = Callable[[Place, Value, Node], Condition]


def build(reader: Reader, word: str, fields: Fields, mark: Mark, scope: Scope) -> Condition:
    """Read the node of a condition word."""
    return WORDS[word](Place(reader, reader.inner(scope, mark), mark, fields), fields.entries[word])


def comparison(reader: Reader, fields: Fields, mark: Mark, scope: Scope) -> Condition:
    """Read ``{value: …, at_least: …}``."""
    fields.allow("value", *COMPARISONS, "except", "id", "basis", "title")
    found = [word for word in fields.entries if word in COMPARISONS]
    if "within_last" in found and "before" in found:
        found.remove("before")  # there it names the anchor
    if len(found) != 1:
        zh, en = (
            ("缺少比较词", "no comparison here")
            if not found
            else ("只能有一个比较词", "only one comparison a condition")
        )
        reader.findings.stop("P005", zh, en, mark.at, f"one of {', '.join(COMPARISONS)}; join several with all")
    place = Place(reader, replace(reader.inner(scope, mark), manual=False), mark, fields)
    return COMPARISONS[found[0]](place, place.value(fields.entries["value"]), fields.entries[found[0]])


# --- comparisons ---


def _ordered(op: Op) -> Comparison:
    def read(place: Place, value: Value, node: Node) -> Condition:
        wanted = Kind.DATE if op in (Op.ON_OR_AFTER, Op.BEFORE) else Kind.NUMBER
        if value.type.kind is not wanted:
            place.stop("P005", f"“{op}”不能用于{value.type}", f"{op} does not apply to {value.type}", _wanted(value))
        return Compare(place.mark, value, op, number(place, node, value.type))

    return read


def _wanted(value: Value) -> str:
    match value.type.kind:
        case Kind.NUMBER:
            return "numbers take at_least, more_than, at_most, less_than, between"
        case Kind.DATE:
            return "dates take on_or_after, before, between, within_last"
        case _:
            return "codes take is, is_not, one_of, within"


def _between(place: Place, value: Value, node: Node) -> Condition:
    if not isinstance(node, Sequence) or len(node.items) != 2 or value.type.kind not in (Kind.NUMBER, Kind.DATE):
        place.stop("P005", "between 需要两个同类的界限", "between takes two bounds of the kind of the value")
    low, high = (number(place, item, value.type) for item in node.items)
    return Between(place.mark, value, low, high)


def _within_last(place: Place, value: Value, node: Node) -> Condition:
    if value.type.kind is not Kind.DATE:
        place.stop("P005", "within_last 只用于日期", f"within_last does not apply to {value.type}", _wanted(value))
    try:
        length = parse_duration(node.text if isinstance(node, Scalar) else "")
    except LiteralError as error:
        place.reader.findings.stop("P006", error.zh, error.en, node.at, error.hint)
    anchor = place.fields.entries.get("before")
    if anchor is None:
        place.stop(
            "P005", "回溯需要写明起点", "a look-back names its anchor", "add before: as_of or before: window_close"
        )
    day = place.value(anchor)
    if not isinstance(day, Day):
        place.stop("P005", "起点应为日期名", "the anchor is a named date", f"one of {', '.join(DayName)}")
    return WithinLast(place.mark, value, length, day)


def _equal(*, negated: bool) -> Comparison:
    def read(place: Place, value: Value, node: Node) -> Condition:
        text = node.text if isinstance(node, Scalar) else ""
        match value.type.kind:
            case Kind.NUMBER | Kind.DATE:
                same = Between(place.mark, value, number(place, node, value.type), number(place, node, value.type))
                return Not(place.mark, same) if negated else same
            case Kind.BOOL:
                if text not in ("true", "false"):
                    place.stop("P005", "是否类只能写 true 或 false", "a yes-or-no is true or false")
                return Is(place.mark, value, text == "true", negated)
            case Kind.CODE | Kind.TEXT:
                return Is(place.mark, value, _code(place, node, value), negated)
            case Kind.CODES:
                place.stop("P005", "多值用 includes", "a list of codes takes includes")

    return read


def _one_of(place: Place, value: Value, node: Node) -> Condition:
    if value.type.kind not in (Kind.CODE, Kind.TEXT):
        place.stop("P005", f"one_of 不能用于{value.type}", f"one_of does not apply to {value.type}", _wanted(value))
    return OneOfCodes(place.mark, value, tuple(place.reader.each(node, lambda item: _code(place, item, value))))


def _includes(place: Place, value: Value, node: Node) -> Condition:
    if value.type.kind is not Kind.CODES:
        place.stop("P005", f"includes 不能用于{value.type}", f"includes does not apply to {value.type}", _wanted(value))
    return Includes(place.mark, value, tuple(place.reader.each(node, lambda item: _code(place, item, value))))


def _within(place: Place, value: Value, node: Node) -> Condition:
    if value.type.codes not in ("region", "industry"):
        place.stop("P005", "within 只用于地区和行业", f"within does not apply to {value.type}", _wanted(value))
    inside = _tree_codes(place, node, value)
    out_node = place.fields.entries.get("except")
    outside = _tree_codes(place, out_node, value) if out_node is not None else ((), ())
    return Within(place.mark, value, inside[0], outside[0], inside[1], outside[1])


def _tree_codes(place: Place, node: Node, value: Value) -> tuple[tuple[str, ...], tuple[str, ...]]:
    items = node.items if isinstance(node, Sequence) else (node,)
    texts = tuple(item.text for item in items if isinstance(item, Scalar))
    split = region_prefixes if value.type.codes == "region" else industry_prefixes
    prefixes: list[str] = []
    for text in texts:
        found = split(text)
        if not found:
            place.stop("P007", f"没有这个代码:{text}", f"no such {value.type.codes} code: {text!r}")
        prefixes.extend(found)
    return texts, tuple(prefixes)


def _code(place: Place, node: Node, value: Value) -> str:
    text = node.text if isinstance(node, Scalar) else ""
    known = place.reader.library.catalogue.enums.get(value.type.codes or "")
    if known is not None and text not in known:
        hint = did_you_mean(text, known) or f"one of {', '.join(known)}"
        place.reader.findings.stop("P007", f"没有这个代码:{text}", f"no such code: {text!r}", node.at, hint)
    return text


# --- joins ---


def _children(place: Place, node: Node) -> tuple[Condition, ...]:
    reader, counter = place.reader, iter(range(10**6))
    return tuple(
        reader.each(
            node, lambda item: reader.condition(item, reader.inner(place.scope, place.mark, position=next(counter)))
        )
    )


def _all(place: Place, node: Node) -> Condition:
    return All(place.mark, _children(place, node))


def _any(place: Place, node: Node) -> Condition:
    return Any(place.mark, _children(place, node))


def _at_least_n(place: Place, node: Node) -> Condition:
    fields = Fields.of(node, place.reader.findings)
    fields.allow("n", "of")
    text = fields.text("n") or ""
    of = _children(place, fields.entries.get("of", node))
    if not text.isdecimal() or not 1 <= int(text) <= len(of):
        place.stop("P005", "n 应在 1 与条件个数之间", "n is between 1 and the number of conditions")
    return AtLeastN(place.mark, int(text), of)


def _not(place: Place, node: Node) -> Condition:
    return Not(place.mark, place.reader.condition(node, place.scope))


def _some(place: Place, node: Node) -> Condition:
    return Quantified(place.mark, rows_of(place, node)[0], none=False)


def _none(place: Place, node: Node) -> Condition:
    return Quantified(place.mark, rows_of(place, node)[0], none=True)


# --- others ---


def _holds(place: Place, node: Node) -> Condition:
    reader = place.reader
    name = node.text if isinstance(node, Scalar) else ""
    statuses = reader.library.catalogue.status_names()
    if name in statuses:
        return Status(place.mark, name, _status_rows(place, name), reader.library.granted.get(name, ()))
    derived = reader.named(name, Scalar(name, node.at)) if name in reader.library.catalogue.derived else None
    if isinstance(derived, Stated):  # under the id and the clauses of the policy that asks
        return Stated(replace(place.mark, title=place.mark.title or derived.mark.title), derived.name, derived.of)
    fact = reader.library.catalogue.facts.get(name)
    if fact is not None and fact.type.kind is Kind.BOOL:
        return Is(place.mark, place.value(node), code=True, negated=False)
    known = [*statuses, *reader.library.catalogue.derived]
    reader.findings.stop(
        "P007", f"没有这个资质:{name}", f"no such status: {name!r}", node.at, did_you_mean(name, known)
    )


def _status_rows(place: Place, status: str) -> Rows:
    """Honours of the kind, in force on the day asked about."""
    catalogue = place.reader.library.catalogue
    spec = catalogue.statuses
    fields = catalogue.collections[spec.collection].fields
    kind, start, end = (
        FieldOf(name, fields[name].type, fields[name].span, fields[name].label)
        for name in (spec.kind, spec.start, spec.end)
    )
    bare, today = Mark(place.mark.at, basis=place.mark.basis), Day(DayName.AS_OF, 0)
    return Rows(
        spec.collection,
        All(
            bare,
            (
                Is(bare, kind, status, negated=False),
                Compare(bare, today, Op.ON_OR_AFTER, start),
                Compare(bare, end, Op.ON_OR_AFTER, today),
            ),
        ),
    )


def _manual(place: Place, node: Node) -> Condition:
    fields = Fields.of(node, place.reader.findings)
    fields.allow("zh", "en", "by")
    if not place.scope.manual:
        place.stop("P010", "人工核实只能写在 eligible_if", "manual belongs in eligible_if, not in rows or values")
    text = Label(fields.text("zh") or "", fields.text("en") or "")
    return Manual(place.mark, text, fields.text("by") or "")


WORDS: Mapping[str, Build] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "at_least_n": _at_least_n,
    "some": _some,
    "none": _none,
    "holds": _holds,
    "manual": _manual,
}
COMPARISONS: Mapping[str, Comparison] = {
    "at_least": _ordered(Op.AT_LEAST),
    "more_than": _ordered(Op.MORE_THAN),
    "at_most": _ordered(Op.AT_MOST),
    "less_than": _ordered(Op.LESS_THAN),
    "on_or_after": _ordered(Op.ON_OR_AFTER),
    "before": _ordered(Op.BEFORE),
    "between": _between,
    "within_last": _within_last,
    "is": _equal(negated=False),
    "is_not": _equal(negated=True),
    "one_of": _one_of,
    "includes": _includes,
    "within": _within,
}
