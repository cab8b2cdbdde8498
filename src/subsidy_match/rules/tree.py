"""The typed tree of a policy: closed unions of values and conditions, resolved against the fact catalogue.

Nothing here is executed from text. Every node knows its type and its place; the evaluators match on the node classes and mypy
breaks wherever a new node is not handled. Nodes are compared by identity: a shared sub-tree is evaluated once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from fractions import Fraction
from typing import TypeAlias

from subsidy_match.errors import Location
from subsidy_match.money import Rounding
from subsidy_match.rules.span import Span
from subsidy_match.units import NO_UNIT, Duration, Unit

__all__ = [
    "Add",
    "All",
    "Any",
    "AtLeastN",
    "Band",
    "Best",
    "Between",
    "Branch",
    "Clamped",
    "Compare",
    "Condition",
    "Count",
    "Day",
    "DayName",
    "EachOf",
    "Extreme",
    "Fact",
    "FieldOf",
    "FirstOf",
    "Grade",
    "Has",
    "Includes",
    "Is",
    "Items",
    "Kind",
    "Label",
    "Literal",
    "Manual",
    "Mark",
    "Multiply",
    "Named",
    "Not",
    "Num",
    "OneOfCodes",
    "Op",
    "PaidUnder",
    "Param",
    "Quantified",
    "Ratio",
    "Rounded",
    "Rows",
    "Stated",
    "Status",
    "Subtract",
    "Sum",
    "Type",
    "Value",
    "Within",
    "WithinLast",
]

Num: TypeAlias = int | Fraction


class Kind(Enum):
    """What sort of value an expression yields."""

    NUMBER = "number"
    DATE = "date"
    BOOL = "bool"
    CODE = "code"
    CODES = "codes"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Type:
    """A sort of value with its unit, or with the name of its code list (an enum, ``region`` or ``industry``)."""

    kind: Kind
    unit: Unit = NO_UNIT
    codes: str | None = None
    scale: int = 1  # stored integers are so many times the value: 10^6 for ratios

    def __str__(self) -> str:
        return f"{self.kind.value} in {self.unit}" if self.kind is Kind.NUMBER else self.codes or self.kind.value


@dataclass(frozen=True, slots=True)
class Label:
    """Words for people in both languages."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """The words in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """What any node may carry: its id, the clauses it comes from, its own words, its place."""

    at: Location
    id: str | None = None
    basis: tuple[str, ...] = ()
    title: Label | None = None


class Op(StrEnum):
    """The six comparisons of numbers and dates."""

    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    AT_MOST = "at_most"
    LESS_THAN = "less_than"
    ON_OR_AFTER = "on_or_after"
    BEFORE = "before"


class DayName(StrEnum):
    """The dates a policy may name."""

    AS_OF = "as_of"
    WINDOW_OPEN = "window_open"
    WINDOW_CLOSE = "window_close"
    PERIOD_START = "period_start"
    PERIOD_END = "period_end"


