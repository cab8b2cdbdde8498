"""Notices, objections and allocations over HTTP: what everybody may read and do, and what only officers may."""

from __future__ import annotations

from api_world import NAME, ApiWorld
from fastapi.testclient import TestClient

from subsidy_api.objection_limits import ObjectionLimits

NUMBER = "公示〔2026〕7号"
BY_NAME = {"name": "李某某", "contact": "0517-12345678"}


def published(api: ApiWorld) -> tuple[int, str]:
    claim = api.walk("APPROVED")
    api.publish(claim, number=NUMBER)
    return claim, str(api.get(f"/v1/claims/{claim}", "clerk").json()["claim_no"])


def object_to(api: ApiWorld, claim_no: str) -> int:
    body = {"claim_no": claim_no, "evidence": "发票为虚开", "objector": BY_NAME}
    answer = api.post(f"/v1/notices/{NUMBER}/objections", body=body)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"id", "claim_no", "state", "state_zh", "state_en", "filed_at"}
    return int(answer.json()["id"])


def test_everybody_reads_a_published_list_and_nobody_a_draft(api: ApiWorld):
    claim = api.walk("APPROVED")
    assert api.get(f"/v1/notices/{NUMBER}").status_code == 404
    api.publish(claim, number=NUMBER)
    listed = api.get(f"/v1/notices/{NUMBER}").json()
    assert [(c["enterprise_name"], c["amount"], c["account"]) for c in listed["claims"]] == [
        (NAME, 10_000_00, "****34")
    ]
    assert listed["contact"]["phone"] == "0517-00000000"
    for form, begins in (("text", "示例公示".encode()), ("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        assert api.get(f"/v1/notices/{NUMBER}/{form}").content.startswith(begins)


def test_officers_keep_the_record_and_outsiders_do_not_see_it(api: ApiWorld):
    published(api)
    (notice,) = api.get("/v1/notices", "clerk").json()["items"]
    assert api.get(f"/v1/notices/{notice['id']}/record", "clerk").json()["published_by"] == "notice"
    for path in ("/v1/notices", f"/v1/notices/{notice['id']}/record", "/v1/objections", "/v1/allocations"):
        assert api.get(path, "applicant").status_code == 403
        assert api.get(path).status_code == 401


def test_an_objection_by_name_stops_the_claim_and_hides_whoever_made_it(api: ApiWorld):
    claim, claim_no = published(api)
    objection = object_to(api, claim_no)
    assert api.get(f"/v1/claims/{claim}", "applicant").json()["state"] == "OBJECTION"
    seen = [
        api.get(f"/v1/claims/{claim}/timeline", "applicant").text,
        api.get(f"/v1/notices/{NUMBER}").text,
        api.get(f"/v1/objections/{objection}", "reviewer").text,
        api.get("/v1/objections", "reviewer", claim_id=claim, state="OPEN").text,
    ]
    assert not any(word in text for word in BY_NAME.values() for text in seen)
    assert "虚开" not in seen[0] + seen[1]
    assert api.get(f"/v1/objections/{objection}/objector", "reviewer").status_code == 403
    assert api.get(f"/v1/objections/{objection}/objector", "supervisor").json() == {"objector": BY_NAME}


def from_source(api: ApiWorld, address: str) -> None:
    """Let requests come from another address from now on."""
    api.client = TestClient(api.app, raise_server_exceptions=False, client=(address, 50000))


def test_one_source_objects_ten_times_an_hour(api: ApiWorld):
    _, claim_no = published(api)
    for _ in range(10):
        object_to(api, claim_no)
    api.wait_minutes(15)
    body = {"claim_no": claim_no, "evidence": "再次", "objector": BY_NAME}
    refused = api.post(f"/v1/notices/{NUMBER}/objections", body=body)
    assert (refused.status_code, refused.json()["code"]) == (429, "objections_too_often")
    assert refused.headers["retry-after"] == str(45 * 60)
    assert ("45分钟" in refused.json()["zh"], "45 minutes" in refused.json()["en"]) == (True, True)
    assert len(api.get("/v1/objections", "clerk").json()["items"]) == 10
    from_source(api, "192.0.2.7")
    object_to(api, claim_no)
    from_source(api, "testclient")
    api.wait_minutes(45)
    object_to(api, claim_no)


def test_one_notice_is_objected_to_sixty_times_an_hour_and_by_officers_all_the_same(api: ApiWorld):
    _, claim_no = published(api)
    limits: ObjectionLimits = api.app.state.objection_limits
    for number in range(60):
        limits.take(f"192.0.2.{number}", NUMBER, api.clock[0])
    body = {"claim_no": claim_no, "evidence": "发票为虚开", "objector": BY_NAME}
    refused = api.post(f"/v1/notices/{NUMBER}/objections", body=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
    assert api.post(f"/v1/notices/{NUMBER}/objections/by-department", "clerk", body).status_code == 201
    # what was refused for the notice is not counted for the source
    assert api.post("/v1/notices/公示〔2026〕8号/objections", body=body).status_code == 404


def test_a_supervisor_decides_and_a_second_decision_conflicts(api: ApiWorld):
    claim, claim_no = published(api)
    objection = object_to(api, claim_no)
    path = f"/v1/objections/{objection}/decide"
    said = {"decision": "uphold", "reason_code": "facts_to_recheck", "answer": "重新核查发票"}
    refused = api.post(path, "approver", said)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    assert api.post(path, "supervisor", said | {"decision": "ignore"}).status_code == 422
    first = api.post(path, "supervisor", said, Idempotency_Key="k1")
    assert (first.status_code, first.json()["state"]) == (200, "UPHELD")
    assert api.post(path, "supervisor", said, Idempotency_Key="k1").json() == first.json()
    again = api.post(path, "supervisor_b", said)
    assert (again.status_code, again.json()["code"]) == (409, "objection_decided")
    assert api.get(f"/v1/claims/{claim}", "applicant").json()["state"] == "IN_REVIEW"


def test_a_department_objects_with_its_login(api: ApiWorld):
    _, claim_no = published(api)
    body = {"claim_no": claim_no, "evidence": "名单有误"}
    path = f"/v1/notices/{NUMBER}/objections/by-department"
    assert api.post(path, "applicant", body).status_code == 403
    assert api.post(path, "clerk", body).json()["origin"] == "department"
    assert api.post(path, "clerk", body | {"claim_no": "0"}).json()["code"] == "claim_not_in_notice"


def test_a_notice_is_withdrawn_and_closed(api: ApiWorld):
    claim, _ = published(api)
    (notice,) = api.get("/v1/notices", "clerk").json()["items"]
    running = api.post(f"/v1/notices/{notice['id']}/close", "notice")
    assert (running.status_code, running.json()["findings"][0]["code"]) == (409, "notice_running")
    why = {"reason_code": "notice_error", "note": "金额有误"}
    assert api.post(f"/v1/notices/{notice['id']}/withdraw", "notice", why).json()["state"] == "WITHDRAWN"
    assert api.get(f"/v1/claims/{claim}", "clerk").json()["state"] == "APPROVED"
    assert api.get(f"/v1/notices/{NUMBER}").status_code == 404


def test_a_document_of_allocation_from_draft_to_void(api: ApiWorld):
    claim, _ = published(api)
    api.wait(8)
    body = {"number": "财建〔2026〕1号", "title": "资金下达", "claim_ids": [claim]}
    made = api.ok("/v1/allocations", "notice", body)
    assert (made["total"], made["state"]) == (10_000_00, "DRAFT")
    path = f"/v1/allocations/{made['id']}"
    assert api.post(f"{path}/issue", "notice_b").json()["code"] == "role_missing"
    assert api.post(f"{path}/clear", "notice").json()["code"] == "allocation_state"
    assert api.ok(f"{path}/issue", "approver")["issuer"] == "approver"
    api.ok(f"{path}/clear", "notice")
    assert api.get(f"/v1/claims/{claim}", "clerk").json()["state"] == "PAYABLE"
    assert api.ok(f"{path}/void", "supervisor", {"reason_code": "allocation_error"})["state"] == "VOID"
    assert api.get(f"/v1/claims/{claim}", "clerk").json()["state"] == "PUBLISHED"
    assert api.get(path, "clerk").json()["entries"] == [{"claim_id": claim, "amount": 10_000_00, "is_live": False}]
