"""One firm against thousands of policies at once: verdicts and amounts for all of them, without reasons.

Conditions that policies share are worked out once. What is a plain comparison of a fact is asked first, of all policies
together, and refuses nearly all of them; only of the rest is asked what is not. What is left is paid by the reference
evaluator, which also gives the reasons for the few policies that somebody looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from subsidy_match.matching.vector.clauses import Clauses, is_told
from subsidy_match.matching.vector.nodes import Do, Node
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.programs import Either, Every, Leaf, Part, compile_program, leaves_of
from subsidy_match.matching.vector.quick import ALL, OPPOSITE, POSSIBLE, Quick, bits_of, quick_test, verdict_of
from subsidy_match.matching.vector.scalars import FirmScalars, known_value
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.span import Span
from subsidy_match.rules.truth import Verdict
from subsidy_match.rules.wording import Wording

__all__ = ["Brief", "BriefPlan", "ranked_briefs"]

_ORDER = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Brief:
    """A match without its reasons; ``place`` tells matches of one policy apart where it is claimed for each row."""

    policy: Policy
    subject: str | None
    verdict: Verdict
    amount: Span | None
    place: int = 0

    @property
    def low(self) -> int | None:
        """What is paid at the least, in 分; ``None`` where there is no amount or no bound."""
        return None if self.amount is None or isinstance(self.amount.lo, float) else int(self.amount.lo)

    @property
    def high(self) -> int | None:
        """What is paid at the most, in 分; ``None`` where there is no amount or no bound."""
        return None if self.amount is None or isinstance(self.amount.hi, float) else int(self.amount.hi)


def ranked_briefs(briefs: Sequence[Brief]) -> list[Brief]:
    """Best news first: by verdict, then by the most that could be paid, then by policy."""
    return sorted(briefs, key=lambda b: (_ORDER[b.verdict], -(b.amount.hi if b.amount else 0), b.policy.id))


@dataclass(slots=True)
class _Task:
    """One policy, and what of its condition the quick clauses do not say."""

    policy: Policy
    slow: tuple[Part, ...]
    refused: Brief


@dataclass(slots=True)
class BriefPlan:
    """A plan made ready for one firm after another. Safe for threads.

    Attributes:
        plan: the policies of a day.
        tasks: all of them in the order of ids.
        tests: the quick leaves.
        facts: what those look at.
        listed: the places of policies that are claimed for each row.
        said: what was said of conditions, by language and year, for those who explain matches.
        clauses: what the quick leaves say of all policies.
    """

    plan: Plan
    tasks: list[_Task] = field(default_factory=list)
    tests: dict[int, Quick] = field(default_factory=dict)
    facts: list[Node] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)
    said: dict[str, dict[int, Wording]] = field(default_factory=lambda: {"zh": {}, "en": {}})
    clauses: Clauses = field(init=False)

    def __post_init__(self) -> None:
        nodes = self.plan.nodes
        ordered = sorted(self.plan.lowered, key=lambda one: one.policy.id)
        programs = [compile_program(nodes, one.condition) for one in ordered]
        leaves = dict.fromkeys(leaf.node for program in programs for leaf in leaves_of(program))
        self.tests = {node: test for node in leaves if (test := quick_test(nodes, nodes[node])) is not None}
        self.facts = [nodes[node] for node in sorted(nodes.below(*self.tests)) if nodes[node].do is Do.FACT]
        self.clauses = Clauses.of(programs, list(self.tests))
        each = [one.policy.for_each for one in ordered]
        self.listed = [place for place, rows in enumerate(each) if rows is not None and not rows.together]
        for one, program in zip(ordered, programs, strict=True):
            slow = tuple(part for part in program if not is_told(part, self.tests))
            self.tasks.append(_Task(one.policy, slow, Brief(one.policy, None, Verdict.INELIGIBLE, None)))

    def match(self, firm: Enterprise, evaluator: Evaluator | None = None) -> list[Brief]:
        """Match one firm with every policy, best news first, as :func:`ranked_briefs` puts it.

        Args:
            firm: the firm, with our own payments in its history.
            evaluator: the reference evaluator of this firm and day, where the caller goes on to use it.
        """
        plan = self.plan
        return _One(self, firm, evaluator or Evaluator(plan.policies, firm, plan.as_of)).match()


@dataclass(slots=True)
class _One:
    """One firm being matched."""

    plan: BriefPlan
    firm: Enterprise
    evaluator: Evaluator
    _scalars: FirmScalars = field(init=False)
    _leaves: dict[int, int] = field(default_factory=dict)
    _keys: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._scalars = FirmScalars(self.plan.plan, self.firm)

    def match(self) -> list[Brief]:
        """Every match, in order."""
        tasks, found = self.plan.tasks, []
        refused: list[Brief | list[Brief]] = [task.refused for task in tasks]
        bits = self.plan.clauses.said(self._quick())
        for place in self.plan.listed:
            refused[place] = self._refused_rows(tasks[place])
        open_ = np.flatnonzero(bits & POSSIBLE).tolist()
        for place, first in zip(open_, bits[open_].tolist(), strict=True):
            some = self._matched(tasks[place], first)
            if some is not None:
                found += [brief for brief in some if brief.verdict is not Verdict.INELIGIBLE]
                refused[place] = [brief for brief in some if brief.verdict is Verdict.INELIGIBLE]
        return [*ranked_briefs(found), *_flat(refused)]

    def _quick(self) -> list[int]:
        """The bits of every quick leaf, in their order."""
        firm, leaves = self.firm, self._leaves
        known = {fact.id: known_value(firm, fact) for fact in self.plan.facts}
        for node, test in self.plan.tests.items():
            bits = test(known)
            leaves[node] = bits_of(self._scalars.decide(node)) if bits is None else bits
        return list(leaves.values())

    def _matched(self, task: _Task, bits: int) -> list[Brief] | None:
        """The matches of a policy that the quick clauses did not refuse; ``None`` where the others do."""
        for part in task.slow:
            bits &= self._bits(part)
            if not bits & POSSIBLE:
                return None
        policy = task.policy
        if policy.for_each is None:
            return [Brief(policy, None, verdict_of(bits), self.evaluator.amount(policy))]
        several = enumerate(self.evaluator.match(policy))
        return [Brief(policy, match.subject, match.verdict, match.amount, place) for place, match in several]

    def _refused_rows(self, task: _Task) -> list[Brief]:
        """A refusal for each row that a policy would be claimed for, or one where there is none."""
        each = task.policy.for_each
        listed = None if each is None else self.firm.collections.get(each.collection)
        if each is None or listed is None or not listed.rows:
            return [task.refused]
        keys = self._keys.get((each.collection, each.key))
        if keys is None:
            keys = sorted(str(row.get(each.key) or "") for row in listed.rows)
            self._keys[each.collection, each.key] = keys
        return [Brief(task.policy, key, Verdict.INELIGIBLE, None, place) for place, key in enumerate(keys)]

    def _bits(self, part: Part) -> int:
        match part:
            case Leaf(node=node, negated=negated):
                bits = self._leaves[node] if node in self._leaves else self._leaf(node)
                return OPPOSITE[bits] if negated else bits
            case Every(of=of):
                bits = ALL
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
        found = self._leaves[node_id] = bits_of(self._scalars.decide(node_id))
        return found


def _flat(several: Sequence[Brief | list[Brief]]) -> list[Brief]:
    found: list[Brief] = []
    for some in several:
        if isinstance(some, list):
            found += some
        else:
            found.append(some)
    return found
