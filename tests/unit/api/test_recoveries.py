"""Recoveries through the API."""

from __future__ import annotations

from typing import Any

from api_world import FUND, ApiWorld


def paid(api: ApiWorld) -> int:
    claim = api.walk("PAYABLE")
    batch = api.post("/v1/payouts", "maker", {"claim_ids": [claim]}).json()
    api.post(f"/v1/payouts/{batch['id']}/approve", "checker")
    api.post(f"/v1/payouts/{batch['id']}/send", "maker")
    assert api.receipts(batch).status_code == 200
    return claim


def proposal(amount: int = 6_000_00) -> dict[str, Any]:
    plan = [{"due_on": "2026-07-01", "amount": amount}]
    return {"amount": amount, "returns_to": "fund", "reason_code": "overpaid", "note": "多付", "plan": plan}


def test_a_recovery_is_proposed_approved_received_and_written_off_by_the_right_people(api: ApiWorld):
    claim = paid(api)
    root = f"/v1/claims/{claim}/recoveries"
    above = api.post(root, "supervisor", proposal(10_000_01))
    assert (above.status_code, above.json()["code"]) == (409, "recovery_above_paid")
    made = api.post(root, "supervisor", proposal())
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    one = f"{root}/{made.json()['id']}"
    own = api.post(f"{one}/approve", "supervisor")
    assert (own.status_code, own.json()["code"]) == (403, "not_new_decider")
    assert api.audit(f"claim:{claim}")[-1].outcome == "refused"
    assert api.post(f"{root}/99/approve", "supervisor_b").status_code == 404
    assert api.post(f"{one}/approve", "supervisor_b").json()["state"] == "open"
    receipt = {"amount": 1_000_00, "reference": "R1", "received_on": "2026-06-09"}
    first = api.post(f"{one}/receipts", "reconciler", receipt, Idempotency_Key="k1")
    again = api.post(f"{one}/receipts", "reconciler", receipt, Idempotency_Key="k1")
    assert (first.status_code, first.json()["rest"], again.json()) == (201, 5_000_00, first.json())
    twice = api.post(f"{one}/receipts", "reconciler", receipt)
    assert (twice.status_code, twice.json()["code"]) == (409, "recovery_reference_used")
    assert api.get(f"/v1/funds/{FUND}", "clerk").json()["paid"] == 9_000_00
    why = {"reason_code": "dissolved", "note": "企业已注销"}
    assert api.post(f"{one}/write-off", "supervisor", why).status_code == 201
    assert api.post(f"{one}/write-off/approve", "supervisor").status_code == 403
    done = api.post(f"{one}/write-off/approve", "supervisor_b").json()
    assert (done["state"], done["write_offs"][0]["amount"]) == ("written_off", 5_000_00)


def test_the_firm_sees_its_recovery_without_the_office(api: ApiWorld):
    claim = paid(api)
    api.post(f"/v1/claims/{claim}/recoveries", "supervisor", proposal())
    (shown,) = api.get(f"/v1/claims/{claim}/recoveries", "applicant").json()
    assert (shown["amount"], shown["note"], shown["proposed_by"]) == (6_000_00, None, None)
    assert api.get(f"/v1/claims/{claim}/recoveries", "other_applicant").status_code == 404
    assert api.post(f"/v1/claims/{claim}/recoveries", "applicant", proposal()).status_code == 403


def test_amendments_are_in_the_body_and_the_timeline(api: ApiWorld):
    claim = api.walk("SUBMITTED")
    api.fire(claim, "amend", "clerk", amount=8_000_00, note="发票重复")
    (shown,) = api.get(f"/v1/claims/{claim}", "applicant").json()["amendments"]
    assert (shown["field"], shown["old_value"], shown["new_value"], shown["note"]) == (
        "amount_claimed",
        None,
        "800000",
        None,
    )
    assert api.get(f"/v1/claims/{claim}", "clerk").json()["amendments"][0]["note"] == "发票重复"
    last = api.get(f"/v1/claims/{claim}/timeline", "applicant").json()[-1]
    assert last["detail"] == {"amended": {"amount_claimed": {"old": None, "new": 8_000_00}}, "amount": 8_000_00}
