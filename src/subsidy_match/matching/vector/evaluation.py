"""All policies of a plan for one block: bitmaps first, then the pairs that are left, then their amounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from subsidy_match.matching.vector.amounts import Group, group_amounts
from subsidy_match.matching.vector.bitmaps import Bits, Words, at, firms_of, tail
from subsidy_match.matching.vector.blocks import Block
from subsidy_match.matching.vector.claims import Claims, claims_for_rows
from subsidy_match.matching.vector.leaves import leaf_bits
from subsidy_match.matching.vector.lowering import Lowered
from subsidy_match.matching.vector.pairs import CODES, Pairs, Tally
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.programs import Program, compile_program, leaves_of, run
from subsidy_match.matching.vector.spans import Ints
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.truth import Verdict

__all__ = ["Compiled", "compile_plan", "evaluate"]

_REGION = "district_code"


@dataclass(frozen=True, slots=True)
class Task:
    """One policy as a program over leaves."""

    place: int
    lowered: Lowered
    program: Program
    asks: bool  # whether a person must confirm something


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan made ready to run over blocks."""

    plan: Plan
    tasks: tuple[Task, ...]
    leaves: tuple[int, ...]
    groups: tuple[Group, ...]


@dataclass(slots=True)
class _Found:
    """Pairs of one verdict, as words of a policy one after the other."""

    words: list[Words] = field(default_factory=list)
    first_words: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def add(self, place: int, first_word: int, words: Words) -> None:
        self.places.append(place)
        self.first_words.append(first_word)
        self.words.append(words)

    def pairs(self) -> tuple[Ints, Ints]:
        """(place of the policy, firm) of every set bit."""
        if not self.words:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        sizes = np.array([len(words) for words in self.words])
        whole = np.concatenate(self.words)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        counts = np.add.reduceat(np.bitwise_count(whole).astype(np.int64), starts[:-1])
        policy = np.repeat(np.arange(len(sizes)), counts)
        shift = (np.array(self.first_words) - starts[:-1]) * 64
        return np.array(self.places)[policy], firms_of(whole, 0) + shift[policy]


def compile_plan(plan: Plan) -> Compiled:
    """Programs, leaves and groups of amounts of all policies."""
    tasks = tuple(
        Task(place, one, compile_program(plan.nodes, one.condition), plan.nodes[one.condition].manual)
        for place, one in enumerate(plan.lowered)
    )
    leaves = dict.fromkeys(leaf.node for task in tasks for leaf in leaves_of(task.program))
    return Compiled(plan, tasks, tuple(leaves), tuple(group_amounts(plan.nodes, plan.lowered)))


def evaluate(compiled: Compiled, block: Block, *, unknowns: bool = False) -> tuple[Pairs, Tally]:
    """Match every firm of a block with every policy.

    Args:
        compiled: the policies.
        block: the firms.
        unknowns: whether pairs that data leave open are wanted too; they are always counted.

    Returns:
        The pairs that are not refused, and the number of all by verdict.
    """
    view = FirmView(compiled.plan.nodes, compiled.plan.policies, block)
    bits = {node: leaf_bits(view, node) for node in compiled.leaves}
    return _Evaluation(compiled, view, bits, unknowns).pairs()


