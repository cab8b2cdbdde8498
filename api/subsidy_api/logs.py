"""One log line a request, as JSON, with a request id that goes in and out as ``X-Request-Id``.

Logged are method, route, status, code of the problem and duration. Never logged are paths as sent, queries, bodies,
headers, names, tokens or accounts; of an unforeseen error its type and the lines of code, not its message, which may
quote any of these.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
import uuid
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subsidy_api.problems import problem
from subsidy_match.errors import Finding, SubsidyError

__all__ = ["LOG_CONFIG", "RequestLog", "server_log", "told_of"]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_INTERNAL = Finding("internal_error", "系统内部错误,请联系管理员", "something went wrong in the server")
_ALWAYS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

LOG_CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
    "loggers": {
        "subsidy_api": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""For ``uvicorn.run(app, log_config=LOG_CONFIG, access_log=False)``: its access log would write paths and queries."""


def server_log() -> Any:
    """The log of the server, one JSON object a line."""
    return structlog.wrap_logger(
        logging.getLogger("subsidy_api"),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def told_of(error: BaseException) -> dict[str, Any]:
    """What may be logged of an error: its type, its code, and where it came from."""
    code = {"code": error.code} if isinstance(error, SubsidyError) else {}
    return {"kind": type(error).__name__, **code, "where": _where(error)}


class RequestLog:
    """ASGI middleware: request id, log line, headers for all answers, and the answer to an unforeseen error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = server_log()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        sent: dict[str, int] = {}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, sending)
            except Exception as error:  # the last line of defence: nothing of it may reach the caller
                self._log.error("failed", **told_of(error))
                if "status" in sent:
                    raise
                await problem(Request(scope), 500, _INTERNAL)(scope, receive, sending)
            finally:
                self._written(scope, sent.get("status"), time.perf_counter() - started)

    def _written(self, scope: Scope, status: int | None, seconds: float) -> None:
        self._log.info(
            "request",
            method=scope["method"],
            route=getattr(scope.get("route"), "path", None),
            status=status,
            code=scope["state"].get("problem"),
            ms=round(seconds * 1000, 1),
        )


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _where(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
