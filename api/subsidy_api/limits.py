"""Keeps bodies small, and what anybody may do without a login rare: the rest is refused as a problem."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from subsidy_match.errors import SubsidyError

__all__ = ["BodyLimit", "RateLimit", "TooMany"]


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


@dataclass(eq=False)
class TooMany(SubsidyError):
    """Too much of the same in a short time; it may be tried again after ``wait``."""

    wait: timedelta = timedelta(0)


@dataclass(slots=True)
class RateLimit:
    """At most ``most`` a key in any ``window``; kept in memory, by each process for itself.

    Only so many keys are kept, those that were used last: a flood of keys must not fill the memory.
    """

    most: int
    window: timedelta
    keys: int = 10_000
    _taken: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, at: datetime) -> timedelta | None:
        """Count one, or say how long to wait until one can be counted."""
        with self._lock:
            taken = self._recent(key, at)
            if len(taken) >= self.most:
                return taken[0] + self.window - at
            taken.append(at)
            return None

    def give_back(self, key: str, at: datetime) -> None:
        """Take back what was counted for nothing."""
        with self._lock:
            taken = self._taken.get(key, deque())
            if at in taken:
                taken.remove(at)

    def _recent(self, key: str, at: datetime) -> deque[datetime]:
        taken = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        while taken and taken[0] + self.window <= at:
            taken.popleft()
        while len(self._taken) > self.keys:
            self._taken.popitem(last=False)
        return taken
