"""Missing data with a price: what each fact that nobody has supplied could bring a firm, and the bounds of its total.

Amounts are 分 and go through the exclusivity rules, so that two grants of which only one may be claimed count once. A price is
an upper bound. A result that is still open may take less from the others than it would at its best: it may come to a smaller
amount, or turn out not to contain an item that two claims share. So what is open is held to no cap, takes no difference from
others, and bars nobody from an item; limits by year and policy bind it like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from subsidy_match.matching.options import MOST, AtMost, Cap, Constraint, Difference, Option
from subsidy_match.matching.solving import solve
from subsidy_match.matching.stacking import Advice
from subsidy_match.rules.truth import Verdict

__all__ = ["MissingFact", "Outlook", "outlook"]


@dataclass(frozen=True, slots=True)
class MissingFact:
    """One fact or list that results wait for.

    Attributes:
        key: the fact by name and year (``revenue_2025``), a list (``honors``) or a field of it (``projects.kind``).
        unlocks: how much the best total could rise if every result that waits for it came out best (``MOST``: no bound).
        besides: for how many other facts the result nearest to being settled waits.
        options: the results that wait for it, the most money first.
    """

    key: str
    unlocks: int
    besides: int
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a firm gets for certain and at the most (``MOST``: no bound), and what stands between.

    ``guaranteed`` leaves out what persons have yet to confirm; ``possible`` counts it and all that data could still add.
    """

    guaranteed: int
    possible: int
    missing: tuple[MissingFact, ...]


def outlook(advice: Advice) -> Outlook:
    """Price what is missing: the most money first, then what needs the fewest others, then what more results wait for."""
    sure = [option for option in advice.everything if advice.matches[option.id].verdict is Verdict.ELIGIBLE]
    waits = {option.id: advice.matches[option.id].missing for option in advice.everything}
    keys = dict.fromkeys(key for missing in waits.values() for key in missing)
    found = [_priced(advice, key, waits) for key in keys]
    waiting = {id_ for id_, missing in waits.items() if missing}
    return Outlook(
        _total(sure, advice.constraints),
        _total(_at_best(advice.everything, waiting), _relaxed(advice.constraints, waiting)),
        tuple(sorted(found, key=lambda fact: (-fact.unlocks, fact.besides, -len(fact.options), fact.key))),
    )


def _priced(advice: Advice, key: str, waits: Mapping[str, tuple[str, ...]]) -> MissingFact:
    waiting = [option for option in advice.everything if key in waits[option.id]]
    ids = tuple(option.id for option in sorted(waiting, key=lambda option: (-option.possible, option.id)))
    return MissingFact(key, _gain(advice, ids), min(len(waits[id_]) for id_ in ids) - 1, ids)


def _gain(advice: Advice, best: Collection[str]) -> int:
    """How much higher the total is if some results come out best and all others stay as they are."""
    kept = [option for option in advice.everything if option in advice.options or option.id in best]
    total = _total(_at_best(kept, best), _relaxed(advice.constraints, best))
    return MOST if total == MOST else max(0, total - advice.solution.chosen.total)


def _at_best(options: Iterable[Option], best: Collection[str]) -> list[Option]:
    return [replace(option, amount=option.possible) if option.id in best else option for option in options]


def _relaxed(constraints: Sequence[Constraint], waiting: Collection[str]) -> list[Constraint]:
    """The rules as far as they are certain to bind, whatever becomes of the options that wait."""

    def settled(ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(id_ for id_ in ids if id_ not in waiting)

    found: list[Constraint] = []
    for rule in constraints:
        match rule:
            case AtMost(per="item_key"):
                found.append(replace(rule, members=settled(rule.members), binding=settled(rule.binding)))
            case AtMost():
                found.append(rule)
            case Cap():
                found.append(replace(rule, members=settled(rule.members)))
            case Difference() if rule.member not in waiting:
                found.append(replace(rule, sources=settled(rule.sources)))
            case Difference():
                pass
            case _:
                assert_never(rule)
    return found


def _total(options: Sequence[Option], constraints: Sequence[Constraint]) -> int:
    return min(MOST, solve(options, constraints, alternatives=0).chosen.total)
