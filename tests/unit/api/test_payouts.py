from __future__ import annotations

from typing import Any

from api_world import ApiWorld


def made(api: ApiWorld) -> dict[str, Any]:
    claim = api.walk("PAYABLE")
    answer = api.post("/v1/payouts", "maker", {"claim_ids": [claim]})
    assert answer.status_code == 201
    return dict(answer.json())


def sent(api: ApiWorld) -> dict[str, Any]:
    batch = made(api)
    assert api.post(f"/v1/payouts/{batch['id']}/approve", "checker").status_code == 200
    return dict(api.post(f"/v1/payouts/{batch['id']}/send", "maker").json())


def state(api: ApiWorld, batch: dict[str, Any]) -> str:
    return str(api.get(f"/v1/claims/{batch['lines'][0]['claim_id']}", "clerk").json()["state"])


def test_a_payment_settled_completes_its_claim(api: ApiWorld):
    batch = sent(api)
    assert (batch["state"], batch["total"]) == ("SENT", 10_000_00)
    assert api.receipts(batch).json() == {"settled": 1, "failed": 0, "unknown": 0, "unchanged": 0, "doubts": []}
    assert state(api, batch) == "COMPLETED"
    assert api.receipts(batch).json()["unchanged"] == 1


def test_the_maker_of_a_batch_cannot_approve_it(api: ApiWorld):
    claim = api.walk("PAYABLE")
    batch = api.post("/v1/payouts", "everything", {"claim_ids": [claim]}).json()["id"]
    answer = api.post(f"/v1/payouts/{batch}/approve", "everything")
    assert (answer.status_code, answer.json()["findings"][0]["code"]) == (403, "duty_conflict")
    assert [api.audit(subject)[-1].outcome for subject in (f"payout:{batch}", f"claim:{claim}")] == ["refused"] * 2


def test_a_claim_that_cannot_be_paid_stops_the_whole_batch(api: ApiWorld):
    payable = api.walk("PAYABLE")
    draft = api.draft(policy_id="demo-projects", subject="P1").json()["id"]
    answer = api.post("/v1/payouts", "maker", {"claim_ids": [payable, draft]})
    assert (answer.status_code, answer.json()["code"]) == (409, "batch_refused")
    assert str(draft) in answer.json()["findings"][0]["en"]
    assert api.get("/v1/payouts", "maker").json()["items"] == []


def test_a_batch_sent_back_makes_its_claims_payable_again(api: ApiWorld):
    batch = made(api)
    body = {"reason_code": "batch_error"}
    refused = api.post(f"/v1/payouts/{batch['id']}/refuse", "checker", body).json()
    assert (refused["state"], state(api, batch)) == ("REFUSED", "PAYABLE")


def test_sending_again_writes_the_same_file(api: ApiWorld):
    batch = sent(api)
    again = api.post(f"/v1/payouts/{batch['id']}/send", "maker").json()
    assert again["file_sha256"] == batch["file_sha256"]
    assert [path.name for path in api.platform.settings.treasury.iterdir()] == [f"{batch['number']}.csv"]


def test_receipts_of_another_batch_are_refused_whole(api: ApiWorld):
    batch = sent(api)
    stranger = {**batch, "lines": [{**batch["lines"][0], "instruction": "PB20260101000009-00001"}]}
    answer = api.receipts(stranger)
    assert (answer.status_code, answer.json()["code"]) == (422, "receipts_invalid")
    assert answer.json()["findings"][0]["line"] == 2
    assert state(api, batch) == "IN_PAYMENT"


def test_a_file_that_is_no_receipt_file_is_refused(api: ApiWorld):
    batch = sent(api)
    path = f"/v1/payouts/{batch['id']}/receipts"
    answer = api.ask("POST", path, "reconciler", headers={"Content-Type": "text/csv"}, content="你好".encode("gbk"))
    assert (answer.status_code, answer.json()["code"]) == (422, "receipts_unreadable")


def test_receipts_are_for_the_reconciler(api: ApiWorld):
    answer = api.receipts(sent(api), by="maker")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


def test_a_batch_names_each_claim_once(api: ApiWorld):
    assert api.post("/v1/payouts", "maker", {"claim_ids": [1, 1]}).json()["code"] == "batch_repeats_claim"
    assert api.post("/v1/payouts", "maker", {"claim_ids": []}).status_code == 422
    assert api.post("/v1/payouts", "maker", {"claim_ids": [True]}).status_code == 422
    assert api.post("/v1/payouts", "maker", {"claim_ids": [404]}).json()["code"] == "claim_unknown"


def test_a_batch_that_is_not_there_is_not_found(api: ApiWorld):
    assert api.get("/v1/payouts/9", "maker").json()["code"] == "batch_unknown"


def test_batches_are_listed(api: ApiWorld):
    batch = made(api)
    assert [item["id"] for item in api.get("/v1/payouts", "checker").json()["items"]] == [batch["id"]]


def test_an_answer_of_the_bank_that_nobody_knows_is_told_with_its_line(api: ApiWorld):
    batch = sent(api)
    answer = api.receipts(batch, outcome="待处理").json()
    (doubt,) = answer["doubts"]
    assert (answer["unknown"], doubt["code"], doubt["line"], doubt["severity"]) == (
        1,
        "bank_result_unknown",
        2,
        "warning",
    )


def test_a_claim_held_since_the_approval_is_named(api: ApiWorld):
    claim = api.walk("PAYABLE")
    batch = api.post("/v1/payouts", "maker", {"claim_ids": [claim]}).json()["id"]
    api.post(f"/v1/payouts/{batch}/approve", "checker")
    api.fire(claim, "hold", "supervisor", reason_code="by_law")
    answer = api.post(f"/v1/payouts/{batch}/send", "maker")
    assert (answer.status_code, answer.json()["findings"][0]["code"]) == (409, "claim_held")
