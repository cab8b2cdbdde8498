from __future__ import annotations

from api_world import ApiWorld


def listed(api: ApiWorld, **params: object) -> list[str]:
    return [policy["id"] for policy in api.get("/v1/policies", **params).json()["items"]]


def test_everyone_reads_the_policies_in_force(api: ApiWorld):
    assert listed(api) == ["demo-active", "demo-closed", "demo-projects"]
    assert listed(api, as_of="2027-01-01") == ["demo-projects"]
    assert listed(api, as_of="2025-12-31") == []


def test_policies_are_filtered(api: ApiWorld):
    assert listed(api, level="county") == ["demo-closed"]
    assert listed(api, channel="fast") == ["demo-active", "demo-projects"]
    assert listed(api, open="true") == ["demo-active", "demo-projects"]


def test_policies_are_listed_page_by_page(api: ApiWorld):
    first = api.get("/v1/policies", limit=2).json()
    second = api.get("/v1/policies", limit=2, cursor=first["next"]).json()
    assert [p["id"] for p in first["items"] + second["items"]] == ["demo-active", "demo-closed", "demo-projects"]
    assert (len(first["items"]), second["next"]) == (2, None)


def test_a_policy_tells_its_conditions_with_their_sources_in_both_languages(api: ApiWorld):
    policy = api.get("/v1/policies/demo-active").json()
    assert [c["id"] for c in policy["conditions"]["zh"]] == ["active", "revenue"]
    assert policy["conditions"]["en"][0]["basis"] == ["art1"]
    assert policy["basis"]["art1"]["article"] == "第一条"
    assert policy["policy_set"] == api.platform.policies().hash


def test_a_policy_not_in_force_is_told_apart_from_one_that_never_was(api: ApiWorld):
    codes = [api.get("/v1/policies/demo-active", as_of="2030-01-01").json()["code"]]
    codes.append(api.get("/v1/policies/never").json()["code"])
    assert codes == ["policy_not_in_force", "policy_not_found"]


def test_a_day_beyond_the_calendar_is_invalid(api: ApiWorld):
    assert api.get("/v1/policies", as_of="9999-12-31").status_code == 422