# --- values -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant; money in 分, dates as dates, codes as text."""

    value: int | Fraction | date | str | bool
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """A base fact. ``offset`` counts fiscal years from the claim's; None for facts without a year.

    ``told_by`` is the only department whose word counts; None for the most trusted one that gave a value.
    """

    name: str
    offset: int | None
    type: Type
    span: Span
    told_by: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FieldOf:
    """A field of the element at hand, with its words in the list that it is of."""

    name: str
    type: Type
    span: Span
    label: Label


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A date of the claim; ``offset`` counts periods."""

    name: DayName
    offset: int
    type: Type = Type(Kind.DATE)


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A value with a name of its own: a ``let``, a derived fact, an alternative with an id. Worked out once."""

    name: str
    label: Label
    basis: tuple[str, ...]
    of: Value
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Has:
    """A condition used as a yes-or-no value."""

    of: Condition
    type: Type = Type(Kind.BOOL)


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """How many elements of ``for_each`` are accepted."""

    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Add:
    """A sum."""

    of: tuple[Value, ...]
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Subtract:
    """The first less the others."""

    of: tuple[Value, ...]
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Multiply:
    """A product; units multiply."""

    of: tuple[Value, ...]
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """An exact quotient; to nothing or less than nothing it is undefined, which is never a definite verdict."""

    top: Value
    bottom: Value
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The greatest or the least of several."""

    of: tuple[Value, ...]
    least: bool
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A step table: the value of the first edge that ``of`` meets, edges in the order in which they are tried."""

    of: Value
    op: Op
    steps: tuple[tuple[Num, Value], ...]
    otherwise: Value
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A value under a condition."""

    when: Condition
    then: Value


@dataclass(frozen=True, slots=True, eq=False)
class FirstOf:
    """The value of the first branch whose condition holds."""

    branches: tuple[Branch, ...]
    otherwise: Value | None
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class EachOf:
    """The sum over every branch whose condition holds; ``otherwise`` where none does."""

    branches: tuple[Branch, ...]
    otherwise: Value | None
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Elements of a collection that meet a condition; ``collection`` None means the accepted items of ``for_each``."""

    collection: str | None
    where: Condition | None


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """How many rows."""

    rows: Rows
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """The sum of a field or value over rows."""

    rows: Rows
    take: Value
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Extreme:
    """The largest number or the latest date over rows; with no row nothing, and the beginning of time."""

    rows: Rows
    take: Value
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Param:
    """An entry of a dated table: the row in force on ``on``, and of it the entry for ``key`` where it has several."""

    name: str
    on: Day
    key: Value | None
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Grade:
    """The grade of an enterprise by a dated standard: its industry, and the numbers that the standard looks at."""

    standard: str
    on: Day
    industry: Value
    numbers: tuple[tuple[str, Value], ...]
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class PaidUnder:
    """What has been paid already under some policies (from the history of subsidies and our own payments)."""

    policies: tuple[str, ...]
    rows: Rows
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Clamped:
    """A value with a cap, a floor, or both."""

    of: Value
    cap: Value | None
    floor: Value | None
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """A value on multiples of a step."""

    of: Value
    step: Num
    mode: Rounding
    type: Type


Value: TypeAlias = (
    Literal
    | Fact
    | FieldOf
    | Day
    | Named
    | Has
    | Items
    | Add
    | Subtract
    | Multiply
    | Ratio
    | Best
    | Band
    | FirstOf
    | EachOf
    | Count
    | Sum
    | Extreme
    | Param
    | Grade
    | PaidUnder
    | Clamped
    | Rounded
)

# --- conditions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Compare:
    """A number or a date against another."""

    mark: Mark
    value: Value
    op: Op
    against: Value


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """A number or a date between two others, both included."""

    mark: Mark
    value: Value
    low: Value
    high: Value


@dataclass(frozen=True, slots=True, eq=False)
class WithinLast:
    """A date in the time before an anchor, both ends included (民法典 201–202)."""

    mark: Mark
    value: Value
    length: Duration
    anchor: Day


@dataclass(frozen=True, slots=True, eq=False)
class Is:
    """A code, a text or a yes-or-no equal to a constant (or, negated, not)."""

    mark: Mark
    value: Value
    code: str | bool
    negated: bool


@dataclass(frozen=True, slots=True, eq=False)
class OneOfCodes:
    """A code in a list of codes."""

    mark: Mark
    value: Value
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """A region or industry code inside sub-trees, given as prefixes, less others."""

    mark: Mark
    value: Value
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    prefixes: tuple[str, ...]
    barred: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Includes:
    """A list of codes that holds all of some."""

    mark: Mark
    value: Value
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every one."""

    mark: Mark
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Any:
    """At least one."""

    mark: Mark
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AtLeastN:
    """At least so many."""

    mark: Mark
    count: int
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """The opposite; unknown stays unknown."""

    mark: Mark
    of: Condition


@dataclass(frozen=True, slots=True, eq=False)
class Quantified:
    """Some row, or no row, of a collection meets a condition."""

    mark: Mark
    rows: Rows
    none: bool


@dataclass(frozen=True, slots=True, eq=False)
class Status:
    """A status held on the day: an honour valid then, or another policy whose result grants it."""

    mark: Mark
    status: str
    rows: Rows
    granted_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """A condition with a name of its own (a derived yes-or-no fact)."""

    mark: Mark
    name: str
    of: Condition


@dataclass(frozen=True, slots=True, eq=False)
class Manual:
    """Something that only a person can confirm."""

    mark: Mark
    text: Label
    by: str


Condition: TypeAlias = (
    Compare
    | Between
    | WithinLast
    | Is
    | OneOfCodes
    | Within
    | Includes
    | All
    | Any
    | AtLeastN
    | Not
    | Quantified
    | Status
    | Stated
    | Manual
)
