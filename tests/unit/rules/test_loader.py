"""The strict loader: each kind of mistake is a finding with its place, its code and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from policy_world import FACTS, case_text, findings_of, load, policy_text, write_policies

from subsidy_match.errors import AuthorError, InputError
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.tree import All

AMOUNT = "{multiply: [revenue, 8%], cap: 200万元, rounding: {to: 1元, mode: half_up}}"
GRANT = "grant@2026-01-01.yml"
EACH = "{in: projects, key: no, claim: each}"
RATE = """tables:
  rate:
    zh: 比例
    en: Rate
    by: size
    picked_by: as_of
    rows:
      - {from: 2026-01-01, values: {large: 30%, small: 60%}, document: 示例, provenance: representative}
"""


def asks(condition: str) -> dict[str, str]:
    return {"eligible_if": f"{{all: [{condition}]}}"}


# (the part, what is in the finding: code, text of the place, English text or hint)
MISTAKES: dict[str, tuple[dict[str, str | None], str, str, str]] = {
    "unknown fact": (asks("{value: revenu, at_least: 1万元}"), "P007", "revenu,", "did you mean 'revenue'"),
    "unknown status": (asks("{holds: hightech}"), "P007", "hightech", "did you mean 'high_tech'"),
    "unknown list": (asks("{some: {in: honor}}"), "P007", "honor}", "did you mean 'honors'"),
    "unknown code": (asks("{value: size, is: smal}"), "P007", "smal}", "did you mean 'small'"),
    "unknown basis": (asks("{value: size, is: small, basis: art2}"), "P007", "art2", "did you mean 'art1'"),
    "unknown region": (asks("{value: district_code, within: 清江浦}"), "P007", "{value", "清江浦"),
    "unknown industry": (asks("{value: industry, within: Z9}"), "P007", "{value", "Z9"),
    "unknown parameter": (asks("{value: {param: job.rate}, at_least: 1%}"), "P007", "job.rate", "no such parameter"),
    "unknown group": (asks("{value: {paid_under: grp}, at_most: 1万元}"), "P007", "grp", "no such group"),
    "unknown word": (asks("{al: []}"), "P004", "al:", "did you mean 'all'"),
    "no word": (asks("{id: x}"), "P005", "{id: x}", "one of all"),
    "two words": (asks("{not: {holds: tech_sme}, holds: tech_sme}"), "P005", "{not", "only one word"),
    "no comparison": (asks("{value: revenue}"), "P005", "{value", "no comparison"),
    "two comparisons": (asks("{value: revenue, at_least: 1元, at_most: 2元}"), "P005", "{value", "join several"),
    "not a condition": (asks("revenue"), "P005", "revenue]", "a condition is expected"),
    "order of codes": (asks("{value: size, at_least: 1元}"), "P005", "{value", "codes take"),
    "number before": (asks("{value: revenue, before: 2026-01-01}"), "P005", "{value", "numbers take"),
    "look-back without anchor": (asks("{value: founded_on, within_last: 3年}"), "P005", "{value", "before: as_of"),
    "anchor not a day": (asks("{value: founded_on, within_last: 3年, before: revenue}"), "P005", "{value", "as_of"),
    "yes-or-no by code": (asks("{value: green, is: yes}"), "P005", "{value", "true or false"),
    "includes of a code": (asks("{value: size, includes: [small]}"), "P005", "{value", "codes take"),
    "ratio of three": (asks("{value: {ratio: [rd, revenue, staff]}, at_least: 1%}"), "P005", "{ratio", "two values"),
    "manual in a row": (
        {"eligible_if": "{some: {in: projects, where: {manual: {zh: 看, en: see, by: x}}}}"},
        "P010",
        "{manual",
        "eligible_if",
    ),
    "items while choosing": (
        {"for_each": EACH, "item_if": "{value: items, at_least: 2个}"},
        "P010",
        "items",
        "eligible_if",
    ),
    "items by a name while choosing": (
        {"for_each": EACH, "let": "{n: {value: items}}", "item_if": "{value: n, at_least: 2个}"},
        "P010",
        "n, at",
        "eligible_if",
    ),
    "n too large": (asks("{at_least_n: {n: 3, of: [{holds: tech_sme}]}}"), "P005", "{at_least_n", "between 1 and"),
    "empty all": ({"eligible_if": "{all: []}"}, "P005", "[]", "a list is expected"),
    "money without unit": (asks("{value: revenue, at_least: 500}"), "P006", "500}", "written in 元"),
    "money in points": (asks("{value: revenue, at_least: 500分}"), "P006", "500分", "points of a score in 分"),
    "money in persons": (asks("{value: revenue, at_least: 500人}"), "P006", "500人", "unit mismatch"),
    "units added": (asks("{value: {add: [revenue, staff]}, at_least: 5元}"), "P006", "staff]", "units differ"),
    "unknown unit": (asks("{value: revenue, at_least: 500圆}"), "P006", "500圆", "known units"),
    "full-width digits": (asks("{value: revenue, at_least: \uff15万元}"), "P006", "\uff15", "write 5万元"),
    "full-width date": (asks("{value: founded_on, before: 2026-0\uff11-01}"), "P006", "2026", "write 2026-01-01"),
    "percent of money": ({"amount": "{value: 8%, rounding: {to: 1元, mode: down}}"}, "P006", "{value: 8%", "money"),
    "finer than a fen": ({"amount": "{value: rd, rounding: {to: 0.001元, mode: down}}"}, "P006", "{to", "whole 分"),
    "no rounding": ({"amount": "{value: rd}"}, "P002", "{value: rd", "rounding"),
    "cap of persons": ({"amount": AMOUNT.replace("200万元", "200人")}, "P006", "200人", "unit mismatch"),
    "fact as let": ({"let": "{revenue: {value: rd}}"}, "P003", "{value: rd}", "another name"),
    "unused let": ({"let": "{x: {value: nonsense}}"}, "P007", "nonsense", "unknown name"),
    "let in a circle": ({"let": "{x: {value: y}, y: {value: x}}"}, "P008", "x}", "x → y → x"),
    "year of no year": (asks("{value: patents@-1, at_least: 1件}"), "P005", "patents@-1", "has no year"),
    "far years": (asks("{value: as_of@-999, before: founded_on}"), "P006", "as_of@-999", "too many years"),
    "far look-back": (asks("{value: founded_on, within_last: 999年, before: as_of}"), "P006", "999年", "3年"),
    "no window": (
        {"window": None, **asks("{value: window_close, on_or_after: founded_on}")},
        "P005",
        "window_close",
        "add window",
    ),
    "ends before it begins": ({"effective": "{from: 2026-01-01, to: 2025-01-01}"}, "P009", "2025-01-01", "before"),
    "no condition": ({"eligible_if": None}, "P002", "id: grant", "missing 'eligible_if'"),
    "no claim": ({"claim": None}, "P002", "id: grant", "missing 'claim'"),
    "a channel there is not": ({"channel": "quick"}, "P002", "quick", "no_apply"),
    "unknown key of a policy": ({"eligible_fi": "x"}, "P004", "eligible_fi", "did you mean 'eligible_if'"),
    "a comma unquoted": (
        {"basis": "{art1: {document: 示例, gist: 单价, 不含税}}"},
        "P004",
        "不含税",
        "double quotes",
    ),
    "shares": ({"funding": "[{fund: a, share: 60%}, {fund: b, share: 60%}]"}, "P005", "[{fund", "100%"),
    "negative share": ({"funding": "[{fund: a, share: 150%}, {fund: b, share: -50%}]"}, "P006", "150%", "between"),
    "a waiver of nothing": ({"waive": "[{clause: x, basis: art1}]"}, "P007", "{clause", "no inherited clause"),
    "a waiver that is no list": ({"waive": "{clause: x, basis: art1}"}, "P002", "{clause", "list"),
    "each without elements": (
        {"amount": "{each: rd, rounding: {to: 1元, mode: down}}"},
        "P005",
        "rd,",
        "needs for_each",
    ),
    "a grant without end": ({"grants": "{status: tech_sme}"}, "P002", "{status", "missing 'until'"),
    "a grant until a day that has no name": (
        {"grants": "{status: tech_sme, until: founded_on}"},
        "P005",
        "founded_on",
        "period_end",
    ),
    "a grant by what there is not": (
        {"grants": "{status: tech_sme, until: period_end, by: letter}"},
        "P002",
        "letter",
        "certificate",
    ),
    "stages out of order": ({"chain": "[pay, accept]"}, "P002", "[pay", "in order"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_at_its_place(tmp_path: Path, name: str) -> None:
    parts, code, where, said = MISTAKES[name]
    text = policy_text(**parts)
    found = [f for f in findings_of(tmp_path, {GRANT: text}) if f.code == code]
    lines = text.splitlines()
    assert any(
        f.at is not None and f.at.line and f.at.column and lines[f.at.line - 1][f.at.column - 1 :].startswith(where)
        for f in found
    ), [str(f) for f in found]
    assert any(said in f"{f.en} {f.hint}" for f in found)
    assert all(f.zh and f.at and f.at.path == f"policies/{GRANT}" for f in found)


def test_a_policy_without_mistake_loads(tmp_path: Path) -> None:
    (policy,) = load(tmp_path, amount=AMOUNT).policies
    assert policy.key == "grant@2026-01-01"


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    files = {
        GRANT: policy_text(eligible_if="{value: revenu, at_least: 1元}", amount="{value: rdd}", channel="quick"),
        "other@2026-01-01.yml": policy_text("other", let="{x: {value: y}}", grants="{status: hightech, until: x}"),
        "third@2026-01-01.yml": "a: [",
        "parameters/rate.yml": RATE.replace("30%", "\uff13\uff10%"),
        "parameters/tab.yml": "a:\n\tb: 1",
        "clauses/base.yml": "id: base\ntitle: {zh: 通用, en: common}\nprovenance: sourced\n",
    }
    places = {f.at.path.removeprefix("policies/") for f in findings_of(tmp_path, files) if f.at}
    assert places == set(files)
    found = findings_of(tmp_path, files)
    assert {f.code for f in found if f.at and f.at.path.endswith(GRANT)} >= {"P007", "P002"}
    assert len(found) == len(set(found))


def test_findings_come_in_the_order_of_their_places(tmp_path: Path) -> None:
    files = {name: policy_text(name[0], channel="x", level="y") for name in ("b@2026-01-01.yml", "a@2026-01-01.yml")}
    places = [(f.at.path, f.at.line) for f in findings_of(tmp_path, files) if f.at]
    assert places == sorted(places)


def test_two_versions_in_force_at_once_are_refused(tmp_path: Path) -> None:
    later = policy_text(effective="{from: 2026-12-31}")
    (found,) = findings_of(tmp_path, {GRANT: policy_text(), "grant@2026-12-31.yml": later})
    assert (found.code, found.at and found.at.path) == ("P009", "policies/grant@2026-12-31.yml")


def test_versions_that_follow_each_other_load(tmp_path: Path) -> None:
    later = policy_text(effective="{from: 2027-01-01}")
    assert len(load(tmp_path, {GRANT: policy_text(), "grant@2027-01-01.yml": later}).policies) == 2


def test_the_name_of_the_file_says_what_is_in_it(tmp_path: Path) -> None:
    (found,) = findings_of(tmp_path, {"grants@2026-01-01.yml": policy_text()})
    assert (found.code, str(found.at)) == ("P002", "policies/grants@2026-01-01.yml:1:1")
    assert GRANT in found.en


def test_a_file_that_would_be_passed_over_is_a_finding(tmp_path: Path) -> None:
    (found,) = findings_of(tmp_path, {GRANT: policy_text(), "other@2026-01-01.yaml": policy_text("other")})
    assert found.en.endswith(".yml")


CYCLES = {
    "in the condition": {"eligible_if": "{holds: tech_sme}"},
    "under not": {"eligible_if": "{not: {holds: tech_sme}}"},
    "in a branch": {
        "eligible_if": "{value: {first_of: [{when: {holds: tech_sme}, then: 1分}, {otherwise: 0分}]}, at_least: 1分}"
    },
    "for an element": {"for_each": EACH, "item_if": "{holds: tech_sme}"},
    "in a row": {"eligible_if": "{some: {in: projects, where: {holds: tech_sme}}}"},
    "in a name": {
        "let": "{s: {each_of: [{when: {holds: tech_sme}, then: 1分}]}}",
        "eligible_if": "{value: s, at_least: 1分}",
    },
}


@pytest.mark.parametrize("parts", CYCLES.values(), ids=CYCLES)
def test_statuses_that_need_each_other_are_refused(tmp_path: Path, parts: dict[str, str]) -> None:
    files = {
        GRANT: policy_text(grants="{status: tech_sme, until: period_end}", eligible_if="{holds: high_tech}"),
        "back@2026-01-01.yml": policy_text("back", grants="{status: high_tech, until: period_end}", **parts),
    }
    assert {f.code for f in findings_of(tmp_path, files)} == {"P008"}


def test_a_certificate_needs_no_other_to_be_worked_out_first(tmp_path: Path) -> None:
    files = {
        GRANT: policy_text(grants="{status: tech_sme, until: period_end}", eligible_if="{holds: high_tech}"),
        "back@2026-01-01.yml": policy_text(
            "back", grants="{status: high_tech, until: as_of@3, by: certificate}", eligible_if="{holds: tech_sme}"
        ),
    }
    assert len(load(tmp_path, files).policies) == 2


def test_names_that_build_on_each_other_too_deep_are_a_finding(tmp_path: Path) -> None:
    chain = ", ".join(f"v{n}: {{add: [v{n + 1}, 1元]}}" for n in range(400))
    found = findings_of(tmp_path, let=f"{{{chain}, v400: {{value: revenue}}}}")
    assert "P001" in {f.code for f in found}
    backwards = ", ".join(f"v{n + 1}: {{add: [v{n}, 1元]}}" for n in range(400))
    found = findings_of(tmp_path, let=f"{{v0: {{value: revenue}}, {backwards}}}")
    assert "P001" in {f.code for f in found}


def test_conditions_too_deep_are_a_finding(tmp_path: Path) -> None:
    deep = "{not: " * 55 + "{holds: tech_sme}" + "}" * 55
    assert "P001" in {f.code for f in findings_of(tmp_path, eligible_if=deep)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (RATE.replace("60%", "60人"), "P006"),
        (RATE.replace("to: x", ""), None),
        (
            RATE + "      - {from: 2026-06-01, values: {large: 1%, small: 1%}, document: 示例, provenance: sourced}\n",
            "P009",
        ),
        (RATE.replace("from: 2026-01-01", "from: 2026-1-1"), "P002"),
        (RATE.replace("large: 30%, ", "larg: 30%, "), "P007"),
        (RATE.replace("values: {large: 30%, small: 60%}", "value: 5%"), "P007"),
        (RATE.replace("document", "doc"), "P004"),
    ],
)
def test_dated_tables(tmp_path: Path, text: str, code: str | None) -> None:
    uses = policy_text(**asks("{value: {param: {name: jobs.rate, for: size}}, at_least: 1%}"))
    files = {GRANT: uses, "parameters/jobs.yml": text}
    if code is None:
        assert "jobs.rate" in load(tmp_path, files).parameters
    else:
        assert code in {f.code for f in findings_of(tmp_path, files)}


def test_a_table_is_asked_for_its_own_key(tmp_path: Path) -> None:
    for key in ("", ", for: district_code", ", for: revenue"):
        uses = policy_text(**asks(f"{{value: {{param: {{name: jobs.rate{key}}}}}, at_least: 1%}}"))
        assert "P005" in {f.code for f in findings_of(tmp_path, {GRANT: uses, "parameters/jobs.yml": RATE})}


BASE = """id: base
title: {zh: 通用, en: common}
provenance: sourced
basis: {c: {document: 通知}}
all:
  - {id: small, value: size, is: small, basis: c}
  - {id: green, value: green, is: true, basis: c}
