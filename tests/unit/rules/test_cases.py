"""Case files are checked as hard as policies: an expectation that means nothing is found, and never passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from policy_world import FACTS, policy_text, write_policies

from subsidy_match.errors import AuthorError
from subsidy_match.rules.cases import load_cases, run_case
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.publishing import publish

CASE = "{name: 例, as_of: 2026-06-30, given: {revenue: 500万元}, expect: %s}"


def codes(folder: Path, text: str) -> list[tuple[str, int | None]]:
    root = write_policies(folder, {"grant@2026-01-01.yml": policy_text(), "grant.cases.yml": text})
    with pytest.raises(AuthorError) as caught:
        load_cases(load_policies(root), root)
    return [(finding.code, finding.at.line if finding.at else None) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("{verdict: eligibel}", "P002"),
        ("{}", "P002"),
        ("{verdict: eligible, met: rich}", "P002"),
        ("{verdict: eligible, missing: x}", "P002"),
        ("{verdict: eligible, missing: {a: b}}", "P002"),
        ("{verdict: eligible, metx: [rich]}", "P004"),
        ("{verdict: eligible, amount: 100000人}", "P006"),
        ("{verdict: eligible, amount: 100000}", "P006"),
        ("{verdict: eligible, amount: 10%}", "P006"),
        ("{verdict: eligible, amount: 1000.009元}", "P006"),
        ("{verdict: eligible, amount: x}", "P006"),
        ("{verdict: eligible, amount: {min: 1元, most: 2元}}", "P004"),
        ("{subjects: {L1: {verdict: eligible}}, verdict: ineligible}", "P004"),
        ("{subjects: {L1: {verdict: eligible, subjects: {}}}}", "P004"),
        ("{subjects: {L1: {verdict: eligible, amount: 7人}}}", "P006"),
    ],
)
def test_an_expectation_without_meaning_is_found_at_its_place(tmp_path: Path, expect: str, code: str):
    found = codes(tmp_path, f"policy: grant\ncases:\n  - {CASE % expect}\n")
    assert found == [(code, 3)]


@pytest.mark.parametrize(
    "text",
    ["policy: nope\ncases: []\n", "policy: grant\ncases: oops\n", "policy: grant\ncases: {a: b}\n", "policy: grant\n"],
)
def test_a_file_of_cases_is_never_passed_over(tmp_path: Path, text: str):
    assert codes(tmp_path, text)


@pytest.mark.parametrize("key", ["revenue@--1", "revenue@-999999", "revenue@\u0661", "revenue@x"])
def test_a_year_far_away_or_misspelt_is_a_finding(tmp_path: Path, key: str):
    case = CASE.replace("revenue", key) % "{verdict: eligible}"
    assert codes(tmp_path, f"policy: grant\ncases:\n  - {case}\n") == [("P007", 3)]


def test_what_is_right_still_runs(tmp_path: Path):
    text = f"policy: grant\ncases:\n  - {CASE % '{verdict: eligible, amount: none, met: [rich]}'}\n"
    root = write_policies(tmp_path, {"grant@2026-01-01.yml": policy_text(), "grant.cases.yml": text})
    policies = load_policies(root)
    assert [run_case(policies, case).problems for case in load_cases(policies, root)] == [()]


# --- files that are none ---


def strange(folder: Path, kind: str, name: str) -> None:
    path = folder / name
    match kind:
        case "folder":
            path.mkdir()
        case "broken link":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to(path.name)
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["folder", "broken link", "loop", "pipe", "device"])
def test_what_is_no_file_is_a_finding_and_holds_nobody_up(tmp_path: Path, kind: str):
    root = write_policies(tmp_path)
    strange(root, kind, "other@2026-01-01.yml")
    with pytest.raises(AuthorError) as caught:
        load_policies(root)
    assert [finding.code for finding in caught.value.findings] == ["P001"]
    with pytest.raises(AuthorError):
        publish(root, tmp_path / "published")


@pytest.mark.parametrize("kind", ["folder", "broken link", "pipe"])
def test_cases_that_are_no_file_are_a_finding(tmp_path: Path, kind: str):
    root = write_policies(tmp_path)
    strange(root, kind, "grant.cases.yml")
    with pytest.raises(AuthorError) as caught:
        load_cases(load_policies(root), root)
    assert [finding.code for finding in caught.value.findings] == ["P001"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("counter: 项", "counter: 只"),
        ("statuses: {in: honors,", "statuses: {in: honours,"),
        ("  district_code:", "  district:"),
    ],
)
def test_a_catalogue_that_lacks_what_the_language_needs_is_refused(tmp_path: Path, old: str, new: str):
    assert old in FACTS
    root = write_policies(tmp_path, {"facts.yml": FACTS.replace(old, new, 1)})
    with pytest.raises(AuthorError) as caught:
        load_policies(root)
    assert {finding.code for finding in caught.value.findings or [caught.value.as_finding()]} <= {"P002", "P006"}


@pytest.mark.parametrize(
    "words",
    [
        ["policies", "validate", "x" * 300],
        ["policies", "new", "x" * 300],
        ["policies", "new", "aa", "--under", "../../etcx"],
        ["policies", "new", "aa", "--under", "/tmp/abs"],
        ["policies", "new", "aa", "--under", "parameters"],
        ["policies", "new", "aa", "--title", "a: b, c}"],
        ["policies", "new", "aa", "--title", ""],
        ["match", "--uscc", os.fsdecode(b"\xff\xfe")],
    ],
)
def test_the_command_line_answers_with_a_sentence(tmp_path: Path, words: list[str]):
    root = write_policies(tmp_path)
    env = {**os.environ, "SUBSIDY_POLICIES": str(root), "SUBSIDY_HOME": str(tmp_path / "home")}
    before = sorted(tmp_path.rglob("*.yml"))
    done = subprocess.run(
        [sys.executable, "-m", "subsidy_match.cli", *words], env=env, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stderr.strip()
    assert sorted(tmp_path.rglob("*.yml")) == before
