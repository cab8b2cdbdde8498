from __future__ import annotations

import hashlib
from typing import Any

import pytest
from api_world import ApiWorld
from claims_world import receipt_file, return_file

CSV = {"Content-Type": "text/csv"}


def approved(api: ApiWorld) -> dict[str, Any]:
    batch = api.post("/v1/payouts", "maker", {"claim_ids": [api.walk("PAYABLE")]}).json()
    return dict(api.post(f"/v1/payouts/{batch['id']}/approve", "checker").json())


def sent(api: ApiWorld, form: str = "csv") -> dict[str, Any]:
    return dict(api.post(f"/v1/payouts/{approved(api)['id']}/send?format={form}", "maker").json())


def state(api: ApiWorld, batch: dict[str, Any]) -> str:
    return str(api.get(f"/v1/claims/{batch['lines'][0]['claim_id']}", "clerk").json()["state"])


def come_back(api: ApiWorld, batch: dict[str, Any], by: str = "reconciler", *, ref: str | None = None) -> Any:
    line = batch["lines"][0]
    known = ref or f"B{line['instruction']}"
    content = return_file([(line["instruction"], line["amount"], known, "R1", "ACCOUNT_CLOSED")])
    return api.ask("POST", "/v1/payouts/returns", by, headers=CSV, content=content)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_of_a_sent_batch_is_handed_out_as_it_was_sent(api: ApiWorld, form: str):
    batch = sent(api, form)
    path = f"/v1/payouts/{batch['id']}/file"
    answer = api.get(path, "maker")
    assert (answer.status_code, batch["format"]) == (200, form)
    assert hashlib.sha256(answer.content).hexdigest() == batch["file_sha256"]
    assert f"{batch['number']}.{form}" in answer.headers["content-disposition"]
    assert api.get(path, "maker", format=form).content == answer.content
    other = api.get(path, "maker", format="csv" if form == "xlsx" else "xlsx")
    assert (other.status_code, other.json()["code"]) == (409, "file_format_fixed")
    assert api.audit(f"payout:{batch['id']}")[-1].outcome == "refused"


def test_there_is_no_file_before_sending_and_none_for_others(api: ApiWorld):
    path = f"/v1/payouts/{approved(api)['id']}/file"
    assert api.get(path, "maker").json()["code"] == "batch_not_sent"
    assert api.get(path, "approver").json()["code"] == "role_missing"
    assert api.get(path, "maker", format="pdf").status_code == 422
    assert api.get("/v1/payouts/99/file", "maker").status_code == 404


def test_an_approved_batch_is_cancelled_once_and_never_sent(api: ApiWorld):
    batch = approved(api)
    path, key = f"/v1/payouts/{batch['id']}/cancel", {"Idempotency_Key": "k1"}
    body = {"reason_code": "payment_stopped"}
    first, again = (api.post(path, "checker", body, **key) for _ in range(2))
    assert (first.json()["state"], again.content, state(api, batch)) == ("CANCELLED", first.content, "PAYABLE")
    assert api.post(path, "checker", body).json()["code"] == "batch_state"
    assert api.post(f"/v1/payouts/{batch['id']}/send", "maker").json()["code"] == "batch_state"


def test_a_payment_comes_back_once(api: ApiWorld):
    batch = sent(api)
    api.receipts(batch)
    assert come_back(api, batch, "maker").json()["code"] == "role_missing"
    wrong = come_back(api, batch, ref="OTHER").json()
    assert [(f["code"], f["line"]) for f in wrong["findings"]] == [("return_reference", 2)]
    assert state(api, batch) == "COMPLETED"
    assert come_back(api, batch).json() == {"returned": 1, "unchanged": 0, "doubts": []}
    assert come_back(api, batch).json()["unchanged"] == 1
    shown = api.get(f"/v1/payouts/{batch['id']}", "maker").json()
    assert (state(api, batch), shown["totals"]["returned"]["count"]) == ("PAY_FAILED", 1)
    assert shown["lines"][0]["returned_on"] == "2026-06-09"


def test_what_the_bank_does_not_answer_is_listed_and_asked(api: ApiWorld):
    batch = sent(api)
    assert api.get("/v1/payouts/unanswered", "reconciler").json()["items"] == []
    api.wait(14)
    (item,) = api.get("/v1/payouts/unanswered", "reconciler", longer_than=5).json()["items"]
    assert (item["instruction"], item["state"]) == (batch["lines"][0]["instruction"], "SENT")
    path = f"/v1/payouts/{batch['id']}/query"
    assert api.post(path, "maker").json()["code"] == "role_missing"
    assert api.post(path, "reconciler").json()["unknown"] == 1
    assert api.get("/v1/payouts/unanswered", "reconciler").json()["items"][0]["state"] == "UNKNOWN"
    assert api.get("/v1/payouts/unanswered", "applicant").status_code == 403


def test_what_contradicts_the_record_is_listed_until_a_supervisor_answers_for_it(api: ApiWorld):
    batch = sent(api)
    api.receipts(batch)
    line = batch["lines"][0]
    content = receipt_file([(line["instruction"], line["amount"], "失败", "", "BANK_REJECTED")])
    path = f"/v1/payouts/{batch['id']}/receipts"
    told = api.ask("POST", path, "reconciler", headers=CSV, content=content).json()
    assert [doubt["code"] for doubt in told["doubts"]] == ["receipt_contradicts"]
    (one,) = api.get("/v1/payouts/parked", "reconciler").json()["items"]
    assert (one["kind"], one["instruction"], state(api, batch)) == ("failure", line["instruction"], "COMPLETED")
    assert api.get("/v1/payouts/parked", "applicant").status_code == 403
    path, note = f"/v1/payouts/parked/{one['id']}/resolve", {"note": "银行误报"}
    assert api.post(path, "reconciler", note).json()["code"] == "role_missing"
    assert api.post("/v1/payouts/parked/99/resolve", "supervisor", note).status_code == 404
    assert api.ok(path, "supervisor", note)["note"] == "银行误报"
    assert api.get("/v1/payouts/parked", "reconciler").json()["items"] == []
    assert len(api.get("/v1/payouts/parked", "reconciler", resolved=True).json()["items"]) == 1


def test_what_was_paid_after_a_failure_is_settled_once_by_a_supervisor(api: ApiWorld):
    batch = sent(api)
    line, path = batch["lines"][0], f"/v1/payouts/{batch['id']}/receipts"
    for outcome, ref, code in (("失败", "", "BANK_REJECTED"), ("成功", "LATE", "")):
        content = receipt_file([(line["instruction"], line["amount"], outcome, ref, code)])
        api.ask("POST", path, "reconciler", headers=CSV, content=content)
    (one,) = api.get("/v1/payouts/parked", "reconciler").json()["items"]
    path, body = f"/v1/payouts/parked/{one['id']}/resolve", {"note": "银行确认已付", "paid": True}
    assert api.post(path, "reconciler", body).json()["code"] == "role_missing"
    first, again = (api.post(path, "supervisor", body, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, again.content, state(api, batch)) == (200, first.content, "COMPLETED")
    assert api.post(path, "supervisor", body).json()["code"] == "parked_resolved"
    (shown,) = api.get(f"/v1/payouts/{batch['id']}", "maker").json()["lines"]
    assert (shown["state"], shown["bank_ref"]) == ("SETTLED", "LATE")
