from __future__ import annotations

from datetime import timedelta

from api_world import FIRM, MORNING, ApiWorld

from subsidy_match.store.idempotency import LEASE, request_hash, reserve

KEY = "one-draft-and-no-more"
BODY = {"uscc": FIRM, "policy_id": "demo-active", "period": "2026"}


def test_a_repeated_request_gets_the_first_answer_and_does_nothing(api: ApiWorld):
    first = api.post("/v1/claims", "applicant", BODY, Idempotency_Key=KEY)
    again = api.post("/v1/claims", "applicant", BODY, Idempotency_Key=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.headers["etag"], again.headers["location"]) == (first.headers["etag"], first.headers["location"])
    assert len(api.get("/v1/claims", "clerk").json()["items"]) == 1


def test_the_same_key_with_another_body_is_refused(api: ApiWorld):
    api.post("/v1/claims", "applicant", BODY, Idempotency_Key=KEY)
    answer = api.post("/v1/claims", "applicant", BODY | {"period": "2025"}, Idempotency_Key=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_the_same_key_on_another_version_is_another_request(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    path, body = f"/v1/claims/{claim}/events", {"event": "accept"}
    api.post(path, "clerk", body, Idempotency_Key=KEY, If_Match='"2"')
    answer = api.post(path, "clerk", body, Idempotency_Key=KEY, If_Match='"3"')
    assert answer.json()["code"] == "idempotency_key_reused"


def test_two_callers_may_have_the_same_key(api: ApiWorld):
    assert api.post("/v1/claims", "applicant", BODY, Idempotency_Key=KEY).status_code == 201
    other = api.post(
        "/v1/claims", "everything", BODY | {"policy_id": "demo-projects", "subject": "P1"}, Idempotency_Key=KEY
    )
    assert other.status_code == 201


def test_a_request_still_being_worked_on_conflicts(api: ApiWorld):
    asked = request_hash(b"POST", b"/v1/payouts/1/send", b"", b"")
    reserve(api.platform.engine, scope="maker", key=KEY, request_hash=asked, at=MORNING)
    answer = api.post("/v1/payouts/1/send", "maker", Idempotency_Key=KEY)
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_flight")


def test_a_key_whose_holder_died_is_free_after_its_lease(api: ApiWorld):
    asked = request_hash(b"POST", b"/v1/payouts/1/send", b"", b"")
    reserve(api.platform.engine, scope="maker", key=KEY, request_hash=asked, at=MORNING - LEASE - timedelta(seconds=1))
    answer = api.post("/v1/payouts/1/send", "maker", Idempotency_Key=KEY)
    assert answer.json()["code"] == "batch_unknown"


def test_a_refusal_is_not_kept(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    path, body = f"/v1/claims/{claim}/events", {"event": "assign", "payload": {"assignee": "reviewer"}}
    assert api.post(path, "lead", body, Idempotency_Key=KEY).json()["code"] == "event_not_allowed"
    api.fire(claim, "accept", "clerk")
    assert api.post(path, "lead", body, Idempotency_Key=KEY).status_code == 200


def test_an_account_entered_twice_with_one_key_is_entered_once(api: ApiWorld):
    body = {"holder": "甲", "bank_name": "示例银行", "number": "6222000000001234"}
    path = f"/v1/enterprises/{FIRM}/accounts"
    answers = [api.post(path, "applicant", body, Idempotency_Key=KEY).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(api.get(path, "applicant").json()) == 1


def test_a_verification_and_a_sending_are_answered_again_with_their_key(api: ApiWorld):
    key = {"Idempotency_Key": KEY}
    body = {"holder": "甲", "bank_name": "示例银行", "number": "6222000000009999"}
    fresh = api.post(f"/v1/enterprises/{FIRM}/accounts", "applicant", body).json()["id"]
    path = f"/v1/accounts/{fresh}/verify"
    first, again = (api.post(path, "supervisor", **key) for _ in range(2))
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    batch = api.post("/v1/payouts", "maker", {"claim_ids": [api.walk("PAYABLE")]}).json()["id"]
    api.post(f"/v1/payouts/{batch}/approve", "checker")
    first, again = (api.post(f"/v1/payouts/{batch}/send", "maker", **key) for _ in range(2))
    assert (first.json()["state"], again.content) == ("SENT", first.content)


def test_a_key_with_blanks_is_invalid(api: ApiWorld):
    answer = api.post("/v1/claims", "applicant", BODY, Idempotency_Key="a key")
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
