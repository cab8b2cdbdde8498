from __future__ import annotations

from typing import Any

import pytest
from api_world import FIRM, OTHER, ApiWorld

from subsidy_api.explanations import ReportBody
from subsidy_match.store.unit import in_unit


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {match["policy_id"]: match["verdict"] for match in report["matches"]}


def test_a_firm_of_the_snapshot_is_told_every_policy_best_news_first(api: ApiWorld):
    report = api.post("/v1/eligibility", "applicant", {"uscc": FIRM}).json()
    assert [m["policy_id"] for m in report["matches"]] == ["demo-closed", "demo-active", "demo-projects"]
    assert [m["amount"]["max"] for m in report["matches"]] == [20_000_00, 10_000_00, 560_000_00]
    assert (report["snapshot"], report["as_of"]) == (api.platform.snapshot().id, "2026-06-01")


def test_the_matches_page_says_the_same(api: ApiWorld):
    asked = api.post("/v1/eligibility", "applicant", {"uscc": FIRM, "as_of": "2026-05-01"}).json()
    assert api.get(f"/v1/enterprises/{FIRM}/matches", "clerk", as_of="2026-05-01").json() == asked


def test_only_the_policies_asked_for_are_matched(api: ApiWorld):
    report = api.post("/v1/eligibility", "clerk", {"uscc": OTHER, "policy_ids": ["demo-active"] * 2}).json()
    assert verdicts(report) == {"demo-active": "ineligible"}
    unknown = api.post("/v1/eligibility", "clerk", {"uscc": OTHER, "policy_ids": ["nope"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "policy_not_found")


def test_a_reason_names_the_value_the_clause_and_the_source(api: ApiWorld):
    body = {"uscc": FIRM, "policy_ids": ["demo-active"], "lang": "en"}
    (match,) = api.post("/v1/eligibility", "applicant", body).json()["matches"]
    revenue = next(reason for reason in match["reasons"]["children"] if reason["id"] == "revenue")
    assert revenue["state"] == "met"
    assert revenue["clauses"][0]["article"] == "第一条"
    assert "Tax Bureau" in revenue["from"][0]["source"]


def test_a_declared_profile_needs_no_token_and_is_an_estimate(api: ApiWorld):
    profile = {"facts": {"reg_status": "active", "revenue": "100万元"}}
    report = api.post("/v1/eligibility", None, {"profile": profile}).json()
    assert verdicts(report) == {"demo-active": "eligible", "demo-closed": "eligible", "demo-projects": "unknown"}
    assert (report["uscc"], report["snapshot"]) == (None, None)
    assert {match["automatic"] for match in report["matches"]} == {False}


def test_declared_values_say_that_they_are_declared(api: ApiWorld):
    profile = {"facts": {"reg_status": "active", "revenue": "99.99万元"}}
    report = api.post("/v1/eligibility", None, {"profile": profile, "policy_ids": ["demo-active"]}).json()
    revenue = report["matches"][0]["reasons"]["children"][1]
    assert (revenue["state"], revenue["from"][0]["source"]) == ("not_met", "企业自报 2026-06-01")


def test_yearly_facts_are_of_the_year_before_unless_said_otherwise(api: ApiWorld):
    facts = {"reg_status": "active", "revenue": "1万元", "revenue@-1": "200万元"}
    profiles = [{"facts": facts}, {"facts": facts, "year": 2026}]
    reports = [api.post("/v1/eligibility", None, {"profile": p}).json() for p in profiles]
    assert [verdicts(report)["demo-active"] for report in reports] == ["ineligible", "eligible"]


def test_a_list_that_is_declared_is_complete_unless_said_otherwise(api: ApiWorld):
    facts = {"reg_status": "active"}
    rows = [{"filing_no": "A", "equipment_invoiced": "800万元"}, {"filing_no": "B", "equipment_invoiced": None}]
    for projects, verdict in (([], "ineligible"), ("incomplete", "unknown"), (rows[:1], "to_confirm")):
        body = {"profile": {"facts": facts, "collections": {"projects": projects}}, "policy_ids": ["demo-projects"]}
        assert verdicts(api.post("/v1/eligibility", None, body).json()) == {"demo-projects": verdict}
    body["profile"]["collections"]["projects"] = rows
    found = {m["subject"]: m["verdict"] for m in api.post("/v1/eligibility", None, body).json()["matches"]}
    assert found == {"A": "to_confirm", "B": "unknown"}


@pytest.mark.parametrize(
    ("facts", "code", "place"),
    [
        ({"revenu": "500万元"}, "P007", "profile.facts.revenu"),
        ({"revenue": "500"}, "P006", "profile.facts.revenue"),
        ({"revenue": 500}, "P006", "profile.facts.revenue"),
        ({"revenue": "500人"}, "P006", "profile.facts.revenue"),
        ({"founded_on": "2020/1/1"}, "P006", "profile.facts.founded_on"),
        ({"reg_status": "aktive"}, "P007", "profile.facts.reg_status"),
    ],
)
def test_a_profile_is_read_as_strictly_as_a_case_file(api: ApiWorld, facts: dict[str, Any], code: str, place: str):
    answer = api.post("/v1/eligibility", None, {"profile": {"facts": facts}})
    assert (answer.status_code, answer.json()["code"]) == (422, "profile_invalid")
    assert [(f["code"], f["path"]) for f in answer.json()["findings"]] == [(code, place)]


def test_all_errors_of_a_profile_are_told_at_once(api: ApiWorld):
    profile = {
        "facts": {"revenue": "5"},
        "collections": {"projects": [{"filing_no": "A", "kind": "x", "colour": "red"}]},
    }
    findings = api.post("/v1/eligibility", None, {"profile": profile}).json()["findings"]
    assert {finding["path"] for finding in findings} == {
        "profile.facts.revenue",
        "profile.collections.projects[0].kind",
        "profile.collections.projects[0].colour",
    }


@pytest.mark.parametrize("body", [{}, {"uscc": FIRM, "profile": {}}])
def test_either_a_firm_or_a_profile(api: ApiWorld, body: dict[str, Any]):
    answer = api.post("/v1/eligibility", "applicant", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "uscc_or_profile")


@pytest.mark.parametrize("facts", [{"revenue": 1.5}, {"revenue@--1": "1元"}, {"revenue": "1" * 201}])
def test_what_no_case_file_could_hold_is_invalid(api: ApiWorld, facts: dict[str, Any]):
    answer = api.post("/v1/eligibility", None, {"profile": {"facts": facts}})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_a_report_is_what_the_document_says(api: ApiWorld):
    for lang in ("zh", "en"):
        answer = api.post("/v1/eligibility", "clerk", {"uscc": FIRM, "lang": lang})
        assert answer.status_code == 200
        assert ReportBody.model_validate(answer.json()).model_dump(mode="json", by_alias=True) == answer.json()


def test_nothing_of_a_declared_profile_is_stored(api: ApiWorld):
    tables = "SELECT count(*) FROM audit_entries"
    before = in_unit(api.platform.engine, lambda s: s.connection().exec_driver_sql(tables).scalar())
    api.post("/v1/eligibility", None, {"profile": {"facts": {"revenue": "1万元"}}})
    assert in_unit(api.platform.engine, lambda s: s.connection().exec_driver_sql(tables).scalar()) == before


def test_half_a_character_is_invalid(api: ApiWorld):
    content = b'{"profile": {"facts": {"revenue": "\\ud800"}}}'
    answer = api.ask("POST", "/v1/eligibility", headers={"Content-Type": "application/json"}, content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
