"""All policies of a plan for one block: bitmaps first, then the pairs that are left, then their amounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from subsidy_match.matching.vector.amounts import Group, group_amounts
from subsidy_match.matching.vector.bitmaps import Bits, Words, at, firms_of, set_bits, tail
from subsidy_match.matching.vector.blocks import Block, Dictionaries
from subsidy_match.matching.vector.claims import Claims, claims_for_rows
from subsidy_match.matching.vector.leaves import Leaves, group_leaves
from subsidy_match.matching.vector.lowering import Lowered
from subsidy_match.matching.vector.nodes import Do
from subsidy_match.matching.vector.pairs import CODES, Pairs, Tally
from subsidy_match.matching.vector.plan import Plan
from subsidy_match.matching.vector.programs import Leaf, Part, Pick, Program, compile_program, leaves_of, run
from subsidy_match.matching.vector.spans import Ints
from subsidy_match.matching.vector.texts import Texts
from subsidy_match.matching.vector.truths import Truths
from subsidy_match.matching.vector.views import FirmView
from subsidy_match.rules.truth import Verdict

__all__ = ["Compiled", "compile_plan", "evaluate"]

_NO_GROUP = -1
_AT_ONCE = 1 << 15  # words of bits: 256 KiB
_REGION = "district_code"
_PLAIN, _ASKING = attrgetter("pair"), attrgetter("asking")


@dataclass(frozen=True, slots=True)
class Task:
    """One policy as a program over leaves; ``group`` and ``place_in`` say how it pays, if it pays by the firm."""

    place: int
    lowered: Lowered
    program: Program
    asks: bool  # whether a person must confirm something
    region: int | None  # the leaf that asks for a region: firms stand in the order of regions
    group: int
    place_in: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan made ready to run over blocks."""

    plan: Plan
    tasks: tuple[Task, ...]
    leaves: Leaves
    groups: tuple[Group, ...]
    texts: Texts
    ordered: dict[int, Program] = field(default_factory=dict)
    dictionaries: Dictionaries = field(default_factory=Dictionaries)


def compile_plan(plan: Plan) -> Compiled:
    """Programs, leaves and groups of amounts of all policies."""
    groups, places = group_amounts(plan.nodes, plan.lowered)
    programs = [compile_program(plan.nodes, one.condition) for one in plan.lowered]
    tasks = tuple(
        Task(
            place,
            one,
            program,
            plan.nodes[one.condition].manual,
            _region(plan, program),
            *places.get(place, (_NO_GROUP, place)),
        )
        for place, (one, program) in enumerate(zip(plan.lowered, programs, strict=True))
    )
    leaves = dict.fromkeys(leaf.node for task in tasks for leaf in leaves_of(task.program))
    return Compiled(plan, tasks, group_leaves(plan.nodes, leaves), tuple(groups), Texts.of(plan))


def _region(plan: Plan, program: Program) -> int | None:
    """The leaf that asks for a region, where the whole policy does."""
    for part in program:
        if isinstance(part, Leaf) and not part.negated and plan.nodes[part.node].do is Do.AGREE:
            fact = plan.nodes[plan.nodes[part.node].children[0]]
            if fact.do is Do.FACT and fact.params[0] == _REGION:
                return part.node
    return None


def evaluate(compiled: Compiled, block: Block, *, unknowns: bool = False) -> tuple[list[Pairs], Tally]:
    """Match every firm of a block with every policy.

    Args:
        compiled: the policies.
        block: the firms.
        unknowns: whether pairs that data leave open are wanted too; they are always counted.

    Returns:
        The pairs that are not refused, and the number of all by verdict.
    """
    view = FirmView(compiled.plan.nodes, compiled.plan.policies, block)
    return _Evaluation(compiled, view, compiled.leaves.bits(view), unknowns).pairs()


@dataclass(slots=True)
class _Bucket:
    """Pairs of one verdict that pay by one group: the words of its policies one after the other."""

    words: list[Words] = field(default_factory=list)
    first_words: list[int] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)

    def add(self, task: Task, first_word: int, words: Words) -> None:
        """The bits of one policy."""
        self.tasks.append(task)
        self.first_words.append(first_word)
        self.words.append(words)

    def pairs(self) -> Iterator[tuple[Ints, Ints]]:
        """(place of the policy in this bucket, firm) of every set bit, so many words at a time that they stay in the cache."""
        sizes = np.array([len(words) for words in self.words])
        ends = np.cumsum(sizes)
        first = 0
        while first < len(sizes):
            start = ends[first] - sizes[first]
            last = max(first + 1, int(np.searchsorted(ends, start + _AT_ONCE, side="right")))
            yield self._some(first, last, sizes[first:last])
            first = last

    def _some(self, first: int, last: int, sizes: Ints) -> tuple[Ints, Ints]:
        word, bit = set_bits(np.concatenate(self.words[first:last]))
        owner = np.repeat(np.arange(last - first), sizes)[word]
        shift = (np.array(self.first_words[first:last]) - (np.cumsum(sizes) - sizes)) * 64
        return owner + first, word * 64 + bit + shift[owner]


