"""Requests made up from the OpenAPI document: no answer of 5xx, none that is not documented, none of another shape."""

from __future__ import annotations

import os
import warnings

import pytest
from api_world import ApiWorld, api, api_home, token_of
from hypothesis import HealthCheck, Phase, given, settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

__all__ = ["api", "api_home"]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "4"))  # of each operation; set it to try more
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_request_gets_an_answer_that_is_not_documented(api: ApiWorld):
    api.walk("ACCEPTED")
    schema = schemathesis.openapi.from_asgi("/openapi.json", api.app)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        run(operation, headers_of("everything"))
        tried += 1
    assert tried == sum(len(ways) for ways in api.app.openapi()["paths"].values())


def headers_of(login: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(login)}"}


def run(operation, headers: dict[str, str]) -> None:
    quiet = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )

    @quiet
    @given(case=operation.as_strategy())
    def attempt(case) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)

    try:
        attempt()
    except Exception as error:
        error.add_note(f"{operation.method.upper()} {operation.path}")
        raise
