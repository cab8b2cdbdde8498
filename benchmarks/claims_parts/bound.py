"""The bound: the statements of a run, recorded, and sent again on a bare connection."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, event

from claims_parts.stores import Store
from claims_parts.walk import Timings

_BEGIN = {"sqlite": None, "postgresql": "BEGIN"}
Call = tuple[str, Any]


class Bound:
    """Records what is sent to one store, and sends it to a copy."""

    def __init__(self, copy: Store) -> None:
        self._connection = copy.connect()
        self._cursor = self._connection.cursor()
        self._calls: list[Call] = []
        self._timings = Timings()
        self.statements = 0

    def listen(self, engine: Engine) -> None:
        """Record from now on."""
        begin = _BEGIN[engine.dialect.name]
        if begin is not None:  # for SQLite the product says it itself, as a statement
            event.listen(engine, "begin", lambda connection: self._add(_begin_of(connection, begin), None))
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", lambda _connection: self._add("COMMIT", None))
        event.listen(engine, "rollback", lambda _connection: self._add("ROLLBACK", None))

    def replay(self) -> None:
        """Send again what was recorded since the last time; answers are fetched, as the product does."""
        before = time.perf_counter()
        for statement, parameters in self._calls:
            self._cursor.execute(statement, parameters) if parameters else self._cursor.execute(statement)
            if self._cursor.description is not None:
                self._cursor.fetchall()
        self._timings.seconds.append(time.perf_counter() - before)
        self.statements += len(self._calls)
        self._calls.clear()

    def finish(self) -> Timings:
        """How long it took."""
        self._connection.close()
        return self._timings

    def _statement(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        for one in parameters if many else [parameters]:
            self._add(statement, one)

    def _add(self, statement: str, parameters: Any) -> None:
        self._calls.append((statement, parameters))


def _begin_of(connection: Any, begin: str) -> str:
    readonly = connection.get_execution_options().get("postgresql_readonly", False)
    return f"{begin} ISOLATION LEVEL REPEATABLE READ READ ONLY" if readonly else begin
