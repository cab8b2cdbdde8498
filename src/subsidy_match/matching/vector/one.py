"""One firm against thousands of policies at once: verdicts and amounts for all of them, without reasons.

Conditions that policies share are worked out once, in plain numbers; whatever is not a plain comparison of a fact is worked out
as for a population of one. Reasons are the reference evaluator's, for the few policies that somebody looks at.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

from subsidy_match.matching.vector.claims import claims_for_rows
from subsidy_match.matching.vector.deciding import agreement
from subsidy_match.matching.vector.evaluation import Compiled, Task
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.pairs import CODES, Pairs
from subsidy_match.matching.vector.programs import Either, Every, Leaf, Part
from subsidy_match.matching.vector.sources import Source, subjects_of, table_of
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.comparing import compare
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.span import Span
from subsidy_match.rules.span import ratio as ratio_of
from subsidy_match.rules.tree import Kind
from subsidy_match.rules.truth import Truth, Verdict

__all__ = ["Brief", "match_briefly"]

# a truth in four bits: sure, possible, confirmed, allowed
_SURE, _POSSIBLE, _CONFIRMED, _ALL = 1, 2, 4, 15
_NO_GROUP = -1
_VERDICTS = {code: verdict for verdict, code in CODES.items()}


@dataclass(frozen=True, slots=True)
class Brief:
    """A match without its reasons; the bounds are 分, ``None`` where there is no amount or no bound."""

    policy: Policy
    subject: str | None
    verdict: Verdict
    low: int | None
    high: int | None


def match_briefly(compiled: Compiled, firm: Enterprise) -> list[Brief]:
    """Match one firm with every policy of a plan; policies that refuse it come last, in the order of the plan."""
    one = _One(compiled, firm)
    refused = [
        Brief(task.lowered.policy, None, Verdict.INELIGIBLE, None, None)
        for task in compiled.tasks
        if not one.match(task)
    ]
    return [*one.briefs(), *refused]


@dataclass(slots=True)
class _One:
    """One firm being matched."""

    compiled: Compiled
    firm: Enterprise
    view: FirmView = field(init=False)
    _leaves: dict[int, int] = field(default_factory=dict)
    _spans: dict[int, Span] = field(default_factory=dict)
    _found: dict[int, list[tuple[Task, Verdict]]] = field(default_factory=lambda: defaultdict(list))
    _rows: list[tuple[Task, Pairs]] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = self.compiled.plan
        loaded = {name: found.loaded for name, found in self.firm.collections.items()}
        open_lists = {name for name, found in self.firm.collections.items() if found.disputed}
        disputed = {name: pa.array([self.firm.uscc]) for name in open_lists}
        source = Source(plan, loaded, disputed, {}, self.compiled.dictionaries)
        self.view = FirmView(plan.nodes, plan.policies, source.block(table_of([self.firm], plan)))

    def match(self, task: Task) -> bool:
        """Decide one policy; tells whether it is not refused."""
        bits = _ALL
        for part in task.program:
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
                pairs.set_amounts(self.compiled.groups[group].amounts(self.view, nothing, places))
            found += [_brief(task, None, verdict, pairs, n) for n, (task, verdict) in enumerate(several)]
        for task, pairs in self._rows:
            subjects = subjects_of(task.lowered.policy, self.view.block, pairs.rows).to_pylist()
            found += [_brief(task, subjects[n], _VERDICTS[int(pairs.verdicts[n])], pairs, n) for n in range(len(pairs))]
        return found

    def _match_rows(self, task: Task, bits: int) -> bool:
        sure, yes = np.array([bool(bits & _SURE)]), np.array([True])
        truth = Truths(sure, yes, (np.array([bool(bits & _CONFIRMED)]), yes) if task.asks else None)
        several = claims_for_rows(self.view, task.lowered, np.zeros(1, np.int64), truth)
        kept = [(task, Pairs.of_claims(task.place, claims)) for claims in several if len(claims.firms)]
        self._rows += kept
        return bool(kept)

    # --- conditions ---

    def _bits(self, part: Part) -> int:
        match part:
            case Leaf(node=node, negated=negated):
                bits = self._leaf(node)
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
        if node_id not in self._leaves:
            self._leaves[node_id] = self._worked_out(self.compiled.plan.nodes[node_id])
        return self._leaves[node_id]

    def _worked_out(self, node: Node) -> int:
        nodes = self.compiled.plan.nodes
        if node.do is Do.COMPARE and nodes[node.children[1]].do is Do.NUMBER:
            seen, limit = self._span(nodes[node.children[0]]), nodes[node.children[1]].params[0]
            if seen is not None and isinstance(limit, Fraction):
                return _of(compare(seen, node.params[0], Span(limit, limit)))  # type: ignore[arg-type]
        if node.do is Do.AGREE and nodes[node.children[0]].do is Do.FACT:
            return self._agreed(node, nodes[node.children[0]])
        truth = self.view.decide(node.id)
        bits = zip((truth.sure, truth.possible, truth.confirms, truth.allows), (1, 2, 4, 8), strict=True)
        return sum(bit for mask, bit in bits if mask[0])

    def _agreed(self, node: Node, fact: Node) -> int:
        value = _known(self.firm, fact)
        if value is None:
            return 10  # possible and allowed: nobody knows
        said = agreement(*node.params)(value)
        return _ALL if said is True else 10 if said is None else 0

    def _span(self, node: Node) -> Span | None:
        """A fact or the ratio of two as an interval; ``None`` for anything else."""
        if node.do not in (Do.FACT, Do.RATIO):
            return None
        if node.id not in self._spans:
            nodes = self.compiled.plan.nodes
            parts = [_fact_span(self.firm, nodes[child]) for child in node.children if nodes[child].do is Do.FACT]
            if node.do is Do.RATIO and len(parts) < 2:
                return None
            self._spans[node.id] = ratio_of(*parts) if node.do is Do.RATIO else _fact_span(self.firm, node)
        return self._spans[node.id]


_OPPOSITE = [
    sum(bit for bit, other in ((1, 2), (2, 1), (4, 8), (8, 4)) if not bits & other) for bits in range(16)
]  # what was sure is impossible, what was confirmed is no longer allowed


def _of(truth: Truth) -> int:
    return (_SURE | _CONFIRMED if truth.sure else 0) | (10 if truth.possible else 0)


def _known(firm: Enterprise, node: Node) -> Any:
    """The value of a fact, unless it is unknown or too old."""
    name, oldest = str(node.params[0]), node.params[4]
    fact, _, department = name.partition("@")
    found = firm.values.get(fact)
    if department and not (found is not None and found.is_by(department)):
        found = firm.values.get(name)
    if found is None:
        return None
    day = found.source.as_of if found.source is not None else None
    return None if oldest is not None and day is not None and day < oldest else found.value  # type: ignore[operator]


def _fact_span(firm: Enterprise, node: Node) -> Span:
    value, kind, scale = _known(firm, node), node.params[1], int(str(node.params[2]))
    if value is None:
        return Span(*node.params[3]) if kind is Kind.NUMBER else Span(-float("inf"), float("inf"))  # type: ignore[misc]
    if kind is Kind.DATE:
        return Span.exactly(value.toordinal())
    return Span.exactly(value if scale == 1 else Fraction(value, scale))


def _brief(task: Task, subject: str | None, verdict: Verdict, pairs: Pairs, n: int) -> Brief:
    low = int(pairs.low[n]) if pairs.has_low[n] else None
    high = int(pairs.high[n]) if pairs.has_high[n] else None
    return Brief(task.lowered.policy, subject, verdict, low, high)
