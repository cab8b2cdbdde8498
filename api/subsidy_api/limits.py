"""Keeps bodies small: too much content is refused as a problem, and no more of it is read."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimit"]


class BodyLimit:
    """ASGI middleware that lets ``largest`` bytes of a body through, or what ``by_path`` says for one path."""

    def __init__(self, app: ASGIApp, largest: int, by_path: Mapping[str, int] | None = None) -> None:
        self._app, self._largest, self._by_path = app, largest, by_path or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        seen, largest = 0, self._by_path.get(scope.get("path", ""), self._largest)

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                # Raised where the body is read, so that it is answered like any other error.
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
