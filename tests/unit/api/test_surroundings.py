"""Health, the first page, the OpenAPI document, the log."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from api_world import FIRM, MORNING, POLICY, ApiWorld, token_of
from claims_world import ASSESSMENT, FakeAssessor
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse

from subsidy_api.app import create_app
from subsidy_api.claim_bodies import event_table
from subsidy_api.plain import PlainResponse
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import Door
from subsidy_match.platform import Platform
from subsidy_match.settings import Settings


def test_a_platform_with_everything_in_place_is_ready(api: ApiWorld):
    assert api.get("/healthz").json()["status"] == "ok"
    answer = api.get("/readyz").json()
    assert answer["ready"]
    assert {name: check["ready"] for name, check in answer["checks"].items()} == dict.fromkeys(
        ("policies", "snapshot", "store"), True
    )


def test_an_empty_home_is_up_but_not_ready(tmp_path: Path, api_home: Path):
    platform = Platform(Settings(policies=api_home / "policies", home=tmp_path))
    with TestClient(create_app(platform, lambda: MORNING)) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        listed = client.get("/v1/policies")
    platform.close()
    assert answer.status_code == 503
    codes = {name: check["code"] for name, check in answer.json()["checks"].items()}
    assert codes == {"policies": "nothing_published", "snapshot": "profiles.no_snapshot", "store": "store_not_migrated"}
    assert (listed.status_code, listed.json()["code"], listed.headers["retry-after"]) == (
        503,
        "nothing_published",
        "30",
    )


def test_claims_are_assessed_by_what_the_platform_gives(api: ApiWorld):
    class Given(Platform):
        def assessor(self, policies: Any, snapshot: Any) -> FakeAssessor:  # asked of neither
            return FakeAssessor()

    platform = Given(api.platform.settings)
    with TestClient(create_app(platform, lambda: MORNING)) as client:
        body = {"uscc": FIRM, "policy_id": POLICY, "period": "2026"}
        headers = {"Authorization": f"Bearer {token_of('applicant')}"}
        drafted = client.post("/v1/claims", json=body, headers=headers).json()
    platform.close()
    assert (drafted["amount"], drafted["policy_zh"]) == (ASSESSMENT.amount_max, ASSESSMENT.policy_zh)


@pytest.mark.parametrize("text", ["公示〔2026〕1号", 'a "b"\\/\n\x01\x7f\u2028', "😀"])
def test_a_report_is_the_json_that_it_would_be_anywhere(text: str):
    data = {"text": text, "amount": 10**18, "no": None, "list": [True, False, {}], "": []}
    assert PlainResponse(data).body == JSONResponse(data).body


def test_the_first_page_says_what_this_is_in_both_languages(api: ApiWorld):
    page = api.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for text in ("惠企政策匹配与兑现", "Subsidy matching", "/docs", "/v1/policies"):
        assert text in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_document_is_openapi_3_1_and_its_references_resolve(api: ApiWorld):
    document = api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    text = json.dumps(document)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.partition('"')[0] in document["components"]["schemas"]
    assert "HTTPValidationError" not in text


def test_every_route_of_v1_says_who_may_call_it(api: ApiWorld):
    public = {
        ("/v1/policies", "get"),
        ("/v1/policies/{policy_id}", "get"),
        ("/v1/eligibility/overview", "post"),  # of a declared profile only, which is stored nowhere
        ("/v1/notices/{number}/objections", "post"),  # anybody may object
        ("/v1/calendar/{year}", "get"),
    } | {(f"/v1/notices/{{number}}{form}", "get") for form in ("", "/text", "/csv", "/xlsx")}
    for path, operations in api.app.openapi()["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/v1") and (path, method) not in public:
                assert operation.get("security") == [{"token": []}], (path, method)
                assert "401" in operation["responses"], (path, method)


def test_the_document_lists_every_event_that_can_be_fired_here():
    events = {row.event for row in TRANSITIONS if row.door is Door.DESK and row.sources}
    assert all(f"| `{event}` |" in event_table() for event in events)


def test_the_docs_page_is_there(api: ApiWorld):
    assert "swagger" in api.get("/docs").text.lower()


def test_a_request_id_goes_in_and_out(api: ApiWorld):
    given = api.ask("GET", "/healthz", headers={"X-Request-Id": "trace-0001"})
    assert given.headers["x-request-id"] == "trace-0001"
    made = api.ask("GET", "/healthz", headers={"X-Request-Id": "<script>"})
    assert len(made.headers["x-request-id"]) == 32


def test_answers_are_not_cached(api: ApiWorld):
    answer = api.get(f"/v1/enterprises/{FIRM}", "clerk")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_log_has_the_route_and_nothing_about_anybody(api: ApiWorld, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "subsidy_api")
    api.give_account()
    api.get(f"/v1/enterprises/{FIRM}", "clerk")
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "subsidy_api"]
    assert lines[-1]["route"] == "/v1/enterprises/{uscc}"
    assert (lines[-1]["method"], lines[-1]["status"]) == ("GET", 200)
    for secret in (FIRM, "6222000000001234", token_of("clerk"), "甲"):
        assert secret not in caplog.text


def test_an_unforeseen_error_is_logged_without_its_message(
    api: ApiWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def explode(*_: object) -> None:
        raise RuntimeError("secret 6222000000001234")

    monkeypatch.setattr(type(api.platform), "policies", explode)
    api.get("/v1/policies")
    logged = [json.loads(record.getMessage()) for record in caplog.records if record.levelno == logging.ERROR]
    assert [entry["kind"] for entry in logged] == ["RuntimeError"]
    assert any("explode" in place for place in logged[0]["where"])
    assert "6222" not in caplog.text
