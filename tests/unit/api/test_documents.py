"""Documents, risks and the log of reads over the API."""

from __future__ import annotations

from typing import Any

from api_world import FIRM, NAME, OTHER, ApiWorld

from subsidy_match.store.read_log import reads
from subsidy_match.store.unit import in_unit

PDF = b"%PDF-1.7\nexample"


def upload(api: ApiWorld, by: str = "applicant", content: bytes = PDF, **params: Any):
    params = {"uscc": FIRM, "name": "方案.pdf"} | params
    headers = {"Content-Type": "application/octet-stream"}
    return api.ask("POST", "/v1/documents", by, headers=headers, content=content, params=params)


def test_a_document_comes_back_as_a_file_to_be_saved(api: ApiWorld):
    answer = upload(api)
    assert answer.status_code == 201
    found = api.get(f"/v1/documents/{answer.json()['id']}", "clerk")
    assert (found.status_code, found.content) == (200, PDF)
    assert found.headers["content-disposition"].startswith("attachment")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert api.get(f"/v1/documents/{answer.json()['id']}", "other_applicant").status_code == 404
    assert api.get(f"/v1/documents/{answer.json()['id']}").status_code == 401


def test_the_wrong_ones_are_refused_with_their_code(api: ApiWorld):
    assert upload(api, content=b"<html>").json()["code"] == "document_type"
    assert upload(api, name="a.exe").json()["code"] == "document_type"
    assert upload(api, content=b"").json()["code"] == "document_size"
    assert upload(api, sha256="0" * 64).json()["code"] == "document_hash"
    assert upload(api, content=PDF + b"x" * 21_000_000).status_code == 413
    assert upload(api, by="other_applicant").status_code == 403
    assert upload(api, content=PDF + b"x" * 5_000_000).status_code == 201  # larger than other bodies may be


def test_the_same_key_with_another_name_is_another_request(api: ApiWorld):
    ask = lambda name: api.ask(  # noqa: E731
        "POST", "/v1/documents", "applicant", headers={"Idempotency-Key": "k"}, content=PDF,
        params={"uscc": FIRM, "name": name},
    )  # fmt: skip
    assert ask("a.pdf").json() == ask("a.pdf").json()
    assert ask("b.pdf").json()["code"] == "idempotency_key_reused"


def test_a_shared_account_is_shown_answered_and_counted(api: ApiWorld):
    api.post(
        f"/v1/enterprises/{OTHER}/accounts",
        "other_applicant",
        {"holder": NAME, "bank_name": "示例银行", "number": "6222000000001234"},
    )
    claim = api.walk("IN_APPROVAL")
    assert api.get(f"/v1/claims/{claim}", "approver").json()["open_risks"] == 1
    assert api.get("/v1/claims", "approver").json()["items"][0]["open_risks"] == 1
    assert api.get(f"/v1/claims/{claim}", "applicant").json()["open_risks"] is None
    assert api.get(f"/v1/claims/{claim}/risks", "applicant").status_code == 403
    (risk,) = api.get(f"/v1/claims/{claim}/risks", "reviewer").json()
    assert (risk["code"], risk["is_open"]) == ("account_shared", True)
    assert api.fire(claim, "approve", "approver").json()["code"] == "risk_open"
    answer = api.fire(claim, "acknowledge_risk", "reviewer", risk=risk["id"], note="已核实")
    assert (answer.status_code, answer.json()["open_risks"]) == (200, 0)
    assert api.fire(claim, "approve", "approver").status_code == 200


def test_what_follows_later_is_listed_for_officers(api: ApiWorld):
    assert api.get("/v1/documents/deferred", "clerk").json() == []
    assert api.get("/v1/documents/deferred", "applicant").status_code == 403


def test_readings_of_personal_data_are_written_down(api: ApiWorld):
    api.get(f"/v1/enterprises/{FIRM}/accounts", "clerk")
    api.get(f"/v1/enterprises/{FIRM}", "reviewer")
    api.get(f"/v1/enterprises/{FIRM}", "other_applicant")  # refused: nothing was read
    found = in_unit(api.platform.engine, lambda s: reads(s, subject=f"enterprise:{FIRM}"))
    assert [(read.actor, read.what) for read in found] == [("reviewer", "enterprise"), ("clerk", "accounts")]
