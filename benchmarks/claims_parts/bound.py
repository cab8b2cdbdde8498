"""The bound: the statements of a run, recorded, and sent again on a bare connection."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from claims_parts.stores import Store
from claims_parts.walk import Timings
from sqlalchemy import Engine, event

_BEGIN = {"sqlite": None, "postgresql": "BEGIN"}
Call = tuple[str, Any]


@dataclass
class Recorder:
    """Writes down what is sent to the database, event by event."""

    events: list[list[Call]] = field(default_factory=lambda: [[]])

    @property
    def statements(self) -> int:
        """All statements, beginnings and commits included."""
        return sum(len(calls) for calls in self.events)

    def listen(self, engine: Engine) -> None:
        """Record from now on."""
        begin = _BEGIN[engine.dialect.name]
        if begin is not None:  # for SQLite the product says it itself, as a statement
            event.listen(engine, "begin", lambda connection: self._add(_begin_of(connection, begin), None))
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", lambda _connection: self._add("COMMIT", None))
        event.listen(engine, "rollback", lambda _connection: self._add("ROLLBACK", None))

    def event_done(self) -> None:
        """What comes next belongs to the next event."""
        self.events.append([])

    def _statement(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool):  # noqa: FBT001
        for one in parameters if many else [parameters]:
            self._add(statement, one)

    def _add(self, statement: str, parameters: Any) -> None:
        self.events[-1].append((statement, parameters))


def replay(store: Store, recorder: Recorder) -> Timings:
    """Send everything again; answers are fetched, as the product does."""
    timings = Timings()
    with closing(store.connect()) as connection:
        cursor = connection.cursor()
        started = time.perf_counter()
        for calls in recorder.events:
            if not calls:
                continue
            before = time.perf_counter()
            for statement, parameters in calls:
                cursor.execute(statement, parameters) if parameters else cursor.execute(statement)
                if cursor.description is not None:
                    cursor.fetchall()
            timings.seconds.append(time.perf_counter() - before)
        timings.total = time.perf_counter() - started
    return timings


def _begin_of(connection: Any, begin: str) -> str:
    readonly = connection.get_execution_options().get("postgresql_readonly", False)
    return f"{begin} ISOLATION LEVEL REPEATABLE READ READ ONLY" if readonly else begin
