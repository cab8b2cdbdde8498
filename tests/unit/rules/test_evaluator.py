"""The semantics of the language, one law a test: missing is unknown, lists may be open, money comes as bounds."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from policy_world import (
    AS_OF,
    FACTS,
    LOADED,
    WAN,
    complete,
    decide,
    evaluate,
    firm,
    load,
    pay,
    policy_text,
    write_policies,
)

from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Row, Source
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.span import INFINITY, Span
from subsidy_match.rules.truth import Verdict

YES, NO, OPEN, CONFIRM = Verdict.ELIGIBLE, Verdict.INELIGIBLE, Verdict.UNKNOWN, Verdict.TO_CONFIRM
GRANT = "grant@2026-01-01.yml"
MANUAL = "{id: look, manual: {zh: 看, en: see, by: 局}}"
EACH = "{in: projects, key: no, claim: each}"
TOGETHER = EACH.replace("each}", "together}")
GOOD = "{value: good, is: true}"


def verdict(folder: Path, condition: str, enterprise: Enterprise | None = None, **parts: str) -> Verdict:
    return decide(folder, condition, enterprise, **parts).verdict


def partly(*rows: Row, disputed: bool = False) -> Collection:
    """A list of which only one of two sources was loaded."""
    return Collection(rows, {"science": LOADED}, disputed=disputed)


# --- facts ---


@pytest.mark.parametrize(
    "condition",
    [
        "{value: revenue, at_least: 500万元}",
        "{not: {value: revenue, at_least: 500万元}}",
        "{value: profit, at_least: 0元}",
        "{value: size, is: small}",
        "{value: size, is_not: small}",
        "{value: size, one_of: [small, large]}",
        "{value: green, is: true}",
        "{value: green, is: false}",
        "{value: founded_on, before: 2026-01-01}",
        "{value: founded_on, within_last: 3年, before: as_of}",
        "{value: district_code, within: '320800'}",
        "{value: insured, includes: [injury]}",
        "{value: {ratio: [rd, revenue]}, at_least: 3%}",
        "{holds: big}",
        "{some: {in: projects}}",
        "{none: {in: projects}}",
        "{holds: tech_sme}",
        "{value: {count: {in: projects}}, at_least: 1个}",
        "{value: {sum: {in: projects, take: invested}}, at_most: 1万元}",
        "{value: {latest: {in: projects, take: done_on}}, before: 2026-01-01}",
        "{value: {paid_under: self}, at_most: 0元}",
    ],
)
def test_what_is_missing_is_unknown_and_named(tmp_path: Path, condition: str) -> None:
    match = decide(tmp_path, condition)
    assert match.verdict is OPEN
    assert match.missing


def test_the_range_of_a_fact_decides_where_it_can(tmp_path: Path) -> None:
    assert verdict(tmp_path, "{value: revenue, at_least: 0元}") is YES
    assert verdict(tmp_path, "{value: revenue, less_than: 0元}") is NO
    assert verdict(tmp_path, "{value: share, at_most: 100%}") is YES


@pytest.mark.parametrize(("fen", "expected"), [(500 * WAN, YES), (500 * WAN - 1, NO)])
def test_at_least_includes_its_limit(tmp_path: Path, fen: int, expected: Verdict) -> None:
    assert verdict(tmp_path, "{value: revenue, at_least: 500万元}", firm(revenue_2025=fen)) is expected


@pytest.mark.parametrize(
    ("word", "below", "at", "above"),
    [("at_least", NO, YES, YES), ("more_than", NO, NO, YES), ("at_most", YES, YES, NO), ("less_than", YES, NO, NO)],
)
def test_comparisons_at_their_limit(tmp_path: Path, word: str, below: Verdict, at: Verdict, above: Verdict) -> None:
    policies = load(tmp_path, eligible_if=f"{{value: revenue, {word}: 5元}}")
    seen = [evaluate(policies, firm(revenue_2025=fen))[0].verdict for fen in (499, 500, 501)]
    assert seen == [below, at, above]


def test_is_and_between_of_numbers(tmp_path: Path) -> None:
    policies = load(
        tmp_path, eligible_if="{all: [{value: staff, between: [10人, 20人]}, {value: staff, is_not: 15人}]}"
    )
    seen = [evaluate(policies, firm(staff_2025=n))[0].verdict for n in (9, 10, 15, 20, 21)]
    assert seen == [NO, YES, NO, YES, NO]


def test_yearly_facts_are_of_the_judged_year(tmp_path: Path) -> None:
    grows = "{value: revenue, more_than: revenue@-1}"
    assert verdict(tmp_path, grows, firm(revenue_2025=2, revenue_2024=1)) is YES
    assert verdict(tmp_path, grows, firm(revenue_2026=2, revenue_2025=1)) is OPEN


def test_a_stale_fact_is_unknown(tmp_path: Path) -> None:
    for day, expected in ((date(2025, 12, 12), YES), (date(2025, 12, 11), OPEN)):  # 200 days before 2026-06-30
        old = Enterprise("u", "n", {"patents": Known(3, Source("science", day))})
        assert verdict(tmp_path, "{value: patents, at_least: 1件}", old) is expected


def test_huge_money_is_exact(tmp_path: Path) -> None:
    top = 10**13 * 100
    assert verdict(tmp_path, "{value: revenue, at_least: 10万亿元}", firm(revenue_2025=top)) is YES
    assert verdict(tmp_path, "{value: revenue, at_least: 10万亿元}", firm(revenue_2025=top - 1)) is NO


# --- ratios ---


@pytest.mark.parametrize(
    ("rd", "revenue", "expected"),
    [(3, 100, YES), (299, 10_000, NO), (1, 0, OPEN), (0, 0, OPEN), (0, 1, NO), (1, None, OPEN), (None, 100, OPEN)],
)
def test_a_ratio_is_exact_and_never_definite_over_nothing(
    tmp_path: Path, rd: int | None, revenue: int | None, expected: Verdict
) -> None:
    enterprise = firm(rd_2025=rd, revenue_2025=revenue)
    assert verdict(tmp_path, "{value: {ratio: [rd, revenue]}, at_least: 3%}", enterprise) is expected


def test_a_ratio_over_a_loss_is_never_definite(tmp_path: Path) -> None:
    for word in ("at_least", "at_most"):
        enterprise = firm(rd_2025=5, profit_2025=-100)
        assert verdict(tmp_path, f"{{value: {{ratio: [rd, profit]}}, {word}: 3%}}", enterprise) is OPEN


def test_stored_ratios_are_in_millionths(tmp_path: Path) -> None:
    assert verdict(tmp_path, "{value: share, at_least: 5%}", firm(share=50_000)) is YES
    assert verdict(tmp_path, "{value: share, at_least: 5%}", firm(share=49_999)) is NO


# --- dates ---


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (date(2024, 6, 29), NO),
        (date(2024, 6, 30), YES),
        (date(2026, 6, 30), YES),
        (date(2026, 7, 1), NO),
        (None, OPEN),
    ],
)
def test_within_last_includes_both_ends(tmp_path: Path, done: date | None, expected: Verdict) -> None:
    condition = "{value: founded_on, within_last: 2年, before: as_of}"
    assert verdict(tmp_path, condition, firm(founded_on=done)) is expected


def test_the_29th_of_february(tmp_path: Path) -> None:
    parts = {"effective": "{from: 2020-01-01}", "window": None}
    policies = load(tmp_path / "a", {"grant@2020-01-01.yml": policy_text(
        eligible_if="{value: founded_on, within_last: 1年, before: as_of}", **parts)})  # fmt: skip
    leap = date(2028, 2, 29)
    assert evaluate(policies, firm(founded_on=date(2027, 2, 28)), leap)[0].verdict is YES
    assert evaluate(policies, firm(founded_on=date(2027, 2, 27)), leap)[0].verdict is NO
    policies = load(tmp_path / "b", {"grant@2020-01-01.yml": policy_text(
        eligible_if="{value: as_of@-4, before: founded_on}", **parts)})  # fmt: skip
    assert evaluate(policies, firm(founded_on=date(2024, 2, 29)), leap)[0].verdict is NO
    assert evaluate(policies, firm(founded_on=date(2024, 3, 1)), leap)[0].verdict is YES


def test_before_excludes_and_on_or_after_includes_the_day(tmp_path: Path) -> None:
    for day, before, after in ((1, YES, NO), (2, NO, YES)):
        enterprise = firm(founded_on=date(2020, 1, day))
        assert verdict(tmp_path, "{value: founded_on, before: 2020-01-02}", enterprise) is before
        assert verdict(tmp_path, "{value: founded_on, on_or_after: 2020-01-02}", enterprise) is after


def test_a_policy_without_end_has_an_end_of_period(tmp_path: Path) -> None:
    parts = {"effective": "{from: 2026-01-01}", "claim": "{period: once, year_of_facts: period - 1}"}
    assert verdict(tmp_path, "{value: period_end@1, on_or_after: as_of}", **parts) is YES
    assert verdict(tmp_path, "{value: period_start@-1, before: as_of}", **parts) is YES


# --- codes ---


@pytest.mark.parametrize(
    ("code", "expected"),
    [("320812", YES), ("320804", NO), ("321000", NO), ("320800", OPEN), ("320000", OPEN), ("110101", NO)],
)
def test_a_region_too_coarse_to_tell_is_unknown(tmp_path: Path, code: str, expected: Verdict) -> None:
    enterprise = firm(district_code=code)
    assert verdict(tmp_path, "{value: district_code, within: '320812'}", enterprise) is expected


@pytest.mark.parametrize(("code", "expected"), [("3963", YES), ("39", OPEN), ("396", YES), ("397", NO), ("40", NO)])
def test_an_industry_too_short_to_tell_is_unknown(tmp_path: Path, code: str, expected: Verdict) -> None:
    assert verdict(tmp_path, "{value: industry, within: C396}", firm(industry=code)) is expected


@pytest.mark.parametrize(("code", "expected"), [("1300", YES), ("16", NO), ("162", NO), ("43", YES), ("44", NO)])
def test_sections_less_exceptions(tmp_path: Path, code: str, expected: Verdict) -> None:
    condition = "{value: industry, within: C, except: ['16']}"
    assert verdict(tmp_path, condition, firm(industry=code)) is expected


def test_includes_asks_for_all(tmp_path: Path) -> None:
    for held, expected in ((("pension", "injury"), YES), (("injury",), NO), ((), NO)):
        condition = "{value: insured, includes: [pension, injury]}"
        assert verdict(tmp_path, condition, firm(insured=held)) is expected


# --- lists ---

FIT: Row = {"no": "P1", "good": True, "invested": 5 * WAN}
UNFIT: Row = {"no": "P2", "good": False, "invested": 7 * WAN}
MAYBE: Row = {"no": "P3", "good": None, "invested": 9 * WAN}
SOME = f"{{some: {{in: projects, where: {GOOD}}}}}"


@pytest.mark.parametrize(
    ("rows", "some"),
    [
        (complete(), NO),
        (complete([UNFIT]), NO),
        (complete([UNFIT, MAYBE]), OPEN),
        (complete([MAYBE, FIT]), YES),
        (partly(), OPEN),
        (partly(UNFIT), OPEN),
        (partly(FIT), YES),
        (Collection((UNFIT,), complete().loaded, disputed=True), OPEN),
        (complete([UNFIT], date(2025, 12, 12)), NO),
        (complete([UNFIT], date(2025, 12, 11)), OPEN),  # stale after 200 days
    ],
)
def test_no_row_means_none_only_in_a_complete_list(tmp_path: Path, rows: Collection, some: Verdict) -> None:
    enterprise = firm({"projects": rows})
    assert verdict(tmp_path / "some", SOME, enterprise) is some
    none = {YES: NO, NO: YES, OPEN: OPEN}[some]
    assert verdict(tmp_path / "none", SOME.replace("some", "none"), enterprise) is none


def test_a_list_without_stale_after_must_still_be_loaded(tmp_path: Path) -> None:
    root = write_policies(tmp_path, eligible_if="{none: {in: projects}}")
    (root / "facts.yml").write_text(FACTS.replace(", stale_after: 200天", ""), encoding="utf-8")
    policies = load_policies(root)
    assert evaluate(policies, firm())[0].verdict is OPEN
    assert evaluate(policies, firm({"projects": partly()}))[0].verdict is OPEN
    assert evaluate(policies, firm({"projects": complete()}))[0].verdict is YES


SUMS = [
    ("count: {in: projects}", "个", Span(3, 3), Span(3, INFINITY)),
    (f"count: {{in: projects, where: {GOOD}}}", "个", Span(1, 2), Span(1, INFINITY)),
    ("sum: {in: projects, take: invested}", "元", Span(21 * WAN, 21 * WAN), Span(21 * WAN, INFINITY)),
    (
        f"sum: {{in: projects, where: {GOOD}, take: invested}}",
        "元",
        Span(5 * WAN, 14 * WAN),
        Span(5 * WAN, INFINITY),
    ),
    ("largest: {in: projects, take: invested}", "元", Span(9 * WAN, 9 * WAN), Span(9 * WAN, INFINITY)),
    (
        f"largest: {{in: projects, where: {GOOD}, take: invested}}",
        "元",
        Span(5 * WAN, 9 * WAN),
        Span(5 * WAN, INFINITY),
    ),
]


@pytest.mark.parametrize(("value", "unit", "whole", "part"), SUMS, ids=[s[0] for s in SUMS])
def test_sums_over_doubtful_rows_are_bounds(tmp_path: Path, value: str, unit: str, whole: Span, part: Span) -> None:
    policies = load(tmp_path, eligible_if=f"{{value: {{{value}}}, at_least: 0{unit}}}")
    for rows, expected in ((complete([FIT, UNFIT, MAYBE]), whole), (partly(FIT, UNFIT, MAYBE), part)):
        match = evaluate(policies, firm({"projects": rows}))[0]
        assert match.reason.children[0].seen == expected


def test_the_sum_over_a_row_without_its_figure_has_no_upper_bound(tmp_path: Path) -> None:
    rows = complete([FIT, {"no": "P9", "good": True, "invested": None}])
    match = pay(tmp_path, "sum: {in: projects, take: invested}", firm({"projects": rows}))
    assert match.amount == Span(5 * WAN, INFINITY)
    assert "projects.invested" in match.missing


def test_the_sum_of_what_may_be_negative_has_no_bound_in_an_open_list(tmp_path: Path) -> None:
    amount = "sum: {in: projects, take: {subtract: [invested, 6万元]}}"
    assert pay(tmp_path, amount, firm({"projects": partly(FIT)})).amount == Span(-INFINITY, INFINITY)


def test_the_latest_of_none_is_before_every_day(tmp_path: Path) -> None:
    condition = "{value: {latest: {in: projects, take: done_on}}, before: 1900-01-01}"
    assert verdict(tmp_path, condition, firm({"projects": complete()})) is YES
    assert verdict(tmp_path, condition, firm({"projects": partly()})) is OPEN
    assert verdict(tmp_path, condition, firm({"projects": complete([{**FIT, "done_on": None}])})) is OPEN
    assert verdict(tmp_path, condition, firm({"projects": partly({**FIT, "done_on": AS_OF})})) is NO


def test_a_named_value_inside_rows_is_not_carried_from_row_to_row(tmp_path: Path) -> None:
    half = "{id: half, multiply: [invested, 50%]}"
    match = pay(tmp_path, f"sum: {{in: projects, take: {half}}}", firm({"projects": complete([FIT, UNFIT])}))
    assert match.amount == Span.exactly(6 * WAN)


def test_a_let_means_the_firm_also_inside_rows(tmp_path: Path) -> None:
    match = pay(
        tmp_path,
        "sum: {in: projects, where: {value: invested, at_least: line}, take: invested}",
        firm({"projects": complete([FIT, UNFIT])}, rd_2025=12 * WAN),
        let="{line: {multiply: [rd, 50%]}}",
    )
    assert match.amount == Span.exactly(7 * WAN)


# --- statuses ---

HONOR: Row = {"kind": "tech_sme", "issued_on": date(2026, 1, 1), "valid_to": date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, YES),
        ({"issued_on": AS_OF, "valid_to": AS_OF}, YES),
        ({"valid_to": date(2026, 6, 29)}, NO),
        ({"issued_on": date(2026, 7, 1)}, NO),
        ({"kind": "high_tech"}, NO),
        ({"valid_to": None}, OPEN),
        ({"kind": None}, OPEN),
    ],
)
def test_a_status_is_an_honour_valid_on_the_day(tmp_path: Path, change: Row, expected: Verdict) -> None:
    enterprise = firm({"honors": complete([{**HONOR, **change}])})
    assert verdict(tmp_path, "{holds: tech_sme}", enterprise) is expected


def with_granting(folder: Path, **granting: str | None) -> dict[str, str]:
    grants = policy_text("giver", **{"grants": "{status: tech_sme, until: period_end}", **granting})
    return {GRANT: policy_text(eligible_if="{holds: tech_sme}"), "giver@2026-01-01.yml": grants}


@pytest.mark.parametrize(("fen", "expected"), [(500 * WAN, YES), (1, NO), (None, OPEN)])
def test_another_policy_may_grant_a_status(tmp_path: Path, fen: int | None, expected: Verdict) -> None:
    policies = load(tmp_path, with_granting(tmp_path))
    enterprise = firm({"honors": complete()}, revenue_2025=fen)
    assert evaluate(policies, enterprise)[0].verdict is expected


def test_a_status_granted_by_a_person_is_to_confirm(tmp_path: Path) -> None:
    policies = load(tmp_path, with_granting(tmp_path, eligible_if=f"{{all: [{MANUAL}]}}"))
    assert evaluate(policies, firm({"honors": complete()}))[0].verdict is CONFIRM


@pytest.mark.parametrize("fen", [500 * WAN, 1, None])
@pytest.mark.parametrize(("honors", "expected"), [(complete(), NO), (complete([HONOR]), YES), (Collection(), OPEN)])
def test_a_status_by_certificate_is_held_by_who_is_on_the_list(
    tmp_path: Path, fen: int | None, honors: Collection, expected: Verdict
) -> None:
    granting = with_granting(tmp_path, grants="{status: tech_sme, until: as_of@3, by: certificate}")
    enterprise = firm({"honors": honors}, revenue_2025=fen)
    assert evaluate(load(tmp_path, granting), enterprise)[0].verdict is expected


@pytest.mark.parametrize("grants", ["{status: tech_sme, until: as_of@3, by: certificate}", None])
def test_what_an_earlier_version_granted_by_itself_is_no_longer_granted(tmp_path: Path, grants: str | None) -> None:
    files = with_granting(tmp_path, effective="{from: 2025-01-01, to: 2025-12-31}")
    earlier = {"giver@2025-01-01.yml": files.pop("giver@2026-01-01.yml")}
    now = {"giver@2026-01-01.yml": policy_text("giver", grants=grants)}
    enterprise = firm({"honors": complete()}, revenue_2025=500 * WAN)
    assert evaluate(load(tmp_path, {**files, **earlier, **now}), enterprise)[0].verdict is NO


def test_any_element_of_a_granting_policy_grants(tmp_path: Path) -> None:
    granting = {"for_each": EACH, "item_if": GOOD, "eligible_if": "{value: as_of, on_or_after: 2000-01-01}"}
    policies = load(tmp_path, with_granting(tmp_path, **granting))
    for rows, expected in (
        (complete([{**UNFIT, "no": "A"}, {**FIT, "no": "B"}]), YES),
        (complete([UNFIT]), NO),
        (partly(UNFIT), OPEN),
        (complete([UNFIT, MAYBE]), OPEN),
    ):
        enterprise = firm({"honors": complete(), "projects": rows})
        assert evaluate(policies, enterprise)[0].verdict is expected


# --- elements ---


def test_one_claim_an_element(tmp_path: Path) -> None:
    policies = load(
        tmp_path,
        for_each=EACH,
        item_if=GOOD,
        eligible_if="{value: as_of, on_or_after: 2000-01-01}",
        amount="{each: {multiply: [invested, 10%], cap: 0.6万元}, rounding: {to: 1元, mode: down}}",
    )
    matches = evaluate(policies, firm({"projects": complete([UNFIT, FIT, MAYBE])}))
    assert [(m.subject, m.verdict) for m in matches] == [("P1", YES), ("P2", NO), ("P3", OPEN)]
    assert [m.amount for m in matches] == [Span.exactly(WAN // 2), None, Span.exactly(WAN * 6 // 10)]


def test_no_element_is_one_match_that_says_so(tmp_path: Path) -> None:
    policies = load(tmp_path, for_each=EACH, eligible_if="{value: as_of, on_or_after: 2000-01-01}")
    for rows, expected in ((complete(), NO), (partly(), OPEN)):
        (match,) = evaluate(policies, firm({"projects": rows}))
        assert (match.subject, match.verdict) == (None, expected)


def test_one_claim_for_all_elements(tmp_path: Path) -> None:
    policies = load(
        tmp_path,
        for_each=TOGETHER,
        item_if=GOOD,
        eligible_if="{value: items, at_least: 1个}",
        amount="{each: invested, cap: 12万元, rounding: {to: 1元, mode: down}}",
    )
    for rows, expected, amount in (
        (complete([FIT, UNFIT]), YES, Span.exactly(5 * WAN)),
        (complete([FIT, UNFIT, MAYBE]), YES, Span(5 * WAN, 12 * WAN)),
        (complete([UNFIT]), NO, None),
        (partly(FIT), YES, Span(5 * WAN, 12 * WAN)),
        (partly(UNFIT), OPEN, Span(0, 12 * WAN)),
    ):
        (match,) = evaluate(policies, firm({"projects": rows}))
        assert (match.verdict, match.amount) == (expected, amount)


def test_the_amount_of_an_element_may_depend_on_how_many_there_are(tmp_path: Path) -> None:
    policies = load(
        tmp_path,
        for_each=TOGETHER,
        item_if=GOOD,
        eligible_if="{value: as_of, on_or_after: 2000-01-01}",
        amount="{each: {band: {of: items, at_least: {2个: 3万元}, otherwise: 1万元}}, rounding: {to: 1元, mode: down}}",
    )
    for rows, amount in (([FIT], 1), ([FIT, {**FIT, "no": "Q"}], 6), ([FIT, UNFIT], 1)):
        (match,) = evaluate(policies, firm({"projects": complete(rows)}))
        assert match.amount == Span.exactly(amount * WAN)


@pytest.mark.parametrize(
    "condition",
    [
        "{some: {in: items}}",
        "{value: {count: {in: items}}, at_least: 1个}",
        "{value: {sum: {in: items, take: invested}}, more_than: 0元}",
        "{value: {largest: {in: items, take: invested}}, more_than: 0元}",
        "{value: items, at_least: 1个}",
    ],
)
def test_items_are_the_accepted_elements_only(tmp_path: Path, condition: str) -> None:
    policies = load(tmp_path, for_each=TOGETHER, item_if=GOOD, eligible_if=f"{{any: [{condition}]}}")
    for rows, expected in (([FIT], YES), ([UNFIT], NO), ([MAYBE], OPEN), ([UNFIT, MAYBE, FIT], YES)):
        (match,) = evaluate(policies, firm({"projects": complete(rows)}))
        assert match.reason.children[0].truth.verdict is expected


def test_elements_of_one_key_are_told_apart(tmp_path: Path) -> None:
    policies = load(tmp_path, for_each=TOGETHER, item_if=GOOD, eligible_if="{value: items, is: 1个}")
    for rows in ([FIT, {**UNFIT, "no": "P1"}], [{**UNFIT, "no": "P1"}, FIT]):
        (match,) = evaluate(policies, firm({"projects": complete(rows)}))
        assert match.verdict is YES


def test_an_element_without_a_key_is_not_claimed_for_yet(tmp_path: Path) -> None:
    policies = load(tmp_path, for_each=EACH, item_if=GOOD, eligible_if="{value: as_of, on_or_after: 2000-01-01}")
    (match,) = evaluate(policies, firm({"projects": complete([{**FIT, "no": None}])}))
    assert match.verdict is OPEN
    assert match.missing == ("projects.no",)


# --- parameters ---

TABLE = """tables:
  rate:
    zh: 比例
    en: Rate
    by: size
    picked_by: period_start
    rows:
      - {from: 2026-01-01, to: 2026-12-31, values: {large: 30%, small: 60%}, document: 示例, provenance: representative}
  city:
    zh: 地区
    en: Area
    by: region
    picked_by: as_of
    rows:
      - {from: 2026-07-01, values: {"320812": 1}, document: 示例, provenance: representative}
      - {from: 2026-01-01, to: 2026-06-30, values: {"320812": 1}, document: 示例, provenance: representative}
