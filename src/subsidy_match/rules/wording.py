"""Words for values and conditions: every node of the language says in Chinese or English what it asks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import assert_never

from subsidy_match.money import yuan_text
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.enterprise import Scalar
from subsidy_match.rules.parameters import Parameter
from subsidy_match.rules.policy import Period, PolicySet
from subsidy_match.rules.reasons import ItemsClause, Outcome, Reason
from subsidy_match.rules.span import Bound, Span
from subsidy_match.rules.tree import (
    Add,
    All,
    Any,
    AtLeastN,
    Band,
    Best,
    Between,
    Clamped,
    Compare,
    Condition,
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
    Includes,
    Is,
    Items,
    Kind,
    Literal,
    Manual,
    Multiply,
    Named,
    Not,
    OneOfCodes,
    Op,
    PaidUnder,
    Param,
    Quantified,
    Ratio,
    Rounded,
    Stated,
    Status,
    Subtract,
    Sum,
    Type,
    Value,
    Within,
    WithinLast,
)
from subsidy_match.units import MONEY, NO_UNIT

__all__ = ["Wording"]

_SIGNS = {Op.AT_LEAST: "≥", Op.MORE_THAN: ">", Op.AT_MOST: "≤", Op.LESS_THAN: "<", Op.ON_OR_AFTER: "≥", Op.BEFORE: "<"}
_DAYS = {
    DayName.AS_OF: ("评价日", "the day of evaluation"),
    DayName.WINDOW_OPEN: ("申报开始日", "the first day of the window"),
    DayName.WINDOW_CLOSE: ("申报截止日", "the last day of the window"),
    DayName.PERIOD_START: ("申报期首日", "the first day of the period"),
    DayName.PERIOD_END: ("申报期末日", "the last day of the period"),
}
_DATE_SIGNS = {Op.ON_OR_AFTER: ("不早于", "on or after"), Op.BEFORE: ("早于", "before")}
_STORED_IN_CENTS = ("元", "美元")
_MOST_SAID = 40_000


@dataclass(frozen=True, slots=True)
class Wording:
    """Says nodes and outcomes in one language; ``period`` turns relative years into years. Safe for threads."""

    policies: PolicySet
    lang: str
    period: Period
    # texts said before, each with its node: an id alone could be that of another one by now
    _said: dict[int, tuple[Condition | ItemsClause, str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def _catalogue(self) -> Catalogue:
        return self.policies.catalogue

    def pick(self, zh: str, en: str) -> str:
        """The one of two texts that is in this language."""
        return zh if self.lang == "zh" else en

    # --- outcomes ---

    def outcome(self, value: Outcome, type_: Type) -> str:
        """What a value came to: one number, from–to, a code's words, or that it is unknown."""
        match value:
            case None:
                return self.pick("未知", "unknown")
            case bool():
                return self.pick("是", "yes") if value else self.pick("否", "no")
            case Span(lo=lo, hi=hi) if lo == hi:
                return self._bound(lo, type_)
            case Span(lo=lo, hi=hi):
                return self._range(lo, hi, type_)
            case tuple():
                return self._listed(self._code(code, type_) for code in value)
            case frozenset():
                return self.pick("或", " or ").join(self._code(code, type_) for code in sorted(value))
            case _:
                return self._code(str(value), type_)

    def yuan(self, fen: int) -> str:
        """Money of so many 分."""
        return yuan_text(fen, lang=self.lang)

    def scalar(self, value: Scalar, type_: Type) -> str:
        """A value as it is stored."""
        if isinstance(value, date):
            return value.isoformat()
        return (
            self.number(Fraction(value, type_.scale), type_)
            if type_.kind is Kind.NUMBER and isinstance(value, int)
            else self.outcome(value, type_)
        )

    def _range(self, lo: Bound, hi: Bound, type_: Type) -> str:
        if type_.kind is Kind.DATE or (lo <= 0 and hi >= 10**14) or math.isinf(hi - lo):
            if type_.kind is Kind.NUMBER and lo > 0:
                return self.pick("至少", "at least ") + self._bound(lo, type_)
            return self.pick("未知", "unknown")
        return f"{self._bound(lo, type_)}–{self._bound(hi, type_)}"

    def _bound(self, value: Bound, type_: Type) -> str:
        if isinstance(value, float):
            return self.pick("从未", "never") if value < 0 else "∞"
        if type_.kind is Kind.DATE:
            return date.fromordinal(int(value)).isoformat()
        return self.number(value, type_)

    def number(self, value: int | Fraction, type_: Type) -> str:
        """A number with its unit."""
        if type_.unit == MONEY:
            return yuan_text(value, lang=self.lang)
        if type_.unit == NO_UNIT:
            return _decimal(value * 100, 4) + "%"
        cents = sum(power for base, power in type_.unit.powers if base in _STORED_IN_CENTS)
        scaled = Fraction(value) / Fraction(100) ** cents
        return (
            f"{_decimal(scaled, 2)}{type_.unit}" if self.lang == "zh" else f"{_decimal(scaled, 2)} {self._unit(type_)}"
        )

    def _unit(self, type_: Type) -> str:
        names = {"人": "persons", "分": "points", "月": "months", "件": "items", "元": "yuan"}
        return "".join(names.get(char, char) for char in str(type_.unit).replace("美元", "US dollars"))

    def _code(self, code: str, type_: Type) -> str:
        label = self._catalogue.code_label(type_.codes, code)
        return label.say(self.lang) if label else code

    def _listed(self, texts: Iterable[str]) -> str:
        return self.pick("、", ", ").join(texts)

    # --- values ---

    def value(self, node: Value) -> str:  # noqa: C901 (one arm a node of the language)
        """What an expression stands for."""
        match node:
            case Literal(value=value, type=type_):
                return self._literal(value, type_)
            case Fact(name=name, offset=offset, told_by=told_by):
                label = self._catalogue.facts[name].label.say(self.lang)
                if told_by is not None:
                    who = self._catalogue.departments[told_by].say(self.lang)
                    label = self.pick(f"{label}(以{who}数据为准)", f"{label} (as told by {who})")
                year = "" if offset is None else self._year(offset)
                return f"{year}{label}" if self.lang == "zh" else f"{label}{f' ({year})' if year else ''}"
            case FieldOf(label=label):
                return label.say(self.lang)
            case Day(name=name, offset=offset):
                words = self.pick(*_DAYS[name])
                return words if not offset else f"{words}{offset:+d}{self.pick('期', ' periods')}"
            case Named(label=label, of=of, name=name):
                return label.say(self.lang) if label.zh != name else self.value(of)
            case Has(of=of):
                return self.condition(of)
            case Items():
                return self.pick("符合条件的标的数", "accepted items")
            case Add(of=of):
                return " + ".join(self.value(v) for v in of)
            case Subtract(of=of):
                return " - ".join(self.value(v) for v in of)
            case Multiply(of=of):
                return " × ".join(self._tight(v) for v in of)
            case Ratio(top=top, bottom=bottom):
                return f"{self._tight(top)} ÷ {self._tight(bottom)}"
            case Best(of=of, least=least):
                words = self.pick("取低", "the least of") if least else self.pick("取高", "the best of")
                return f"{words}({self._listed(self.value(v) for v in of)})"
            case Band(of=of):
                return f"{self.pick('按', 'by ')}{self.value(of)}{self.pick('分档', ' in bands')}"
            case FirstOf(branches=branches):
                return self.pick("按情形取值", "by case") + f"({len(branches)})"
            case EachOf(branches=branches):
                return self.pick("各情形之和", "sum of cases") + f"({len(branches)})"
            case Count(rows=rows):
                return self._rows(rows.collection, rows.where) + self.pick("的数量", ", how many")
            case Sum(rows=rows, take=take):
                return (
                    self._rows(rows.collection, rows.where)
                    + self.pick("的", ", total ")
                    + self.value(take)
                    + self.pick("合计", "")
                )
            case Extreme(rows=rows, take=take):
                words = (
                    self.pick("最近的", "latest ") if take.type.kind is Kind.DATE else self.pick("最大的", "largest ")
                )
                return self._rows(rows.collection, rows.where) + self.pick("中", ", ") + words + self.value(take)
            case Param(name=name):
                return self._parameter(name).label.say(self.lang)
            case Grade(standard=standard):
                return self.policies.standards[standard].label.say(self.lang)
            case PaidUnder():
                return self.pick("已兑付金额", "amount already paid")
            case Clamped(of=of) | Rounded(of=of):
                return self.value(of)
            case _:
                assert_never(node)

    def _literal(self, value: object, type_: Type) -> str:
        if isinstance(value, date):
            return value.isoformat()
        return self.number(value, type_) if isinstance(value, int | Fraction) else str(value)

    def _tight(self, node: Value) -> str:
        text = self.value(node)
        return f"({text})" if isinstance(node, Add | Subtract) else text

    def _year(self, offset: int) -> str:
        year = self.period.year_of_facts + offset
        return f"{year}年" if self.lang == "zh" else str(year)

    def _parameter(self, name: str) -> Parameter:
        return self.policies.parameters[name]

    def collection(self, name: str | None) -> str:
        """The name of a collection; None is the accepted items."""
        if name is None:
            return self.pick("符合条件的标的", "accepted items")
        return self._catalogue.collections[name].label.say(self.lang)

    def _rows(self, name: str | None, where: Condition | None) -> str:
        text = self.collection(name)
        return text if where is None else f"{text}({self.condition(where)})"

    # --- conditions ---

    def condition(self, node: Condition | ItemsClause) -> str:
        """What a condition asks."""
        if not isinstance(node, ItemsClause) and node.mark.title is not None:
            return node.mark.title.say(self.lang)
        found = self._said.get(id(node))
        if found is None or found[0] is not node:  # each is part of what those above it ask
            if len(self._said) >= _MOST_SAID:  # some conditions are made for one firm, and would pile up
                self._said.clear()
            found = self._said[id(node)] = node, self._condition(node)
        return found[1]

    def _condition(self, node: Condition | ItemsClause) -> str:  # noqa: C901 (one arm a node of the language)
        match node:
            case Compare(value=value, op=op, against=against):
                sign = self.pick(*_DATE_SIGNS[op]) if op in _DATE_SIGNS else _SIGNS[op]
                return f"{self.value(value)} {sign} {self.value(against)}"
            case Between(value=value, low=low, high=high):
                if low is high or self.value(low) == self.value(high):
                    return f"{self.value(value)} = {self.value(low)}"
                return f"{self.value(value)} {self.pick('在', 'from ')}{self.value(low)}{self.pick('至', ' to ')}{self.value(high)}"
            case WithinLast(value=value, length=length, anchor=anchor):
                back = self.pick(
                    f"在{self.value(anchor)}前{length}内", f"within {length.say(self.lang)} before {self.value(anchor)}"
                )
                return f"{self.value(value)} {back}"
            case Is(value=value, code=code, negated=negated):
                words = self.pick("不是" if negated else "为", "is not" if negated else "is")
                return f"{self.value(value)} {words} {self.outcome(code, value.type)}"
            case OneOfCodes(value=value, codes=codes):
                return f"{self.value(value)} {self.pick('为', 'is')} {self._either(codes, value.type)}"
            case Within(value=value, inside=inside, outside=outside):
                out = self._listed(self._code(code, value.type) for code in outside)
                less = self.pick(f"(除{out})", f" (except {out})") if outside else ""
                within = self._listed(self._code(code, value.type) for code in inside)
                return f"{self.value(value)} {self.pick('属于', 'within')} {within}{less}"
            case Includes(value=value, codes=codes):
                return f"{self.value(value)} {self.pick('包括', 'includes')} {self.outcome(codes, value.type)}"
            case All(of=of):
                return self.pick(";", "; ").join(self.condition(child) for child in of)
            case Any(of=of):
                return self.pick("以下任一:", "any of: ") + self.pick(" 或 ", " or ").join(
                    self.condition(c) for c in of
                )
            case AtLeastN(of=of, count=count):
                return self.pick(f"以下至少{count}项", f"at least {count} of {len(of)}")
            case Not(of=of):
                return self.pick("不得:", "not: ") + self.condition(of)
            case Quantified(rows=rows, none=none):
                words = self.pick("无", "no ") if none else self.pick("有", "some ")
                return words + self._rows(rows.collection, rows.where)
            case Status(status=status):
                label = self._catalogue.status_names()[status].say(self.lang)
                return self.pick(f"在有效期内的{label}", f"valid status: {label}")
            case Stated(mark=mark):
                return mark.title.say(self.lang) if mark.title else str(mark.id)
            case Manual(text=text):
                return text.say(self.lang)
            case ItemsClause(collection=name):
                return self.pick("有可申报的标的:", "something to claim for: ") + self.collection(name)
            case _:
                assert_never(node)

    def _either(self, codes: tuple[str, ...], type_: Type) -> str:
        return self.pick("、", " or ").join(self._code(code, type_) for code in codes)

    # --- gaps ---

    def gap(self, reason: Reason) -> str | None:
        """How far a failed comparison of numbers is from being met."""
        node = reason.node
        if (
            not isinstance(node, Compare)
            or reason.truth.decided is not False
            or node.value.type.kind is not Kind.NUMBER
        ):
            return None
        seen, limit = reason.seen, reason.wanted[0]
        if not isinstance(seen, Span) or not isinstance(limit, Span):
            return None
        if node.op in (Op.AT_LEAST, Op.MORE_THAN):
            return self._short(self.pick("还差", "short by "), limit.lo, seen.hi, node.value.type)
        return self._short(self.pick("超出", "over by "), seen.lo, limit.hi, node.value.type)

    def _short(self, words: str, more: Bound, less: Bound, type_: Type) -> str | None:
        if isinstance(more, float) or isinstance(less, float):
            return None
        return words + self.number(more - less, type_)


def _decimal(value: int | Fraction, places: int) -> str:
    if isinstance(value, int) or value.denominator == 1:
        return f"{int(value):,}"
    text = f"{float(round(value, places)):,.{places}f}"  # on screen only
    return text.rstrip("0").rstrip(".")
