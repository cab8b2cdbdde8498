"""What a new version changes: kinds of change, sums, the report's words and examples, and a draft put into its library."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from policy_world import AS_OF, WAN, complete, policy_text, write_policies
from policy_world import firm as enterprise
from python_calamine import CalamineWorkbook

from subsidy_match.cli.output import note, print_table
from subsidy_match.errors import AuthorError, InputError, NotFound
from subsidy_match.matching.impact import Change, Dimension, Firm, Impact, Kind, Money, Pair, Standing, impact, kind_of
from subsidy_match.matching.impact_data import report_data
from subsidy_match.matching.impact_library import load_draft
from subsidy_match.matching.impact_report import Budget, Report, examples, remarks, shares_of, typical
from subsidy_match.matching.impact_shares import share_out
from subsidy_match.matching.impact_sheets import write_workbook
from subsidy_match.matching.impact_sides import Side, day_within, firm_of, pairs, version_near
from subsidy_match.matching.impact_tables import Table, Yuan, change_rows, changes, example_lines, summary
from subsidy_match.matching.impact_text import in_one_language, shown, without_empty_columns
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.truth import Verdict

E, T, U, I = Verdict.ELIGIBLE, Verdict.TO_CONFIRM, Verdict.UNKNOWN, Verdict.INELIGIBLE  # noqa: E741
YEARS = {year: f"{{from: {year}-01-01, to: {year}-12-31}}" for year in (2025, 2026, 2027)}


def stands(verdict: Verdict, low: int = 0, high: int | None = 0, subject: str | None = None) -> Standing:
    return Standing(subject, verdict, low, high)


def exactly(amount: int, subject: str | None = None, verdict: Verdict = E) -> Standing:
    return Standing(subject, verdict, amount, amount)


def a_firm(number: int, district: str | None = "320803", section: str | None = "C", size: str | None = None) -> Firm:
    return Firm(f"{number:018}", f"企业{number}", district, section, size)


def pair(number: int, old: Standing | Sequence[Standing] | None, new: Standing | Sequence[Standing] | None) -> Pair:
    def several(side: Standing | Sequence[Standing] | None) -> Sequence[Standing]:
        return () if side is None else (side,) if isinstance(side, Standing) else side

    return Pair(a_firm(number), several(old), several(new))


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    versions = {f"grant@{year}-01-01.yml": policy_text(effective=when, window=None) for year, when in YEARS.items()}
    return load_policies(write_policies(tmp_path_factory.mktemp("versions"), versions))


def counted(policies: PolicySet, *found: Pair) -> Impact:
    return impact(policies.policies[0], policies.policies[1], found)


# --- what happens to one subject ---


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (None, None, Kind.SAME),
        (None, I, Kind.SAME),
        (I, None, Kind.SAME),
        (I, I, Kind.SAME),
        (U, U, Kind.SAME),
        (None, E, Kind.GAIN),
        (None, T, Kind.GAIN),
        (I, E, Kind.GAIN),
        (U, T, Kind.GAIN),
        (E, None, Kind.LOSS),
        (T, None, Kind.LOSS),
        (E, I, Kind.LOSS),
        (T, I, Kind.LOSS),
        (None, U, Kind.DOUBT),
        (I, U, Kind.DOUBT),
        (E, U, Kind.DOUBT),
        (T, U, Kind.DOUBT),
        (U, I, Kind.VERDICT),
        (U, None, Kind.VERDICT),
        (E, T, Kind.VERDICT),
        (T, E, Kind.VERDICT),
        (E, E, Kind.SAME),
        (T, T, Kind.SAME),
    ],
)
def test_a_verdict_to_another_is_a_kind_of_change(old: Verdict | None, new: Verdict | None, kind: Kind):
    assert kind_of(old and stands(old, 5, 5), new and stands(new, 5, 5)) is kind


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ((10, 10), (20, 20), Kind.UP),
        ((20, 20), (10, 10), Kind.DOWN),
        ((10, 20), (10, 30), Kind.UP),
        ((10, 20), (12, 20), Kind.UP),
        ((10, 20), (8, 20), Kind.DOWN),
        ((10, 20), (10, 15), Kind.DOWN),
        ((10, 20), (5, 30), Kind.RANGE),
        ((10, 20), (12, 18), Kind.RANGE),
        ((10, None), (10, None), Kind.SAME),
        ((10, None), (12, None), Kind.UP),
        ((10, None), (8, None), Kind.DOWN),
        ((10, 20), (10, None), Kind.UP),
        ((10, None), (10, 20), Kind.DOWN),
        ((10, None), (20, 30), Kind.RANGE),
        ((10, 20), (5, None), Kind.RANGE),
    ],
)
@pytest.mark.parametrize("verdict", [E, T])
def test_an_amount_moves_up_down_or_only_its_range(
    verdict: Verdict, old: tuple[int, int | None], new: tuple[int, int | None], kind: Kind
):
    assert kind_of(stands(E, *old), stands(verdict, *new)) is (
        Kind.VERDICT if kind is Kind.SAME and verdict is T else kind
    )


@pytest.mark.parametrize(
    ("standing", "money"),
    [
        (None, Money()),
        (stands(I, 5, 9), Money()),
        (stands(E, 5, 9), Money(guaranteed=5, possible=9)),
        (stands(T, 5, 9), Money(possible=9)),
        (stands(U, 5, 9), Money(open=9)),
        (stands(E, 5, None), Money(guaranteed=5, possible=5, unbounded=1)),
        (stands(T, 5, None), Money(possible=5, unbounded=1)),
        (stands(U, 5, None), Money(open=5, open_unbounded=1)),
    ],
)
def test_money_is_guaranteed_possible_or_open(standing: Standing | None, money: Money):
    sums = Money()
    sums.add(standing)
    assert sums == money


# --- counting ---

MANY = (
    Pair(a_firm(1, "320803", "C", "small"), (exactly(10),), (exactly(30),)),
    Pair(a_firm(2, "320803", "I", None), (exactly(10),), (stands(I),)),
    Pair(a_firm(3, None, None, "small"), (stands(I),), (stands(T, 5, None),)),
    Pair(a_firm(4, "320804", "C", "large"), (stands(U, 0, 40),), (stands(U, 0, None),)),
    Pair(a_firm(5, "320804", None, "large"), (exactly(7, "A"), exactly(3, "B")), (exactly(9, "A"), stands(U, 0, 8, "C"))),
    Pair(a_firm(6, None, "C", None), (stands(I),), (stands(I),)),
)  # fmt: skip


def test_totals_are_what_the_firms_add_up_to(policies: PolicySet):
    found = counted(policies, *MANY)
    assert (found.total.firms, found.subjects) == (6, 8)
    assert found.total.old == Money(guaranteed=30, possible=30, open=40)
    assert found.total.new == Money(guaranteed=39, possible=44, unbounded=1, open=8, open_unbounded=1)
    assert found.total.kinds == {Kind.UP: 1, Kind.LOSS: 1, Kind.GAIN: 1, Kind.SAME: 1, Kind.RANGE: 1, Kind.DOWN: 1}
    assert found.kinds_subjects == {Kind.UP: 2, Kind.LOSS: 2, Kind.GAIN: 1, Kind.SAME: 1, Kind.RANGE: 1, Kind.DOUBT: 1}


@pytest.mark.parametrize(
    ("dimension", "firms"),
    [
        (Dimension.DISTRICT, {"320803": 2, "320804": 2, None: 2}),
        (Dimension.SECTION, {"C": 3, "I": 1, None: 2}),
        (Dimension.SIZE, {"small": 2, "large": 2, None: 2}),
    ],
)
def test_groups_add_up_to_the_total_and_the_unknown_is_a_group(
    policies: PolicySet, dimension: Dimension, firms: dict[str | None, int]
):
    found = counted(policies, *MANY)
    groups = found.groups[dimension]
    assert {code: tally.firms for code, tally in groups.items()} == firms
    assert sum((tally.kinds for tally in groups.values()), start=type(found.total.kinds)()) == found.total.kinds
    for side in ("old", "new"):
        for name in ("guaranteed", "possible", "unbounded", "open", "open_unbounded"):
            parts = (getattr(getattr(tally, side), name) for tally in groups.values())
            assert sum(parts) == getattr(getattr(found.total, side), name), (side, name)


def test_both_matrices_count_everything_once(policies: PolicySet):
    found = counted(policies, *MANY)
    assert found.matrix_firms == {(E, E): 2, (E, I): 1, (I, T): 1, (U, U): 1, (I, I): 1}
    assert found.matrix_subjects == {
        (E, E): 2, (E, I): 1, (I, T): 1, (U, U): 1, (E, None): 1, (None, U): 1, (I, I): 1
    }  # fmt: skip


def test_the_order_of_the_firms_does_not_matter(policies: PolicySet):
    assert counted(policies, *MANY) == counted(policies, *reversed(MANY))


def test_changes_go_by_kind_then_by_money_whichever_way_it_goes_then_by_code(policies: PolicySet):
    found = counted(
        policies, pair(3, exactly(9), exactly(4)), pair(2, exactly(9), exactly(0)), pair(5, None, exactly(1)),
        pair(4, None, exactly(1)), pair(1, exactly(1), exactly(1)),
    )  # fmt: skip
    assert [(change.kind, int(change.firm.uscc)) for change in found.changes] == [
        (Kind.GAIN, 4), (Kind.GAIN, 5), (Kind.DOWN, 2), (Kind.DOWN, 3), (Kind.SAME, 1)
    ]  # fmt: skip
    assert [change.worth for change in found.affected()] == [1, 1, -9, -5]


def test_who_is_refused_by_both_is_counted_and_not_listed(policies: PolicySet):
    found = counted(policies, pair(1, stands(I), stands(I)), pair(2, stands(U, 0, 9), stands(U, 0, 9)))
    assert (found.subjects, found.changes) == (2, [])


def test_elements_are_paired_by_key_and_those_of_one_key_in_their_order(policies: PolicySet):
    old = [exactly(1, "P"), exactly(2, "P"), exactly(5, "Q")]
    new = [exactly(5, "Q"), exactly(1, "P"), exactly(3, "P"), exactly(4, "P")]
    found = counted(policies, pair(1, old, new))
    told = {(change.subject, change.kind, change.worth) for change in found.changes}
    assert told == {("P", Kind.SAME, 0), ("P", Kind.UP, 1), ("P", Kind.GAIN, 4), ("Q", Kind.SAME, 0)}
    assert found.subjects == 4


def test_a_firm_is_as_its_best_element_and_worth_what_all_pay(policies: PolicySet):
    old = [stands(I, subject="P"), stands(U, 0, 50, "Q")]
    found = counted(policies, pair(1, old, [exactly(7, "P", T), exactly(5, "Q")]))
    assert found.matrix_firms == {(U, E): 1}
    one_lost_one_won = counted(policies, pair(1, [exactly(7, "P"), stands(I, subject="Q")], [exactly(7, "Q")]))
    assert one_lost_one_won.total.kinds == {Kind.SAME: 1}
    assert one_lost_one_won.kinds_subjects == {Kind.LOSS: 1, Kind.GAIN: 1}


def test_a_firm_with_one_element_without_bound_has_none(policies: PolicySet):
    found = counted(policies, pair(1, [exactly(7, "P"), exactly(5, "Q")], [exactly(7, "P"), stands(E, 5, None, "Q")]))
    assert found.total.kinds == {Kind.UP: 1}


def test_where_there_was_no_policy_everything_is_new(policies: PolicySet):
    found = impact(None, policies.policies[0], [pair(1, None, exactly(4)), pair(2, None, stands(I))])
    assert found.matrix_firms == {(None, E): 1, (None, I): 1}
    assert (found.total.old, found.total.new.guaranteed) == (Money(), 4)


def test_demands_are_what_the_new_version_would_be_asked_for_firm_by_firm(policies: PolicySet):
    found = counted(
        policies,
        pair(3, exactly(9), [exactly(4, "P"), stands(T, 1, 6, "Q"), stands(U, 0, 99, "R")]),
        pair(1, None, stands(T, 5, None)),
        pair(2, exactly(8), stands(I)),
        pair(4, exactly(2), exactly(2)),
    )
    assert [(int(firm.uscc), low, high) for firm, low, high in found.demands()] == [(1, 0, None), (3, 4, 10), (4, 2, 2)]


def test_an_examples_firm_is_the_median_of_its_kind_and_none_is_told_twice(policies: PolicySet):
    gains = [pair(n, None, exactly(10 * n)) for n in range(1, 6)]
    losses = [pair(n, exactly(n), None) for n in range(11, 15)]
    found = counted(policies, *gains, *losses, pair(21, exactly(1), exactly(2)))
    assert [int(change.firm.uscc) for change in typical(found)] == [3, 13, 21]  # of four losses that of the greater


def test_where_only_one_kind_occurs_three_firms_of_it_are_told(policies: PolicySet):
    gains = [pair(n, None, [exactly(n, "P"), exactly(n, "Q")]) for n in range(1, 5)]
    told = [int(change.firm.uscc) for change in typical(counted(policies, *gains))]
    assert len(set(told)) == 3
    assert typical(counted(policies, pair(1, exactly(1), exactly(1)))) == []


# --- sharing out ---


def test_a_fund_that_is_short_is_shared_in_whole_steps():
    shares = share_out({"a": 50_000, "b": 30_000, "c": 900, "d": 0}, 60_000, 10_000)
    assert dict(shares.parts) == {"a": 30_000, "b": 20_000, "c": 0, "d": 0}
    assert (shares.is_short, shares.paid, shares.remainder) == (True, 50_000, 10_000)
    assert (shares.full, shares.nothing) == (0, 1)


def test_a_fund_that_is_just_enough_pays_everybody_to_the_last_fen():
    shares = share_out({"a": 12_345, "b": 1, "c": 0}, 12_346, 10_000)
    assert (shares.is_short, dict(shares.parts), shares.rate) == (False, {"a": 12_345, "b": 1, "c": 0}, 1)
    assert (shares.remainder, shares.full, shares.nothing) == (0, 2, 0)


@pytest.mark.parametrize(("budget", "step"), [(-1, 100), (100, 0), (100, -1)])
def test_a_budget_below_nothing_and_a_step_of_nothing_are_refused(budget: int, step: int):
    with pytest.raises(InputError) as caught:
        share_out({"a": 1}, budget, step)
    assert caught.value.code == "bad_budget"


def test_what_has_no_bound_cannot_be_shared_by_what_is_possible(policies: PolicySet):
    bounded = counted(policies, pair(1, None, stands(E, 3, 9)), pair(2, None, stands(T, 0, 3)))
    certain, possible = shares_of(bounded, Budget(6, 1))
    assert possible is not None
    assert (dict(certain.parts), dict(possible.parts)) == (
        {a_firm(1).uscc: 3, a_firm(2).uscc: 0},
        {a_firm(1).uscc: 4, a_firm(2).uscc: 1},
    )
    assert shares_of(counted(policies, pair(1, None, stands(E, 3, None))), Budget(6, 1))[1] is None


# --- the two sides ---


@pytest.mark.parametrize(
    ("day", "version"), [("2024-06-01", 2025), ("2025-12-31", 2025), ("2026-01-01", 2026), ("2030-01-01", 2027)]
)
def test_the_version_compared_is_the_one_in_force_else_the_next_else_the_last(
    policies: PolicySet, day: str, version: int
):
    assert version_near(policies, "grant", date.fromisoformat(day)).start.year == version


def test_between_two_versions_the_next_one_is_compared(tmp_path: Path):
    files = {f"grant@{y}-01-01.yml": policy_text(effective=YEARS[y], window=None) for y in (2025, 2027)}
    found = load_policies(write_policies(tmp_path, files))
    assert version_near(found, "grant", date(2026, 1, 1)).start.year == 2027


def test_a_version_whose_text_is_not_at_hand_is_not_compared(tmp_path: Path):
    stub = {"needs_source": "true", "eligible_if": None, "window": None}
    files = {
        "grant@2026-01-01.yml": policy_text(effective=YEARS[2026], **stub),
        "grant@2025-01-01.yml": policy_text(effective=YEARS[2025], window=None),
        "only@2026-01-01.yml": policy_text("only", effective=YEARS[2026], **stub),
    }
    found = load_policies(write_policies(tmp_path, files))
    assert version_near(found, "grant", AS_OF).start.year == 2025
    for refused in (lambda: version_near(found, "only", AS_OF), lambda: day_within(found.policies[-1], AS_OF)):
        with pytest.raises(NotFound) as caught:
            refused()
        assert caught.value.code == "policy_needs_source"
    with pytest.raises(NotFound) as caught:
        version_near(found, "other", AS_OF)
    assert caught.value.code == "policy_not_found"


@pytest.mark.parametrize(
    ("day", "nearest"),
    [("2025-06-30", "2026-01-01"), ("2026-06-30", "2026-06-30"), ("2027-06-30", "2026-12-31")],
)
def test_the_day_is_moved_into_the_time_of_the_version(policies: PolicySet, day: str, nearest: str):
    (version,) = (policy for policy in policies.policies if policy.start.year == 2026)
    assert day_within(version, date.fromisoformat(day)) == date.fromisoformat(nearest)


def test_a_firm_is_told_by_district_section_and_size():
    known = enterprise(district_code="320803", industry_code="3491", enterprise_size="small")
    assert firm_of(known)[2:] == ("320803", "C", "small")
    assert firm_of(enterprise(industry_code="9901"))[2:] == (None, None, None)


# --- a small population under two versions ---


@dataclass
class People:
    """Stands in for a snapshot."""

    firms: dict[str, Enterprise]

    def count(self) -> int:
        return len(self.firms)

    def enterprises(self) -> Iterator[Enterprise]:
        return iter(self.firms.values())

    def enterprise(self, uscc: str) -> Enterprise:
        return self.firms[uscc]


EACH = {
    "for_each": "{in: projects, key: no, claim: each}",
    "item_if": "{all: [{id: good, basis: art1, value: good, is: true}]}",
    "eligible_if": "{all: [{id: day, basis: art1, value: as_of, on_or_after: 2000-01-01}]}",
    "window": None,
}
HALF = "{each: {basis: art1, multiply: [invested, 50%]}, rounding: {to: 1元, mode: down}}"
TENTH = "{each: {basis: art1, multiply: [invested, 10%]}, rounding: {to: 1元, mode: down}}"


def two_sides(folder: Path, old: dict[str, str | None], new: dict[str, str | None]) -> tuple[Side, Side]:
    files = {
        "grant@2025-01-01.yml": policy_text(effective=YEARS[2025], **old),
        "grant@2026-01-01.yml": policy_text(effective=YEARS[2026], **new),
    }
    found = load_policies(write_policies(folder, files))
    before, after = found.policies
    return Side(found, before, day_within(before, AS_OF), "old"), Side(found, after, AS_OF, "new")


def reported(old: Side | None, new: Side, people: People, budget: Budget | None = None) -> Report:
    found = impact(old.policy if old else None, new.policy, pairs(old, new, people, {}))  # type: ignore[arg-type]
    told = examples(found, old, new, people, {})  # type: ignore[arg-type]
    return Report(found, old, new, "snapshot", (), budget, shares_of(found, budget) if budget else None, told)


def projects(**invested: int | None) -> Enterprise:
    rows = [{"no": key.rstrip("_"), "good": amount is not None, "invested": amount} for key, amount in invested.items()]
    return enterprise({"projects": complete(rows)})


def test_a_population_is_judged_under_both_versions(tmp_path: Path):
    old, new = two_sides(tmp_path, {**EACH, "amount": TENTH}, {**EACH, "amount": HALF})
    people = People({"x": projects(P1=10 * WAN, P2=None)})
    progress: list[tuple[int, int]] = []
    found = list(pairs(old, new, people, {}, lambda *seen: progress.append(seen)))  # type: ignore[arg-type]
    assert [[(s.subject, s.verdict, s.low) for s in side] for side in found[0][1:]] == [
        [("P1", E, WAN), ("P2", I, 0)],
        [("P1", E, 5 * WAN), ("P2", I, 0)],
    ]
    assert progress == [(1, 1)]
    (alone,) = pairs(None, new, people, {})  # type: ignore[arg-type]
    assert (alone.old, len(alone.new)) == ((), 2)


def test_the_explanation_of_an_example_is_of_the_element_that_is_told(tmp_path: Path):
    old, new = two_sides(tmp_path, {**EACH, "amount": TENTH}, {**EACH, "amount": HALF})
    firm = projects(P=20 * WAN, P_=10 * WAN)  # two elements under one key, the lesser is told
    report = reported(old, new, People({firm.uscc: firm}))
    (example,) = report.examples
    assert [match and match.amount and match.amount.lo for match in (example.old, example.new)] == [
        example.change.old and example.change.old.low,
        example.change.new and example.change.new.low,
    ]
    first = report.impact.changes[0]
    assert (first.worth, example.change.worth) == (8 * WAN, 4 * WAN)


def test_an_example_without_an_old_version_has_no_old_explanation(tmp_path: Path):
    _, new = two_sides(tmp_path, {**EACH, "amount": TENTH}, {**EACH, "amount": HALF})
    firm = projects(P=10 * WAN)
    report = reported(None, new, People({firm.uscc: firm}))
    assert [(side, line.split(" ")[0]) for side, line in example_lines(report)][:3] == [
        ("新增 / gains", "示例企业"),
        ("原 / old", "无此项"),
        ("新 / new", "示例补助"),
    ]


# --- remarks ---


def said(report: Report) -> str:
    return "\n".join(en for _, en in remarks(report))


def plain(policies: PolicySet, *found: Pair, old: int = 0, new: int = 1, **parts: object) -> Report:
    before, after = policies.policies[old], policies.policies[new]
    sides = Side(policies, before, before.start, "old"), Side(policies, after, after.start, "new")
    return Report(impact(before, after, found), *sides, "snapshot", **parts)  # type: ignore[arg-type]


def test_the_report_says_that_days_and_years_differ(policies: PolicySet):
    text = said(plain(policies))
    assert "the days differ (2025-01-01, 2026-01-01)" in text
    assert "the years of the facts differ (2024, 2025)" in text


def test_the_report_says_that_the_texts_are_the_same_and_then_nothing_more(policies: PolicySet):
    assert said(plain(policies, new=0)) == "both texts are the same"


def test_the_report_names_what_a_draft_replaced_and_what_else_differs(policies: PolicySet, tmp_path: Path):
    other = load_policies(write_policies(tmp_path, {"more@2026-01-01.yml": policy_text("more")}))
    report = plain(policies, new=0, replaced=("a@2026-01-01.yml", "b@2026-01-01.yml"))
    text = said(Report(report.impact, report.old, Side(other, other.policies[0], AS_OF, "x"), "s", report.replaced))
    assert "would be in force: a@2026-01-01.yml, b@2026-01-01.yml; end them" in text
    assert "other files" not in text  # those of the policies compared are what the report is about
    catalogue = load_policies(_with_comment(tmp_path))
    text = said(Report(report.impact, report.old, Side(catalogue, catalogue.policies[0], AS_OF, "x"), "s"))
    assert "other files of the two sets differ as well: facts.yml" in text


def _with_comment(folder: Path) -> Path:
    path = folder / "policies" / "facts.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    return folder / "policies"


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize("verdict", [E, U])
def test_the_report_says_that_an_amount_has_no_bound(policies: PolicySet, side: str, verdict: Verdict):
    sides = {"old": stands(I), "new": stands(I), side: stands(verdict, 1, None)}
    assert "no upper bound" in said(plain(policies, pair(1, sides["old"], sides["new"])))
    assert "no upper bound" not in said(plain(policies, pair(1, exactly(1), exactly(1))))


def test_the_report_says_that_the_possible_cannot_be_shared_out(policies: PolicySet):
    found = plain(policies, pair(1, None, stands(E, 1, None)))
    shared = shares_of(found.impact, Budget(5))
    assert "cannot be shared" in said(plain(policies, pair(1, None, stands(E, 1, None)), shares=shared))


def test_the_report_says_that_a_status_is_granted(tmp_path: Path):
    grants = {"grants": "{status: tech_sme, until: period_end}", "amount": None}
    old, new = two_sides(tmp_path, {"window": None}, {"window": None, **grants})
    assert "grants a status" in said(reported(old, new, People({})))
    assert "grants a status" not in said(reported(None, old, People({})))


# --- how it is shown ---


def told_firm(policies: PolicySet, name: str, subject: str | None = None) -> Report:
    firm = Firm("91320800MA00000000", name)
    return plain(policies, Pair(firm, (), (exactly(5, subject),)))


def test_a_name_is_never_taken_for_two_languages(policies: PolicySet):
    report = told_firm(policies, "甲 / ALPHA", "P / 1")
    table = without_empty_columns(
        Table(changes().columns, list(change_rows(report)), changes().right, changes().verbatim)
    )
    for lang, words in (("zh", ("新增", "未知")), ("en", ("gains", "unknown"))):
        (row,) = in_one_language(table, lang).rows
        assert (row[1], row[5]) == ("甲 / ALPHA", "P / 1")
        assert (row[6], row[2]) == words


def test_columns_that_hold_nothing_are_left_out_and_the_others_keep_what_they_are():
    rows = [("a", "x / y", 0, 5, Yuan(0)), ("b", "z", 0, 0, None)]
    left = without_empty_columns(Table(("k", "v", "n", "m", "y"), rows, frozenset({2, 3, 4}), frozenset({1})))
    assert (left.columns, left.rows) == (("k", "v", "m"), [("a", "x / y", 5), ("b", "z", 0)])
    assert (left.right, left.verbatim) == ({2}, {1})


def test_every_head_is_said_in_one_language(policies: PolicySet):
    report = plain(policies, *MANY, budget=Budget(10, 1, "fund-1"))
    report = Report(
        report.impact, report.old, report.new, "s", (), report.budget, shares_of(report.impact, Budget(10, 1))
    )
    for table in summary(report):
        for lang in ("zh", "en"):
            told = in_one_language(table, lang)
            assert not any(" / " in name for name in told.columns)
        labels = [str(row[0]) for row in in_one_language(table, "zh").rows]
        assert not any(" / " in label for label in labels)
        if any("资金规模" in label for label in labels):
            assert "资金规模 (fund-1)" in labels


def test_brackets_and_colons_in_a_name_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]):
    names = ["[red]公司[/red]", "[/b]", "a:100:b"]
    print_table(["name"], [[name] for name in names])
    note("x.yml:100:5")
    printed = capsys.readouterr()
    assert [line.strip() for line in printed.out.splitlines()[1:]] == names
    assert "x.yml:100:5" in printed.err


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "{=1}", "http://x.y"])
def test_names_that_look_like_formulas_are_text_in_the_workbook(policies: PolicySet, tmp_path: Path, name: str):
    write_workbook(tmp_path / "x.xlsx", told_firm(policies, name, name))
    rows = CalamineWorkbook.from_path(str(tmp_path / "x.xlsx")).get_sheet_by_name("变化清单").to_python()
    assert (rows[1][1], rows[1][5]) == (name, name)
    assert CalamineWorkbook.from_path(str(tmp_path / "x.xlsx")).get_sheet_by_name("资金分摊").to_python()[1][1] == name


def test_a_workbook_that_cannot_be_written_says_so_and_leaves_nothing_behind(
    policies: PolicySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(OSError, match="No such file"):
        write_workbook(tmp_path / "missing" / "x.xlsx", told_firm(policies, "企业"))
    assert list(scratch.iterdir()) == []
    write_workbook(tmp_path / "x.xlsx", told_firm(policies, "企业"))
    assert list(scratch.iterdir()) == []


def test_money_is_shown_in_yuan_and_nothing_as_nothing():
    cells = (None, Yuan(125 * WAN // 10), 3, "文")
    assert [shown(cell, "zh") for cell in cells] == ["", "12.5万元", "3", "文"]
    assert [shown(cell, "en") for cell in cells] == ["", "125,000 yuan", "3", "文"]


def test_the_plain_data_hold_every_sum_with_its_difference(policies: PolicySet):
    report = plain(policies, *MANY)
    data = report_data(report)
    assert data["totals"]["difference"] == {"guaranteed": 9, "possible": 14, "open": -32}
    for dimension in Dimension:
        groups = data["groups"][dimension.value]
        assert [group["code"] for group in groups][-1] is None
        assert sum(group["difference"]["possible"] for group in groups) == 14
    assert sum(row["count"] for row in data["subjects"]["transitions"]) == data["manifest"]["subjects"] == 8
    assert len(data["affected"]) == len(list(report.impact.affected())) == 7
    assert data["budget"]["needed"] == {"guaranteed": 39, "possible": 44, "unbounded": 1}


# --- a draft in its library ---

NEW = policy_text(effective="{from: 2026-07-01, to: 2027-06-30}", window=None, title="{zh: 新, en: New}")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return write_policies(
        tmp_path,
        {
            "grant@2026-01-01.yml": policy_text(),
            "county/other@2026-01-01.yml": policy_text("other"),
            "clauses/base.yml": "id: base\ntitle: {zh: 通用, en: Common}\nprovenance: sourced\n"
            "basis: {art9: {document: 示例, article: 一, gist: 通用}}\n"
            "all: [{id: day, basis: art9, value: as_of, on_or_after: 2000-01-01}]\n",
        },
    )


def draft(folder: Path, name: str, text: str) -> Path:
    path = folder / "drafts" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_draft_takes_the_place_of_a_version_in_force_in_its_time(library: Path, tmp_path: Path):
    before = {path: path.read_bytes() for path in library.rglob("*.yml")}
    found = load_draft(draft(tmp_path, "grant@2026-07-01.yml", NEW), library)
    assert found.replaced == ("grant@2026-01-01.yml",)
    assert [policy.key for policy in found.policies.policies] == ["grant@2026-07-01", "other@2026-01-01"]
    assert found.policy.title.en == "New"
    assert {path: path.read_bytes() for path in library.rglob("*.yml")} == before


@pytest.mark.parametrize(("start", "replaced"), [("2026-12-31", True), ("2027-01-01", False)])
def test_a_draft_leaves_a_version_that_ends_before_it(library: Path, tmp_path: Path, start: str, replaced: bool):
    text = policy_text(effective=f"{{from: {start}}}", window=None)
    found = load_draft(draft(tmp_path, f"grant@{start}.yml", text), library)
    assert found.replaced == (("grant@2026-01-01.yml",) if replaced else ())
    assert len(found.policies.policies) == (2 if replaced else 3)


def test_a_draft_leaves_a_version_that_begins_after_it(library: Path, tmp_path: Path):
    later = policy_text(effective=YEARS[2027], window=None)
    (library / "grant@2027-01-01.yml").write_text(later, encoding="utf-8")
    text = policy_text(effective="{from: 2026-07-01, to: 2026-12-31}", window=None)
    assert load_draft(draft(tmp_path, "grant@2026-07-01.yml", text), library).replaced == ("grant@2026-01-01.yml",)
    text = policy_text(effective="{from: 2026-07-01, to: 2027-01-01}", window=None)
    both = ("grant@2026-01-01.yml", "grant@2027-01-01.yml")
    assert load_draft(draft(tmp_path, "grant@2026-07-01.yml", text), library).replaced == both


def test_a_version_without_an_end_is_replaced_by_any_later_one(library: Path, tmp_path: Path):
    endless = policy_text(effective="{from: 2026-01-01}", window=None)
    (library / "grant@2026-01-01.yml").write_text(endless, encoding="utf-8")
    later = policy_text(effective="{from: 2040-01-01}", window=None)
    assert load_draft(draft(tmp_path, "grant@2040-01-01.yml", later), library).replaced == ("grant@2026-01-01.yml",)


def test_a_draft_of_the_same_name_goes_where_that_file_is_and_replaces_no_other(library: Path, tmp_path: Path):
    text = policy_text("other", title="{zh: 新, en: New}")
    found = load_draft(draft(tmp_path, "other@2026-01-01.yml", text), library)
    assert found.replaced == ()
    assert (found.policy.path, found.policy.title.en) == ("policies/county/other@2026-01-01.yml", "New")
    assert len(found.policies.policies) == 2


def test_a_draft_goes_beside_the_other_versions_of_its_policy_else_to_the_top(library: Path, tmp_path: Path):
    later = {"effective": YEARS[2027], "window": None}
    found = load_draft(draft(tmp_path, "other@2027-01-01.yml", policy_text("other", **later)), library)
    assert found.policy.path == "policies/county/other@2027-01-01.yml"
    found = load_draft(draft(tmp_path, "fresh@2027-01-01.yml", policy_text("fresh", **later)), library)
    assert (found.policy.path, found.replaced) == ("policies/fresh@2027-01-01.yml", ())


def test_a_file_of_the_library_itself_can_be_the_draft(library: Path):
    found = load_draft(library / "county" / "other@2026-01-01.yml", library)
    assert (found.policy.key, found.replaced, found.policies.hash) == (
        "other@2026-01-01",
        (),
        load_policies(library).hash,
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("grant@2026-07-01.yml", NEW.replace("revenue", "revenu")),
        ("grant@2026-07-01.yml", NEW + "title: {zh: 又, en: Again}\n"),
        ("grant@2026-07-01.yml", "id: [grant\n"),
        ("grant@2026-07-01.yml", NEW.replace("2026-07-01", "2026-13-01")),
        ("grant.yml", NEW),
        ("regions.yml", "regions: {}\n"),
    ],
)
def test_what_is_wrong_with_a_draft_is_said_of_the_authors_own_file(
    library: Path, tmp_path: Path, name: str, text: str
):
    path = draft(tmp_path, name, text)
    with pytest.raises(AuthorError) as caught:
        load_draft(path, library)
    assert {finding.at and finding.at.path for finding in caught.value.findings} == {str(path)}


def test_a_draft_that_is_not_text_is_said_of_the_authors_own_file(library: Path, tmp_path: Path):
    path = draft(tmp_path, "grant@2026-07-01.yml", "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AuthorError) as caught:
        load_draft(path, library)
    assert [finding.at and finding.at.path for finding in caught.value.findings] == [str(path)]


def test_what_is_wrong_elsewhere_keeps_its_own_place(library: Path, tmp_path: Path):
    broken = policy_text("other").replace("revenue", "revenu")
    (library / "county" / "other@2026-01-01.yml").write_text(broken, encoding="utf-8")
    with pytest.raises(AuthorError) as caught:
        load_draft(draft(tmp_path, "grant@2026-07-01.yml", NEW), library)
    assert {finding.at and finding.at.path for finding in caught.value.findings} == {
        "policies/county/other@2026-01-01.yml"
    }


@pytest.mark.parametrize(
    "name", ["facts.yml", "clauses/base.yml", "grant.cases.yml", "grant@2026-07-01.yaml", "notes.txt", "missing.yml", "county"]
)  # fmt: skip
def test_what_is_not_a_policy_file_is_refused(library: Path, name: str):
    if name in ("grant.cases.yml", "grant@2026-07-01.yaml", "notes.txt"):
        (library / name).write_text("policy: grant\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_draft(library / name, library)
    assert (caught.value.code, caught.value.at and caught.value.at.path) == ("no_policy_file", str(library / name))


def test_a_folder_without_a_catalogue_is_no_library(tmp_path: Path):
    with pytest.raises(InputError) as caught:
        load_draft(draft(tmp_path, "grant@2026-07-01.yml", NEW), tmp_path / "empty")
    assert caught.value.code == "no_policies"


def test_a_change_without_either_side_has_no_subject():
    assert Change(a_firm(1), Kind.SAME, None, None).subject is None
