"""The words that make values, and how each is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from subsidy_match.money import Rounding
from subsidy_match.rules.catalogue import CollectionSpec
from subsidy_match.rules.fields import Fields, did_you_mean
from subsidy_match.rules.parameters import Parameter
from subsidy_match.rules.scope import Scope
from subsidy_match.rules.source import Mapped, Node, Scalar, Sequence
from subsidy_match.rules.tree import (
    Add,
    Band,
    Best,
    Branch,
    Clamped,
    Count,
    Day,
    DayName,
    EachOf,
    Extreme,
    Fact,
    FieldOf,
    FirstOf,
    Grade,
    Has,
    Items,
    Kind,
    Label,
    Literal,
    Mark,
    Multiply,
    Named,
    Num,
    OneOfCodes,
    Op,
    PaidUnder,
    Param,
    Ratio,
    Rounded,
    Rows,
    Stated,
    Subtract,
    Sum,
    Type,
    Value,
)
from subsidy_match.rules.walking import nodes_below
from subsidy_match.units import MONEY, LiteralError, Unit, parse_date, parse_quantity

if TYPE_CHECKING:
    from subsidy_match.rules.reader import Reader

__all__ = ["MODIFIERS", "WORDS", "build", "from_text", "number", "rows_of"]

MODIFIERS = ("from", "cap", "floor", "rounded")
_NAME = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?:@(?P<offset>-?\d+))?")
_MAX_OFFSET = 100
_BAND_OPS = (Op.AT_LEAST, Op.MORE_THAN, Op.AT_MOST, Op.LESS_THAN)


@dataclass(frozen=True, slots=True)
class Place:
    """What the reader of one word needs: the reader, the scope of the children, and the node that carries the word."""

    reader: Reader
    scope: Scope
    mark: Mark
    fields: Fields

    def value(self, node: Node) -> Value:
        """Read a child value."""
        return self.reader.value(node, self.scope)

    def stop(self, code: str, zh: str, en: str, hint: str | None = None) -> NoReturn:
        """Record a finding at this node and leave it."""
        self.reader.findings.stop(code, zh, en, self.mark.at, hint)


Build: TypeAlias = Callable[[Place, Node], Value]


def build(reader: Reader, word: str, fields: Fields, mark: Mark, scope: Scope) -> Value:
    """Read the node of a value word with its modifiers; an id of its own gives it a name in explanations."""
    place = Place(reader, reader.inner(scope, mark), mark, fields)
    found = WORDS[word](place, fields.entries[word])
    found = _modified(place, found)
    if "id" in fields or "title" in fields:
        name = mark.id or word
        return Named(name, mark.title or Label(name, name), mark.basis, found, found.type)
    return found


def from_text(reader: Reader, node: Scalar, scope: Scope) -> Value:
    """Read a name or a literal."""
    named = None if node.quoted else _NAME.fullmatch(node.text)
    if named is None:
        return literal(reader, node)
    name, offset = named["name"], int(named["offset"] or 0)
    found = _resolve(reader, node, name, offset, scope)
    if found is None:
        reader.findings.stop(
            "P007", f"没有这个指标:{name}", f"unknown name {name!r}", node.at, _nearest(reader, name, scope)
        )
    return found


def literal(reader: Reader, node: Scalar) -> Literal:
    """Read a number with its unit, or a date."""
    try:
        if re.match(r"\d{4}-", node.text):
            return Literal(parse_date(node.text), Type(Kind.DATE))
        quantity = parse_quantity(node.text)
        return Literal(quantity.value, Type(Kind.NUMBER, quantity.unit))
    except LiteralError as error:
        reader.findings.stop("P006", error.zh, error.en, node.at, error.hint)


def number(place: Place, node: Node, type_: Type) -> Value:
    """Read a value that must have the type of another."""
    found = place.value(node)
    if (found.type.kind, found.type.unit) != (type_.kind, type_.unit):
        place.reader.findings.stop(
            "P006",
            f"单位不符:需要{type_.unit},写的是{found.type.unit}",
            f"unit mismatch: {type_} wanted, {found.type} given",
            node.at,
            "money is written in 元, 万元 or 亿元; points of a score in 分" if type_.unit == MONEY else None,
        )
    return found


def rows_of(place: Place, node: Node, *extra: str) -> tuple[Rows, Scope, Fields, CollectionSpec]:
    """Read ``{in, where}``; returns the rows and the scope in which their fields can be named."""
    reader = place.reader
    fields = Fields.of(node, reader.findings)
    fields.allow("in", "where", *extra)
    name = fields.text("in") or ""
    known = reader.library.catalogue.collections
    spec = reader.items if name == "items" else known.get(name)
    if spec is None:
        at = fields.entries.get("in", node).at
        reader.findings.stop(
            "P007", f"没有这个清单:{name}", f"no such collection: {name!r}", at, did_you_mean(name, known)
        )
    if name == "items":
        _refuse_choosing(reader, node, place.scope)
    scope = place.scope.inside(spec)
    where = reader.condition(fields.entries["where"], scope) if "where" in fields else None
    return Rows(None if name == "items" else name, where), scope, fields, spec


# --- names ---


def _resolve(reader: Reader, node: Scalar, name: str, offset: int, scope: Scope) -> Value | None:
    if name == "items" and reader.items is not None:
        _refuse_choosing(reader, node, scope)
        return Items(Type(Kind.NUMBER, reader.items.counter))
    if name in tuple(DayName):
        if name == DayName.WINDOW_CLOSE and reader.inherited and not reader.has_window:
            return Day(DayName.AS_OF, offset)
        if name.startswith("window") and not reader.has_window:
            reader.findings.stop(
                "P005", "没有申报窗口", "the policy has no window", node.at, "add window: {opens, closes}"
            )
        if abs(offset) > _MAX_OFFSET:
            reader.findings.stop("P006", "年数过多", "too many years away", node.at)
        return Day(DayName(name), offset)
    if scope.element is not None and name in scope.element.fields:
        found = scope.element.fields[name]
        return FieldOf(name, found.type, found.span, found.label)
    named = reader.named(name, node)
    if scope.choosing and named is not None and _counts_items(named):
        _refuse_choosing(reader, node, scope)
    if isinstance(named, Stated):
        return Has(named)
    if named is not None:
        return named
    return _fact(reader, node, name, offset)


def _counts_items(named: Named | Stated) -> bool:
    below = nodes_below(named)
    return any(isinstance(node, Items) or (isinstance(node, Rows) and node.collection is None) for node in below)


def _refuse_choosing(reader: Reader, node: Node, scope: Scope) -> None:
    if scope.choosing:
        zh, en = "item_if 里还没有 items", "in item_if there are no items yet"
        reader.findings.stop("P010", zh, en, node.at, "ask for the number of items in eligible_if")


def _fact(reader: Reader, node: Scalar, name: str, offset: int) -> Fact | None:
    fact = reader.library.catalogue.facts.get(name)
    if fact is None:
        return None
    if offset and not fact.yearly:
        reader.findings.stop("P005", f"“{name}”没有年度", f"{name!r} has no year", node.at)
    return Fact(name, offset if fact.yearly else None, fact.type, fact.span)


def _nearest(reader: Reader, name: str, scope: Scope) -> str | None:
    catalogue = reader.library.catalogue
    fields = scope.element.fields if scope.element else ()
    return did_you_mean(name, [*fields, *reader.lets, *catalogue.derived, *catalogue.facts, *DayName])


# --- arithmetic ---


def _several(place: Place, node: Node) -> tuple[Value, ...]:
    return tuple(place.reader.each(node, lambda item: _numeric(place, item)))


def _numeric(place: Place, node: Node) -> Value:
    found = place.value(node)
    if found.type.kind is not Kind.NUMBER:
        place.reader.findings.stop("P005", "此处应为数字", f"a number is expected, not {found.type}", node.at)
    return found


def _same_unit(place: Place, node: Node) -> tuple[Value, ...]:
    found = _several(place, node)
    for value, item in zip(found, node.items if isinstance(node, Sequence) else (), strict=True):
        if value.type.unit != found[0].type.unit:
            place.reader.findings.stop(
                "P006",
                f"单位不一致:{found[0].type.unit}与{value.type.unit}",
                f"units differ: {found[0].type.unit} and {value.type.unit}",
                item.at,
            )
    return found


def _plain(value: Value) -> Type:
    return Type(Kind.NUMBER, value.type.unit)


def _add(place: Place, node: Node) -> Value:
    of = _same_unit(place, node)
    return Add(of, _plain(of[0]))


def _subtract(place: Place, node: Node) -> Value:
    of = _same_unit(place, node)
    return Subtract(of, _plain(of[0]))


def _multiply(place: Place, node: Node) -> Value:
    of = _several(place, node)
    unit = of[0].type.unit
    for value in of[1:]:
        unit = unit * value.type.unit
    return Multiply(of, Type(Kind.NUMBER, unit))


def _ratio(place: Place, node: Node) -> Value:
    of = _several(place, node)
    if len(of) != 2:
        place.stop("P005", "比率需要两个数", "a ratio takes two values: [top, bottom]")
    return Ratio(of[0], of[1], Type(Kind.NUMBER, of[0].type.unit / of[1].type.unit))


def _best_of(place: Place, node: Node) -> Value:
    of = _same_unit(place, node)
    return Best(of, least=False, type=_plain(of[0]))


def _least_of(place: Place, node: Node) -> Value:
    of = _same_unit(place, node)
    return Best(of, least=True, type=_plain(of[0]))


def _dates(place: Place, node: Node) -> tuple[Value, ...]:
    def read(item: Node) -> Value:
        found = place.value(item)
        if found.type.kind is not Kind.DATE:
            place.reader.findings.stop("P005", "此处应为日期", f"a date is expected, not {found.type}", item.at)
        return found

    return tuple(place.reader.each(node, read))


def _later_of(place: Place, node: Node) -> Value:
    return Best(_dates(place, node), least=False, type=Type(Kind.DATE))


def _earlier_of(place: Place, node: Node) -> Value:
    return Best(_dates(place, node), least=True, type=Type(Kind.DATE))


def _days(place: Place, node: Node) -> Value:
    """How many days from one date to another: the day itself is none, and before it there are less than none."""
    of = _dates(place, node)
    if len(of) != 2:
        place.stop("P005", "天数需要两个日期", "days takes two dates: [from, to]")
    return Subtract((of[1], of[0]), Type(Kind.NUMBER, Unit.of("天")))


# --- tables and branches ---


def _band(place: Place, node: Node) -> Value:
    fields = Fields.of(node, place.reader.findings)
    fields.allow("of", "otherwise", *_BAND_OPS)
    ops = [op for op in _BAND_OPS if op in fields]
    if len(ops) != 1 or "of" not in fields or "otherwise" not in fields:
        place.stop(
            "P005", "分档需要 of、一种界限和 otherwise", "a band takes of, one of at_least … less_than, and otherwise"
        )
    of = _numeric(place, fields.entries["of"])
    otherwise = _numeric(place, fields.entries["otherwise"])
    steps = _steps(place, fields, ops[0], of.type, otherwise.type)
    return Band(of, ops[0], steps, otherwise, _plain(otherwise))


def _steps(place: Place, fields: Fields, op: Op, of: Type, result: Type) -> tuple[tuple[Num, Value], ...]:
    table = fields.fields(op)
    steps: list[tuple[Num, Value]] = []
    for text, node in table.entries.items() if table else ():
        edge = literal(place.reader, Scalar(text, table.node.keys[text] if table else node.at))
        if edge.type.unit != of.unit or not isinstance(edge.value, Num):
            place.reader.findings.stop("P006", f"分档界限的单位应为{of.unit}", f"edges are in {of.unit}", node.at)
        steps.append((edge.value, number(place, node, result)))
    if len({edge for edge, _ in steps}) < len(steps):
        place.stop("P005", "分档界限重复", "two edges are equal")
    return tuple(sorted(steps, key=lambda step: step[0], reverse=op in (Op.AT_LEAST, Op.MORE_THAN)))


def _branches(place: Place, node: Node) -> tuple[tuple[Branch, ...], Value | None, Type]:
    if not isinstance(node, Sequence) or not node.items:
        place.reader.findings.stop("P005", "此处应为分支列表", "a list of branches is expected", node.at)
    branches: list[Branch] = []
    otherwise: Value | None = None
    for item in node.items:
        fields = Fields.of(item, place.reader.findings)
        if "otherwise" in fields:
            fields.allow("otherwise")
            otherwise = _numeric(place, fields.entries["otherwise"])
            continue
        fields.allow("when", "then")
        if "when" not in fields or "then" not in fields:
            place.reader.findings.stop("P005", "分支需要 when 和 then", "a branch takes when and then", item.at)
        when = place.reader.condition(fields.entries["when"], place.scope)
        branches.append(Branch(when, _numeric(place, fields.entries["then"])))
    units = {value.type.unit for value in [*(b.then for b in branches), *([otherwise] if otherwise else [])]}
    if len(units) != 1:
        place.stop("P006", "各分支单位不一致", "the branches differ in unit")
    return tuple(branches), otherwise, Type(Kind.NUMBER, units.pop())


def _first_of(place: Place, node: Node) -> Value:
    return FirstOf(*_branches(place, node))


def _each_of(place: Place, node: Node) -> Value:
    return EachOf(*_branches(place, node))


# --- collections ---


def _count(place: Place, node: Node) -> Value:
    rows, _, _, spec = rows_of(place, node)
    return Count(rows, Type(Kind.NUMBER, spec.counter))


def _taken(place: Place, node: Node, kinds: tuple[Kind, ...]) -> tuple[Rows, Value]:
    rows, scope, fields, _ = rows_of(place, node, "take")
    if "take" not in fields:
        place.stop("P005", "缺少 take", "missing take")
    take = place.reader.value(fields.entries["take"], scope)
    if take.type.kind not in kinds:
        place.stop("P005", "take 的类型不对", f"take cannot be {take.type}")
    return rows, take


def _sum(place: Place, node: Node) -> Value:
    rows, take = _taken(place, node, (Kind.NUMBER,))
    return Sum(rows, take, _plain(take))


def _latest(place: Place, node: Node) -> Value:
    rows, take = _taken(place, node, (Kind.DATE,))
    return Extreme(rows, take, take.type)


def _largest(place: Place, node: Node) -> Value:
    rows, take = _taken(place, node, (Kind.NUMBER,))
    return Extreme(rows, take, _plain(take))


# --- tables of others ---


def _param(place: Place, node: Node) -> Value:
    reader = place.reader
    if isinstance(node, Scalar):
        node = Mapped({"name": node}, {"name": node.at}, node.at)
    fields = Fields.of(node, reader.findings)
    fields.allow("name", "for", "at")
    name = fields.text("name") or ""
    found = reader.library.parameters.get(name)
    if found is None:
        hint = did_you_mean(name, reader.library.parameters)
        reader.findings.stop("P007", f"没有这个参数:{name}", f"no such parameter: {name!r}", node.at, hint)
    picked = fields.choice("at", tuple(DayName), default=found.picked_by) or found.picked_by
    key = place.value(fields.entries["for"]) if "for" in fields else None
    if (key.type.codes if key else None) != found.by or (key is not None and found.by is None):
        reader.findings.stop("P005", f"参数按{found.by}取值", f"the parameter is looked up for {found.by}", node.at)
    _every_code(place, found, node)
    return Param(name, Day(DayName(picked), 0), key, found.type)


def _grade(place: Place, node: Node) -> Value:
    reader = place.reader
    fields = Fields.of(node, reader.findings)
    fields.allow("by", "industry", "numbers", "at")
    name = fields.text("by") or ""
    found = reader.library.standards.get(name)
    if found is None:
        hint = did_you_mean(name, reader.library.standards)
        reader.findings.stop("P007", f"没有这个标准:{name}", f"no such standard: {name!r}", node.at, hint)
    day = fields.choice("at", tuple(DayName), default=DayName.AS_OF) or DayName.AS_OF
    industry = place.value(fields.entries.get("industry", Scalar("industry_code", node.at)))
    given = fields.fields("numbers")
    entries = given.entries if given is not None else {}
    if industry.type.codes != "industry" or set(entries) != set(found.numbers):
        zh, en = f"需要行业和{'、'.join(found.numbers)}", f"takes industry and numbers {', '.join(found.numbers)}"
        reader.findings.stop("P005", zh, en, node.at)
    numbers = tuple((key, number(place, item, Type(Kind.NUMBER, found.numbers[key]))) for key, item in entries.items())
    return Grade(name, Day(DayName(day), 0), industry, numbers, Type(Kind.CODE, codes=found.enum))


def _every_code(place: Place, found: Parameter, node: Node) -> None:
    """Refuse a table that says nothing for a code an enterprise may have, or something for one that there is not."""
    known = place.reader.library.catalogue.enums.get(found.by or "")
    for row in found.rows:
        wrong = sorted({str(code) for code in row.values} ^ set(known)) if known else []
        if wrong:
            place.reader.findings.stop(
                "P007",
                f"参数{found.name}自{row.start}起的取值与{found.by}不符:{'、'.join(wrong)}",
                f"the values of {found.name} from {row.start} do not fit {found.by}: {', '.join(wrong)}",
                node.at,
            )


def _paid_under(place: Place, node: Node) -> Value:
    reader = place.reader
    name = node.text if isinstance(node, Scalar) else ""
    policies = (reader.policy,) if name == "self" else reader.library.groups.get(name)
    if not policies:
        hint = did_you_mean(name, ["self", *reader.library.groups])
        reader.findings.stop("P007", f"没有这个互斥组:{name}", f"no such group: {name!r}", node.at, hint)
    spec = reader.library.catalogue.collections.get("subsidy_history")
    if spec is None or not {"policy", "amount"} <= set(spec.fields):
        zh, en = "指标目录没有历年奖补清单", "the catalogue has no list 'subsidy_history' with policy and amount"
        reader.findings.stop("P007", zh, en, node.at)
    field = spec.fields["policy"]
    policy = FieldOf(field.name, field.type, field.span, field.label)
    where = OneOfCodes(Mark(node.at), policy, policies)
    return PaidUnder(policies, Rows("subsidy_history", where), Type(Kind.NUMBER, MONEY))


def _value(place: Place, node: Node) -> Value:
    return place.value(node)


# --- modifiers ---


def _modified(place: Place, of: Value) -> Value:
    entries = place.fields.entries
    if "from" in entries:
        of = _told_by(place, of, entries["from"])
    if "rounded" in entries:
        of = Rounded(of, *rounding(place, entries["rounded"], of.type), _plain(of))
    if "cap" in entries or "floor" in entries:
        cap = number(place, entries["cap"], _plain(of)) if "cap" in entries else None
        floor = number(place, entries["floor"], _plain(of)) if "floor" in entries else None
        return Clamped(of, cap, floor, _plain(of))
    return of


def _told_by(place: Place, of: Value, node: Node) -> Fact:
    """A fact of which only one department's word counts."""
    reader, department = place.reader, node.text if isinstance(node, Scalar) else ""
    if not isinstance(of, Fact):
        zh, en = "from 只用于指标", "only a fact can be taken from a department"
        reader.findings.stop("P005", zh, en, node.at, "write {value: FACT, from: DEPARTMENT}")
    sources = reader.library.catalogue.facts[of.name].sources
    if department not in sources:
        zh, en = f"{of.name} 不取自 {department}", f"{of.name!r} is not taken from {department!r}"
        reader.findings.stop("P007", zh, en, node.at, did_you_mean(department, sources) or ", ".join(sources))
    return replace(of, told_by=department)


def rounding(place: Place, node: Node, type_: Type) -> tuple[Num, Rounding]:
    """Read ``{to: 1元, mode: half_up}``."""
    fields = Fields.of(node, place.reader.findings)
    fields.allow("to", "mode")
    mode = fields.choice("mode", tuple(Rounding))
    step = literal(place.reader, Scalar(fields.text("to") or "", node.at))
    if mode is None or step.type.unit != type_.unit or not isinstance(step.value, Num) or step.value <= 0:
        place.reader.findings.stop("P006", f"取整单位应为{type_.unit}", f"round to a step in {type_.unit}", node.at)
    return step.value, Rounding(mode)


WORDS: Mapping[str, Build] = {
    "value": _value,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "ratio": _ratio,
    "best_of": _best_of,
    "least_of": _least_of,
    "later_of": _later_of,
    "earlier_of": _earlier_of,
    "days": _days,
    "band": _band,
    "first_of": _first_of,
    "each_of": _each_of,
    "count": _count,
    "sum": _sum,
    "latest": _latest,
    "largest": _largest,
    "param": _param,
    "grade": _grade,
    "paid_under": _paid_under,
}
