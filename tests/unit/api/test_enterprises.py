from __future__ import annotations

from api_world import FIRM, MORNING, NAME, OTHER, ApiWorld

from subsidy_match.push.records import NoticeRow
from subsidy_match.store.schema import canonical_json
from subsidy_match.store.unit import in_unit


def test_a_document_gives_each_value_with_its_source(api: ApiWorld):
    firm = api.get(f"/v1/enterprises/{FIRM}", "applicant").json()
    revenue = [fact for fact in firm["facts"] if fact["fact"] == "revenue"]
    assert [(f["year"], f["value"], f["unit"]) for f in revenue] == [
        (2025, 6_000_000_00, "分"),
        (2024, 5_000_000_00, "分"),
    ]
    assert revenue[0]["source"]["label"] == {"zh": "市税务局", "en": "Tax Bureau"}
    assert revenue[0]["source"]["as_of"] == "2026-05-31"


def test_a_document_says_which_lists_were_loaded(api: ApiWorld):
    lists = api.get(f"/v1/enterprises/{FIRM}", "applicant").json()["collections"]
    assert [row["filing_no"] for row in lists["projects"]["rows"]] == ["P1"]
    assert (lists["penalties"]["rows"], lists["penalties"]["loaded"]) == ([], {"credit": "2026-05-31"})
    assert lists["hires"]["loaded"] == {}


def test_a_code_is_read_however_it_was_typed(api: ApiWorld):
    assert api.get(f"/v1/enterprises/{FIRM.lower()[:8]} {FIRM[8:]}", "applicant").json()["uscc"] == FIRM


def test_an_officer_learns_that_a_firm_is_unknown(api: ApiWorld):
    strange = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
    answer = api.get(f"/v1/enterprises/{strange}", "clerk")
    assert (answer.status_code, answer.json()["code"]) == (404, "profiles.no_firm")
    assert api.get("/v1/enterprises/short", "clerk").status_code == 422


def test_firms_are_found_by_part_of_a_name(api: ApiWorld):
    found = api.get("/v1/enterprises", "clerk", q="合成一号").json()["items"]
    assert found == [{"uscc": FIRM, "name": NAME}]


def test_notices_are_listed_oldest_first_page_by_page(api: ApiWorld):
    def write(session):
        for number in range(3):
            content = canonical_json({"results": [number]})
            session.add(NoticeRow(uscc=FIRM, run_id="r", at=MORNING, content=content))

    in_unit(api.platform.engine, write)
    path = f"/v1/enterprises/{FIRM}/notices"
    first = api.get(path, "applicant", limit=2).json()
    second = api.get(path, "applicant", limit=2, cursor=first["next"]).json()
    assert [notice["content"]["results"] for notice in first["items"] + second["items"]] == [[0], [1], [2]]
    assert api.get(f"/v1/enterprises/{OTHER}/notices", "clerk").json()["items"] == []


def test_a_checkup_says_what_to_claim_and_what_missing_data_could_bring(api: ApiWorld):
    found = api.get(f"/v1/enterprises/{FIRM}/checkup", "applicant").json()
    assert [claim["policy_id"] for claim in found["chosen"]["claims"]]
    assert found["total"]["min"] <= found["chosen"]["total"]["min"]
    assert all(fact["options"] and fact["label"]["zh"] for fact in found["missing"])


def test_a_checkup_is_for_those_who_may_see_the_firm(api: ApiWorld):
    assert api.get(f"/v1/enterprises/{FIRM}/checkup").status_code == 401
    assert api.get(f"/v1/enterprises/{OTHER}/checkup", "applicant").status_code in (403, 404)
    assert api.get(f"/v1/enterprises/{OTHER}/checkup", "clerk").status_code == 200
