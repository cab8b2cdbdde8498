"""The laws of a comparison: sums over groups, the way back, and a fund shared out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from subsidy_match.matching.impact import Dimension, Firm, Impact, Kind, Pair, Standing, Tally, impact, kind_of
from subsidy_match.matching.impact_report import typical
from subsidy_match.matching.impact_shares import share_out
from subsidy_match.rules.policy import Policy
from subsidy_match.rules.truth import Verdict

LAWS = settings(max_examples=60, deadline=None, print_blob=True)
POLICY = cast("Policy", None)  # only kept, never looked at
FAVOURABLE = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)

AMOUNTS = st.one_of(st.integers(0, 40), st.sampled_from([0, 10]), st.integers(0, 10**15))


def standings(subject: str | None = None) -> st.SearchStrategy[Standing]:
    verdicts, more = st.sampled_from(Verdict), st.one_of(st.just(0), st.none(), AMOUNTS)
    return st.tuples(verdicts, AMOUNTS, more).map(
        lambda drawn: Standing(subject, drawn[0], drawn[1], None if drawn[2] is None else drawn[1] + drawn[2])
    )


# one standing of the firm itself, or one for each element, where a key may stand for several
SIDES = st.one_of(
    st.lists(standings(), max_size=1), st.lists(st.one_of(*(standings(key) for key in ("P", "Q"))), max_size=4)
).map(tuple)
CODES = st.sampled_from([None, "a", "b"])


def pairs() -> st.SearchStrategy[list[Pair]]:
    one = st.tuples(st.integers(0, 99), CODES, CODES, CODES, SIDES, SIDES)
    return st.lists(one, max_size=6, unique_by=lambda drawn: drawn[0]).map(
        lambda several: [Pair(Firm(f"{n:018}", f"f{n}", *codes), old, new) for n, *codes, old, new in several]
    )


def swapped(found: Iterable[Pair]) -> list[Pair]:
    return [Pair(pair.firm, pair.new, pair.old) for pair in found]


def compared(found: Iterable[Pair]) -> Impact:
    return impact(None, POLICY, found)


def numbers(tally: Tally) -> Counter[str]:
    """All that a tally counts, by name."""
    found = Counter({"firms": tally.firms})
    found.update({f"kind {kind}": count for kind, count in tally.kinds.items()})
    for side in ("old", "new"):
        found.update({f"{side} {name}": amount for name, amount in asdict(getattr(tally, side)).items()})
    return found


@LAWS
@given(pairs())
def test_groups_add_up_to_the_total_in_every_dimension(given_: list[Pair]):
    found = compared(given_)
    for dimension in Dimension:
        together: Counter[str] = Counter()
        for tally in found.groups[dimension].values():
            together.update(numbers(tally))
        assert {k: n for k, n in together.items() if n} == {k: n for k, n in numbers(found.total).items() if n}


@LAWS
@given(pairs())
def test_every_count_comes_to_the_firms_or_to_the_subjects(given_: list[Pair]):
    found = compared(given_)
    assert sum(found.matrix_firms.values()) == sum(found.total.kinds.values()) == found.total.firms == len(given_)
    assert sum(found.matrix_subjects.values()) == sum(found.kinds_subjects.values()) == found.subjects
    assert found.subjects >= max((max(len(pair.old), len(pair.new)) for pair in given_), default=0)
    assert Counter(c.kind for c in found.affected()) == Counter(
        {kind: n for kind, n in found.kinds_subjects.items() if kind is not Kind.SAME}
    )


@LAWS
@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_firms_does_not_matter(given_: list[Pair], shuffler):
    other = list(given_)
    shuffler.shuffle(other)
    assert compared(other) == compared(given_)


@LAWS
@given(pairs())
def test_new_less_old_is_what_the_changes_are_worth(given_: list[Pair]):
    found = compared(given_)
    old, new = found.total.old, found.total.new
    assert new.possible - old.possible == sum(change.worth for change in found.affected())

    def certain(standing: Standing | None) -> int:
        return standing.low if standing and standing.verdict is Verdict.ELIGIBLE else 0

    assert new.guaranteed - old.guaranteed == sum(certain(c.new) - certain(c.old) for c in found.changes)
    assert old.guaranteed <= old.possible
    assert new.guaranteed <= new.possible


@LAWS
@given(pairs())
def test_the_demands_are_the_sums_of_the_new_version(given_: list[Pair]):
    found = compared(given_)
    demands = list(found.demands())
    assert [firm.uscc for firm, _, _ in demands] == sorted(
        pair.firm.uscc for pair in given_ if any(standing.verdict in FAVOURABLE for standing in pair.new)
    )
    assert sum(low for _, low, _ in demands) == found.total.new.guaranteed
    assert any(high is None for _, _, high in demands) == bool(found.total.new.unbounded)
    if not found.total.new.unbounded:
        assert sum(high or 0 for _, _, high in demands) == found.total.new.possible


# --- the way back ---


def way_back(kind: Kind, old: Standing | None, new: Standing | None) -> Kind:
    """The kind of the opposite change: what is unknown is a doubt only on the way to it."""
    was, now = (standing.verdict if standing else Verdict.INELIGIBLE for standing in (old, new))
    if was is Verdict.UNKNOWN:
        return kind if now is Verdict.UNKNOWN else Kind.DOUBT
    if now is Verdict.UNKNOWN:
        return Kind.GAIN if was in FAVOURABLE else Kind.VERDICT
    turned = {Kind.GAIN: Kind.LOSS, Kind.LOSS: Kind.GAIN, Kind.UP: Kind.DOWN, Kind.DOWN: Kind.UP}
    return turned.get(kind, kind)


EITHER = st.one_of(st.none(), standings())


@settings(LAWS, max_examples=200)
@given(EITHER, EITHER)
@example(Standing(None, Verdict.ELIGIBLE, 5, None), Standing(None, Verdict.TO_CONFIRM, 5, 5))
def test_the_way_back_is_the_opposite_change(old: Standing | None, new: Standing | None):
    assert kind_of(new, old) is way_back(kind_of(old, new), old, new)


@LAWS
@given(pairs())
def test_old_and_new_change_places(given_: list[Pair]):
    there, back = compared(given_), compared(swapped(given_))
    assert (back.total.old, back.total.new) == (there.total.new, there.total.old)
    assert back.matrix_firms == {(new, old): count for (old, new), count in there.matrix_firms.items()}
    assert back.matrix_subjects == {(new, old): count for (old, new), count in there.matrix_subjects.items()}
    for change in there.affected():
        kind = way_back(change.kind, change.old, change.new)
        assert any(
            (c.firm, c.kind, c.old, c.new) == (change.firm, kind, change.new, change.old) for c in back.affected()
        )
    if not any(s.verdict is Verdict.UNKNOWN for pair in given_ for s in (*pair.old, *pair.new)):
        assert [back.kinds_subjects[kind] for kind in (Kind.GAIN, Kind.LOSS, Kind.UP, Kind.DOWN, Kind.DOUBT)] == [
            there.kinds_subjects[kind] for kind in (Kind.LOSS, Kind.GAIN, Kind.DOWN, Kind.UP, Kind.DOUBT)
        ]


@LAWS
@given(pairs())
def test_a_version_against_itself_changes_nothing(given_: list[Pair]):
    found = compared(Pair(pair.firm, pair.new, pair.new) for pair in given_)
    assert list(found.affected()) == []
    assert found.total.old == found.total.new


@LAWS
@given(pairs())
def test_examples_are_of_different_firms_and_three_where_three_change(given_: list[Pair]):
    found = compared(given_)
    told = typical(found)
    changed = {change.firm.uscc for change in found.affected()}
    assert len({change.firm.uscc for change in told}) == len(told) == min(3, len(changed))
    assert all(change in found.changes and change.kind is not Kind.SAME for change in told)
    for kind in (Kind.GAIN, Kind.LOSS):
        firms = {change.firm.uscc for change in found.affected() if change.kind is kind}
        if len(firms) > 1:  # one firm alone may be told for another kind already
            assert any(change.kind is kind for change in told)


# --- a fund shared out ---

ASKED = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.one_of(st.integers(0, 300), AMOUNTS), max_size=8)
STEPS = st.sampled_from([1, 3, 100, 10_000])


@settings(LAWS, max_examples=150)
@given(ASKED, st.one_of(st.integers(0, 900), AMOUNTS), STEPS)
def test_nobody_gets_more_than_asked_nor_all_together_more_than_there_is(
    asked: Mapping[str, int], budget: int, step: int
):
    shares = share_out(asked, budget, step)
    parts = shares.parts
    assert set(parts) == set(asked)
    assert shares.paid <= budget
    assert all(0 <= parts[key] <= asked[key] for key in asked)
    assert shares.is_short == (sum(asked.values()) > budget)
    assert shares.full + shares.nothing <= sum(amount > 0 for amount in asked.values())
    if not shares.is_short:
        assert (dict(parts), shares.full, shares.nothing) == (asked, sum(a > 0 for a in asked.values()), 0)
        return
    assert all(part % step == 0 for part in parts.values())
    assert 0 <= shares.remainder < step * sum(amount > 0 for amount in asked.values())
    for key, amount in asked.items():  # floored, and not by a whole step
        assert parts[key] <= amount * shares.rate < parts[key] + step
    assert shares.full == 0


@LAWS
@given(ASKED, AMOUNTS, AMOUNTS, STEPS)
def test_more_money_never_pays_anybody_less(asked: Mapping[str, int], budget: int, more: int, step: int):
    less, greater = share_out(asked, budget, step), share_out(asked, budget + more, step)
    assert all(less.parts[key] <= greater.parts[key] for key in asked)


@LAWS
@given(ASKED, AMOUNTS, STEPS)
def test_who_asks_for_more_never_gets_less(asked: Mapping[str, int], budget: int, step: int):
    parts = share_out(asked, budget, step).parts
    by_asked = sorted(asked, key=lambda key: asked[key])
    assert [parts[key] for key in by_asked] == sorted(parts.values())
