"""One firm against thousands of policies at once: verdicts and amounts for all of them, without reasons.

Conditions that policies share are worked out once, in plain numbers; whatever is not a plain comparison of a fact is worked out
as for a population of one. Reasons are the reference evaluator's, for the few policies that somebody looks at.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from subsidy_match.matching.vector.claims import claims_for_rows
from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.evaluation import Compiled, Task
from subsidy_match.matching.vector.leaves import COMPARING
from subsidy_match.matching.vector.nodes import Do, Node, Nodes
from subsidy_match.matching.vector.pairs import CODES, Pairs
from subsidy_match.matching.vector.programs import Either, Every, Leaf, Part
from subsidy_match.matching.vector.sources import Source, subjects_of, table_of
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.comparing import compare
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.span import Span
from subsidy_match.rules.tree import Kind
from subsidy_match.rules.truth import Truth, Verdict

__all__ = ["Brief", "BriefPlan"]

# a truth in four bits: sure, possible, confirmed, allowed
_SURE, _POSSIBLE, _CONFIRMED, _ALL, _OPEN = 1, 2, 4, 15, 10
_NO_GROUP = -1
_VERDICTS = {code: verdict for verdict, code in CODES.items()}
# NOT: what was sure is impossible, what was confirmed is no longer allowed
_OPPOSITE = [sum(bit for bit, other in ((1, 2), (2, 1), (4, 8), (8, 4)) if not bits & other) for bits in range(16)]


@dataclass(frozen=True, slots=True)
class Brief:
    """A match without its reasons; the bounds are 分, ``None`` where there is no amount or no bound."""

    policy: Policy
    subject: str | None
    verdict: Verdict
    low: int | None
    high: int | None


@dataclass(slots=True)
class BriefPlan:
    """A plan made ready for one firm after another; what is worked out once for all firms is kept."""

    compiled: Compiled
    refused: tuple[Brief, ...] = ()
    simple: tuple[tuple[tuple[int, bool], ...], ...] = ()
    others: tuple[tuple[Part, ...], ...] = ()
    tests: dict[int, Quick | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tasks = self.compiled.tasks
        self.refused = tuple(Brief(task.lowered.policy, None, Verdict.INELIGIBLE, None, None) for task in tasks)
        self.simple = tuple(
            tuple((part.node, part.negated) for part in task.program if isinstance(part, Leaf)) for task in tasks
        )
        self.others = tuple(tuple(part for part in task.program if not isinstance(part, Leaf)) for task in tasks)

    def test(self, node_id: int) -> Quick | None:
        """The quick form of a leaf, if it has one."""
        if node_id not in self.tests:
            self.tests[node_id] = quick_test(self.compiled.plan.nodes, self.compiled.plan.nodes[node_id])
        return self.tests[node_id]

    def match(self, firm: Enterprise) -> list[Brief]:
        """Match one firm with every policy; policies that refuse it come last, in the order of the plan."""
        one = _One(self, firm)
        refused = [self.refused[task.place] for task in self.compiled.tasks if not one.match(task)]
        return [*one.briefs(), *refused]


@dataclass(slots=True)
class _One:
    """One firm being matched."""

    plan: BriefPlan
    firm: Enterprise
    _view: FirmView | None = None
    _known: dict[int, Any] = field(default_factory=dict)
    _leaves: dict[int, int] = field(default_factory=dict)
    _found: dict[int, list[tuple[Task, Verdict]]] = field(default_factory=lambda: defaultdict(list))
    _rows: list[tuple[Task, Pairs]] = field(default_factory=list)

    @property
    def view(self) -> FirmView:
        """The firm as a population of one, for what has no quick form."""
        if self._view is None:
            plan, lists = self.plan.compiled.plan, self.firm.collections
            disputed = {name: pa.array([self.firm.uscc]) for name, found in lists.items() if found.disputed}
            loaded = {name: found.loaded for name, found in lists.items()}
            source = Source(plan, loaded, disputed, {}, self.plan.compiled.dictionaries)
            self._view = FirmView(plan.nodes, plan.policies, source.block(table_of([self.firm], plan)))
        return self._view

    def match(self, task: Task) -> bool:
        """Decide one policy; tells whether it is not refused."""
        bits, leaves = _ALL, self._leaves
        for node, negated in self.plan.simple[task.place]:
            found = leaves.get(node)
            if found is None:
                found = self._leaf(node)
            bits &= _OPPOSITE[found] if negated else found
            if not bits & _POSSIBLE:
                return False
        for part in self.plan.others[task.place]:
            bits &= self._bits(part)
            if not bits & _POSSIBLE:
                return False
        if task.lowered.items is not None:
            return self._match_rows(task, bits)
        verdict = Verdict.ELIGIBLE if bits & _SURE else Verdict.TO_CONFIRM if bits & _CONFIRMED else Verdict.UNKNOWN
        self._found[task.group].append((task, verdict))
        return True

    def briefs(self) -> list[Brief]:
        """All that is not refused, with amounts: policies that pay alike are worked out together."""
        found = []
        for group, several in self._found.items():
            nothing = np.zeros(len(several), np.int64)
            pairs = Pairs.of(Verdict.UNKNOWN, nothing, nothing)
            if group != _NO_GROUP:
                places = np.array([task.place_in for task, _ in several])
                pairs.set_amounts(self.plan.compiled.groups[group].amounts(self.view, nothing, places))
            found += [_brief(task, None, verdict, pairs, n) for n, (task, verdict) in enumerate(several)]
        for task, pairs in self._rows:
            subjects = subjects_of(task.lowered.policy, self.view.block, pairs.rows).to_pylist()
            found += [_brief(task, subjects[n], _VERDICTS[int(pairs.verdicts[n])], pairs, n) for n in range(len(pairs))]
        return found

    def known(self, fact: Node) -> Any:
        """The value of a fact, unless it is unknown or too old."""
        if fact.id not in self._known:
            self._known[fact.id] = _known(self.firm, fact)
        return self._known[fact.id]

    def _match_rows(self, task: Task, bits: int) -> bool:
        sure, yes = np.array([bool(bits & _SURE)]), np.array([True])
        truth = Truths(sure, yes, (np.array([bool(bits & _CONFIRMED)]), yes) if task.asks else None)
        several = claims_for_rows(self.view, task.lowered, np.zeros(1, np.int64), truth)
        kept = [(task, Pairs.of_claims(task.place, claims)) for claims in several if len(claims.firms)]
        self._rows += kept
        return bool(kept)

    def _bits(self, part: Part) -> int:
        match part:
            case Leaf(node=node, negated=negated):
                bits = self._leaves[node] if node in self._leaves else self._leaf(node)
                return _OPPOSITE[bits] if negated else bits
            case Every(of=of):
                bits = _ALL
                for inner in of:
                    bits &= self._bits(inner)
                return bits
            case Either(of=of):
                bits = 0
                for inner in of:
                    bits |= self._bits(inner)
                return bits
            case _:
                several = [self._bits(inner) for inner in part.of]
                return sum(bit for bit in (1, 2, 4, 8) if sum(bits & bit > 0 for bits in several) >= part.count)

    def _leaf(self, node_id: int) -> int:
        quick = self.plan.test(node_id)
        found = quick(self.known) if quick is not None else None
        if found is None:
            truth = self.view.decide(node_id)
            masks = zip((truth.sure, truth.possible, truth.confirms, truth.allows), (1, 2, 4, 8), strict=True)
            found = sum(bit for mask, bit in masks if mask[0])
        self._leaves[node_id] = found
        return found


# --- quick forms ---

Quick: TypeAlias = Callable[
    [Callable[[Node], Any]], int | None
]  # by the value of facts; None where the long way must be gone


def quick_test(nodes: Nodes, node: Node) -> Quick | None:
    """A fact against a number, the ratio of two, or a code, in plain Python numbers."""
    if node.do is Do.AGREE and nodes[node.children[0]].do is Do.FACT:
        return _code_test(nodes[node.children[0]], node)
    if node.do is not Do.COMPARE or nodes[node.children[1]].do is not Do.NUMBER:
        return None
    seen, limit = nodes[node.children[0]], nodes[node.children[1]].params[0]
    if not isinstance(limit, Fraction):
        return None
    if seen.do is Do.FACT:
        return _number_test(seen, node, limit)
    facts = [nodes[child] for child in seen.children]
    return _ratio_test(facts, node, limit) if seen.do is Do.RATIO and all(f.do is Do.FACT for f in facts) else None


def _code_test(fact: Node, node: Node) -> Quick:
    test, said = agreement(*node.params), {None: _OPEN}

    def quick(known: Callable[[Node], Any]) -> int:
        value = known(fact)
        if value not in said:
            answer = test(value)
            said[value] = _ALL if answer is True else _OPEN if answer is None else 0
        return said[value]

    return quick


def _number_test(fact: Node, node: Node, limit: Fraction) -> Quick:
    _, kind, scale, span, _ = fact.params
    is_day, meets, stored = kind is Kind.DATE, COMPARING[node.params[0]], limit * int(str(scale))  # type: ignore[index]
    unknown = Span(-math.inf, math.inf) if is_day else Span(*span)  # type: ignore[misc]
    open_bits = _of(compare(unknown, node.params[0], Span.exactly(limit)))  # type: ignore[arg-type]

    def quick(known: Callable[[Node], Any]) -> int:
        value = known(fact)
        if value is None:
            return open_bits
        return _ALL if meets(value.toordinal() if is_day else value, stored) else 0

    return quick


def _ratio_test(facts: Sequence[Node], node: Node, limit: Fraction) -> Quick:
    top, bottom = facts
    left, right = limit.denominator * int(str(bottom.params[2])), limit.numerator * int(str(top.params[2]))
    meets = COMPARING[node.params[0]]  # type: ignore[index]

    def quick(known: Callable[[Node], Any]) -> int | None:
        over, under = known(top), known(bottom)
        if over is None or under is None or under <= 0:
            return None
        return _ALL if meets(over * left, under * right) else 0

    return quick


def _of(truth: Truth) -> int:
    return (_SURE | _CONFIRMED if truth.sure else 0) | (_OPEN if truth.possible else 0)


def _known(firm: Enterprise, node: Node) -> Any:
    name, oldest = str(node.params[0]), node.params[4]
    fact, _, department = name.partition("@")
    found = firm.values.get(fact)
    if department and not (found is not None and found.is_by(department)):
        found = firm.values.get(name)
    if found is None:
        return None
    day = found.source.as_of if found.source is not None else None
    return None if oldest is not None and day is not None and day < oldest else found.value  # type: ignore[operator]


def _brief(task: Task, subject: str | None, verdict: Verdict, pairs: Pairs, n: int) -> Brief:
    low = int(pairs.low[n]) if pairs.has_low[n] else None
    high = int(pairs.high[n]) if pairs.has_high[n] else None
    return Brief(task.lowered.policy, subject, verdict, low, high)
