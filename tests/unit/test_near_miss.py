"""Near misses: one fact that a firm can change, changed as little as possible, and verified."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from policy_world import AS_OF, FACTS, WAN, complete, evaluate, firm, policy_text, write_policies

from subsidy_match.matching.history import Payment
from subsidy_match.matching.near_miss import NearMiss, near_misses
from subsidy_match.rules.enterprise import Enterprise, Known, Scalar, Source
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.truth import Verdict

GOOD = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)
ALL = ("revenue", "rd", "profit", "staff", "share", "patents", "size", "green", "founded_on", "insured", "industry")
SIZES = "size: {large: {zh: 大型, en: large}, small: {zh: 小型, en: small}}"
MORE_SIZES = (
    SIZES.replace("small: {", "medium: {zh: 中型, en: medium}, small: {")[:-1] + ", micro: {zh: 微型, en: micro}}"
)
MANUAL = "{id: seen, basis: art1, manual: {zh: 现场核查, en: Seen on site, by: 示例局}}"


def catalogue(*changeable: str, **spans: str) -> str:
    """The catalogue of the kit with more sizes, facts that can be changed, and other ranges."""
    text = FACTS.replace(SIZES, MORE_SIZES)
    assert text != FACTS
    for name in changeable:
        text, count = re.subn(rf"(?m)^(  {name}: \{{zh.*)\}}$", r"\1, changeable: true}", text)
        assert count == 1, name
    for name, span in spans.items():
        text, count = re.subn(rf"(?m)^(  {name}: \{{zh.*range: )\[[^]]*\]", rf"\g<1>{span}", text)
        assert count == 1, name
    return text


def world(folder: Path, *texts: str, facts: str | None = None) -> PolicySet:
    files = {f"{text.split(chr(10), 1)[0].removeprefix('id: ')}@2026-01-01.yml": text for text in texts}
    return load_policies(write_policies(folder, {"facts.yml": facts or catalogue(*ALL), **files}))


def asking(*conditions: str, id_: str = "grant", **parts: str | None) -> str:
    return policy_text(id_, eligible_if=f"{{all: [{', '.join(conditions)}]}}", **parts)


def near(policies: PolicySet, enterprise: Enterprise) -> list[NearMiss]:
    """The near misses, each of which is evaluated again, as is the value one step nearer."""
    found = near_misses(policies, enterprise, AS_OF)
    for one in found:
        changed = after(policies, enterprise, one, one.needed)
        assert (changed.verdict, changed.amount) == (one.match.verdict, one.match.amount)
        assert changed.verdict in GOOD
        if one.difference is not None:
            step = 1 if one.difference > 0 else -1
            assert after(policies, enterprise, one, int(one.needed) - step).verdict not in GOOD
    return found


def after(policies: PolicySet, enterprise: Enterprise, one: NearMiss, value: Scalar) -> Match:
    changed = replace(enterprise, values={**enterprise.values, one.key: Known(value)})
    (match,) = (m for m in evaluate(policies, changed, AS_OF, one.policy.id) if m.subject == one.subject)
    return match


def told(found: Iterable[NearMiss]) -> dict[str, Scalar]:
    return {one.key: one.needed for one in found}


# --- numbers ---


@pytest.mark.parametrize(
    ("condition", "present", "needed"),
    [
        ("{value: staff, at_least: 30人}", 29, 30),
        ("{value: staff, more_than: 30人}", 2, 31),
        ("{value: staff, at_most: 30人}", 900, 30),
        ("{value: staff, less_than: 30人}", 30, 29),
        ("{value: staff, is: 30人}", 12, 30),
        ("{value: staff, is_not: 30人}", 30, 31),
        ("{value: staff, between: [10人, 20人]}", 4, 10),
        ("{value: staff, between: [10人, 20人]}", 77, 20),
        ("{any: [{value: staff, at_most: 10人}, {value: staff, at_least: 30人}]}", 20, 30),  # equally near
        ("{any: [{value: staff, at_most: 10人}, {value: staff, at_least: 30人}]}", 19, 10),
        ("{any: [{value: staff, at_most: 10人}, {value: staff, at_least: 30人}]}", 21, 30),
        ("{any: [{value: staff, is: 3人}, {value: staff, between: [15人, 16人]}, {value: staff, is: 40人}]}", 8, 3),
        ("{any: [{value: staff, is: 3人}, {value: staff, between: [15人, 16人]}, {value: staff, is: 40人}]}", 25, 16),
        ("{not: {value: staff, between: [10人, 20人]}}", 15, 21),
        ("{value: {multiply: [staff, 3]}, at_least: 100人}", 1, 34),
        ("{value: {subtract: [100人, staff]}, at_least: 60人}", 99, 40),
        ("{value: {value: staff, cap: 50人}, at_least: 50人}", 3, 50),
        ("{value: {band: {of: staff, at_least: {100人: 3元, 30人: 2元}, otherwise: 0元}}, at_least: 2元}", 7, 30),
        ("{value: {first_of: [{when: {value: staff, at_least: 64人}, then: 2元}]}, at_least: 1元}", 7, 64),
        ("{value: {multiply: [staff, 10%], rounded: {to: 1人, mode: half_up}}, at_least: 3人}", 7, 25),
    ],
)
def test_the_nearest_number_is_found_in_either_direction(tmp_path: Path, condition: str, present: int, needed: int):
    found = near(world(tmp_path, asking(condition)), firm(staff_2025=present))
    assert [(one.key, one.present, one.needed, one.difference) for one in found] == [
        ("staff_2025", present, needed, needed - present)
    ]


@pytest.mark.parametrize(
    ("condition", "present", "needed"),
    [
        ("{value: revenue, at_least: 500万元}", 500 * WAN - 1, 500 * WAN),
        ("{value: revenue, at_least: 9万亿元}", 0, 9 * 10**14),
        ("{value: revenue, at_least: 1234567.89元}", 1, 123_456_789),
    ],
)
def test_money_is_found_to_the_fen(tmp_path: Path, condition: str, present: int, needed: int):
    assert told(near(world(tmp_path, asking(condition)), firm(revenue_2025=present))) == {"revenue_2025": needed}


def test_a_number_below_nothing_is_found(tmp_path: Path):
    policies = world(tmp_path, asking("{value: profit, at_least: 0元}"))
    assert told(near(policies, firm(profit_2025=-5))) == {"profit_2025": 0}
    policies = world(tmp_path / "x", asking("{value: profit, at_most: -1元}"))
    assert told(near(policies, firm(profit_2025=55))) == {"profit_2025": -100}


def test_a_share_is_found_to_the_millionth(tmp_path: Path):
    policies = world(tmp_path, asking("{value: share, more_than: 30%}"))
    assert told(near(policies, firm(share=1))) == {"share": 300_001}


def test_of_a_ratio_either_fact_alone_may_change(tmp_path: Path):
    policies = world(tmp_path, asking("{value: {ratio: [rd, revenue]}, at_least: 3%}"))
    found = near(policies, firm(rd_2025=200, revenue_2025=10_000))
    assert told(found) == {"rd_2025": 300, "revenue_2025": 6666}
    assert [one.key for one in found] == [
        "revenue_2025",
        "rd_2025",
    ]  # a third less is a smaller change than a half more
    assert [one.relative for one in found] == [Fraction(3334, 10_000), Fraction(1, 2)]


def test_a_value_beyond_what_the_catalogue_allows_is_no_way_out(tmp_path: Path):
    facts = catalogue("staff", staff="[5人, 40人]")
    for name, condition, way in (("a", "at_least: 41人", {}), ("b", "at_least: 40人", {"staff_2025": 40})):
        policies = world(tmp_path / name, asking(f"{{value: staff, {condition}}}"), facts=facts)
        assert told(near(policies, firm(staff_2025=20))) == way
    policies = world(tmp_path / "c", asking("{value: staff, at_most: 4人}"), facts=facts)
    assert near(policies, firm(staff_2025=20)) == []
    policies = world(tmp_path / "d", asking("{value: staff, at_most: 5人}"), facts=facts)
    assert told(near(policies, firm(staff_2025=20))) == {"staff_2025": 5}


# --- years ---


def test_each_year_of_a_fact_is_a_fact_of_its_own(tmp_path: Path):
    policies = world(tmp_path, asking("{value: {subtract: [staff, staff@-1]}, at_least: 10人}"))
    found = near(policies, firm(staff_2025=50, staff_2024=45))
    assert told(found) == {"staff_2025": 55, "staff_2024": 40}
    assert {one.key: (one.year, one.year_closed) for one in found} == {
        "staff_2025": (2025, True),
        "staff_2024": (2024, True),
    }


def test_the_year_that_is_running_is_not_closed(tmp_path: Path):
    claim = "{period: calendar_year, year_of_facts: period}"
    policies = world(tmp_path, asking("{value: staff, at_least: 10人}", claim=claim))
    (found,) = near(policies, firm(staff_2026=5))
    assert (found.year, found.year_closed, found.fact.name) == (2026, False, "staff")
    policies = world(tmp_path / "x", asking("{value: patents, at_least: 10件}"))
    (found,) = near(policies, firm(patents=5))
    assert (found.key, found.year, found.year_closed) == ("patents", None, False)


# --- codes, and yes or no ---


@pytest.mark.parametrize("wanted", [True, False])
def test_yes_or_no_turns_over(tmp_path: Path, wanted: bool):
    policies = world(tmp_path, asking(f"{{value: green, is: {str(wanted).lower()}}}"))
    (found,) = near(policies, firm(green=not wanted))
    assert (found.present, found.needed, found.difference, found.relative) == (not wanted, wanted, None, 1)
    assert near(policies, firm(green=wanted)) == []


@pytest.mark.parametrize(
    ("present", "wanted", "needed"),
    [
        ("large", "[small, micro]", "small"),
        ("micro", "[large, medium]", "medium"),
        ("medium", "[large, small]", "large"),  # equally near: the earlier in the list
        ("medium", "[micro, large]", "large"),
        ("small", "[large]", "large"),
    ],
)
def test_the_nearest_code_of_the_list_is_found(tmp_path: Path, present: str, wanted: str, needed: str):
    policies = world(tmp_path, asking(f"{{value: size, one_of: {wanted}}}"))
    (found,) = near(policies, firm(size=present))
    assert (found.needed, found.difference, found.relative) == (needed, None, 1)


def test_regions_dates_and_lists_of_codes_are_not_guessed(tmp_path: Path):
    conditions = (
        "{value: industry, within: C13-43}",
        "{value: founded_on, on_or_after: 2020-01-01}",
        "{value: insured, includes: [injury]}",
    )
    values = {"industry": "0111", "founded_on": date(2010, 1, 1), "insured": ("pension",)}
    for number, condition in enumerate(conditions):
        assert near(world(tmp_path / str(number), asking(condition)), firm(**values)) == []


# --- what is no near miss ---


def test_a_fact_that_a_firm_cannot_change_never_appears(tmp_path: Path):
    condition = asking("{value: {ratio: [rd, revenue]}, at_least: 3%}")
    policies = world(tmp_path, condition, facts=catalogue("rd"))
    assert told(near(policies, firm(rd_2025=200, revenue_2025=10_000))) == {"rd_2025": 300}
    policies = world(tmp_path / "x", condition, facts=catalogue("staff"))
    assert near(policies, firm(rd_2025=200, revenue_2025=10_000)) == []


def test_what_is_not_known_never_appears(tmp_path: Path):
    policies = world(tmp_path, asking("{value: staff, at_least: 30人}", "{value: green, is: true}"))
    assert near(policies, firm()) == []
    assert near(policies, firm(green=False)) == []  # green alone would leave the staff to be supplied
    assert near(policies, firm(staff_2025=40)) == []  # not refused


def test_a_value_that_is_stale_is_not_known(tmp_path: Path):
    policies = world(tmp_path, asking("{value: patents, at_least: 30件}", "{value: green, is: true}"))
    old = Known(40, Source("science", date(2025, 1, 1)))
    stale = replace(firm(green=False), values={**firm(green=False).values, "patents": old})
    assert near(policies, stale) == []
    assert told(near(policies, firm(green=False, patents=40))) == {"green": True}


def test_a_refusal_that_no_single_fact_can_turn_gives_nothing(tmp_path: Path):
    policies = world(tmp_path, asking("{value: staff, at_least: 30人}", "{value: green, is: true}"))
    assert near(policies, firm(staff_2025=5, green=False)) == []
    assert told(near(policies, firm(staff_2025=5, green=True))) == {"staff_2025": 30}


def test_either_of_two_ways_is_told(tmp_path: Path):
    either = "{any: [{value: staff, at_least: 30人}, {value: green, is: true}]}"
    found = near(world(tmp_path, asking(either)), firm(staff_2025=5, green=False))
    assert told(found) == {"staff_2025": 30, "green": True}


def test_who_is_taken_or_only_lacks_data_has_no_near_miss(tmp_path: Path):
    policies = world(tmp_path, asking("{value: staff, at_least: 30人}", MANUAL))
    assert near(policies, firm(staff_2025=30)) == []
    (found,) = near(policies, firm(staff_2025=29))
    assert found.match.verdict is Verdict.TO_CONFIRM


def test_a_policy_that_is_not_in_force_is_not_looked_at(tmp_path: Path):
    policies = world(tmp_path, asking("{value: staff, at_least: 30人}"))
    assert near_misses(policies, firm(staff_2026=5, staff_2025=5), date(2027, 1, 1)) == []


def test_what_may_be_good_on_the_way_but_is_not_sure_is_passed_over(tmp_path: Path):
    facts = catalogue("staff", patents="[0件, 10件]", staff="[0人, 1000人]")
    both = "{value: {add: [{multiply: [staff, 1元/人]}, {multiply: [patents, 1元/件]}]}, at_least: 100元}"
    policies = world(tmp_path, asking(both), facts=facts)
    assert told(near(policies, firm(staff_2025=5))) == {"staff_2025": 100}  # from 90 on it depends on the patents


def test_what_cannot_be_proved_to_be_the_nearest_is_not_told(tmp_path: Path):
    way_up = "{value: revenue, at_least: 9亿元}"
    way_down = "{value: {add: [revenue, rd]}, at_most: 1亿元}"  # for ever open while the R&D is not known
    policies = world(tmp_path, asking(f"{{any: [{way_up}, {way_down}]}}"))
    assert near(policies, firm(revenue_2025=20_000 * WAN)) == []
    assert told(near(policies, firm(revenue_2025=80_000 * WAN))) == {"revenue_2025": 90_000 * WAN}
    assert near(policies, firm(revenue_2025=20_000 * WAN, rd_2025=0))[0].needed == 10_000 * WAN


# --- elements, statuses, payments ---

EACH = {
    "for_each": "{in: projects, key: no, claim: each}",
    "item_if": "{all: [{basis: art1, id: good, value: good, is: true}]}",
    "amount": "{each: {basis: art1, multiply: [invested, 10%]}, rounding: {to: 1元, mode: down}}",
}


def project(no: str, *, good: bool = True, invested: int = 10 * WAN) -> dict[str, Scalar]:
    return {"no": no, "good": good, "invested": invested}


def test_every_element_has_its_own_near_miss_with_what_it_would_pay(tmp_path: Path):
    policies = world(tmp_path, asking("{basis: art1, id: s, value: staff, at_least: 30人}", **EACH))
    rows = [project("P1"), project("P2", invested=50 * WAN), project("P3", good=False)]
    found = near(policies, firm({"projects": complete(rows)}, staff_2025=28))
    assert [(one.subject, one.needed, one.due) for one in found] == [("P2", 30, 5 * WAN), ("P1", 30, WAN)]


def test_a_fact_of_the_firm_that_each_element_is_measured_by_is_told_element_by_element(tmp_path: Path):
    item = "{all: [{basis: art1, id: big, value: {ratio: [invested, revenue]}, at_least: 10%}]}"
    policies = world(
        tmp_path, asking("{basis: art1, id: s, value: as_of, on_or_after: 2000-01-01}", **{**EACH, "item_if": item})
    )
    rows = [project("P1"), project("P2", invested=50 * WAN)]
    found = near(policies, firm({"projects": complete(rows)}, revenue_2025=200 * WAN))
    assert [(one.subject, one.needed) for one in found] == [("P1", 100 * WAN)]


def test_claimed_together_the_elements_have_one_near_miss(tmp_path: Path):
    together = {**EACH, "for_each": "{in: projects, key: no, claim: together}"}
    policies = world(tmp_path, asking("{basis: art1, id: s, value: staff, at_least: 30人}", **together))
    assert near(policies, firm({"projects": complete([project("P3", good=False)])}, staff_2025=1)) == []
    (found,) = near(policies, firm({"projects": complete([project("P1"), project("P2")])}, staff_2025=1))
    assert (found.subject, found.due) == (None, 2 * WAN)


def test_a_status_that_another_policy_grants_may_be_what_is_missing(tmp_path: Path):
    grants = {"grants": "{status: tech_sme, until: period_end}"}
    policies = world(
        tmp_path,
        asking("{value: patents, at_least: 3件}", id_="status", **grants),
        asking("{holds: tech_sme}", id_="grant"),
    )
    found = near(policies, firm({"honors": complete()}, patents=1))
    assert [(one.policy.id, one.key, one.needed) for one in found] == [
        ("grant", "patents", 3),
        ("status", "patents", 3),
    ]


def test_what_was_paid_through_this_system_counts(tmp_path: Path):
    policies = world(tmp_path, asking("{value: {sum: {in: subsidy_history, take: amount}}, at_most: rd}"))
    poor = firm({"subsidy_history": complete()}, rd_2025=7 * WAN)
    assert near_misses(policies, poor, AS_OF) == []
    ours = Payment("N1", "grant", None, 10 * WAN, date(2026, 3, 1))
    assert told(near_misses(policies, poor, AS_OF, [ours])) == {"rd_2025": 10 * WAN}


# --- order ---


def paying(id_: str, amount: str, condition: str) -> str:
    return asking(condition, id_=id_, amount=f"{{{amount}, rounding: {{to: 1元, mode: down}}}}")


def test_the_most_money_comes_first_and_then_the_least_change(tmp_path: Path):
    policies = world(
        tmp_path,
        paying("a", "value: 5万元", "{value: staff, at_least: 20人}"),
        paying("b", "value: 9万元", "{value: staff, at_least: 90人}"),
        paying("c", "value: 5万元", "{value: staff, at_least: 15人}"),
        paying("d", "value: 5万元", "{value: green, is: true}"),
        asking("{value: staff, at_least: 11人}", id_="e"),
    )
    found = near(policies, firm(staff_2025=10, green=False))
    assert [(one.policy.id, one.due, one.relative) for one in found] == [
        ("b", 9 * WAN, 8),
        ("c", 5 * WAN, Fraction(1, 2)),
        ("a", 5 * WAN, 1),
        ("d", 5 * WAN, 1),
        ("e", 0, Fraction(1, 10)),
    ]


def test_the_money_is_what_is_certain_after_the_change(tmp_path: Path):
    policies = world(tmp_path, paying("a", "multiply: [rd, 10%]", "{value: staff, at_least: 20人}"))
    assert [one.due for one in near(policies, firm(staff_2025=10))] == [0]
    assert [one.due for one in near(policies, firm(staff_2025=10, rd_2025=50 * WAN))] == [5 * WAN]


def test_the_money_is_that_of_the_changed_value(tmp_path: Path):
    policies = world(tmp_path, paying("a", "multiply: [rd, 10%]", "{value: rd, at_least: 60万元}"))
    (found,) = near(policies, firm(rd_2025=50 * WAN))
    assert (found.needed, found.due) == (60 * WAN, 6 * WAN)


def test_from_nothing_every_step_counts_as_a_whole(tmp_path: Path):
    (found,) = near(world(tmp_path, asking("{value: patents, at_least: 3件}")), firm(patents=0))
    assert found.relative == 3
