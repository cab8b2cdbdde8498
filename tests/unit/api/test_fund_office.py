from __future__ import annotations

from typing import Any

from api_world import FUND, OTHER, ApiWorld
from sqlalchemy import text

ALL, ONE = 100_000_00, 10_000_00
NEW = {"id": "next", "name_zh": "下年资金", "name_en": "Next year", "year": 2027}


def post(api: ApiWorld, path: str, body: Any = None, by: str = "fund", status: int = 200, **headers: str) -> Any:
    answer = api.post(f"/v1/{path}", by, body, **headers)
    assert answer.status_code == status, answer.text
    return answer.json()


def opened(api: ApiWorld, **terms: Any) -> Any:
    return post(api, "funds", {**NEW, **terms}, status=201)


def test_a_fund_is_opened_filled_and_moved(api: ApiWorld):
    assert opened(api, allocated=5)["available"] == 5
    document = {"amount": 7, "document_no": "指1号"}
    assert post(api, "funds/next/allocations", document)["allocated"] == 12
    assert post(api, "funds/next/allocations", document, status=409)["code"] == "allocation_repeated"
    moved = {"target_id": "next", "amount": ALL, "document_no": "调1号"}
    assert post(api, f"funds/{FUND}/transfers", moved, status=201)["amount"] == ALL
    assert post(api, f"funds/{FUND}/transfers", {**moved, "document_no": "调2号"}, status=409)["code"] == "fund_short"
    assert api.get("/v1/funds/next", "clerk").json()["allocated"] == ALL + 12


def test_a_repeated_request_moves_money_once(api: ApiWorld):
    opened(api)
    moved = {"target_id": "next", "amount": 5, "document_no": "调1号"}
    first = post(api, f"funds/{FUND}/transfers", moved, status=201, Idempotency_Key="k1")
    assert post(api, f"funds/{FUND}/transfers", moved, status=201, Idempotency_Key="k1") == first
    assert api.get("/v1/funds/next", "fund").json()["allocated"] == 5


def test_a_frozen_fund_lets_nobody_be_accepted_with_money(api: ApiWorld):
    assert post(api, f"funds/{FUND}/freeze", {"note": "审计"}, by="supervisor")["is_frozen"]
    claim = api.walk("ACCEPTED")
    assert api.get(f"/v1/claims/{claim}", "clerk").json()["is_waiting"]
    post(api, f"funds/{FUND}/unfreeze", {"note": "审计结束"}, by="supervisor")
    assert not api.get(f"/v1/claims/{claim}", "clerk").json()["is_waiting"]
    assert post(api, f"funds/{FUND}/unfreeze", {"note": "x"}, status=409)["code"] == "fund_not_frozen"


def test_the_year_ends_and_the_rest_is_carried_over_once(api: ApiWorld):
    opened(api)
    api.walk("ACCEPTED")
    carried = {"target_id": "next", "document_no": "转1号"}
    assert post(api, f"funds/{FUND}/carry-over", carried, status=409)["code"] == "fund_not_closed"
    assert post(api, f"funds/{FUND}/close", {"document_no": "结1号"}, status=201)["amount"] == ALL - ONE
    assert post(api, f"funds/{FUND}/carry-over", carried, status=201)["amount"] == ALL - ONE
    assert post(api, f"funds/{FUND}/carry-over", carried, status=409)["code"] == "nothing_to_carry"
    (closing,) = api.get(f"/v1/funds/{FUND}/closings", "clerk").json()
    assert (closing["carried_to"], closing["carried"]) == ("next", ALL - ONE)
    closed = api.get(f"/v1/funds/{FUND}", "clerk").json()
    assert (closed["is_closed"], closed["available"], closed["reserved"]) == (True, 0, ONE)


def test_the_forecast_is_told(api: ApiWorld):
    api.walk("ACCEPTED")
    found = api.get(f"/v1/funds/{FUND}/forecast", "clerk").json()
    assert (found["fund"]["reserved"], found["asked"], found["short"], found["taken"]) == (ONE, 0, 0, ONE)
    assert [(part["state"], part["held"]) for part in found["pending"]] == [("ACCEPTED", ONE)]
    assert found["runs_out_on"] == "2026-06-10"
    assert api.get("/v1/funds/nowhere/forecast", "clerk").json()["code"] == "fund_unknown"


def test_a_pooled_fund_is_shared_out_by_two_people(api: ApiWorld):
    with api.platform.engine.begin() as connection:
        connection.execute(text("UPDATE funds SET mode = 'pooled', step = 10000"))
    claim = api.walk("IN_RECHECK")
    assert api.fire(claim, "pass", "rechecker").json()["code"] == "not_allotted"
    run = post(api, f"funds/{FUND}/runs", {"budget": 4_050_00}, status=201)
    assert [(part["asked"], part["share"]) for part in run["parts"]] == [(ONE, 4_000_00)]
    path = f"allocation-runs/{run['id']}"
    assert post(api, f"{path}/confirm", status=403)["code"] == "run_same_person"
    assert post(api, f"{path}/confirm", by="fund_b")["state"] == "confirmed"
    assert post(api, f"{path}/cancel", by="fund_b", status=409)["code"] == "run_state"
    assert api.get(f"/v1/{path}", "clerk").json()["checker"] == "fund_b"
    assert [item["id"] for item in api.get(f"/v1/funds/{FUND}/runs", "clerk").json()["items"]] == [run["id"]]
    assert api.fire(claim, "pass", "rechecker").json()["amount"] == 4_000_00


