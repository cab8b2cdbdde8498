"""``Idempotency-Key`` on writes: a repeated request is answered with what was answered first, and does nothing.

The answer is stored in the transaction of the work (``keep`` is called there), so that both are there or neither.
Refusals are not kept: the same key may be sent again with the same body.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.context import Moment, PlatformDep
from subsidy_api.security import Caller
from subsidy_match.errors import RetryableError
from subsidy_match.store.idempotency import Answer, Held, complete, forget, request_hash, reserve

__all__ = ["Keep", "Once", "OnceDep"]

Keep = Callable[[Session, bytes], None]
Key = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="幂等键:同一请求重发时不会重复办理 / the same request sent again is not done again",
    ),
]


@dataclass(frozen=True, slots=True)
class Once:
    """One write of one caller, under its key if it came with one."""

    engine: Engine
    scope: str
    key: str | None
    asked: tuple[bytes, ...]
    at: datetime

    def run(self, status: int, work: Callable[[Keep], None]) -> Response:
        """Do ``work`` and answer with ``status``, or repeat the answer that the key had.

        Args:
            status: the status of success.
            work: does it, and calls ``keep`` with the body inside its transaction.

        Raises:
            Conflict: ``request_in_flight``.
            InputError: ``idempotency_key_reused``.
        """
        held = self._reserve()
        if isinstance(held, Answer):
            return _json(held, replayed=True)
        try:
            return _json(Answer(status, self._do(held, status, work)))
        except BaseException:
            if held is not None:
                # Where even that fails the key frees itself when its lease ends; the first error matters more.
                with suppress(RetryableError):
                    forget(self.engine, held)
            raise

    def _reserve(self) -> Held | Answer | None:
        if self.key is None:
            return None
        asked = request_hash(*self.asked)
        return reserve(self.engine, scope=self.scope, key=self.key, request_hash=asked, at=self.at)

    def _do(self, held: Held | None, status: int, work: Callable[[Keep], None]) -> bytes:
        kept: list[bytes] = []

        def keep(session: Session, body: bytes) -> None:
            if held is not None:
                complete(session, held, status=status, body=body)
            kept.append(body)  # the transaction may be tried again: the last body is the one that holds

        work(keep)
        return kept[-1]


def _json(answer: Answer, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return Response(answer.body, answer.status, headers, "application/json")


async def _once(
    request: Request, platform: PlatformDep, actor: Caller, at: Moment, idempotency_key: Key = None
) -> Once:
    # If-Match is part of what is asked: the same event on another version is another request.
    condition = request.headers.get("if-match", "").encode()
    place = f"{request.url.path}?{request.url.query}".rstrip("?")
    asked = request.method.encode(), place.encode(), await request.body(), condition
    return Once(platform.engine, actor.id, idempotency_key, asked, at)


OnceDep = Annotated[Once, Depends(_once)]
