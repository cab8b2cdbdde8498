"""One shape for every error::

{"type": "tag:…:problem:<code>", "title": "不存在 / Not found", "status": 404, "detail": "<zh> / <en>", "code": "…",
"zh": "…", "en": "…", "hint": null, "request_id": "…", "findings": [{"code": …, "zh": …, "en": …, "path": …}, …]}
"""

from __future__ import annotations

import pytest
from api_world import FIRM, OTHER, ApiWorld

from subsidy_api.problems import status_of
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.errors import AuthorError, Conflict, InputError, NotFound, RetryableError

STATUSES = [
    (NotFound, "claim_unknown", 404),
    (NotFound, "token_unknown", 401),
    (InputError, "token_missing", 401),
    (NotFound, "nothing_published", 503),
    (NotFound, "profiles.no_snapshot", 503),
    (Forbidden, "role_missing", 403),
    (Conflict, "fund_short", 409),
    (Conflict, "stale_version", 412),
    (InputError, "field_missing", 422),
    (RetryableError, "store_busy", 503),
    (AuthorError, "P007", 500),
]


@pytest.mark.parametrize(("kind", "code", "status"), STATUSES)
def test_each_kind_of_error_has_its_status(kind: type[InputError], code: str, status: int):
    assert status_of(kind(code, "中", "en")) == status


def test_a_batch_refused_for_its_people_alone_is_forbidden():
    people, money = Forbidden("duty_conflict", "中", "en"), Conflict("claim_held", "中", "en")
    assert status_of(BatchRefused("batch_refused", "中", "en", refused={1: people})) == 403
    assert status_of(BatchRefused("batch_refused", "中", "en", refused={1: people, 2: money})) == 409


def test_the_shape_of_a_problem(api: ApiWorld):
    answer = api.ask("GET", "/v1/claims/77", "clerk", headers={"X-Request-Id": "request-77"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "tag:subsidy-match,2026:problem:claim_unknown",
        "title": "不存在 / Not found",
        "status": 404,
        "detail": "办件不存在:77 / no claim 77",
        "code": "claim_unknown",
        "zh": "办件不存在:77",
        "en": "no claim 77",
        "hint": None,
        "request_id": "request-77",
        "findings": [],
    }


def test_every_finding_has_its_place_and_no_value(api: ApiWorld):
    body = {"holder": "甲\x01", "bank_name": "示例银行", "number": "6222", "colour": "red"}
    answer = api.post(f"/v1/enterprises/{FIRM}/accounts", "applicant", body)
    assert answer.status_code == 422
    places = {finding["path"]: finding["code"] for finding in answer.json()["findings"]}
    assert places == {
        "body.holder": "string_pattern_mismatch",
        "body.number": "string_too_short",
        "body.colour": "extra_forbidden",
    }
    assert "6222" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "route_unknown"),
        ("DELETE", "/v1/policies", 405, "method_not_allowed"),
        ("GET", "/v1/claims/nine", 422, "request_invalid"),
        ("GET", f"/v1/claims/{2**63}", 422, "request_invalid"),
        ("GET", "/v1/claims?policy_id=%00", 422, "request_invalid"),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(api: ApiWorld, method: str, path: str, status: int, code: str):
    answer = api.ask(method, path, "clerk")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 422, "request_invalid"),
        (b"\xff", 400, "request_unreadable"),
        (b'{"uscc":"' + b"x" * 5_000_000, 413, "body_too_large"),
    ],
)
def test_bodies_that_cannot_be_read(api: ApiWorld, content: bytes, status: int, code: str):
    headers = {"Content-Type": "application/json"}
    answer = api.ask("POST", "/v1/eligibility", headers=headers, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_unforeseen_error_tells_the_caller_nothing(api: ApiWorld, monkeypatch: pytest.MonkeyPatch):
    def explode(*_: object) -> None:
        raise RuntimeError("secret 6222000000001234")

    monkeypatch.setattr(type(api.platform), "snapshot", explode)
    answer = api.get(f"/v1/enterprises/{FIRM}", "clerk")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "6222" not in answer.text


def test_a_busy_store_asks_to_come_back(api: ApiWorld, monkeypatch: pytest.MonkeyPatch):
    def busy(*_: object) -> None:
        raise RetryableError("store_busy", "系统繁忙", "the store is busy")

    monkeypatch.setattr(type(api.platform), "payments", busy)
    answer = api.get(f"/v1/enterprises/{OTHER}/matches", "clerk")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
