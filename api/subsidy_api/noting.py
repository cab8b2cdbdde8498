"""Readings of personal data are written down after the answer is out: nobody waits for it, nothing fails by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import BackgroundTasks, Depends

from subsidy_api.context import Moment, PlatformDep
from subsidy_api.security import Caller
from subsidy_match.store.read_log import Read, note_read

__all__ = ["Noting"]


async def _noting(
    background: BackgroundTasks, platform: PlatformDep, actor: Caller, at: Moment
) -> Callable[[str, str], None]:
    def note(what: str, subject: str) -> None:
        background.add_task(note_read, platform.engine, Read(at, actor.id, what, subject))

    return note


Noting = Annotated[Callable[[str, str], None], Depends(_noting)]
"""Call it with what was read and of whom."""
