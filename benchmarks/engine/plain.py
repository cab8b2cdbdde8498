"""Policies of the flat workload as plain formulas, with NOT moved to the leaves: what every peer gets a translation of.

Only what that workload asks for is known here: facts without lists, and amounts of three shapes. Everything else is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from engine.firms import AS_OF
from subsidy_match.money import Rounding
from subsidy_match.rules import tree
from subsidy_match.rules.policy import Amount, Policy, PolicySet
from subsidy_match.rules.tree import Op

_WHOLE = {"district_code": 6, "industry_code": 4}  # a prefix as long as the codes themselves is one code
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-or-no that is yes."""

    column: str


@dataclass(frozen=True, slots=True)
class From:
    """A number of at least, a day on or after."""

    column: str
    limit: int | date

    @property
    def number(self) -> int:
        """The limit, a day as days since 1970."""
        return (self.limit - _EPOCH).days if isinstance(self.limit, date) else self.limit


@dataclass(frozen=True, slots=True)
class Share:
    """A column of at least some part of another; the other is never nothing in this population."""

    column: str
    whole: str
    least: Fraction


@dataclass(frozen=True, slots=True)
class Inside:
    """A code that begins with one of some prefixes."""

    column: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """A code out of some."""

    column: str
    codes: tuple[str, ...]


Atom: TypeAlias = Flag | From | Share | Inside | OneOf


@dataclass(frozen=True, slots=True)
class Leaf:
    """One atom or its opposite."""

    atom: Atom
    negated: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """What it looks at."""
        return (self.atom.column, self.atom.whole) if isinstance(self.atom, Share) else (self.atom.column,)


@dataclass(frozen=True, slots=True)
class Group:
    """All of some formulas, or any of them."""

    every: bool
    of: tuple[Formula, ...]


Formula: TypeAlias = Leaf | Group


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same for everyone, in 分."""

    fen: int


@dataclass(frozen=True, slots=True)
class Times:
    """A column times a factor, at most a cap in 分; rounded half up to the step."""

    column: str
    factor: Fraction
    cap: int


@dataclass(frozen=True, slots=True)
class Steps:
    """By how much a column comes to: (edge, 分), highest edge first."""

    column: str
    steps: tuple[tuple[int, int], ...]
    otherwise: int


Pays: TypeAlias = Fixed | Times | Steps


@dataclass(frozen=True, slots=True)
class Plain:
    """One policy; an unknown column of its amount counts as nothing, which gives the least that is sure."""

    id: str
    condition: Formula
    pays: Pays
    step: int


def plain_policies(policies: PolicySet) -> list[Plain]:
    """All policies in force, as formulas.

    Raises:
        TypeError: one asks for more than the flat workload does.
    """
    return [_policy(policy) for policy in policies.in_force(AS_OF)]


def leaves(formula: Formula) -> Iterator[Leaf]:
    """The leaves from left to right."""
    if isinstance(formula, Leaf):
        yield formula
    else:
        for part in formula.of:
            yield from leaves(part)


def columns_of(policies: list[Plain]) -> list[str]:
    """The columns that conditions and amounts look at."""
    asked = {column for one in policies for leaf in leaves(one.condition) for column in leaf.columns}
    return sorted(asked | {one.pays.column for one in policies if not isinstance(one.pays, Fixed)})


def _policy(policy: Policy) -> Plain:
    terms = policy.amount
    if terms is None or policy.for_each is not None or terms.mode is not Rounding.HALF_UP:
        raise TypeError(f"{policy.key} is not of the flat workload")
    return Plain(policy.id, _formula(policy.condition, negated=False), _pays(terms), int(terms.step))


def _formula(node: tree.Condition, *, negated: bool) -> Formula:
    match node:
        case tree.Not(of=of):
            return _formula(of, negated=not negated)
        case tree.All(of=of) | tree.Any(of=of):
            parts = tuple(_formula(part, negated=negated) for part in of)
            return Group(isinstance(node, tree.All) is not negated, parts)
        case _:
            atom, turned = _atom(node)
            return Leaf(atom, negated is not turned)


def _atom(node: tree.Condition) -> tuple[Atom, bool]:
    """The atom of a comparison, and whether it is the opposite that is asked for."""
    match node:
        case tree.Is(value=tree.Fact(name=name), code=bool() as code, negated=negated):
            return Flag(name), negated is code
        case tree.OneOfCodes(value=tree.Fact(name=name), codes=codes):
            return OneOf(name, codes), False
        case tree.Within(value=tree.Fact(name=name), prefixes=prefixes, barred=()):
            whole = all(len(prefix) == _WHOLE[name] for prefix in prefixes)
            return (OneOf if whole else Inside)(name, prefixes), False
        case tree.Compare(value=tree.Fact(name=name), op=op, against=tree.Literal(value=int() | date() as limit)):
            return From(name, limit), _below(op)
        case tree.Compare(value=tree.Ratio(top=tree.Fact() as top, bottom=tree.Fact() as bottom), op=op,
                          against=tree.Literal(value=int() | Fraction() as least)):  # fmt: skip
            return Share(top.name, bottom.name, Fraction(least)), _below(op)
        case _:
            raise TypeError(f"{node} is not of the flat workload")


def _below(op: Op) -> bool:
    if op in {Op.AT_LEAST, Op.ON_OR_AFTER}:
        return False
    if op in {Op.LESS_THAN, Op.BEFORE}:
        return True
    raise TypeError(f"{op} is not of the flat workload")


def _pays(terms: Amount) -> Pays:
    match terms.total:
        case tree.Literal(value=int() as fen):
            found: Pays = Fixed(fen)
        case tree.Clamped(
            of=tree.Multiply(of=(tree.Fact(name=name), tree.Literal(value=int() | Fraction() as factor))),
            cap=tree.Literal(value=int() as cap), floor=None,
        ):  # fmt: skip
            found = Times(name, Fraction(factor), cap)
        case tree.Band(
            of=tree.Fact(name=name), op=Op.AT_LEAST, steps=steps, otherwise=tree.Literal(value=int() as rest)
        ):
            found = Steps(name, tuple((int(edge), _fen(value)) for edge, value in steps), rest)
        case _:
            raise TypeError(f"{terms} is not of the flat workload")
    if any(fen % terms.step for fen in _constants(found)):  # only what is multiplied is rounded by the peers
        raise TypeError(f"{terms} has amounts between the steps")
    return found


def _fen(value: tree.Value) -> int:
    if isinstance(value, tree.Literal) and isinstance(value.value, int):
        return value.value
    raise TypeError(f"{value} is not of the flat workload")


def _constants(pays: Pays) -> list[int]:
    match pays:
        case Fixed(fen=fen):
            return [fen]
        case Times(cap=cap):
            return [cap]
        case Steps(steps=steps, otherwise=rest):
            return [*(fen for _, fen in steps), rest]
