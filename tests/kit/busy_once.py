"""Makes the first COMMIT of every unit fail as a store does that another holds, so that all work is done twice.

What a rollback takes back must be in the store alone: whatever else the first attempt changed shows in the second.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

_BUSY = {
    "sqlite": sqlite3.OperationalError("database is locked"),
    "postgresql": psycopg.errors.DeadlockDetected("busy"),
}


@contextmanager
def busy_once(engine: Engine, meanwhile: Callable[[], object] = lambda: None) -> Iterator[list[str]]:
    """Let the first COMMIT of every unit of ``engine`` fail; gives a list that grows by one each time.

    ``meanwhile`` is done before every second attempt, and goes to the store by another engine.
    """
    failed: list[str] = []
    busy = threading.local()

    def on_begin(_: Connection) -> None:
        if getattr(busy, "done", False):
            meanwhile()

    def on_commit(_: Connection) -> None:
        busy.done = not getattr(busy, "done", False)
        if busy.done:
            failed.append("COMMIT")
            raise OperationalError("COMMIT", None, _BUSY[engine.dialect.name])

    def on_rollback(_: Connection) -> None:  # the second attempt was refused: the next unit begins with its first
        busy.done = False

    hooks = {"begin": on_begin, "commit": on_commit, "rollback": on_rollback}
    for name, hook in hooks.items():
        event.listen(engine, name, hook)
    try:
        yield failed
    finally:
        for name, hook in hooks.items():
            event.remove(engine, name, hook)


__all__ = ["busy_once"]
