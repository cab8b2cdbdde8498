"""The price of missing data against trying every completion: the bounds hold, and no fact brings more than its price."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import AS_OF, PAID_FACTS, WAN, firm, load, policy_text

from subsidy_match.matching.missing import outlook
from subsidy_match.matching.options import MOST
from subsidy_match.matching.stacking import Advice, best_claims
from subsidy_match.rules.enterprise import Enterprise, Scalar
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.truth import Verdict

QUICK = settings(deadline=None, max_examples=150, print_blob=True)
ROUND = "rounding: {to: 1元, mode: down}"
ONE = "[{group: g, at_most: 1, per: year}]"


def asks(*conditions: str) -> str:
    return "{all: [" + ", ".join(f"{{basis: art1, {condition}}}" for condition in conditions) + "]}"


@cache
def library() -> PolicySet:
    texts = {
        "one": policy_text(
            "one",
            eligible_if=asks("value: patents, at_least: 2件"),
            exclusive=ONE,
            amount=f"{{value: 10万元, {ROUND}}}",
        ),
        "two": policy_text(
            "two",
            eligible_if=asks("value: staff, at_least: 10人", "value: patents, at_least: 1件"),
            exclusive=ONE,
            amount=f"{{value: 20万元, {ROUND}}}",
        ),
        "three": policy_text(
            "three",
            eligible_if=asks("value: revenue, at_least: 100万元"),
            amount=f"{{multiply: [revenue, 1%], cap: 30万元, {ROUND}}}",
        ),
        "four": policy_text(
            "four",
            eligible_if=asks("any: [{value: green, is: true}, {value: size, is: small}]"),
            amount=f"{{value: 5万元, {ROUND}}}",
        ),
        "five": policy_text(
            "five",
            eligible_if=asks("value: green, is: true", "manual: {zh: 现场, en: Seen, by: 示例局}"),
            amount=f"{{value: 3万元, {ROUND}}}",
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        return load(Path(folder), {"facts.yml": PAID_FACTS, **{f"{k}@2026-01-01.yml": v for k, v in texts.items()}})


WHOLE: dict[str, st.SearchStrategy[Scalar]] = {
    "patents": st.integers(0, 3),
    "staff_2025": st.integers(8, 12),
    "revenue_2025": st.sampled_from([0, 99 * WAN, 100 * WAN, 2500 * WAN, 5000 * WAN]),
    "green": st.booleans(),
    "size": st.sampled_from(["large", "small"]),
}
firms = st.fixed_dictionaries(WHOLE)  # type: ignore[arg-type]
hidden = st.sets(st.sampled_from(sorted(WHOLE)))


def advice(values: dict[str, Scalar]) -> Advice:
    return best_claims(library(), enterprise(values), AS_OF)


def enterprise(values: dict[str, Scalar]) -> Enterprise:
    return firm({"subsidy_history": []}, **values)


def certain_total(found: Advice) -> int:
    return outlook(found).guaranteed


@QUICK
@given(firms, hidden)
def test_what_is_guaranteed_comes_and_never_more_than_what_is_possible(values: dict[str, Scalar], without: set[str]):
    told = {key: value for key, value in values.items() if key not in without}
    ahead, after = outlook(advice(told)), advice(values)
    assert ahead.guaranteed <= certain_total(after)
    assert after.solution.chosen.total <= ahead.possible


@QUICK
@given(firms, hidden)
def test_one_fact_brings_no_more_than_its_price_and_what_is_not_listed_brings_nothing(
    values: dict[str, Scalar], without: set[str]
):
    told = {key: value for key, value in values.items() if key not in without}
    before = advice(told)
    prices = {fact.key: fact.unlocks for fact in outlook(before).missing}
    for key in without:
        now = advice({**told, key: values[key]}).solution.chosen.total
        assert now - before.solution.chosen.total <= prices.get(key, 0)


@QUICK
@given(firms, hidden)
def test_nothing_is_missing_where_everything_was_told_and_the_dearest_comes_first(
    values: dict[str, Scalar], without: set[str]
):
    assert outlook(advice(values)).missing == ()
    told = {key: value for key, value in values.items() if key not in without}
    found = outlook(advice(told)).missing
    assert [fact.unlocks for fact in found] == sorted((fact.unlocks for fact in found), reverse=True)
    assert all(0 <= fact.unlocks <= MOST and fact.besides >= 0 for fact in found)
    assert {fact.key for fact in found} <= without


def test_only_the_dearer_of_two_that_exclude_each_other_counts():
    ahead = outlook(advice({"staff_2025": 12, "revenue_2025": 0, "green": False, "size": "large"}))
    assert [(fact.key, fact.unlocks, fact.options) for fact in ahead.missing] == [("patents", 20 * WAN, ("two", "one"))]
    assert (ahead.guaranteed, ahead.possible) == (0, 20 * WAN)


def test_a_person_who_has_yet_to_confirm_is_not_a_guarantee():
    found = advice({"patents": 0, "staff_2025": 8, "revenue_2025": 0, "green": True, "size": "large"})
    assert [match.verdict for match in found.matches.values() if match.policy.id == "five"] == [Verdict.TO_CONFIRM]
    assert (outlook(found).guaranteed, outlook(found).possible) == (5 * WAN, 8 * WAN)


def test_what_nothing_bounds_says_so(tmp_path: Path):
    each = "{in: projects, key: no, claim: together}"
    text = policy_text(
        "open", for_each=each, item_if="{basis: art1, value: good, is: true}", eligible_if=asks("value: as_of, on_or_after: 2000-01-01"),
        amount=f"{{each: {{multiply: [invested, 5%]}}, {ROUND}}}",
    )  # fmt: skip
    policies = load(tmp_path, {"facts.yml": PAID_FACTS, "open@2026-01-01.yml": text})
    ahead = outlook(best_claims(policies, enterprise({}), AS_OF))
    assert ahead.possible == MOST
    assert [(fact.key, fact.unlocks) for fact in ahead.missing] == [("projects", MOST)]


# --- what makes a total rise where one amount falls ---


def paying(id_: str, amount: str, exclusive: str, **parts: str) -> str:
    anyone = asks("value: as_of, on_or_after: 2000-01-01")
    return policy_text(
        id_, **{"eligible_if": anyone, "amount": f"{{{amount}, {ROUND}}}", "exclusive": exclusive, **parts}
    )


def of(tmp_path: Path, *texts: str) -> PolicySet:
    names = {f"{text.split(chr(10), 1)[0].removeprefix('id: ')}@2026-01-01.yml": text for text in texts}
    return load(tmp_path, {"facts.yml": PAID_FACTS, **names})


def test_beside_two_caps_a_smaller_amount_may_leave_more_for_others(tmp_path: Path):
    both = "[{group: g1, cap: 19万元}, {group: g2, cap: 19万元}]"
    policies = of(
        tmp_path,
        paying("s", "band: {of: patents, at_least: {2件: 20万元}, otherwise: 10万元}", both),
        paying("xa", "value: 9万元", "[{group: g1, cap: 19万元}]"),
        paying("xb", "value: 9万元", "[{group: g2, cap: 19万元}]"),
    )
    ahead = outlook(best_claims(policies, enterprise({}), AS_OF))
    known = best_claims(policies, enterprise({"patents": 0}), AS_OF).solution.chosen.total
    assert ahead.guaranteed <= known <= ahead.possible
    assert known - best_claims(policies, enterprise({}), AS_OF).solution.chosen.total <= ahead.missing[0].unlocks


def test_an_item_that_turns_out_not_to_count_bars_nobody(tmp_path: Path):
    one = "[{group: g, at_most: 1, per: item_key}]"
    items = {"for_each": "{in: projects, key: no, claim: together}", "eligible_if": asks("value: items, at_least: 1个")}
    policies = of(
        tmp_path,
        paying("tog", "each: {value: 50万元}", one, item_if="{basis: art1, value: good, is: true}", **items),
        paying("oth", "each: {value: 100万元}", one, item_if="{basis: art1, value: no, is: k2}", **items),
    )
    rows = [{"no": "k1", "good": True}, {"no": "k2", "good": None}]

    def total(*projects: dict[str, Scalar | None]) -> Advice:
        return best_claims(policies, firm({"subsidy_history": [], "projects": projects}), AS_OF)

    ahead = outlook(total(*rows))
    known = total(rows[0], {**rows[1], "good": False}).solution.chosen.total
    assert (known, ahead.possible) == (150 * WAN, 150 * WAN + 50 * WAN)
    assert [fact.key for fact in ahead.missing] == ["projects.good"]
    assert known - total(*rows).solution.chosen.total <= ahead.missing[0].unlocks