"""


def with_table(folder: Path, value: str, enterprise: Enterprise, as_of: date = AS_OF) -> Span | None:
    amount = f"{{multiply: [{{param: {value}}}, 1元], rounding: {{to: 0.01元, mode: down}}}}"
    files = {
        GRANT: policy_text(amount=amount, eligible_if="{value: as_of, on_or_after: 2000-01-01}",
                           effective="{from: 2026-01-01}"),
        "parameters/jobs.yml": TABLE,
    }  # fmt: skip
    return evaluate(load(folder, files), enterprise, as_of)[0].amount


def test_a_parameter_by_an_unknown_key_is_the_hull_of_its_entries(tmp_path: Path) -> None:
    rate = "{name: jobs.rate, for: size}"
    assert with_table(tmp_path, rate, firm(size="large")) == Span.exactly(30)
    assert with_table(tmp_path, rate, firm()) == Span(30, 60)


def test_a_parameter_with_no_row_in_force_is_unknown(tmp_path: Path) -> None:
    rate = "{name: jobs.rate, for: size}"
    amount = with_table(tmp_path, rate, firm(size="large"), date(2027, 1, 1))
    assert amount == Span(-INFINITY, INFINITY)


def test_a_table_that_may_lack_the_unknown_key_says_nothing(tmp_path: Path) -> None:
    area = "{name: jobs.city, for: district_code}"
    anything = Span(-INFINITY, INFINITY)
    assert with_table(tmp_path, area, firm(district_code="320812")) == Span.exactly(100)
    assert with_table(tmp_path, area, firm(district_code="320804")) == anything
    assert with_table(tmp_path, area, firm()) == anything


# --- money ---


def test_paid_already_counts_unmatched_history_as_doubtful(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"record_no": "1", "policy": "grant", "amount": 2 * WAN},
        {"record_no": "2", "policy": "other", "amount": 4 * WAN},
        {"record_no": "3", "policy": None, "amount": 8 * WAN},
    ]
    amount = "subtract: [20万元, {paid_under: self}]"
    assert pay(tmp_path, amount, firm({"subsidy_history": complete(rows[:2])})).amount == Span.exactly(18 * WAN)
    assert pay(tmp_path, amount, firm({"subsidy_history": complete(rows)})).amount == Span(10 * WAN, 18 * WAN)
    assert pay(tmp_path, amount, firm()).amount == Span(-INFINITY, 20 * WAN)


def test_paid_under_a_group_counts_all_its_policies(tmp_path: Path) -> None:
    rows: list[Row] = [{"record_no": str(n), "policy": name, "amount": WAN} for n, name in enumerate(["grant", "twin"])]
    amount = "{value: {paid_under: pair}, rounding: {to: 1元, mode: down}}"
    always = "{value: as_of, on_or_after: 2000-01-01}"
    group = "[{group: pair, at_most: 1, per: year}]"
    files = {
        GRANT: policy_text(amount=amount, eligible_if=always, exclusive=group),
        "twin@2026-01-01.yml": policy_text("twin", exclusive=group),
    }
    match = evaluate(load(tmp_path, files), firm({"subsidy_history": complete(rows)}))[0]
    assert match.amount == Span.exactly(2 * WAN)


BAND = "band: {of: revenue, at_least: {100万元: 1万元, 500万元: 5万元}, otherwise: 0元}"


@pytest.mark.parametrize(
    ("fen", "amount"),
    [
        (100 * WAN - 1, Span.exactly(0)),
        (100 * WAN, Span.exactly(WAN)),
        (500 * WAN - 1, Span.exactly(WAN)),
        (500 * WAN, Span.exactly(5 * WAN)),
        (None, Span(0, 5 * WAN)),
    ],
)
def test_bands_at_their_edges(tmp_path: Path, fen: int | None, amount: Span) -> None:
    assert pay(tmp_path, BAND, firm(revenue_2025=fen)).amount == amount


@pytest.mark.parametrize(
    ("word", "steps"),
    [("at_least", [0, 1, 1]), ("more_than", [0, 0, 1]), ("at_most", [1, 1, 0]), ("less_than", [1, 0, 0])],
)
def test_bands_of_each_kind(tmp_path: Path, word: str, steps: list[int]) -> None:
    amount = f"band: {{of: revenue, {word}: {{5元: 1元}}, otherwise: 0元}}"
    seen = [pay(tmp_path / str(fen), amount, firm(revenue_2025=fen)).amount for fen in (499, 500, 501)]
    assert seen == [Span.exactly(step * 100) for step in steps]


BRANCHES = (
    "[{when: {value: size, is: large}, then: 3万元}, {when: {value: green, is: true}, then: 2万元}, {otherwise: 1万元}]"
)


@pytest.mark.parametrize(
    ("size", "green", "first", "each"),
    [
        ("large", True, Span.exactly(3), Span.exactly(5)),
        ("large", None, Span.exactly(3), Span(3, 5)),
        ("small", True, Span.exactly(2), Span.exactly(2)),
        ("small", False, Span.exactly(1), Span.exactly(1)),
        (None, False, Span(1, 3), Span(0, 4)),
        (None, True, Span(2, 3), Span(2, 5)),
        (None, None, Span(1, 3), Span(0, 6)),
    ],
)
def test_branches_that_may_hold(tmp_path: Path, size: str | None, green: bool | None, first: Span, each: Span) -> None:
    enterprise = firm(size=size, green=green)
    assert pay(tmp_path / "f", f"first_of: {BRANCHES}", enterprise).amount == first * Span.exactly(WAN)
    assert pay(tmp_path / "e", f"each_of: {BRANCHES}", enterprise).amount == each * Span.exactly(WAN)


def test_an_unknown_cap_or_floor_is_never_lost(tmp_path: Path) -> None:
    known = firm(revenue_2025=9 * WAN)
    assert pay(tmp_path / "c", "value: revenue, cap: rd", known).amount == Span(0, 9 * WAN)
    assert pay(tmp_path / "f", "value: revenue, floor: rd", known).amount == Span(9 * WAN, 10**15)
    assert pay(tmp_path / "b", "value: revenue, cap: 5万元, floor: 6万元", known).amount == Span.exactly(6 * WAN)


@pytest.mark.parametrize(("mode", "low", "high"), [("half_up", 200, 100), ("down", 100, 100), ("up", 200, 200)])
def test_rounding_modes(tmp_path: Path, mode: str, low: int, high: int) -> None:
    amount = f"value: revenue, rounded: {{to: 1元, mode: {mode}}}"
    assert pay(tmp_path / "a", amount, firm(revenue_2025=150)).amount == Span.exactly(low)
    assert pay(tmp_path / "b", amount, firm(revenue_2025=149)).amount == Span.exactly(high)


def test_an_amount_is_rounded_once_at_the_end(tmp_path: Path) -> None:
    match = pay(tmp_path, "add: [{multiply: [revenue, 50%]}, {multiply: [revenue, 50%]}]", firm(revenue_2025=1))
    assert match.amount == Span.exactly(1)
    third = pay(tmp_path, "multiply: [{ratio: [revenue, 3元]}, 3元]", firm(revenue_2025=1))
    assert third.amount == Span.exactly(Fraction(1))


def test_a_difference_of_two_unknowns_is_bounded_by_their_ranges(tmp_path: Path) -> None:
    assert pay(tmp_path, "subtract: [revenue, rd]").amount == Span(-(10**15), 10**15)


def test_best_and_least_of(tmp_path: Path) -> None:
    known = firm(revenue_2025=3 * WAN)
    assert pay(tmp_path / "b", "best_of: [revenue, 2万元]", known).amount == Span.exactly(3 * WAN)
    assert pay(tmp_path / "l", "least_of: [revenue, rd, 5万元]", known).amount == Span(0, 3 * WAN)


def test_values_that_use_each_other_twice_over_stay_cheap(tmp_path: Path) -> None:
    doubled = ", ".join(f"v{n + 1}: {{add: [v{n}, v{n}]}}" for n in range(18))
    lets = f"{{v0: {{value: revenue}}, {doubled}}}"
    match = pay(tmp_path, "value: v18", firm(revenue_2025=1), let=lets)
    assert match.amount == Span.exactly(2**18)
    assert len(match.amount_log) < 100


def test_nothing_is_paid_where_nothing_is_possible(tmp_path: Path) -> None:
    match = decide(tmp_path, "{value: size, is: small}", firm(size="large"), amount=None)
    assert match.amount is None


# --- verdicts ---


def test_only_a_person_left_is_to_confirm(tmp_path: Path) -> None:
    both = f"{{value: size, is: small}}, {MANUAL}"
    assert verdict(tmp_path / "a", both, firm(size="small")) is CONFIRM
    assert verdict(tmp_path / "b", both) is OPEN
    assert verdict(tmp_path / "c", both, firm(size="large")) is NO


def test_waived_clauses_are_not_asked(tmp_path: Path) -> None:
    base = "id: base\ntitle: {zh: 通用, en: common}\nprovenance: sourced\nbasis: {}\nall: [{id: small, value: size, is: small}]\n"
    always = "{value: as_of, on_or_after: 2000-01-01}"
    for waive, expected in ((None, NO), ("[{clause: small, basis: art1}]", YES)):
        files = {GRANT: policy_text(inherits="[base]", waive=waive, eligible_if=always), "clauses/base.yml": base}
        match = evaluate(load(tmp_path / str(waive), files), firm(size="large"))[0]
        assert match.verdict is expected


def test_a_region_covers_its_descendants(tmp_path: Path) -> None:
    policies = load(tmp_path, region='"320800"', eligible_if="{value: as_of, on_or_after: 2000-01-01}")
    seen = [evaluate(policies, firm(district_code=code))[0].verdict for code in ("320812", "320800", "321002", None)]
    assert seen == [YES, YES, NO, OPEN]


def test_automatic_needs_certainty_an_exact_amount_and_departments(tmp_path: Path) -> None:
    terms = "{multiply: [revenue, 1%], rounding: {to: 1元, mode: down}}"
    policies = load(tmp_path, amount=terms)
    assert evaluate(policies, firm(revenue_2025=500 * WAN))[0].is_automatic
    assert not evaluate(policies, firm(revenue_2025=500 * WAN, declared=["revenue_2025"]))[0].is_automatic
    assert not evaluate(policies, firm())[0].is_automatic
    assert not evaluate(policies, firm(revenue_2025=1))[0].is_automatic


def test_match_all_takes_the_versions_in_force(tmp_path: Path) -> None:
    files = {
        GRANT: policy_text(),
        "grant@2027-01-01.yml": policy_text(effective="{from: 2027-01-01}", window=None),
        "late@2027-06-01.yml": policy_text("late", effective="{from: 2027-06-01}", window=None),
    }
    policies = load(tmp_path, files)
    seen = {
        day: [match.policy.key for match in Evaluator(policies, firm(), day).match_all()]
        for day in (AS_OF, date(2027, 7, 1), date(2025, 1, 1))
    }
    assert list(seen.values()) == [["grant@2026-01-01"], ["grant@2027-01-01", "late@2027-06-01"], []]


# --- what is still open beside what is sure ---

EACH_GOOD = {
    "item_if": "{basis: art1, value: good, is: true}",
    "amount": "{each: {multiply: [invested, 5%]}, rounding: {to: 1元, mode: down}}",
}


def test_an_open_item_is_named_though_another_is_sure(tmp_path: Path):
    rows = [{"no": "k1", "good": True, "invested": 1000 * WAN}, {"no": "k2", "good": None, "invested": 1000 * WAN}]
    policies = load(
        tmp_path, for_each="{in: projects, key: no, claim: together}", eligible_if="{all: [{basis: art1, value: items, at_least: 1个}]}", **EACH_GOOD
    )  # fmt: skip
    (match,) = evaluate(policies, firm({"projects": rows}))
    assert match.verdict is Verdict.ELIGIBLE
    assert match.amount == Span(50 * WAN, 100 * WAN)
    assert match.missing == ("projects.good",)


@pytest.mark.parametrize("rows", [(), ({"no": "k1", "good": True},), ({"no": "k1", "good": False},)])
def test_rows_not_seen_yet_stay_open_beside_those_that_were(tmp_path: Path, rows: tuple[dict[str, object], ...]):
    policies = load(tmp_path, for_each="{in: projects, key: no, claim: each}", **EACH_GOOD)
    firm_ = firm({"projects": Collection(rows)}, revenue_2025=500 * WAN)  # type: ignore[arg-type]
    *seen, unseen = evaluate(policies, firm_)
    assert [match.subject for match in seen] == [row["no"] for row in rows]
    assert (unseen.subject, unseen.verdict, unseen.missing) == (None, Verdict.UNKNOWN, ("projects",))
    refused = firm({"projects": Collection(rows)}, revenue_2025=1)  # type: ignore[arg-type]
    assert len(evaluate(policies, refused)) == max(1, len(rows))
