"""Near misses against brute force: every value of every fact tried, and exact limits among large numbers."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from policy_world import AS_OF, FACTS, complete, evaluate, firm, policy_text, write_policies

from subsidy_match.matching.near_miss import near_misses
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Scalar
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.truth import Verdict

GOOD = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)
SIZES = ("large", "medium", "small", "micro")
MORE_SIZES = ", ".join(f"{size}: {{zh: {size}, en: {size}}}" for size in SIZES)
TOP = 30
CHANGEABLE = ("staff", "patents", "rd", "revenue", "green", "size")
FEW = {"staff": f"[0人, {TOP}人]", "patents": f"[-5件, {TOP}件]", "rd": "[0元, 0.3元]", "revenue": "[0元, 0.3元]"}
LEAST = {"patents": -5}
NUMBERS = ("staff_2025", "staff_2024", "patents", "rd_2025", "revenue_2025")


def catalogue(spans: Mapping[str, str]) -> str:
    text = re.sub(r"(?m)^  size: \{large.*$", f"  size: {{{MORE_SIZES}}}", FACTS)
    for name in CHANGEABLE:
        text = re.sub(rf"(?m)^(  {name}: \{{zh.*)\}}$", r"\1, changeable: true}", text)
    for name, span in spans.items():
        text = re.sub(rf"(?m)^(  {name}: \{{zh.*range: )\[[^]]*\]", rf"\g<1>{span}", text)
    return text


def world(condition: str, spans: Mapping[str, str]) -> PolicySet:
    with tempfile.TemporaryDirectory() as folder:
        policy = policy_text(eligible_if=f"{{all: [{condition}]}}")
        files = {"facts.yml": catalogue(spans), "grant@2026-01-01.yml": policy}
        return load_policies(write_policies(Path(folder), files))


# --- generated conditions ---


def limits(unit: str) -> st.SearchStrategy[str]:
    return st.integers(-3, TOP + 3).map(lambda n: f"{n}{unit}")


def values(unit: str, names: Iterable[str]) -> st.SearchStrategy[str]:
    """Numbers of one unit: facts, and what can be made of them."""
    return st.recursive(
        st.one_of(st.sampled_from([*names, *names]), limits(unit)),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda two: f"{{add: [{two[0]}, {two[1]}]}}"),
            st.tuples(inner, inner).map(lambda two: f"{{subtract: [{two[0]}, {two[1]}]}}"),
            st.tuples(inner, inner).map(lambda two: f"{{best_of: [{two[0]}, {two[1]}]}}"),
            st.tuples(inner, limits(unit)).map(lambda two: f"{{value: {two[0]}, cap: {two[1]}}}"),
            st.tuples(inner, st.sampled_from(["2", "50%", "-1"])).map(
                lambda two: f"{{multiply: [{two[0]}, {two[1]}]}}"
            ),
            inner.map(lambda one: f"{{value: {one}, rounded: {{to: 5{unit}, mode: half_up}}}}"),
        ),
        max_leaves=3,
    )


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    unit, names = draw(st.sampled_from([("人", ("staff", "staff@-1")), ("件", ("patents",))]))
    value = draw(values(unit, names))
    word = draw(st.sampled_from(["at_least", "more_than", "at_most", "less_than", "between"]))
    if word == "between":
        low = draw(st.integers(-3, TOP))
        return f"{{value: {value}, between: [{low}{unit}, {low + draw(st.integers(0, 6))}{unit}]}}"
    return f"{{value: {value}, {word}: {draw(limits(unit))}}}"


RATIOS = st.tuples(
    st.sampled_from(["[rd, revenue]", "[revenue, rd]", "[rd, {add: [rd, revenue]}]"]),
    st.sampled_from(["at_least", "more_than", "at_most", "less_than"]),
    st.integers(0, 150),
).map(lambda drawn: f"{{value: {{ratio: {drawn[0]}}}, {drawn[1]}: {drawn[2]}%}}")
CODES = st.one_of(
    st.sampled_from(["{value: green, is: true}", "{value: green, is: false}"]),
    st.sets(st.sampled_from(SIZES), min_size=1, max_size=3).map(
        lambda codes: f"{{value: size, one_of: [{', '.join(sorted(codes))}]}}"
    ),
)
ROWS = st.sampled_from(
    [
        "{value: {sum: {in: projects, take: invested}}, at_most: rd}",
        "{value: {count: {in: projects, where: {value: invested, at_least: rd}}}, at_least: 2个}",
        "{some: {in: projects, where: {value: {add: [invested, rd]}, at_least: 0.25元}}}",
        "{none: {in: projects, where: {value: invested, more_than: revenue}}}",
        "{value: {largest: {in: projects, take: invested}}, at_least: {subtract: [revenue, rd]}}",
    ]
)
BY_DATA = st.one_of(comparisons(), comparisons(), RATIOS, CODES, ROWS)
BRANCHES = st.tuples(BY_DATA, BY_DATA).map(
    lambda two: f"{{value: {{first_of: [{{when: {two[0]}, then: 3}}, {{when: {two[1]}, then: 1}}]}}, at_least: 2}}"
)
LEAVES = st.one_of(BY_DATA, BY_DATA, BRANCHES, st.just("{manual: {zh: 核, en: Seen, by: 局}}"))
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: f"{{all: [{', '.join(of)}]}}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: f"{{any: [{', '.join(of)}]}}"),
        inner.map(lambda one: f"{{not: {one}}}"),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda of: f"{{at_least_n: {{n: {len(of) - 1}, of: [{', '.join(of)}]}}}}"
        ),
    ),
    max_leaves=5,
)


@st.composite
def firms(draw: st.DrawFn) -> Enterprise:
    known: dict[str, Scalar | None] = {
        key: draw(st.none() if draw(st.integers(0, 9)) == 0 else st.integers(LEAST.get(key, 0), TOP)) for key in NUMBERS
    }
    known["green"] = draw(st.sampled_from([None, *[True, False] * 4]))
    known["size"] = draw(st.sampled_from([None, *SIZES * 2]))
    invested = draw(st.lists(st.sampled_from([None, *range(0, TOP, 3)]), max_size=3))
    rows = [{"no": str(number), "invested": fen} for number, fen in enumerate(invested)]
    is_complete = draw(st.integers(0, 4)) > 0
    return firm({"projects": complete(rows) if is_complete else Collection(tuple(rows))}, **known)


# --- the definition, written down a second time and as plainly as possible ---


def verdict(policies: PolicySet, enterprise: Enterprise) -> Verdict:
    return evaluate(policies, enterprise, AS_OF)[0].verdict


def candidates(key: str, present: Scalar) -> Iterable[Scalar]:
    """Every other value of a fact, the nearest first."""
    if key == "green":
        return [not present]
    if key == "size":
        at = SIZES.index(str(present))
        return sorted(SIZES, key=lambda code: (abs(SIZES.index(code) - at), SIZES.index(code)))
    return sorted(range(LEAST.get(key, 0), TOP + 1), key=lambda value: (abs(value - int(present)), -value))  # type: ignore[arg-type]


def brute_force(policies: PolicySet, enterprise: Enterprise) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    if verdict(policies, enterprise) is not Verdict.INELIGIBLE:
        return found
    for key, known in enterprise.values.items():
        for value in candidates(key, known.value):
            changed = replace(enterprise, values={**enterprise.values, key: Known(value)})
            if verdict(policies, changed) in GOOD:
                found[key] = value
                break
    return found


@settings(max_examples=150, deadline=None, print_blob=True)
@given(CONDITIONS, firms())
def test_the_nearest_change_equals_brute_force(condition: str, enterprise: Enterprise):
    policies = world(condition, FEW)
    found = near_misses(policies, enterprise, AS_OF)
    assert {near.key: near.needed for near in found} == brute_force(policies, enterprise)
    assert len({near.key for near in found}) == len(found)
    for near in found:
        changed = replace(enterprise, values={**enterprise.values, near.key: Known(near.needed)})
        assert near.match.verdict is verdict(policies, changed)
        assert near.present == enterprise.values[near.key].value


# --- large numbers ---

FEN = st.one_of(st.integers(0, 10**15), st.integers(0, 10**6), st.sampled_from([0, 1, 10**15 - 1, 10**15]))


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}元"


@settings(max_examples=60, deadline=None, print_blob=True)
@given(FEN, FEN)
@example(10**15, 10**15 - 1)
def test_a_limit_is_found_to_the_fen_however_far(limit: int, present: int):
    enterprise = firm(rd_2025=present)
    for word, refused in (("at_least", present < limit), ("at_most", present > limit)):
        found = near_misses(world(f"{{value: rd, {word}: {yuan(limit)}}}", {}), enterprise, AS_OF)
        assert [near.needed for near in found] == ([limit] if refused else [])


@settings(max_examples=60, deadline=None, print_blob=True)
@given(st.integers(0, 10**13), st.integers(1, 10**13), st.integers(1, 10_000))
def test_a_share_is_reached_from_above_and_from_below(rd: int, revenue: int, basis_points: int):
    share = f"{basis_points // 100}.{basis_points % 100:02}%"
    policies = world(f"{{value: {{ratio: [rd, revenue]}}, at_least: {share}}}", {})
    found = {n.key: n.needed for n in near_misses(policies, firm(rd_2025=rd, revenue_2025=revenue), AS_OF)}
    if rd * 10_000 >= revenue * basis_points:
        assert found == {}
        return
    enough = -(-revenue * basis_points // 10_000)  # of R&D
    most = rd * 10_000 // basis_points  # of revenue; a ratio to nothing means nothing
    assert found == {"rd_2025": enough, **({"revenue_2025": most} if most else {})}


@settings(max_examples=60, deadline=None, print_blob=True)
@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_of_two_stretches_the_nearer_is_chosen(present: int, one: int, two: int, three: int):
    low, high, far = sorted((one, two, three))
    condition = f"{{any: [{{value: rd, at_most: {yuan(low)}}}, {{value: rd, between: [{yuan(high)}, {yuan(far)}]}}]}}"
    ends = [end for end in (low, high, far) if present > low and not high <= present <= far]
    needed = min(ends, key=lambda end: (abs(end - present), -end), default=None)
    found = near_misses(world(condition, {}), firm(rd_2025=present), AS_OF)
    assert [near.needed for near in found] == ([] if needed is None else [needed])
