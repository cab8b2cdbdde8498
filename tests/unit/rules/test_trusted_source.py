"""A policy may say whose word counts for a fact: another department's is then neither taken nor passed for a zero."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_world import FACTS, LOADED, WAN, evaluate, findings_of, load, policy_text

from subsidy_match.rules.enterprise import Enterprise, Known, Quality, Source, told_key
from subsidy_match.rules.explanation import explain, explain_text
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.truth import Verdict

TWO = FACTS.replace("per: year, sources: [tax], sensitivity: commercial}\n  profit", "per: year, sources: [tax, science], sensitivity: commercial}\n  profit")  # fmt: skip
CONDITION = "{all: [{id: rich, basis: art1, value: {value: rd, from: science}, at_least: 100万元}]}"
YES, NO, OPEN = Verdict.ELIGIBLE, Verdict.INELIGIBLE, Verdict.UNKNOWN


def policies(folder: Path, condition: str = CONDITION) -> PolicySet:
    return load(folder, {"facts.yml": TWO, "grant@2026-01-01.yml": policy_text(eligible_if=condition)})


def firm(**told: int) -> Enterprise:
    """R&D of 2025 in 万元 as each department told it; the first one given is the one that counts."""
    values = {}
    for place, (department, amount) in enumerate(told.items()):
        key = "rd_2025" if place == 0 else told_key("rd_2025", department)
        values[key] = Known(amount * WAN, Source(department, LOADED))
    return Enterprise("u", "n", values)


def match(folder: Path, enterprise: Enterprise) -> Match:
    return evaluate(policies(folder), enterprise)[0]


@pytest.mark.parametrize(
    ("enterprise", "expected"),
    [
        (firm(tax=50, science=100), YES),
        (firm(tax=500, science=99), NO),
        (firm(science=100), YES),  # nobody more trusted gave one
        (firm(tax=500), OPEN),
        (firm(), OPEN),
    ],
)
def test_only_the_named_departments_word_counts(tmp_path: Path, enterprise: Enterprise, expected: Verdict):
    assert match(tmp_path, enterprise).verdict is expected


def test_what_it_did_not_give_is_missing_from_it(tmp_path: Path):
    found = match(tmp_path, firm(tax=500))
    (missing,) = explain(found, policies(tmp_path))["missing_facts"]
    assert (missing["label"], missing["owed_by"]) == ("2025年研发费用", "科技局")


def test_the_explanation_says_whose_word_it_was(tmp_path: Path):
    text = explain_text(match(tmp_path, firm(tax=50, science=100)), policies(tmp_path))
    assert "研发费用(以科技局数据为准)" in text
    assert f"(科技局 {LOADED})" in text
    assert "税务局" not in text


@pytest.mark.parametrize("source", [None, Source("企业自报", LOADED, quality=Quality.DECLARED)])
def test_a_value_of_no_department_stands_for_any(tmp_path: Path, source: Source | None):
    assert match(tmp_path, Enterprise("u", "n", {"rd_2025": Known(100 * WAN, source)})).verdict is YES


def test_without_from_the_value_that_counts_is_taken(tmp_path: Path):
    condition = "{all: [{id: rich, basis: art1, value: rd, at_least: 100万元}]}"
    found = evaluate(policies(tmp_path, condition), firm(tax=50, science=100))
    assert found[0].verdict is NO


def test_the_year_before_can_be_asked_of_a_department(tmp_path: Path):
    condition = CONDITION.replace("value: rd,", "value: rd@-1,")
    values = {
        "rd_2024": Known(1, Source("tax", LOADED)),
        "rd_2024@science": Known(100 * WAN, Source("science", LOADED)),
    }
    assert evaluate(policies(tmp_path, condition), Enterprise("u", "n", values))[0].verdict is YES


@pytest.mark.parametrize(
    ("value", "code", "hint"),
    [
        ("{value: rd, from: finance}", "P007", "tax, science"),
        ("{value: rd, from: scence}", "P007", "science"),
        ("{add: [rd, profit], from: tax}", "P005", "FACT"),
        ("{value: 5万元, from: tax}", "P005", "FACT"),
    ],
)
def test_a_department_that_does_not_owe_the_fact_is_refused(tmp_path: Path, value: str, code: str, hint: str):
    condition = f"{{all: [{{id: rich, basis: art1, value: {value}, at_least: 100万元}}]}}"
    (finding,) = findings_of(tmp_path, {"facts.yml": TWO, "grant@2026-01-01.yml": policy_text(eligible_if=condition)})
    assert finding.code == code
    assert hint in (finding.hint or "")
