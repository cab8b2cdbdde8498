"""Errors over HTTP: RFC 9457 problem details, each with a stable code and a sentence in both languages.

This is the one place that maps the error tree to statuses. What happened inside the server is never told: an error that
is not the caller's reads the same whatever it was, and the request id leads to the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from subsidy_api.limits import TooMany
from subsidy_match.claims.many_claims import BatchRefused
from subsidy_match.claims.refusals import Forbidden
from subsidy_match.errors import Conflict, Finding, InputError, Location, NotFound, RetryableError, SubsidyError

__all__ = ["MEDIA_TYPE", "TITLES", "install_problems", "problem", "problem_of", "responses", "status_of"]

MEDIA_TYPE = "application/problem+json"
# A tag URI (RFC 4151) names the kind of problem without promising a page there.
_TYPE = "tag:subsidy-match,2026:problem:"
_SOON, _LATER = "1", "30"
_RETRY_AFTER = {"Retry-After": {"description": "几秒后可再试 / seconds to wait", "schema": {"type": "integer"}}}

TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求无法读取", "Unreadable request"),
    401: ("未登录", "Not authenticated"),
    403: ("无权办理", "Forbidden"),
    404: ("不存在", "Not found"),
    405: ("方法不适用", "Method not allowed"),
    409: ("状态冲突", "Conflict"),
    412: ("内容已变更", "Changed since it was read"),
    413: ("请求过大", "Request too large"),
    422: ("内容有误", "Invalid content"),
    429: ("过于频繁", "Too many requests"),
    500: ("系统错误", "Internal error"),
    503: ("暂不可用", "Unavailable for now"),
}

# Codes whose status does not follow from their place in the error tree.
_BY_CODE: Mapping[str, int] = {
    "token_missing": 401,
    "token_unknown": 401,
    "stale_version": 412,
    "nothing_published": 503,
    "profiles.no_snapshot": 503,
    "revision_not_found": 500,
    "revision_changed": 500,
    "profiles.snapshot_damaged": 500,
    "profiles.snapshot_version": 500,
    "document_damaged": 500,
    "evidence_damaged": 500,
}
_BY_STATUS: Mapping[int, Finding] = {
    400: Finding("request_unreadable", "请求内容无法读取", "the body of the request cannot be read"),
    404: Finding("route_unknown", "没有这个地址", "there is nothing at this address"),
    405: Finding("method_not_allowed", "该地址不支持此方法", "this address does not take this method"),
    413: Finding("body_too_large", "请求内容过大", "the body of the request is too large"),
    500: Finding("internal_error", "系统内部错误,请联系管理员", "something went wrong in the server"),
}
_WORDS_OF_VALIDATION: Mapping[str, str] = {
    "missing": "缺少该项",
    "extra_forbidden": "不认识的字段",
    "json_invalid": "不是合法的 JSON",
    "string_too_long": "内容过长",
    "string_too_short": "内容过短",
    "string_pattern_mismatch": "格式有误",
    "date_from_datetime_parsing": "不是日期",
    "date_parsing": "不是日期",
    "greater_than_equal": "数值过小",
    "less_than_equal": "数值过大",
    "literal_error": "没有这个取值",
    "enum": "没有这个取值",
    "too_long": "条目过多",
    "too_short": "条目过少",
}


def status_of(error: SubsidyError) -> int:
    """The HTTP status of an error of the library."""
    if (known := _BY_CODE.get(error.code)) is not None:
        return known
    match error:
        case BatchRefused(refused=refused) if refused and all(isinstance(e, Forbidden) for e in refused.values()):
            return 403
        case TooMany():
            return 429
        case NotFound():
            return 404
        case Forbidden():
            return 403
        case Conflict():
            return 409
        case InputError():
            return 422
        case RetryableError():
            return 503
        case _:
            return 500  # an AuthorError here is a published policy set that cannot be read: not the caller's doing


def problem(
    request: Request,
    status: int,
    said: Finding,
    findings: Sequence[Finding] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Answer with problem details."""
    request.scope.setdefault("state", {})["problem"] = said.code
    zh, en = TITLES[status]
    body = {
        "type": _TYPE + said.code,
        "title": f"{zh} / {en}",
        "status": status,
        "detail": f"{said.zh} / {said.en}",
        "code": said.code,
        "zh": said.zh,
        "en": said.en,
        "hint": said.hint,
        "request_id": request.scope["state"].get("request_id"),
        "findings": [finding.to_dict() for finding in findings],
    }
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(request: Request, error: SubsidyError) -> JSONResponse:
    """Answer with the problem that an error of the library is."""
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(request, status, _BY_STATUS[500])
    return problem(request, status, error.as_finding(), error.findings, _headers(status, error))


def install_problems(app: FastAPI) -> None:
    """Let every error of ``app`` be told as a problem."""

    def told(request: Request, error: Exception) -> JSONResponse:
        match error:
            case SubsidyError():
                return problem_of(request, error)
            case RequestValidationError():
                return _invalid(request, error)
            case HTTPException(status_code=status):
                return problem(request, status, _BY_STATUS.get(status, _BY_STATUS[400]), (), error.headers)
            case _:
                return problem(request, 500, _BY_STATUS[500])

    for kind in (SubsidyError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, told)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem responses of a route, for the OpenAPI document; any route may fail with 500."""
    return {status: _response(status) for status in sorted({*statuses, 500})}


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    described = {"description": " / ".join(TITLES[status]), "content": {MEDIA_TYPE: {"schema": schema}}}
    return described | ({"headers": _RETRY_AFTER} if status in (429, 503) else {})


def _headers(status: int, error: SubsidyError) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        why = ' error="invalid_token"' if error.code == "token_unknown" else ""
        return {"WWW-Authenticate": f"Bearer{why}"}
    if isinstance(error, TooMany):
        return {"Retry-After": str(-(-error.wait // timedelta(seconds=1)))}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": _SOON if isinstance(error, RetryableError) else _LATER}
    return {}


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    findings = [_finding(entry) for entry in error.errors()]
    said = Finding("request_invalid", "请求内容有误,见各条说明", "the request is not valid: see the findings")
    return problem(request, 422, said, findings)


def _finding(entry: Mapping[str, Any]) -> Finding:
    # Only the place and the rule are told, never the value: it may be an account number.
    place = ".".join(str(part) for part in entry["loc"])
    kind = str(entry["type"])
    zh = _WORDS_OF_VALIDATION.get(kind, "内容不符合要求")
    return Finding(kind, f"{place}:{zh}", f"{place}: {entry['msg']}", Location(place))