class _Evaluation:
    """One block being matched; a class because every policy adds to the same pairs and tallies."""

    def __init__(self, compiled: Compiled, view: FirmView, bits: Mapping[int, Bits], unknowns: bool) -> None:
        self._compiled, self._view, self._bits, self._unknowns = compiled, view, bits, unknowns
        self._tail = tail(view.size)
        self._last = -(-view.size // 64)
        self._buckets: dict[tuple[Verdict, int], _Bucket] = {}
        self._tally = Tally.of(len(compiled.tasks), view.size)
        self._claims: list[tuple[int, Claims]] = []

    def pairs(self) -> tuple[list[Pairs], Tally]:
        """All that is not refused, and the tally."""
        for task in self._compiled.tasks:
            self._match(task)
        return [*self._by_firm(), *self._by_row()], self._tally

    def _match(self, task: Task) -> None:
        if task.lowered.items is not None:
            self._tally.refusable[task.place] = self._matches(task)
        first, last = (0, self._last) if task.region is None else self._bits[task.region].reach
        if first >= last:
            return
        program = self._ordered(task)
        both = self._run(program, _PLAIN, first, last)
        at_least, at_most = np.bitwise_count(both).sum(axis=1).tolist()
        if not at_most:
            return
        sure, possible = both
        confirms = self._run(program, _ASKING, first, last)[0] & possible if task.asks else sure
        if task.lowered.items is not None:
            self._match_rows(task, possible, (sure, confirms), first)
            return
        self._keep(task, Verdict.ELIGIBLE, first, sure, at_least)
        favourable = at_least
        if task.asks:
            to_confirm = confirms & ~sure
            favourable += int(np.bitwise_count(to_confirm).sum())
            self._keep(task, Verdict.TO_CONFIRM, first, to_confirm, favourable - at_least)
        is_open = (
            possible & ~(sure | confirms) if self._unknowns else possible
        )  # where only counted, nobody looks at them
        self._keep(task, Verdict.UNKNOWN, first, is_open, at_most - favourable)

    def _ordered(self, task: Task) -> Program:
        """What refuses most first, as the first block has it: any order is right."""
        found = self._compiled.ordered.get(task.place)
        if found is None:
            found = self._compiled.ordered[task.place] = tuple(sorted(task.program, key=self._weight))
        return found

    def _weight(self, part: Part) -> int:
        if not isinstance(part, Leaf):
            return self._view.size + 1
        bits = self._bits[part.node]
        return (bits.opposite if part.negated else bits).weight

    def _run(self, program: Program, pick: Pick, first: int, last: int) -> Words:
        found = run(program, self._bits, pick, first, last)
        if last == self._last:
            found[:, -1] &= self._tail
        return found

    def _keep(self, task: Task, verdict: Verdict, first: int, words: Words, count: int) -> None:
        """Count pairs, and keep them where they are wanted."""
        self._tally.add(verdict, task.place, count)
        if count and (verdict is not Verdict.UNKNOWN or self._unknowns):
            self._buckets.setdefault((verdict, task.group), _Bucket()).add(task, first, words)

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
        for (verdict, number), bucket in self._buckets.items():
            places = np.array([task.place for task in bucket.tasks], np.int32)
            places_in = np.array([task.place_in for task in bucket.tasks])
            for owner, firms in bucket.pairs():
                pairs = Pairs.of(verdict, places[owner], firms)
                if number != _NO_GROUP:
                    pairs.set_amounts(self._compiled.groups[number].amounts(self._view, firms, places_in[owner]))
                yield pairs

    def _by_row(self) -> Iterator[Pairs]:
        for place, claims in self._claims:
            several = Pairs.of_claims(place, claims)
            for verdict in (Verdict.ELIGIBLE, Verdict.TO_CONFIRM, Verdict.UNKNOWN):
                self._tally.add(verdict, place, int((several.verdicts == CODES[verdict]).sum()))
            if claims.unseen:
                self._tally.refusable[place] += len(several)
            yield several if self._unknowns else several.only(several.verdicts != CODES[Verdict.UNKNOWN])
