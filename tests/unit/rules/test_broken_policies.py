"""Broken policies, one folder a mistake: each is found at its place, with words that help."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from subsidy_match.errors import AuthorError, Finding
from subsidy_match.rules.analysis.review import review, review_folder
from subsidy_match.rules.handbook import CHECKS, checks_page
from subsidy_match.rules.library import load_policies

ROOT = Path(__file__).parents[3]
BROKEN = ROOT / "tests" / "broken"
CASES = sorted(path for path in BROKEN.iterdir() if path.is_dir())
_EXPECTED = re.compile(r"# <- (P\d{3}) (.+)")


def expected(case: Path) -> Iterator[tuple[str, int, str, str]]:
    """File, line, code and words, as the files themselves say."""
    for path in sorted(case.rglob("*.yml")):
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
            if found := _EXPECTED.search(line):
                yield path.name, number, found[1], found[2].strip()
    listed = case / "expected.txt"
    for line in listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else ():
        place, code, words = line.split(" ", 2)
        name, _, number = place.rpartition(":")
        yield name, int(number), code, words


def found_in(folder: Path) -> tuple[Finding, ...]:
    try:
        return review(load_policies(folder)).findings
    except AuthorError as error:
        return tuple(error.findings) or (error.as_finding(),)


def library_with(case: Path, tmp_path: Path) -> Path:
    """The catalogue, clauses and parameters of the shipped library with the policies of a case."""
    folder = tmp_path / "policies"
    folder.mkdir()
    if not (case / "facts.yml").is_file():
        shutil.copy(ROOT / "policies" / "facts.yml", folder)
        for part in ("clauses", "parameters"):
            shutil.copytree(ROOT / "policies" / part, folder / part)
    for path in case.glob("*.yml"):
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_policy_is_found_at_its_place(case: Path, tmp_path: Path):
    wanted = list(expected(case))
    assert wanted
    assert any(code == case.name[:4] for _, _, code, _ in wanted)
    found = found_in(library_with(case, tmp_path))
    places = {(Path(f.at.path).name, f.at.line, f.code): f for f in found if f.at}
    assert set(places) == {(name, line, code) for name, line, code, _ in wanted}, [str(f) for f in found]
    for name, line, code, words in wanted:
        finding = places[name, line, code]
        assert words in f"{finding.zh} {finding.en} {finding.hint}", str(finding)


def test_every_code_has_a_page_and_a_broken_policy():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/subsidy_match/rules").rglob("*.py"))
    raised = set(re.findall(r'"(P\d{3})"', source))
    assert raised == set(CHECKS)
    assert {case.name[:4] for case in CASES} == set(CHECKS)


def test_the_page_of_checks_is_current():
    assert (ROOT / "docs" / "checks.md").read_text(encoding="utf-8") == checks_page()


def test_an_acceptance_silences_its_finding_and_no_other(tmp_path: Path):
    case = BROKEN / "P021-cliff"
    folder = library_with(case, tmp_path)
    path = folder / "grant@2026-01-01.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}accept: [{{code: P021, clause: rd_expense, reason: 大项目比例较低}}]\n", encoding="utf-8")
    found = review(load_policies(folder))
    assert found.findings == ()
    assert [one.finding.code for one in found.accepted] == ["P021"]
    path.write_text(f"{text}accept: [{{code: P021, clause: revenue, reason: 大项目比例较低}}]\n", encoding="utf-8")
    assert sorted(f.code for f in review(load_policies(folder)).findings) == ["P021", "P023"]


def test_cases_as_examples_hide_nothing_that_is_dead(tmp_path: Path):
    folder = library_with(BROKEN / "P015-band", tmp_path)
    (policy,) = load_policies(folder).policies
    given = {"district_code": '"320812"', "revenue": "900万元", "rd_expense": "900万元", "staff_end": "50人"}
    facts = ", ".join(f"{name}: {value}" for name, value in given.items())
    (folder / "grant.cases.yml").write_text(
        f"policy: {policy.id}\ncases:\n  - {{name: 例, as_of: {policy.start}, given: {{{facts}}}, expect: {{verdict: eligible}}}}\n",
        encoding="utf-8",
    )
    with_examples, without = review_folder(folder, workers=1), review(load_policies(folder))
    assert with_examples.findings == without.findings
    assert {finding.code for finding in without.findings} == {"P015"}


def test_a_case_on_a_day_when_nobody_can_claim_is_no_example(tmp_path: Path):
    folder = library_with(BROKEN / "P015-band", tmp_path)
    path = folder / "grant@2026-01-01.yml"
    text = path.read_text(encoding="utf-8").replace(
        "channel: fast", "window: {opens: 2026-03-01, closes: 2026-08-31}\nchannel: fast"
    )
    text = text.replace("at_least: 50人, basis", "at_least: {param: floors.staff}, basis")
    path.write_text(text, encoding="utf-8")
    rows = "[{from: 2026-01-01, to: 2026-08-31, value: 50人, document: 示例, provenance: sourced}, {from: 2026-09-01, value: 0人, document: 示例, provenance: sourced}]"
    table = f"title: {{zh: 下限, en: Floors}}\ntables: {{staff: {{zh: 人数, en: Staff, unit: 人, picked_by: as_of, rows: {rows}}}}}\n"
    (folder / "parameters" / "floors.yml").write_text(table, encoding="utf-8")
    (folder / "grant.cases.yml").write_text(
        'policy: grant\ncases:\n  - {name: 例, as_of: 2026-10-01, given: {district_code: "320812", staff_end: 5人}, expect: {verdict: eligible}}\n',
        encoding="utf-8",
    )
    assert "P015" in {finding.code for finding in review_folder(folder, workers=1).findings}
