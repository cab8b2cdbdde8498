"""The stacking solver against brute force over all subsets, and the laws of a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from subsidy_match.matching.options import (
    AtMost,
    Cap,
    Choice,
    Constraint,
    Difference,
    Option,
    Origin,
    Payout,
    Solution,
    Use,
)
from subsidy_match.matching.solving import solve

Rank = tuple[int, int, int, tuple[int, ...]]


# --- the definition, written down a second time and as plainly as possible ---


def is_feasible(chosen: Sequence[str], rules: Sequence[Constraint]) -> bool:
    for rule in rules:
        applies = isinstance(rule, AtMost) and set(chosen) & set(rule.binding)
        if applies and len(set(chosen) & set(rule.members)) + len(rule.used) > rule.limit:
            return False
    return True


def payouts(chosen: Sequence[Option], rules: Sequence[Constraint], *, most: bool) -> list[int]:
    paid: dict[str, int] = {}
    for option in chosen:
        nets = [rule for rule in rules if isinstance(rule, Difference) and rule.member == option.id]
        uses = {use for rule in nets for use in rule.used}
        amount = max(0, (option.possible if most else option.amount) - sum(use.amount or 0 for use in uses))
        amount -= sum(paid.get(source, 0) for source in {s for rule in nets for s in rule.sources})
        for cap in rules:
            if isinstance(cap, Cap) and option.id in cap.members:
                gone = sum(paid.get(m, 0) for m in cap.members) + sum(use.amount or 0 for use in cap.used)
                amount = min(amount, cap.limit - gone)
        paid[option.id] = max(0, amount)
    return list(paid.values())


def rank(options: Sequence[Option], chosen: Sequence[Option], rules: Sequence[Constraint]) -> Rank:
    totals = (sum(payouts(chosen, rules, most=most)) for most in (False, True))
    earliest = tuple(int(option in chosen) for option in options)
    return (*totals, -len(chosen), earliest)  # type: ignore[return-value]


def every_set(options: Sequence[Option], rules: Sequence[Constraint]) -> dict[tuple[str, ...], Rank]:
    subsets = chain.from_iterable(combinations(options, size) for size in range(len(options) + 1))
    named = ((tuple(o.id for o in chosen), chosen) for chosen in subsets)
    return {ids: rank(options, chosen, rules) for ids, chosen in named if is_feasible(ids, rules)}


def neighbours(ids: tuple[str, ...], options: Sequence[Option]) -> list[tuple[str, ...]]:
    return [tuple(o.id for o in options if (o.id in ids) is (o.id != moved.id)) for moved in options]


def settled(sets: dict[tuple[str, ...], Rank], options: Sequence[Option]) -> list[tuple[str, ...]]:
    """The sets that no one claim more or less improves, best first."""
    found = [
        ids
        for ids, worth in sets.items()
        if not any(n in sets and sets[n][:3] > worth[:3] for n in neighbours(ids, options))
    ]
    return sorted(found, key=lambda ids: sets[ids], reverse=True)


# --- generated choices ---


@st.composite
def uses(draw: st.DrawFn) -> tuple[Use, ...]:
    count = draw(st.sampled_from([0, 0, 0, 1, 2]))
    origins = st.sampled_from(list(Origin))
    amounts = st.one_of(st.none(), st.integers(0, 30))
    return tuple(Use(f"u{draw(st.integers(0, 9))}-{n}", "p", draw(amounts), draw(origins)) for n in range(count))


@st.composite
def rules_for(draw: st.DrawFn, ids: Sequence[str]) -> Constraint:
    some = tuple(sorted(draw(st.sets(st.sampled_from(ids), min_size=1, max_size=min(6, len(ids))))))
    kind = draw(st.sampled_from(["at_most", "at_most", "cap", "difference", "difference"]))
    if kind == "cap":
        return Cap("g", "2026", draw(st.integers(0, 80)), some, draw(uses()))
    if kind == "difference":
        member = draw(st.sampled_from(ids))
        return Difference("g", member, tuple(i for i in some if i != member), draw(uses()))
    per = draw(st.sampled_from(["year", "policy", "item_key", None]))
    binding = draw(st.sampled_from([some, some[:1], some[1:]]))
    return AtMost("g", per, "s", draw(st.integers(0, 3)), some, binding, draw(uses()))


@st.composite
def choices(draw: st.DrawFn, most: int = 12) -> tuple[list[Option], list[Constraint]]:
    count = draw(st.integers(1, most))
    amounts = st.one_of(st.integers(0, 40), st.sampled_from([10, 20]))  # equal amounts make ties
    options = []
    for number in range(count):
        amount, more = draw(amounts), draw(st.sampled_from([0, 0, 0, 5, 50]))
        options.append(Option(f"o{number:02}", f"p{number}", None, "2026", amount, max(1, amount + more)))
    rules = draw(st.lists(rules_for([o.id for o in options]), max_size=6))
    return options, rules


def check_choice(choice: Choice, options: Sequence[Option], rules: Sequence[Constraint]) -> None:
    """Feasible, in the order of payment, and every claim paid what the definition says."""
    chosen = [o for o in options if o.id in choice.ids]
    both = zip(payouts(chosen, rules, most=False), payouts(chosen, rules, most=True), strict=True)
    assert is_feasible(choice.ids, rules)
    assert choice.payouts == tuple(Payout(o.id, *pays) for o, pays in zip(chosen, both, strict=True))


@settings(max_examples=120, deadline=None, print_blob=True)
@given(choices())
def test_the_solver_equals_brute_force(given_: tuple[list[Option], list[Constraint]]):
    options, rules = given_
    solution = solve(options, rules)
    sets = every_set(options, rules)
    expected = settled(sets, options)[:4]
    assert expected[0] == max(sets, key=lambda ids: sets[ids])  # the best of all sets is settled
    assert [choice.ids for choice in (solution.chosen, *solution.alternatives)] == expected
    for choice in (solution.chosen, *solution.alternatives):
        check_choice(choice, options, rules)
    check_losses(solution, options, rules, sets)


def check_losses(
    solution: Solution, options: Sequence[Option], rules: Sequence[Constraint], sets: dict[tuple[str, ...], Rank]
) -> None:
    """Every option left out says what it would cost, names a rule that is about it, and winners that were chosen."""
    chosen = solution.chosen.ids
    assert [loss.option for loss in solution.losses] == [o.id for o in options if o.id not in chosen]
    for loss in solution.losses:
        with_it = [sets[ids][0] for ids in sets if loss.option in ids]
        assert loss.cost == (solution.chosen.total - max(with_it) if with_it else None)
        assert loss.causes
        for cause in loss.causes:
            rule = cause.rule
            assert rule in rules
            assert set(cause.winners) <= set(chosen)
            assert cause.winners or rule.used or (not isinstance(rule, Difference) and rule.room == 0)
            about = (rule.member, *rule.sources) if isinstance(rule, Difference) else rule.members
            assert loss.option in about
            assert set(cause.winners) <= set(about)


@settings(max_examples=150, deadline=None, print_blob=True)
@given(choices(), st.data())
def test_one_option_more_never_lowers_the_total(given_: tuple[list[Option], list[Constraint]], data: st.DataObject):
    options, rules = given_
    without = [o for o in options if o != data.draw(st.sampled_from(options))]
    assert solve(without, rules).chosen.total <= solve(options, rules).chosen.total


@settings(max_examples=150, deadline=None, print_blob=True)
@given(choices(), st.data())
def test_one_use_more_never_raises_the_total(given_: tuple[list[Option], list[Constraint]], data: st.DataObject):
    options, rules = given_
    rules = [rule for rule in rules if not isinstance(rule, Difference)]
    used = [*rules]
    if rules:
        place = data.draw(st.integers(0, len(rules) - 1))
        more = Use("one-more", "p", data.draw(st.integers(0, 40)), Origin.HISTORY)
        used[place] = replace(rules[place], used=(*rules[place].used, more))
    assert solve(options, used).chosen.total <= solve(options, rules).chosen.total


@settings(max_examples=100, deadline=None, print_blob=True)
@given(choices())
def test_without_rules_everything_is_claimed(given_: tuple[list[Option], list[Constraint]]):
    options, _ = given_
    solution = solve(options, [])
    assert solution.chosen.ids == tuple(o.id for o in options)
    assert (solution.alternatives, solution.losses) == ((), ())


@settings(max_examples=60, deadline=None, print_blob=True)
@given(choices(most=9), choices(most=9))
def test_what_has_nothing_to_do_with_each_other_adds_up(
    one: tuple[list[Option], list[Constraint]], two: tuple[list[Option], list[Constraint]]
):
    options = [*one[0], *(replace(o, id=f"x{o.id}") for o in two[0])]
    total = solve(options, [*one[1], *(moved(rule) for rule in two[1])]).chosen.total
    assert total == solve(*one).chosen.total + solve(*two).chosen.total


def moved(rule: Constraint) -> Constraint:
    def other(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"x{id_}" for id_ in ids)

    if isinstance(rule, Difference):
        return replace(rule, member=f"x{rule.member}", sources=other(rule.sources))
    if isinstance(rule, AtMost):
        return replace(rule, members=other(rule.members), binding=other(rule.binding))
    return replace(rule, members=other(rule.members))