"""


def test_inherited_clauses_are_anded_in_and_may_be_waived(tmp_path: Path) -> None:
    waives = policy_text(inherits="[base]", waive="[{clause: green, basis: art1}]")
    (policy,) = load(tmp_path, {GRANT: waives, "clauses/base.yml": BASE}).policies
    assert isinstance(policy.condition, All)
    ids = [part.mark.id for part in policy.condition.of]
    assert ids == ["small", "rich"]
    assert set(policy.clauses) == {"art1", "c"}


def test_clauses_without_conditions_or_ids_are_findings(tmp_path: Path) -> None:
    for text in (BASE.split("all:")[0], BASE.replace("id: green, ", ""), BASE.split("all:")[0] + "all: []\n"):
        files = {GRANT: policy_text(inherits="[base]"), "clauses/base.yml": text}
        assert "policies/clauses/base.yml" in {f.at.path for f in findings_of(tmp_path, files) if f.at}


def test_two_files_of_clauses_with_one_id_are_a_finding(tmp_path: Path) -> None:
    files = {GRANT: policy_text(inherits="[base]"), "clauses/a.yml": BASE, "clauses/b.yml": BASE}
    assert "P003" in {f.code for f in findings_of(tmp_path, files)}


def test_a_broken_catalogue_says_where(tmp_path: Path) -> None:
    root = write_policies(tmp_path)
    (root / "facts.yml").write_text(FACTS.replace("type: money", "type: mony", 1), encoding="utf-8")
    with pytest.raises(AuthorError) as caught:
        load_policies(root)
    assert "mony" in str(caught.value)
    assert caught.value.findings[0].at


def test_a_broken_derived_fact_is_found_though_nobody_asks_for_it(tmp_path: Path) -> None:
    root = write_policies(tmp_path)
    (root / "facts.yml").write_text(FACTS.replace("at_least: 2000万元", "at_least: 2000人"), encoding="utf-8")
    with pytest.raises(AuthorError, match="unit mismatch"):
        load_policies(root)


def test_a_folder_without_catalogue_is_no_folder_of_policies(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_policies(tmp_path)
    assert caught.value.code == "no_policies"


def test_hashes_name_the_exact_text(tmp_path: Path) -> None:
    one = load(tmp_path / "a")
    same = load(tmp_path / "b", {GRANT: policy_text(), "grant.cases.yml": case_text()})
    other = load(tmp_path / "c", eligible_if="{all: [{id: rich, basis: art1, value: revenue, at_least: 501万元}]}")
    assert one.hash == same.hash
    assert one.policies[0].hash == same.policies[0].hash
    assert one.hash != other.hash
    assert one.policies[0].hash != other.policies[0].hash


def test_a_file_of_windows_is_read(tmp_path: Path) -> None:
    root = write_policies(tmp_path)
    (root / GRANT).write_bytes(b"\xef\xbb\xbf" + policy_text().replace("\n", "\r\n").encode())
    assert load_policies(root).policies[0].id == "grant"