def test_only_fund_officers_move_money_and_the_attempt_is_kept(api: ApiWorld):
    for path, body in (
        ("close", {"document_no": "结1号"}),
        ("allocations", {"amount": 1, "document_no": "指1号"}),
        ("freeze", {"note": "x"}),
        ("runs", {}),
    ):
        assert post(api, f"funds/{FUND}/{path}", body, by="approver", status=403)["code"] == "role_missing"
        assert api.audit(f"fund:{FUND}")[-1].outcome == "refused"
    assert post(api, f"funds/{FUND}/close", {"document_no": "x"}, by="applicant", status=403)["code"] == "officers_only"
    assert post(api, "funds", NEW, by="supervisor", status=403)["code"] == "role_missing"


def test_bad_requests_are_told_and_change_nothing(api: ApiWorld):
    before = api.get(f"/v1/funds/{FUND}", "fund").json()
    assert post(api, "funds", {**NEW, "id": "坏 id"}, status=422)["code"] == "fund_id_wrong"
    assert post(api, "funds", {**NEW, "id": FUND}, status=409)["code"] == "fund_exists"
    assert post(api, "funds", {**NEW, "step": 5}, status=422)["code"] == "fund_step_wrong"
    assert post(api, "funds/nowhere/close", {"document_no": "结1号"}, status=404)["code"] == "fund_unknown"
    for amount in (0, -1, 1.5, "7", True, 10**16):
        body = {"amount": amount, "document_no": "指1号"}
        assert post(api, f"funds/{FUND}/allocations", body, status=422)["code"] == "request_invalid"
    body = {"target_id": "nowhere", "amount": 1, "document_no": "调1号"}
    assert post(api, f"funds/{FUND}/transfers", body, status=404)["code"] == "fund_unknown"
    assert post(api, "allocation-runs/9/confirm", status=404)["code"] == "run_unknown"
    assert api.get(f"/v1/funds/{FUND}", "fund").json() == before


def stranded(api: ApiWorld) -> list[tuple[str, int, str]]:
    (closing,) = api.get(f"/v1/funds/{FUND}/closings", "clerk").json()
    return [(claim["state"], claim["held"], claim["waits_for"]) for claim in closing["stranded"]]


def test_the_claims_that_a_closed_fund_leaves_behind_are_shown_and_moved(api: ApiWorld):
    opened(api)
    claim = api.walk("APPROVED")
    closed = post(api, f"funds/{FUND}/close", {"document_no": "结1号"}, status=201)
    assert [(one["claim_id"], one["held"], one["waits_for"]) for one in closed["stranded"]] == [(claim, ONE, "payment")]
    assert stranded(api) == [("APPROVED", ONE, "payment")]
    way = {"target_id": "next", "document_no": "列1号"}
    one = f"funds/{FUND}/claims/{claim}/rehome"
    assert post(api, one, way, status=409)["code"] == "fund_not_carried"
    post(api, f"funds/{FUND}/carry-over", {"target_id": "next", "document_no": "转1号"}, status=201)
    done = post(api, one, way, Idempotency_Key="k1")
    assert (done["committed"], done["target_id"], done["version"]) == (ONE, "next", 8)
    assert post(api, one, way, Idempotency_Key="k1") == done
    assert post(api, one, way, status=409)["code"] == "rehomed_already"
    assert post(api, one, way, by="clerk", status=403)["code"] == "role_missing"
    assert stranded(api) == []
    assert api.get("/v1/funds/next", "clerk").json()["committed"] == ONE


def test_all_claims_of_a_closed_fund_are_moved_and_each_is_told(api: ApiWorld):
    opened(api)
    claim = api.walk("ACCEPTED")
    other = api.draft("other_applicant", uscc=OTHER, reason="待核").json()["id"]
    post(api, f"funds/{FUND}/close", {"document_no": "结1号"}, status=201)
    post(api, f"funds/{FUND}/carry-over", {"target_id": "next", "amount": 1, "document_no": "转1号"}, status=201)
    way = {"target_id": "next", "document_no": "列1号"}
    assert post(api, f"funds/{FUND}/rehome", way, by="clerk", status=403)["code"] == "role_missing"
    done = post(api, f"funds/{FUND}/rehome", way, Idempotency_Key="k1")
    assert (done["moved"], done["refused"], done["left"]) == (1, 1, 1)
    told = {one["claim_id"]: one["refusal"] and one["refusal"]["code"] for one in done["outcomes"]}
    assert told == {claim: "fund_short", other: None}
    assert post(api, f"funds/{FUND}/rehome", way, Idempotency_Key="k1") == done
    assert stranded(api) == [("ACCEPTED", ONE, "approval")]
