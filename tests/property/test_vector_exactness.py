"""Where floats would be wrong the vector engine is right: ratios next to their limit, and amounts that leave int64."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_world import AS_OF, firm, load
from twin_engines import compare_engines

from subsidy_match.matching.vector import spans
from subsidy_match.matching.vector.bitmaps import firms_of, set_bits
from subsidy_match.matching.vector.codes import Inside, PrefixTree
from subsidy_match.money import Rounding, round_to
from subsidy_match.rules.comparing import is_within
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.span import INFINITY, Span

PER_CENTS = ("3%", "33.3333%", "7%", "100%", "0.01%")
WIDEST = 10**13 * 100  # 10 万亿元 in 分


def near(per_cent: str, bottoms: Sequence[int]) -> list[Enterprise]:
    """Firms whose ratio is the limit, a hair above, and a hair below."""
    share = Fraction(per_cent.removesuffix("%")) / 100
    found = []
    for bottom in bottoms:
        top = int(bottom * share)
        found += [firm(rd_2025=top + step, revenue_2025=bottom) for step in (-1, 0, 1) if top + step >= 0]
    return [Enterprise(f"F{n}", "", f.values, f.collections) for n, f in enumerate(found)]


@pytest.mark.parametrize("op", ["at_least", "more_than", "at_most", "less_than"])
@pytest.mark.parametrize("per_cent", PER_CENTS)
def test_ratios_next_to_their_limit(tmp_path: Path, op: str, per_cent: str):
    policies = load(tmp_path, eligible_if=f"{{all: [{{value: {{ratio: [rd, revenue]}}, {op}: {per_cent}}}]}}")
    bottoms = [1, 3, 7, 10**6, 10**9 + 7, 10**14 + 1, 10**15 - 1, WIDEST, 999_999_999_999_989, 3 * 10**14 + 1]
    twin = compare_engines(policies, near(per_cent, bottoms), AS_OF)
    assert twin.differences == []
    assert {verdict for results in twin.vector.values() for verdict, *_ in results} == {"eligible"}


@pytest.mark.parametrize("mode", ["half_up", "down", "up"])
def test_amounts_beyond_int64_on_the_way(tmp_path: Path, mode: str):
    amount = f"{{multiply: [revenue, 33.3333%, share, 1.000001], rounding: {{to: 0.01元, mode: {mode}}}}}"
    policies = load(tmp_path, amount=amount, eligible_if="{all: [{value: revenue, at_least: 0元}]}")
    numbers = [0, 1, 99, WIDEST, WIDEST - 1, 10**14 + 7]
    firms = [firm(revenue_2025=number, share=share) for number in numbers for share in (0, 1, 333_333, 10**6, None)]
    named = [Enterprise(f"F{n}", "", f.values, f.collections) for n, f in enumerate(firms)]
    assert compare_engines(policies, named, AS_OF).differences == []


ENDS = st.one_of(st.integers(-(2**63), 2**63), st.integers(-5, 5), st.just(INFINITY), st.just(-INFINITY))


@st.composite
def intervals(draw: st.DrawFn) -> Span:
    low, high = sorted((draw(ENDS), draw(ENDS)))
    if low == INFINITY or high == -INFINITY:
        low, high = -INFINITY, INFINITY
    return Span(low, high)


@given(intervals(), intervals())
def test_columns_of_intervals_compute_as_intervals_do(a: Span, b: Span):
    one, other = spans.constant(a), spans.constant(b)
    pairs = [
        (spans.add([one, other]), a + b),
        (spans.subtract(one, [other]), a - b),
        (spans.multiply(one, other), a * b),
        (spans.extremes([one, other], least=True), Span(min(a.lo, b.lo), min(a.hi, b.hi))),
        (spans.extremes([one, other], least=False), Span(max(a.lo, b.lo), max(a.hi, b.hi))),
        (spans.merged([np.array([True]), np.array([True])], [one, other]), Span(min(a.lo, b.lo), max(a.hi, b.hi))),
    ]
    for column, expected in pairs:
        assert bounds(column) == (expected.lo, expected.hi)


@given(
    st.fractions(max_denominator=10**6), st.sampled_from([1, 100, Fraction(1, 3), Fraction(7, 100)]), st.sampled_from(Rounding)
)  # fmt: skip
def test_a_column_rounds_as_one_number_does(value: Fraction, step: Fraction | int, mode: Rounding):
    column = spans.rounded(spans.constant(value), step, mode)
    assert bounds(column) == (round_to(value, step, mode),) * 2


def bounds(column: spans.Spans) -> tuple[object, object]:
    low, high = (Fraction(int(end[0]), column.den) for end in (column.lo, column.hi))
    return (
        -INFINITY if column.no_lo is not None and column.no_lo[0] else low,
        INFINITY if column.no_hi is not None and column.no_hi[0] else high,
    )


CODES = st.text("0123", min_size=0, max_size=6)


@given(st.lists(CODES, unique=True, min_size=1), st.lists(CODES, max_size=3), st.lists(CODES, max_size=2))
def test_a_tree_of_prefixes_says_what_each_code_alone_is_told(names: list[str], prefixes: list[str], barred: list[str]):
    test = Inside(tuple(prefixes), tuple(barred))
    sure, possible = PrefixTree(names).inside(test)
    for place, name in enumerate(names):
        said = is_within(name, test.prefixes, test.barred)
        assert (bool(sure[place]), bool(possible[place])) == (said is True, said is not False), name
    assert (bool(sure[-1]), bool(possible[-1])) == (False, True)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=5))
def test_set_bits_are_found(words: list[int]):
    array = np.array(words, np.uint64)
    expected = [64 * n + bit for n, word in enumerate(words) for bit in range(64) if word >> bit & 1]
    assert firms_of(array, 0).tolist() == expected
    places, bits = set_bits(array)
    assert sorted((places * 64 + bits).tolist()) == expected
