"""The overview: everything in short, reasons a page at a time, and the pages together are the full report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from api_world import FIRM, OTHER, ApiWorld
from profile_files import code

from subsidy_api.explanations import OverviewBody

PATH = f"/v1/enterprises/{FIRM}/overview"
PROFILE = {
    "facts": {"reg_status": "active", "revenue": "100万元"},
    "collections": {
        "projects": [
            {"filing_no": "A", "equipment_invoiced": "800万元"},
            {"filing_no": None, "equipment_invoiced": None},
            {"filing_no": None, "equipment_invoiced": "900万元"},
        ]
    },
}


def pages(api: ApiWorld, uscc: str, limit: int, **params: Any) -> list[dict[str, Any]]:
    found, cursor = [], None
    while not found or cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        answer = api.get(f"/v1/enterprises/{uscc}/overview", "clerk", limit=limit, **params, **more)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        cursor = found[-1]["next"]
    return found


@pytest.mark.parametrize("uscc", [FIRM, OTHER])
@pytest.mark.parametrize("limit", [1, 2, 200])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_together_are_the_full_report(api: ApiWorld, uscc: str, limit: int, lang: str):
    whole = api.get(f"/v1/enterprises/{uscc}/matches", "clerk", lang=lang).json()
    shown = pages(api, uscc, limit, lang=lang)
    assert [match for page in shown for match in page["matches"]] == whole["matches"]
    for name in whole.keys() - {"matches"}:
        assert {page[name] for page in shown} == {whole[name]}


def test_the_first_page_has_everything_in_short(api: ApiWorld):
    whole = api.get(f"/v1/enterprises/{OTHER}/matches", "clerk").json()["matches"]
    first = pages(api, OTHER, 1)[0]
    short = [{name: m[name] for name in ("policy_id", "subject", "verdict", "amount")} for m in whole]
    assert first["summaries"] == [one for one in short if one["verdict"] != "ineligible"]
    assert first["refused"] == [one["policy_id"] for one in short if one["verdict"] == "ineligible"]
    assert first["totals"]["ineligible"] == len(first["refused"]) > 0
    assert sum(first["totals"].values()) == len(whole)


def test_further_pages_do_not_repeat_it(api: ApiWorld):
    _, second, *_ = pages(api, FIRM, 1)
    assert (second["summaries"], second["refused"]) == (None, None)
    assert sum(second["totals"].values()) == 3
    assert OverviewBody.model_validate(second).matches[0].policy_id == "demo-active"


def test_rows_without_a_key_are_told_apart(api: ApiWorld):
    whole = api.post("/v1/eligibility", None, {"profile": PROFILE}).json()["matches"]
    assert [match["subject"] for match in whole].count("") == 2
    found, path = [], "/v1/eligibility/overview?limit=2"
    for _ in range(3):
        page = api.post(path, None, {"profile": PROFILE}).json()
        found += page["matches"]
        path = f"/v1/eligibility/overview?limit=2&cursor={page['next']}"
    assert (found, page["next"], page["uscc"], page["snapshot"]) == (whole, None, None, None)


def test_a_cursor_is_of_one_declared_profile(api: ApiWorld):
    cursor = api.post("/v1/eligibility/overview?limit=1", None, {"profile": PROFILE}).json()["next"]
    other = {"profile": {"facts": {"reg_status": "active"}}}
    answer = api.post(f"/v1/eligibility/overview?limit=1&cursor={cursor}", None, other)
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_outdated")


@pytest.mark.parametrize("cursor", ["x", "1", "-1-ab", "1-", "٣-ab", "1-é", ""])
def test_what_is_no_cursor_is_refused(api: ApiWorld, cursor: str):
    answer = api.get(PATH, "clerk", cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


def test_a_cursor_beyond_the_end_is_refused(api: ApiWorld):
    _, _, made_of = api.get(PATH, "clerk", limit=1).json()["next"].partition("-")
    for place in ("3", "9" * 30):
        assert api.get(PATH, "clerk", cursor=f"{place}-{made_of}").json()["code"] == "cursor_invalid"


def test_the_next_page_of_yesterday_or_of_another_firm_is_refused(api: ApiWorld):
    cursor = api.get(PATH, "clerk", limit=1).json()["next"]
    assert api.get(f"/v1/enterprises/{OTHER}/overview", "clerk", cursor=cursor).json()["code"] == "cursor_outdated"
    api.clock[0] += timedelta(days=1)
    answer = api.get(PATH, "clerk", cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_outdated")
    assert api.get(PATH, "clerk", cursor=cursor, as_of="2026-06-01").status_code == 200


@pytest.mark.parametrize("limit", ["0", "201", "x"])
def test_a_page_has_1_to_200_entries(api: ApiWorld, limit: str):
    answer = api.get(PATH, "clerk", limit=limit)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_a_firm_nobody_knows_is_not_found(api: ApiWorld):
    answer = api.get(f"/v1/enterprises/{code(99)}/overview", "clerk")
    assert (answer.status_code, answer.json()["code"]) == (404, "profiles.no_firm")


def test_another_firm_is_not_the_applicants_to_see(api: ApiWorld):
    answer = api.get(f"/v1/enterprises/{OTHER}/overview", "applicant")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_firm")
    assert api.get(PATH, None).status_code == 401


def test_a_day_without_policies_has_an_empty_page(api: ApiWorld):
    page = api.get(PATH, "clerk", as_of="2001-01-01").json()
    assert (page["matches"], page["summaries"], page["refused"], page["next"]) == ([], [], [], None)


def test_a_plan_is_made_once_for_a_day_and_a_few_are_kept(api: ApiWorld):
    plans = api.platform.plans
    for day in range(1, 9):
        api.get(PATH, "clerk", as_of=f"2026-05-0{day}")
    api.get(PATH, "clerk", as_of="2026-05-08")
    assert len(plans._plans) == plans.kept
    assert [key[1].day for key in plans._plans] == [6, 7, 8]
