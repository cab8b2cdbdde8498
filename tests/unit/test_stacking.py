"""Which claims pay most together: the four forms, payments and claims in hand, and the shipped one-a-year group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from policy_world import AS_OF, LOADED, PAID_FACTS, USCC, WAN, policy_text

from subsidy_match.errors import InputError
from subsidy_match.matching.advice import advice_report, loss_text
from subsidy_match.matching.exclusivity import Pending
from subsidy_match.matching.history import Payment
from subsidy_match.matching.options import AtMost, Cap, Difference, Option, Origin, Use
from subsidy_match.matching.solving import solve
from subsidy_match.matching.stacking import Advice, Bar, best_claims
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Row
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet

SHIPPED = Path(__file__).parents[2] / "policies"


# --- the solver by itself ---


def options(**amounts: int) -> list[Option]:
    return [Option(name, name, None, "2026", amount, amount) for name, amount in amounts.items()]


def one_of(*ids: str, limit: int = 1, used: tuple[Use, ...] = ()) -> AtMost:
    return AtMost("g", "year", "2026", limit, ids, ids, used)


PAST = Use("CZ-1", "z", 30, Origin.HISTORY)


def test_of_a_group_with_one_place_the_greatest_wins_and_the_others_say_what_they_would_cost():
    solution = solve(options(a=10, b=30, c=20, free=5), [one_of("a", "b", "c")])
    assert (solution.chosen.ids, solution.chosen.total) == (("b", "free"), 35)
    assert [choice.ids for choice in solution.alternatives] == [("c", "free"), ("a", "free")]
    assert [(loss.option, loss.cost, loss.causes[0].winners) for loss in solution.losses] == [
        ("a", 20, ("b",)),
        ("c", 10, ("b",)),
    ]


def test_two_small_ones_beat_a_great_one_that_bars_both():
    solution = solve(options(great=50, one=30, two=30), [one_of("great", "one"), one_of("great", "two")])
    assert solution.chosen.ids == ("one", "two")
    assert (solution.losses[0].cost, len(solution.losses[0].causes)) == (10, 2)


def test_equal_totals_are_decided_by_fewer_claims_and_then_by_the_order_given():
    rules = [one_of("whole", "half"), one_of("whole", "rest")]
    assert solve(options(half=30, rest=20, whole=50), rules).chosen.ids == ("whole",)
    assert solve(options(b=10, a=10), [one_of("a", "b")]).chosen.ids == ("b",)


def test_what_could_pay_more_decides_between_equal_certain_amounts():
    unsure = replace(options(b=10)[0], possible=99)
    assert solve([*options(a=10), unsure], [one_of("a", "b")]).chosen.ids == ("b",)


@pytest.mark.parametrize(("limit", "chosen", "total"), [(99, ("a", "b"), 99), (100, ("a", "b"), 100), (60, ("a",), 60)])
def test_a_cap_cuts_the_claim_that_is_paid_last(limit: int, chosen: tuple[str, ...], total: int):
    solution = solve(options(a=60, b=40), [Cap("g", "2026", limit, ("a", "b"))])
    assert (solution.chosen.ids, solution.chosen.total) == (chosen, total)


def test_a_cap_that_history_used_up_says_so():
    (loss,) = solve(options(a=60), [Cap("g", "2026", 30, ("a",), (PAST,))]).losses
    assert (loss.cost, loss.causes[0].winners, loss.causes[0].rule.used) == (0, (), (PAST,))


def test_a_cap_that_only_the_option_itself_fills_is_no_reason():
    rules = [Cap("g", "2026", 5, ("a",)), Difference("h", "b", ("a",)), Difference("h", "c", ("a",))]
    (loss,) = solve(options(a=9, b=5, c=5), rules).losses
    assert [cause.rule.group for cause in loss.causes] == ["h", "h"]


def test_differences_pay_the_greatest_of_a_group_and_one_claim_is_enough():
    rules = [Difference("g", "a", ("b",)), Difference("g", "b", ("a",))]
    solution = solve(options(a=30, b=50), rules)
    assert (solution.chosen.ids, solution.chosen.total) == (("b",), 50)
    assert solution.alternatives == ()  # a alone is less, and a with b pays no more than b
    assert (solution.losses[0].cost, solution.losses[0].causes[0].winners) == (0, ("b",))


def test_one_that_lowers_two_others_is_left_out_though_nothing_forbids_it():
    rules = [Difference("g", "b", ("a",)), Difference("g", "c", ("a",))]
    solution = solve(options(a=10, b=10, c=10), rules)
    assert solution.chosen.ids == ("b", "c")
    assert (solution.losses[0].cost, {c.winners for c in solution.losses[0].causes}) == (10, {("b",), ("c",)})


def test_a_place_that_was_used_is_gone_and_no_price_buys_it():
    (loss,) = solve(options(a=60), [one_of("a", used=(PAST,))]).losses
    assert (loss.cost, loss.causes[0].rule.used) == (None, (PAST,))


def test_one_firm_with_thirty_claims_in_groups_is_solved_whole():
    many = options(**{f"o{n:02}": 100 + n for n in range(30)})
    rules = [one_of(*(o.id for o in many[start : start + 5]), limit=2) for start in range(0, 30, 5)]
    assert solve(many, rules).chosen.total == sum(100 + n for n in range(30) if n % 5 >= 3)


def test_a_tangle_beyond_all_measure_is_refused_with_a_sentence():
    with pytest.raises(InputError) as caught:
        solve(options(**{f"o{n}": 1 for n in range(301)}), [one_of(*(f"o{n}" for n in range(301)))])
    assert caught.value.code == "stacking_too_large"


def test_the_same_id_twice_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match=r"same id"):
        solve([*options(a=1), *options(a=2)], [])


# --- policies written for the purpose ---


def grant(id_: str, pays: str, exclusive: str | None = None, **parts: str | None) -> str:
    amount = f"{{value: {pays}, rounding: {{to: 1元, mode: down}}}}" if not pays.startswith("{") else pays
    whole = {"eligible_if": "{all: [{value: as_of, on_or_after: 2000-01-01, basis: art1}]}", "amount": amount}
    return policy_text(id_, **{**whole, "exclusive": exclusive, **parts})


@pytest.fixture
def world(tmp_path: Path):
    def build(*texts: str) -> PolicySet:
        root = tmp_path / "policies"
        root.mkdir()
        (root / "facts.yml").write_text(PAID_FACTS, encoding="utf-8")
        for text in texts:
            name = text.split("\n", 1)[0].removeprefix("id: ")
            (root / f"{name}@2026-01-01.yml").write_text(text, encoding="utf-8")
        return load_policies(root)

    return build


def firm(history: Iterable[Row] = (), *, complete: bool = True, projects: Sequence[Row] = ()) -> Enterprise:
    loaded = dict.fromkeys(("science", "finance"), LOADED)
    lists = {
        "subsidy_history": Collection(tuple(history), loaded if complete else {}),
        "projects": Collection(tuple(projects), loaded),
    }
    return Enterprise(USCC, "示例企业", {}, lists)


def paid(policy: str | None, **more: Any) -> Row:
    whole = {"record_no": "CZ-1", "policy": policy, "amount": 10 * WAN, "paid_on": date(2026, 3, 1), "item_key": None}
    return {**whole, **more}


YEAR = "[{group: g, at_most: 1, per: year}]"


def causes(advice: Advice) -> dict[str, list[str]]:
    return {loss.option: [c.rule.group for c in loss.causes] for loss in advice.solution.losses}


def test_without_a_rule_claims_stack(world):
    advice = best_claims(world(grant("a", "10万元"), grant("b", "5万元")), firm(), AS_OF)
    assert (advice.solution.chosen.ids, advice.solution.chosen.total) == (("a", "b"), 15 * WAN)
    assert advice.certain


@pytest.mark.parametrize(
    ("row", "free", "certain"),
    [
        (paid("b"), False, True),
        (paid("b", paid_on=date(2025, 12, 31)), True, True),
        (paid("b", paid_on=date(2026, 1, 1)), False, True),
        (paid("other"), True, True),
        (paid("b", paid_on=None), True, False),
        (paid(None), True, False),
        (paid(None, paid_on=date(2025, 6, 1)), True, True),
    ],
)
def test_a_payment_of_the_same_calendar_year_takes_the_place(world, row: Row, free: bool, certain: bool):
    advice = best_claims(world(grant("a", "10万元", YEAR), grant("b", "5万元", YEAR)), firm([row]), AS_OF)
    assert (bool(advice.solution.chosen.ids), advice.certain) == (free, certain)


def test_a_history_that_is_not_complete_is_never_taken_for_empty(world):
    policies = world(grant("a", "10万元", YEAR), grant("b", "5万元", YEAR))
    advice = best_claims(policies, firm(complete=False), AS_OF)
    assert advice.solution.chosen.ids == ("a",)
    assert [doubt.code for doubt in advice.doubts] == ["history_incomplete"]
    assert not advice.certain


def test_our_own_payment_counts_like_one_that_the_bureau_lists(world):
    policies = world(grant("a", "10万元", YEAR), grant("b", "5万元", YEAR))
    ours = Payment("202600000007", "b", None, 5 * WAN, date(2026, 5, 5))
    advice = best_claims(policies, firm(), AS_OF, [ours])
    assert [loss.cost for loss in advice.solution.losses] == [None, None]
    assert "202600000007" in loss_text(advice, advice.solution.losses[0], "zh")


@pytest.mark.parametrize(
    ("claim", "chosen", "left_out"),
    [
        (Pending("N1", "b", "2026", None, 5 * WAN), (), ["b"]),
        (Pending("N1", "b", "2025", None, 5 * WAN), ("a",), []),
        (Pending("N1", "b", "once", None, 5 * WAN), (), []),
        (Pending("N1", "b", "2026", None, 5 * WAN, is_paid=True), ("a",), ["b"]),  # the history counts the money
    ],
)
def test_a_claim_in_hand_takes_the_place_and_bars_a_second_one(
    world, claim: Pending, chosen: tuple[str, ...], left_out: list[str]
):
    policies = world(grant("a", "10万元", YEAR), grant("b", "5万元", YEAR))
    advice = best_claims(policies, firm(), AS_OF, pending=[claim])
    assert advice.solution.chosen.ids == chosen
    assert [left.option.id for left in advice.left_out] == left_out
    assert all((left.bar, left.ref) == (Bar.CLAIMED, "N1") for left in advice.left_out)


EACH = {
    "for_each": "{in: projects, key: no, claim: each}",
    "item_if": "{all: [{id: good, value: good, is: true, basis: art1}]}",
}
ITEM = "[{group: g, at_most: 1, per: item_key}]"
PROJECTS = ({"no": "P1", "good": True}, {"no": "P2", "good": True})


def by_project(id_: str, pays: str) -> str:
    return grant(id_, f"{{each: {pays}, rounding: {{to: 1元, mode: down}}}}", ITEM, **EACH)


def test_one_project_is_paid_once_whichever_policy_pays(world):
    policies = world(by_project("a", "10万元"), by_project("b", "5万元"))
    advice = best_claims(policies, firm(projects=PROJECTS), AS_OF)
    assert advice.solution.chosen.ids == ("a/P1", "a/P2")
    advice = best_claims(policies, firm([paid("b", item_key="P1")], projects=PROJECTS), AS_OF)
    assert advice.solution.chosen.ids == ("a/P2",)
    assert {loss.option: loss.cost for loss in advice.solution.losses} == {
        "a/P1": None,
        "b/P1": None,
        "b/P2": 5 * WAN,
    }
    advice = best_claims(policies, firm(projects=PROJECTS), AS_OF, pending=[Pending("N1", "b", "2026", "P2", None)])
    assert advice.solution.chosen.ids == ("a/P1",)
    advice = best_claims(policies, firm([paid("b")], projects=PROJECTS), AS_OF)
    assert [doubt.code for doubt in advice.doubts] == ["use_unclear"]


def test_a_limit_per_policy_counts_each_policy_by_itself_and_all_years(world):
    rule = "[{group: g, at_most: 1, per: policy}]"
    policies = world(grant("a", "10万元", rule), grant("b", "5万元", rule))
    advice = best_claims(policies, firm([paid("b", paid_on=date(2024, 1, 1))]), AS_OF)
    assert advice.solution.chosen.ids == ("a",)
    assert causes(advice) == {"b": ["g"]}


def test_a_cap_over_a_group_counts_what_was_paid_and_what_is_in_hand(world):
    rule = "[{group: g, cap: 12万元}]"
    policies = world(grant("a", "10万元", rule), grant("b", "5万元", rule), grant("c", "1万元", rule))
    assert best_claims(policies, firm(), AS_OF).solution.chosen.total == 12 * WAN
    row = paid("c", amount=4 * WAN)
    claim = Pending("N1", "c", "2026", None, 3 * WAN)
    advice = best_claims(policies, firm([row]), AS_OF, pending=[claim])
    assert advice.solution.chosen.total == 5 * WAN
    advice = best_claims(policies, firm([paid("c", amount=None)]), AS_OF)
    assert "use_amount_unknown" in {doubt.code for doubt in advice.doubts}


def netted(id_: str, pays: str, under: str) -> str:
    due = f"{{due: {{basis: art1, subtract: [{pays}, {{paid_under: {under}}}], floor: 0元}}}}"
    return grant(id_, "due", "[{group: g, cap: 1000万元}]", let=due)


def test_net_of_the_group_the_later_claim_pays_the_difference(world):
    policies = world(netted("a", "10万元", "g"), netted("b", "30万元", "g"))
    advice = best_claims(policies, firm(), AS_OF)
    assert (advice.solution.chosen.ids, advice.solution.chosen.total) == (("b",), 30 * WAN)
    advice = best_claims(policies, firm(), AS_OF, pending=[Pending("N1", "a", "2026", None, 10 * WAN)])
    assert advice.solution.chosen.total == 20 * WAN
    assert advice.certain


def test_one_that_is_net_of_another_is_paid_after_it_whatever_the_amounts(world):
    rule = "[{group: g, cap: 1000万元}]"
    policies = world(netted("a", "30万元", "g"), grant("b", "10万元", rule))
    advice = best_claims(policies, firm(), AS_OF)
    assert [option.id for option in advice.options] == ["b", "a"]
    assert advice.solution.chosen.total == 30 * WAN


def test_a_difference_under_a_cap_of_its_own_is_said_to_be_an_estimate(world):
    due = "{due: {basis: art1, subtract: [30万元, {paid_under: g}], cap: 20万元, floor: 0元}}"
    rule = "[{group: g, cap: 1000万元}]"
    policies = world(grant("a", "due", rule, let=due), grant("b", "5万元", rule))
    advice = best_claims(policies, firm(), AS_OF)
    assert [doubt.code for doubt in advice.doubts] == ["difference_estimated"]


def test_what_data_have_yet_to_decide_is_told_apart_with_what_it_would_displace(world):
    rich = "{all: [{id: rich, basis: art1, value: revenue, at_least: 500万元}]}"
    policies = world(
        grant("a", "10万元", YEAR), grant("b", "30万元", YEAR, eligible_if=rich), grant("c", "5万元", eligible_if=rich)
    )
    advice = best_claims(policies, firm(), AS_OF)
    assert advice.solution.chosen.ids == ("a",)
    found = {o.option.id: (o.is_contested, o.displaces, o.option.possible) for o in advice.open}
    assert found == {"b": (True, ("a",), 30 * WAN), "c": (False, (), 5 * WAN)}
    assert not advice.certain


def test_a_window_that_has_closed_leaves_the_place_to_others(world):
    closed = {"window": "{opens: 2026-01-01, closes: 2026-06-29}"}
    policies = world(grant("a", "10万元", YEAR, **closed), grant("b", "5万元", YEAR))
    advice = best_claims(policies, firm(), AS_OF)
    assert advice.solution.chosen.ids == ("b",)
    assert [(left.option.id, left.bar) for left in advice.left_out] == [("a", Bar.CLOSED)]


# --- the shipped group: one item of the industry fund a year ---


@cache
def shipped() -> PolicySet:
    return load_policies(SHIPPED)


def factory(
    level: str, *invoiced: int, products: int = 0, history: Sequence[Row] = (), **values: Any
) -> tuple[PolicySet, Enterprise]:
    policies = shipped()
    honors: list[Mapping[str, Any]] = [{"kind": "green_factory", "level": level, "issued_on": date(2026, 2, 10)}]
    honors += [
        {"kind": "green_product", "level": "national", "issued_on": date(2026, 1, 1 + n)} for n in range(products)
    ]
    projects = [
        {
            "filing_no": f"P{n}",
            "kind": "equipment_upgrade",
            "completed_on": date(2026, 2, 1),
            "equipment_invoiced": money,
        }
        for n, money in enumerate(invoiced, start=1)
    ]
    rows: dict[str, Sequence[Row]] = {"honors": honors, "projects": projects, "subsidy_history": history}
    lists = {
        name: Collection(tuple(rows.get(name, ())), dict.fromkeys(spec.complete_from, LOADED))
        for name, spec in policies.catalogue.collections.items()
    }
    known = {
        "district_code": "320812",
        "reg_status": "active",
        "ent_type": "limited_company",
        "founded_on": date(2018, 5, 1),
        **values,
    }
    return policies, Enterprise(USCC, "示例企业", {key: Known(value) for key, value in known.items()}, lists)


INDUSTRY = {"huaian-equipment", "huaian-green-factory", "huaian-green-product"}


def industry(advice: Advice) -> tuple[str, ...]:
    return tuple(id_ for id_ in advice.solution.chosen.ids if id_.split("/")[0] in INDUSTRY)


@pytest.mark.parametrize(
    ("level", "invoiced", "winner"),
    [
        ("city", (500 * WAN,), "huaian-equipment/P1"),  # 40万元 against 30万元
        ("national", (500 * WAN,), "huaian-green-factory"),  # 60万元 against 40万元
        ("national", (500 * WAN, 800 * WAN), "huaian-equipment/P2"),  # 64万元, one project only
    ],
)
def test_one_item_of_the_industry_fund_a_year(level: str, invoiced: tuple[int, ...], winner: str):
    advice = best_claims(*factory(level, *invoiced, products=3), AS_OF)
    assert industry(advice) == (winner,)
    lost = {loss.option: loss for loss in advice.solution.losses}
    assert "huaian-green-product" in lost
    for loss in lost.values():
        assert [(c.rule.group, c.winners) for c in loss.causes] == [("huaian-industry-one-a-year", (winner,))]
    report = advice_report(advice)
    assert "一经受理不再调整" in report["note"]["zh"]
    assert report["alternatives"][0]["less"] == min(loss.cost or 0 for loss in lost.values())


def test_a_reward_of_this_year_leaves_nothing_of_the_industry_fund_this_year():
    row = paid("huaian-green-product", item_key=None)
    advice = best_claims(*factory("city", 500 * WAN, history=[row]), AS_OF)
    assert industry(advice) == ()
    costs = {loss.option: loss.cost for loss in advice.solution.losses if loss.option.split("/")[0] in INDUSTRY}
    assert costs == {"huaian-equipment/P1": None, "huaian-green-factory": None}
    before = replace_day(row, date(2025, 6, 1))
    assert industry(best_claims(*factory("city", 500 * WAN, history=[before]), AS_OF)) == ("huaian-equipment/P1",)


def replace_day(row: Row, day: date) -> Row:
    return {**row, "paid_on": day}


# --- the shipped group: a graduate counts once, for the hiring grant or for the grant of taking on graduates ---

GRADUATE: Mapping[str, Any] = {
    "category": "graduate_of_year",
    "contract_from": date(2026, 2, 2),
    "insured_kinds": ("unemployment", "injury", "pension"),
    "months_insured": 3,
    "contract_months": 12,
    "employment_registered": True,
}


def employer(*persons: str, history: Sequence[Row] = ()) -> tuple[PolicySet, Enterprise]:
    policies, plain = factory("city", history=history)
    size = {"industry_code": "3491", "staff_end_2025": 100, "revenue_2025": 5000 * WAN, "total_assets_2025": 3000 * WAN}
    hires = replace(plain.collections["hires"], rows=tuple({**GRADUATE, "person": person} for person in persons))
    values = {**plain.values, **{key: Known(value) for key, value in size.items()}}
    return policies, replace(plain, values=values, collections={**plain.collections, "hires": hires})


def for_graduates(advice: Advice) -> dict[str, int]:
    chosen = {option.id: option.amount for option in advice.options if option.id in advice.solution.chosen.ids}
    return {id_: chosen[id_] for id_ in ("huaian-job-expansion", "huaian-graduate-absorption") if id_ in chosen}


def test_graduates_bring_the_greater_of_two_grants():
    advice = best_claims(*employer("A1", "A2"), AS_OF)
    assert for_graduates(advice) == {"huaian-job-expansion": 300_000}
    lost = {loss.option: loss for loss in advice.solution.losses}["huaian-graduate-absorption"]
    assert {(c.rule.group, c.winners) for c in lost.causes} == {("graduate-hire", ("huaian-job-expansion",))}


def test_a_graduate_who_was_paid_for_counts_for_neither_grant():
    row = paid("huaian-job-expansion", item_key="A1")
    assert for_graduates(best_claims(*employer("A1", history=[row]), AS_OF)) == {}
    other = {**row, "item_key": "B9"}
    assert for_graduates(best_claims(*employer("A1", history=[other]), AS_OF)) == {"huaian-job-expansion": 150_000}
