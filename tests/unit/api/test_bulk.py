from __future__ import annotations

from api_world import ApiWorld


def two(api: ApiWorld) -> tuple[int, int]:
    """One claim to be accepted, and a draft that cannot be."""
    return api.walk("SUBMITTED"), int(api.draft(policy_id="demo-projects", subject="P1").json()["id"])


def test_each_item_is_done_or_refused_by_itself(api: ApiWorld):
    submitted, draft = two(api)
    items = [{"claim_id": claim, "event": "accept"} for claim in (draft, submitted, 404)]
    answer = api.post("/v1/claims/bulk", "clerk", {"items": items})
    body = answer.json()
    assert (answer.status_code, body["done"], body["refused"]) == (200, 1, 2)
    assert [(r["status"], (r["refusal"] or {}).get("code")) for r in body["results"]] == [
        (409, "event_not_allowed"),
        (200, None),
        (404, "claim_unknown"),
    ]
    assert body["results"][1]["claim"]["state"] == "ACCEPTED"
    assert api.audit(f"claim:{draft}")[-1].outcome == "refused"


def test_a_version_holds_for_its_item_only(api: ApiWorld):
    submitted, draft = two(api)
    items = [
        {"claim_id": submitted, "event": "accept", "version": 1},
        {"claim_id": draft, "event": "withdraw", "version": 1},
    ]
    body = api.post("/v1/claims/bulk", "everything", {"items": items}).json()
    assert [r["status"] for r in body["results"]] == [412, 200]
    assert body["results"][0]["refusal"]["code"] == "stale_version"


def test_the_same_request_again_is_answered_and_not_done_again(api: ApiWorld):
    submitted, draft = two(api)
    request = {"items": [{"claim_id": submitted, "event": "accept"}, {"claim_id": draft, "event": "accept"}]}
    first = api.post("/v1/claims/bulk", "clerk", request, Idempotency_Key="b1")
    again = api.post("/v1/claims/bulk", "clerk", request, Idempotency_Key="b1")
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert len(api.audit(f"claim:{submitted}")) == 3
    other = api.post("/v1/claims/bulk", "clerk", {"items": request["items"][:1]}, Idempotency_Key="b1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_request_cut_off_goes_on_where_it_stopped(api: ApiWorld):
    from sqlalchemy import text

    submitted, draft = two(api)
    request = {"items": [{"claim_id": submitted, "event": "accept"}, {"claim_id": draft, "event": "accept"}]}
    first = api.post("/v1/claims/bulk", "clerk", request, Idempotency_Key="b1").json()
    with api.platform.engine.begin() as connection:  # as if it was killed before its own answer was stored
        connection.execute(text("DELETE FROM idempotency WHERE key = 'b1'"))
    again = api.post("/v1/claims/bulk", "clerk", request, Idempotency_Key="b1").json()
    assert again == first
    assert len(api.audit(f"claim:{submitted}")) == 3


def test_another_firms_claim_does_not_exist_in_bulk_either(api: ApiWorld):
    submitted, _ = two(api)
    items = [{"claim_id": submitted, "event": "withdraw"}]
    (result,) = api.post("/v1/claims/bulk", "other_applicant", {"items": items}).json()["results"]
    assert (result["status"], result["refusal"]["code"], result["claim"]) == (404, "claim_unknown", None)


def test_too_few_and_too_many_items_are_invalid(api: ApiWorld):
    for items in ([], [{"claim_id": 1, "event": "accept"}] * 201):
        assert api.post("/v1/claims/bulk", "clerk", {"items": items}).status_code == 422