class _Evaluation:
    """One block being matched; a class because every policy adds to the same pairs and tallies."""

    def __init__(self, compiled: Compiled, view: FirmView, bits: Mapping[int, Bits], unknowns: bool) -> None:  # noqa: FBT001
        self._compiled, self._view, self._bits, self._unknowns = compiled, view, bits, unknowns
        self._tail = tail(view.size)
        self._last = -(-view.size // 64)
        self._found = {verdict: _Found() for verdict in Verdict}
        self._tally = Tally.of(len(compiled.tasks), view.size)
        self._claims: list[tuple[int, Claims]] = []

    def pairs(self) -> tuple[Pairs, Tally]:
        """All that is not refused, and the tally."""
        for task in self._compiled.tasks:
            self._match(task)
        return Pairs.joined([*self._by_firm(), *self._by_row()]), self._tally

    def _match(self, task: Task) -> None:
        ordered = sorted(task.program, key=self._weight)
        first, last = self._reach(ordered)
        if task.lowered.items is not None:
            self._tally.refusable[task.place] = self._matches(task)
        if first == last:
            return
        possible = self._run(ordered, "possible", first, last)
        if not possible.any():
            return
        sure = self._run(ordered, "sure", first, last)
        confirms = self._run(ordered, "confirms", first, last) & possible if task.asks else sure
        if task.lowered.items is not None:
            self._match_rows(task, possible, (sure, confirms), first)
            return
        self._keep(task, Verdict.ELIGIBLE, first, sure)
        if task.asks:
            self._keep(task, Verdict.TO_CONFIRM, first, confirms & ~sure)
        self._keep(task, Verdict.UNKNOWN, first, possible & ~(sure | confirms))

    def _weight(self, part: object) -> int:
        leaf = getattr(part, "node", None)
        if leaf is None:
            return self._view.size + 1
        bits = self._bits[leaf]
        return (bits.opposite if part.negated else bits).weight  # type: ignore[attr-defined]

    def _reach(self, ordered: Sequence[object]) -> tuple[int, int]:
        first, last = 0, self._last
        for part in ordered:
            leaf = getattr(part, "node", None)
            if leaf is None:
                break
            bits = self._bits[leaf]
            low, high = (bits.opposite if part.negated else bits).reach  # type: ignore[attr-defined]
            first, last = max(first, low), min(last, high)
            if first >= last:
                return 0, 0
        return first, last

    def _run(self, program: Sequence[object], which: str, first: int, last: int) -> Words:
        start = np.full(last - first, 2**64 - 1, np.uint64)
        if last == self._last:
            start[-1] = self._tail
        return run(program, self._bits, lambda bits: getattr(bits, which), first, last, start)  # type: ignore[arg-type]

    def _keep(self, task: Task, verdict: Verdict, first: int, words: Words) -> None:
        count = int(np.bitwise_count(words).sum())
        self._tally.add(verdict, task.place, count)
        if count and (verdict is not Verdict.UNKNOWN or self._unknowns):
            self._found[verdict].add(task.place, first, words)

    def _match_rows(self, task: Task, possible: Words, favourable: tuple[Words, Words], first: int) -> None:
        firms = firms_of(possible, first)
        sure, confirms = (at(words, firms - first * 64) for words in favourable)
        yes = np.ones(len(firms), np.bool_)
        truth = Truths(sure, yes, (confirms, yes) if task.asks else None)
        for claims in claims_for_rows(self._view, task.lowered, firms, truth):
            self._claims.append((task.place, claims))

    def _matches(self, task: Task) -> int:
        """How many matches a policy that is claimed for rows has at the least."""
        each = task.lowered.policy.for_each
        if each is None or each.together:
            return self._view.size
        return int(np.maximum(np.diff(self._view.listed(each.collection).starts), 1).sum())

    # --- pairs ---

    def _by_firm(self) -> Iterator[Pairs]:
        for verdict, found in self._found.items():
            places, firms = found.pairs()
            if len(firms):
                yield self._with_amounts(Pairs.of(verdict, places, firms))

    def _with_amounts(self, pairs: Pairs) -> Pairs:
        group_of = np.full(len(self._compiled.tasks), -1)
        place_in = np.zeros(len(self._compiled.tasks), np.int64)
        for number, group in enumerate(self._compiled.groups):
            group_of[group.policies] = number
            place_in[group.policies] = np.arange(len(group.policies))
        groups = group_of[pairs.policies]
        order = np.argsort(groups, kind="stable")
        ends = np.searchsorted(groups[order], np.arange(len(self._compiled.groups) + 1))
        for number, group in enumerate(self._compiled.groups):
            chosen = order[ends[number] : ends[number + 1]]
            if len(chosen):
                amounts = group.amounts(self._view, pairs.firms[chosen], place_in[pairs.policies[chosen]])
                pairs.set_amounts(chosen, amounts)
        return pairs

    def _by_row(self) -> Iterator[Pairs]:
        for place, claims in self._claims:
            several = Pairs.of_claims(place, claims)
            for verdict in (Verdict.ELIGIBLE, Verdict.TO_CONFIRM, Verdict.UNKNOWN):
                self._tally.add(verdict, place, int((several.verdicts == CODES[verdict]).sum()))
            if claims.unseen:
                self._tally.refusable[place] += len(several)
            yield several if self._unknowns else several.only(several.verdicts != CODES[Verdict.UNKNOWN])
