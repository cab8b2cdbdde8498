"""The semantics of the language: what is not known never counts as zero or no, and every end is where the law puts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from policy_world import AS_OF, LOADED, WAN, complete, decide, evaluate, firm, load, pay, policy_text

from subsidy_match.rules.enterprise import Collection, Known, Source
from subsidy_match.rules.reasons import fold
from subsidy_match.rules.span import Span
from subsidy_match.rules.truth import Verdict

DAY = timedelta(days=1)
RICH = "{id: rich, value: revenue, at_least: 500万元}"
NO_BAD = "{none: {in: projects, where: {value: good, is: false}}}"
SOME_GOOD = "{some: {in: projects, where: {value: good, is: true}}}"
EACH = "{in: projects, key: no, claim: each}"
TOGETHER = "{in: projects, key: no, claim: together}"
GOOD = "{value: good, is: true}"
TABLE = """
title: {zh: 表, en: Table}
tables:
  rate:
    zh: 比例
    en: Rate
    by: size
    picked_by: as_of
    rows:
      - {from: 2026-01-01, to: 2026-06-30, values: {large: 30%, small: 60%}, document: 示例, provenance: representative}
      - {from: 2026-07-01, values: {large: 50%, small: 90%}, document: 示例, provenance: representative}
"""


def project(no: str = "P1", **fields: object) -> dict[str, object]:
    return {"no": no, "invested": None, "done_on": None, "good": True, **fields}


def paid(amount: int | None, policy: str | None = "grant") -> dict[str, object]:
    return {"record_no": "R1", "policy": policy, "amount": amount}


# --- what is not known ---


def test_missing_is_unknown_and_asked_for(tmp_path: Path) -> None:
    match = decide(tmp_path, RICH)
    assert (match.verdict, match.missing) == (Verdict.UNKNOWN, ("revenue_2025",))


def test_missing_is_not_the_value_of_another_year(tmp_path: Path) -> None:
    assert decide(tmp_path, RICH, firm(revenue_2024=900 * WAN)).verdict is Verdict.UNKNOWN


def test_missing_is_not_zero_in_a_sum(tmp_path: Path) -> None:
    enough = "{value: {add: [revenue, revenue@-1]}, at_least: 500万元}"
    assert decide(tmp_path, enough, firm(revenue_2025=400 * WAN)).verdict is Verdict.UNKNOWN
    assert (
        decide(tmp_path, enough, firm(revenue_2025=500 * WAN)).verdict is Verdict.ELIGIBLE
    )  # none is less than nothing


def test_the_range_of_a_fact_can_decide_without_a_value(tmp_path: Path) -> None:
    assert decide(tmp_path, "{value: revenue, at_least: 0元}").verdict is Verdict.ELIGIBLE
    assert decide(tmp_path, "{value: share, more_than: 100%}").verdict is Verdict.INELIGIBLE


def test_a_refusal_stands_whatever_is_missing(tmp_path: Path) -> None:
    match = decide(tmp_path, f"{RICH}, {{value: green, is: true}}", firm(green=False))
    assert (match.verdict, match.missing, match.amount) == (Verdict.INELIGIBLE, (), None)


def test_a_value_too_old_is_unknown(tmp_path: Path) -> None:
    asked = "{value: patents, at_least: 3件}"
    fresh, stale = (replace(firm(), values={"patents": Known(5, Source("science", day))}) for day in _around_200_days())
    assert decide(tmp_path, asked, fresh).verdict is Verdict.ELIGIBLE
    assert decide(tmp_path, asked, stale).verdict is Verdict.UNKNOWN


def _around_200_days() -> tuple[date, date]:
    last = AS_OF - timedelta(days=200)
    return last, last - DAY


# --- lists ---


@pytest.mark.parametrize(
    ("found", "none", "some"),
    [
        (complete(), Verdict.ELIGIBLE, Verdict.INELIGIBLE),
        (Collection(), Verdict.UNKNOWN, Verdict.UNKNOWN),
        (Collection((), {"science": LOADED}), Verdict.UNKNOWN, Verdict.UNKNOWN),  # finance is not loaded
        (complete(day=AS_OF - timedelta(days=200)), Verdict.ELIGIBLE, Verdict.INELIGIBLE),
        (complete(day=AS_OF - timedelta(days=201)), Verdict.UNKNOWN, Verdict.UNKNOWN),  # stale
        (replace(complete(), disputed=True), Verdict.UNKNOWN, Verdict.UNKNOWN),
    ],
    ids=["complete", "never loaded", "half loaded", "just fresh", "stale", "disputed"],
)
def test_no_row_means_none_only_in_a_complete_list(
    tmp_path: Path, found: Collection, none: Verdict, some: Verdict
) -> None:
    enterprise = firm({"projects": found})
    assert decide(tmp_path / "a", NO_BAD, enterprise).verdict is none
    assert decide(tmp_path / "b", SOME_GOOD, enterprise).verdict is some


def test_a_row_seen_decides_even_in_a_list_that_is_not_complete(tmp_path: Path) -> None:
    enterprise = firm({"projects": Collection((project(good=True), project("P2", good=False)))})
    assert decide(tmp_path / "a", SOME_GOOD, enterprise).verdict is Verdict.ELIGIBLE
    assert decide(tmp_path / "b", NO_BAD, enterprise).verdict is Verdict.INELIGIBLE


def test_a_field_that_is_missing_leaves_its_row_open(tmp_path: Path) -> None:
    match = decide(tmp_path, NO_BAD, firm({"projects": [project(good=None)]}))
    assert (match.verdict, match.missing) == (Verdict.UNKNOWN, ("projects.good",))


def test_counts_and_sums_over_a_list_that_is_not_complete_have_a_lower_bound_only(tmp_path: Path) -> None:
    enterprise = firm({"projects": Collection((project(invested=5 * WAN),))})
    match = pay(tmp_path, "sum: {in: projects, take: invested}", enterprise)
    assert match.amount is not None
    assert (match.amount.lo, match.amount.hi, match.missing) == (5 * WAN, float("inf"), ("projects",))
    match = pay(tmp_path, "multiply: [{count: {in: projects}}, 1万元/个]", enterprise)
    assert match.amount is not None
    assert (match.amount.lo, match.missing) == (WAN, ("projects",))


def test_a_doubtful_row_may_add_nothing_or_all(tmp_path: Path) -> None:
    rows = [project(invested=5 * WAN), project("P2", invested=3 * WAN, good=None)]
    match = pay(tmp_path, f"sum: {{in: projects, where: {GOOD}, take: invested}}", firm({"projects": rows}))
    assert match.amount == Span(5 * WAN, 8 * WAN)


def test_the_latest_of_no_row_is_before_every_day(tmp_path: Path) -> None:
    asked = "{value: {latest: {in: projects, take: done_on}}, on_or_after: 1949-10-01}"
    assert decide(tmp_path, asked, firm({"projects": []})).verdict is Verdict.INELIGIBLE
    assert decide(tmp_path, asked, firm({"projects": [project(done_on=AS_OF)]})).verdict is Verdict.ELIGIBLE


# --- ratios ---


@pytest.mark.parametrize("revenue", [0, None])
def test_a_ratio_to_nothing_never_decides(tmp_path: Path, revenue: int | None) -> None:
    enterprise = firm(rd_2025=100, revenue_2025=revenue)
    for asked in ("at_least: 3%", "less_than: 3%"):
        match = decide(tmp_path, f"{{value: {{ratio: [rd, revenue]}}, {asked}}}", enterprise)
        assert match.verdict is Verdict.UNKNOWN


def test_a_ratio_is_exact_at_its_edge(tmp_path: Path) -> None:
    third = "{value: {ratio: [rd, revenue]}, at_least: 3%}"
    assert decide(tmp_path, third, firm(rd_2025=3, revenue_2025=100)).verdict is Verdict.ELIGIBLE
    big = 10**15
    assert decide(tmp_path, third, firm(rd_2025=3 * big - 1, revenue_2025=100 * big)).verdict is Verdict.INELIGIBLE


def test_the_better_of_two_ways_counts_where_one_means_nothing(tmp_path: Path) -> None:
    rate = "{value: {least_of: [{ratio: [rd, revenue@-1]}, {ratio: [rd, revenue]}]}, at_most: 5%}"
    found = firm(rd_2025=5, revenue_2025=100, revenue_2024=0)
    assert decide(tmp_path, rate, found).verdict is Verdict.ELIGIBLE
    found = firm(rd_2025=6, revenue_2025=100, revenue_2024=0)
    assert decide(tmp_path, rate, found).verdict is Verdict.UNKNOWN


# --- days ---


@pytest.mark.parametrize(
    ("done_on", "verdict"),
    [
        (date(2024, 8, 30), Verdict.INELIGIBLE),
        (date(2024, 8, 31), Verdict.ELIGIBLE),
        (date(2026, 8, 31), Verdict.ELIGIBLE),
        (date(2026, 9, 1), Verdict.INELIGIBLE),
        (None, Verdict.UNKNOWN),
    ],
)
def test_a_look_back_includes_both_ends(tmp_path: Path, done_on: date | None, verdict: Verdict) -> None:
    asked = "{value: founded_on, within_last: 2年, before: window_close}"
    assert decide(tmp_path, asked, firm(founded_on=done_on)).verdict is verdict


@pytest.mark.parametrize(
    ("as_of", "first"), [(date(2028, 2, 29), date(2025, 2, 28)), (date(2027, 2, 28), date(2024, 2, 28))]
)
def test_years_before_29_february_end_on_the_last_of_the_month(tmp_path: Path, as_of: date, first: date) -> None:
    asked, forever = "{value: founded_on, within_last: 3年, before: as_of}", "{from: 2026-01-01}"
    for day, verdict in ((first, Verdict.ELIGIBLE), (first - DAY, Verdict.INELIGIBLE)):
        found = decide(tmp_path, asked, firm(founded_on=day), as_of, effective=forever, window=None)
        assert found.verdict is verdict


def test_a_named_day_of_another_year_knows_29_february(tmp_path: Path) -> None:
    asked, forever = "{value: as_of@-1, on_or_after: founded_on}", "{from: 2026-01-01}"
    for day, verdict in ((date(2027, 2, 28), Verdict.ELIGIBLE), (date(2027, 3, 1), Verdict.INELIGIBLE)):
        found = decide(tmp_path, asked, firm(founded_on=day), date(2028, 2, 29), effective=forever, window=None)
        assert found.verdict is verdict


# --- persons ---

ASK = "{id: seen, manual: {zh: 现场核查, en: seen on site, by: 局}}"


@pytest.mark.parametrize(
    ("condition", "revenue", "verdict"),
    [
        (f"{RICH}, {ASK}", 500, Verdict.TO_CONFIRM),
        (f"{RICH}, {ASK}", 499, Verdict.INELIGIBLE),
        (f"{RICH}, {ASK}", None, Verdict.UNKNOWN),
        (f"{{any: [{RICH}, {ASK}]}}", 500, Verdict.ELIGIBLE),
        (f"{{any: [{RICH}, {ASK}]}}", 499, Verdict.TO_CONFIRM),
        (f"{{any: [{RICH}, {ASK}]}}", None, Verdict.TO_CONFIRM),
        (f"{{not: {ASK}}}", None, Verdict.TO_CONFIRM),
        (f"{{not: {{any: [{RICH}, {ASK}]}}}}", 500, Verdict.INELIGIBLE),
        (f"{{not: {{any: [{RICH}, {ASK}]}}}}", None, Verdict.UNKNOWN),
    ],
)
def test_what_only_a_person_can_say_is_neither_yes_nor_missing(
    tmp_path: Path, condition: str, revenue: int | None, verdict: Verdict
) -> None:
    enterprise = firm(revenue_2025=None if revenue is None else revenue * WAN)
    assert decide(tmp_path, condition, enterprise).verdict is verdict


def test_what_a_person_must_say_is_not_missing_data(tmp_path: Path) -> None:
    assert decide(tmp_path, ASK).missing == ()


# --- money ---


def test_what_was_paid_before_is_deducted(tmp_path: Path) -> None:
    due = "subtract: [60万元, {paid_under: self}], floor: 0元"
    for before, left in ((0, 60), (30, 30), (60, 0), (90, 0)):
        match = pay(tmp_path, due, firm({"subsidy_history": [paid(before * WAN)]}))
        assert match.amount == Span.exactly(left * WAN)


def test_what_was_paid_for_something_else_is_not(tmp_path: Path) -> None:
    due = "subtract: [60万元, {paid_under: self}], floor: 0元"
    match = pay(tmp_path, due, firm({"subsidy_history": [paid(30 * WAN, "other")]}))
    assert match.amount == Span.exactly(60 * WAN)


def test_a_payment_not_linked_to_a_policy_may_be_ours(tmp_path: Path) -> None:
    due = "subtract: [60万元, {paid_under: self}], floor: 0元"
    match = pay(tmp_path, due, firm({"subsidy_history": [paid(30 * WAN, None)]}))
    assert (match.amount, match.missing) == (Span(30 * WAN, 60 * WAN), ("subsidy_history.policy",))
    assert pay(tmp_path, due).amount == Span(0, 60 * WAN)  # the list is not loaded


def test_a_policy_that_is_not_met_pays_nothing_at_all(tmp_path: Path) -> None:
    terms = "{value: 60万元, rounding: {to: 1元, mode: down}}"
    assert decide(tmp_path, RICH, firm(revenue_2025=0), amount=terms).amount is None


def test_the_amount_is_rounded_once_at_the_end(tmp_path: Path) -> None:
    terms = "{add: [{multiply: [revenue, 0.5%]}, {multiply: [rd, 0.5%]}], rounding: {to: 1元, mode: half_up}}"
    match = decide(tmp_path, "{value: revenue, at_least: 0元}", firm(revenue_2025=5000, rd_2025=5000), amount=terms)
    assert match.amount == Span.exactly(100)  # 0.25元 and 0.25元 make 0.5元


@pytest.mark.parametrize(
    ("size", "day", "amount"),
    [
        ("large", date(2026, 6, 30), Span.exactly(30)),
        ("small", date(2026, 6, 30), Span.exactly(60)),
        ("large", date(2026, 7, 1), Span.exactly(50)),
        (None, date(2026, 6, 30), Span(30, 60)),
        (None, date(2026, 7, 1), Span(50, 90)),
    ],
)
def test_a_dated_table_is_looked_up_by_day_and_key(tmp_path: Path, size: str | None, day: date, amount: Span) -> None:
    terms = "{multiply: [revenue, {param: {name: table.rate, for: size}}], rounding: {to: 0.01元, mode: down}}"
    text = policy_text(amount=terms, eligible_if="{all: [{value: revenue, at_least: 0元}]}")
    policies = load(tmp_path, {"grant@2026-01-01.yml": text, "parameters/table.yml": TABLE})
    (match,) = evaluate(policies, firm(revenue_2025=100, size=size), day)
    assert match.amount == amount
    assert match.missing == (() if size else ("size",))


# --- one claim an element, or one for all ---


def _items(
    tmp_path: Path, rows: list[dict[str, object]] | Collection, *, claim: str
) -> dict[str | None, tuple[Verdict, Span | None]]:
    text = policy_text(
        for_each=claim,
        item_if=GOOD,
        eligible_if="{all: [{value: green, is: true}]}",
        amount="{each: {multiply: [invested, 10%]}, cap: 1万元, rounding: {to: 1元, mode: down}}",
    )
    policies = load(tmp_path, {"grant@2026-01-01.yml": text})
    found = evaluate(policies, firm({"projects": rows}, green=True))
    return {match.subject: (match.verdict, match.amount) for match in found}


def test_each_element_is_a_claim_of_its_own(tmp_path: Path) -> None:
    rows = [project("P2", invested=8 * WAN), project("P1", invested=9 * WAN, good=False)]
    found = _items(tmp_path, rows, claim=EACH)
    assert found == {"P1": (Verdict.INELIGIBLE, None), "P2": (Verdict.ELIGIBLE, Span.exactly(WAN * 8 // 10))}


def test_together_the_elements_are_added_up_and_capped(tmp_path: Path) -> None:
    rows = [project(f"P{n}", invested=3 * WAN) for n in range(3)]
    assert _items(tmp_path, rows, claim=TOGETHER) == {None: (Verdict.ELIGIBLE, Span.exactly(WAN * 9 // 10))}
    rows.append(project("P9", invested=3 * WAN))
    assert _items(tmp_path, rows, claim=TOGETHER) == {None: (Verdict.ELIGIBLE, Span.exactly(WAN))}


def test_together_a_doubtful_element_widens_the_amount(tmp_path: Path) -> None:
    rows = [project(invested=3 * WAN), project("P2", invested=4 * WAN, good=None)]
    assert _items(tmp_path, rows, claim=TOGETHER) == {None: (Verdict.ELIGIBLE, Span(WAN * 3 // 10, WAN * 7 // 10))}


@pytest.mark.parametrize("claim", [EACH, TOGETHER])
def test_nothing_to_claim_for_is_said_once(tmp_path: Path, claim: str) -> None:
    assert _items(tmp_path, [], claim=claim) == {None: (Verdict.INELIGIBLE, None)}
    open_list = _items(tmp_path, Collection(), claim=claim)
    assert [verdict for verdict, _ in open_list.values()] == [Verdict.UNKNOWN]


# --- statuses and explanations ---


def test_a_status_is_held_by_an_honour_valid_that_day(tmp_path: Path) -> None:
    held = "{holds: high_tech}"
    for start, end, verdict in (
        (AS_OF, AS_OF, Verdict.ELIGIBLE),
        (AS_OF + DAY, AS_OF + DAY, Verdict.INELIGIBLE),
        (AS_OF - DAY, AS_OF - DAY, Verdict.INELIGIBLE),
        (AS_OF, None, Verdict.UNKNOWN),
    ):
        rows = [{"kind": "high_tech", "issued_on": start, "valid_to": end}]
        assert decide(tmp_path, held, firm({"honors": rows})).verdict is verdict


def test_a_status_is_held_by_the_verdict_of_the_policy_that_grants_it(tmp_path: Path) -> None:
    files = {
        "grant@2026-01-01.yml": policy_text(eligible_if="{all: [{holds: tech_sme}]}"),
        "eval@2026-01-01.yml": policy_text("eval", grants="{status: tech_sme, until: period_end}"),
    }
    policies = load(tmp_path, files)
    for revenue, verdict in ((500, Verdict.ELIGIBLE), (499, Verdict.INELIGIBLE), (None, Verdict.UNKNOWN)):
        enterprise = firm({"honors": []}, revenue_2025=None if revenue is None else revenue * WAN)
        (match,) = evaluate(policies, enterprise)
        assert match.verdict is verdict


def test_every_reason_adds_up_from_its_children(tmp_path: Path) -> None:
    asked = f"{{any: [{RICH}, {{not: {NO_BAD}}}]}}, {{at_least_n: {{n: 1, of: [{RICH}, {ASK}]}}}}, {{holds: big}}"
    match = decide(tmp_path, asked, firm({"projects": [project(good=None)]}, revenue_2025=100 * WAN))
    assert all(fold(reason) == reason.truth for reason in match.reason.walk())
    assert match.reason.truth.verdict is match.verdict
