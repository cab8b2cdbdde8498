"""What a new version of a policy changes over a population: who gains, who loses, whose amount moves, what it costs.

Nothing here reads a file or evaluates a rule: pairs of standings go in, counts and sums come out. Money is in 分 and bounded:
*guaranteed* is the least of what is eligible, *possible* the most of what is eligible or to be confirmed, *open* the most that
missing data could still add to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from subsidy_match.rules.policy import Policy
from subsidy_match.rules.truth import Verdict

__all__ = [
    "Change",
    "Dimension",
    "Firm",
    "Impact",
    "Kind",
    "Money",
    "Pair",
    "Standing",
    "Tally",
    "Transition",
    "impact",
    "kind_of",
]

_FAVOURABLE = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)
_BEST_FIRST = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM, Verdict.UNKNOWN, Verdict.INELIGIBLE)


class Kind(StrEnum):
    """What happens to a firm, or to one thing that it claims for."""

    GAIN = "gain"  # eligible or to be confirmed, and was not
    LOSS = "loss"  # was, and is no longer
    UP = "up"
    DOWN = "down"
    RANGE = "range"  # the bounds of the amount moved apart or together
    DOUBT = "doubt"  # data are missing for the new version that the old one did not need
    VERDICT = "verdict"  # another verdict with the same bounds of the amount
    SAME = "same"


class Dimension(StrEnum):
    """By what the totals are split."""

    DISTRICT = "district"
    SECTION = "section"
    SIZE = "size"


class Firm(NamedTuple):
    """What the report says of a firm; a code that is not known is None."""

    uscc: str
    name: str
    district: str | None = None
    section: str | None = None
    size: str | None = None

    def group(self, dimension: Dimension) -> str | None:
        """The code of the group that the firm is in."""
        return {Dimension.DISTRICT: self.district, Dimension.SECTION: self.section, Dimension.SIZE: self.size}[
            dimension
        ]


class Standing(NamedTuple):
    """How a firm, or one subject of it, stands under one version: bounds in 分, ``high`` None where nothing bounds it."""

    subject: str | None
    verdict: Verdict
    low: int = 0
    high: int | None = 0

    @property
    def favourable(self) -> bool:
        """Whether money may be expected."""
        return self.verdict in _FAVOURABLE


class Pair(NamedTuple):
    """One firm under both versions: one standing for each subject, none where there is no such policy."""

    firm: Firm
    old: Sequence[Standing]
    new: Sequence[Standing]


Transition = tuple[Verdict | None, Verdict | None]  # from, to; None where there is no such policy or subject


class Change(NamedTuple):
    """One subject (or, without one, one firm) before and after."""

    firm: Firm
    kind: Kind
    old: Standing | None
    new: Standing | None

    @property
    def subject(self) -> str | None:
        """What is claimed for."""
        found = self.new or self.old
        return found.subject if found else None

    @property
    def worth(self) -> int:
        """New money less old money (分) at the most that is bounded; what a typical case is chosen by."""
        return _most(self.new) - _most(self.old)


@dataclass(slots=True)
class Money:
    """Sums in 分; an amount without upper bound is in ``possible`` (or ``open``) with its least and counted apart."""

    guaranteed: int = 0
    possible: int = 0
    unbounded: int = 0
    open: int = 0
    open_unbounded: int = 0

    def add(self, standing: Standing | None) -> None:
        """Add one subject."""
        if standing is None or standing.verdict is Verdict.INELIGIBLE:
            return
        most, endless = _bounded(standing), standing.high is None
        if standing.verdict is Verdict.UNKNOWN:
            self.open += most
            self.open_unbounded += endless
            return
        self.guaranteed += standing.low if standing.verdict is Verdict.ELIGIBLE else 0
        self.possible += most
        self.unbounded += endless


@dataclass(slots=True)
class Tally:
    """Firms by what happens to them, and the money of both versions."""

    firms: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    old: Money = field(default_factory=Money)
    new: Money = field(default_factory=Money)


@dataclass(slots=True)
class Impact:
    """Everything counted. ``changes`` has every subject that is favourable under either version or that changes."""

    old: Policy | None
    new: Policy
    subjects: int = 0
    total: Tally = field(default_factory=Tally)
    groups: Mapping[Dimension, dict[str | None, Tally]] = field(default_factory=lambda: {d: {} for d in Dimension})
    matrix_firms: Counter[Transition] = field(default_factory=Counter)
    matrix_subjects: Counter[Transition] = field(default_factory=Counter)
    kinds_subjects: Counter[Kind] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    def affected(self) -> Iterator[Change]:
        """The subjects for which something changes, in the order of ``changes``."""
        return (change for change in self.changes if change.kind is not Kind.SAME)

    def demands(self) -> Iterator[tuple[Firm, int, int | None]]:
        """What each firm would ask of the fund under the new version: guaranteed and possible (None: no bound), by code."""
        asked = sorted((c for c in self.changes if c.new and c.new.favourable), key=lambda c: c.firm.uscc)
        for _, several in groupby(asked, key=lambda c: c.firm.uscc):
            mine = list(several)
            sums = Money()
            for change in mine:
                sums.add(change.new)
            yield mine[0].firm, sums.guaranteed, None if sums.unbounded else sums.possible


def impact(old: Policy | None, new: Policy, pairs: Iterable[Pair]) -> Impact:
    """Count what changes from ``old`` (None: there was no such policy) to ``new``; the order of the pairs does not matter."""
    found = Impact(old, new)
    for pair in pairs:
        _add(found, pair)
    order = list(Kind)
    found.changes.sort(key=lambda c: (order.index(c.kind), -abs(c.worth), c.firm.uscc, c.subject or ""))
    return found


def kind_of(old: Standing | None, new: Standing | None) -> Kind:
    """What happens from one standing to another; what does not exist is as good as not eligible."""
    was, now = (standing.verdict if standing else Verdict.INELIGIBLE for standing in (old, new))
    if now is Verdict.UNKNOWN:
        if was is not Verdict.UNKNOWN:
            return Kind.DOUBT
        same = old is not None and new is not None and (old.low, old.high) == (new.low, new.high)
        return Kind.SAME if same else Kind.RANGE
    if was in _FAVOURABLE and now in _FAVOURABLE and old and new:
        return _amount_kind(old, new)
    if now in _FAVOURABLE:
        return Kind.GAIN
    if was in _FAVOURABLE:
        return Kind.LOSS
    return Kind.SAME if was is now else Kind.VERDICT


def _amount_kind(old: Standing, new: Standing) -> Kind:
    if (old.low, old.high) == (new.low, new.high):
        return Kind.SAME if old.verdict is new.verdict else Kind.VERDICT
    most_falls = old.high is None or (new.high is not None and new.high <= old.high)
    most_rises = new.high is None or (old.high is not None and new.high >= old.high)
    if new.low >= old.low and most_rises:
        return Kind.UP
    return Kind.DOWN if new.low <= old.low and most_falls else Kind.RANGE


def _add(found: Impact, pair: Pair) -> None:
    before, after = _whole(pair.old), _whole(pair.new)
    kind = kind_of(before, after)
    found.matrix_firms[_transition(before, after)] += 1
    tallies = [found.total, *(found.groups[d].setdefault(pair.firm.group(d), Tally()) for d in Dimension)]
    for tally in tallies:
        tally.firms += 1
        tally.kinds[kind] += 1
        for money, standings in ((tally.old, pair.old), (tally.new, pair.new)):
            for standing in standings:
                money.add(standing)
    for old, new in _by_subject(pair):
        _add_subject(found, pair.firm, old, new)


def _add_subject(found: Impact, firm: Firm, old: Standing | None, new: Standing | None) -> None:
    kind = kind_of(old, new)
    found.subjects += 1
    found.kinds_subjects[kind] += 1
    found.matrix_subjects[_transition(old, new)] += 1
    if kind is not Kind.SAME or (new and new.favourable):
        found.changes.append(Change(firm, kind, old, new))


def _by_subject(pair: Pair) -> Iterator[tuple[Standing | None, Standing | None]]:
    """Both standings of each subject; a key that stands for several elements is paired in the order of its elements."""
    old, new = _numbered(pair.old), _numbered(pair.new)
    for key in dict.fromkeys((*old, *new)):
        yield old.get(key), new.get(key)


def _numbered(standings: Sequence[Standing]) -> dict[tuple[str | None, int], Standing]:
    seen: Counter[str | None] = Counter()
    found = {}
    for standing in standings:
        found[standing.subject, seen[standing.subject]] = standing
        seen[standing.subject] += 1
    return found


def _whole(standings: Sequence[Standing]) -> Standing | None:
    """A firm over all its subjects: the best verdict, and the money of the favourable ones."""
    if not standings:
        return None
    best = min((standing.verdict for standing in standings), key=_BEST_FIRST.index)
    money = [s for s in standings if s.favourable or s.verdict is best is Verdict.UNKNOWN]
    most = [standing.high for standing in money]
    high = None if None in most else sum(end for end in most if end is not None)
    return Standing(None, best, sum(standing.low for standing in money), high)


def _transition(old: Standing | None, new: Standing | None) -> Transition:
    return old.verdict if old else None, new.verdict if new else None


def _bounded(standing: Standing) -> int:
    return standing.low if standing.high is None else standing.high


def _most(standing: Standing | None) -> int:
    return _bounded(standing) if standing and standing.favourable else 0
