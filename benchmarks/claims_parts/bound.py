"""The bound: the statements of a run, recorded, and sent again on a bare connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from claims_parts.stores import Store
from claims_parts.walk import Timings
from subsidy_match.store.engine import begin_mode

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
        """Record from now on, where the dialect hands over to the driver: a listener would slow what is measured."""
        dialect: Any = engine.dialect
        is_sqlite = dialect.name == "sqlite"
        self._before(dialect, "do_begin", lambda connection: self._add(_begin_of(connection, is_sqlite), None))
        self._before(dialect, "do_commit", lambda _connection: self._add("COMMIT", None))
        self._before(dialect, "do_rollback", lambda _connection: self._add_rollback())
        self._before(dialect, "do_execute", lambda _cursor, said, given, _context: self._add(said, given))
        self._before(dialect, "do_execute_no_params", lambda _cursor, said, _context: self._add(said, None))
        self._before(dialect, "do_executemany", self._add_each)

    @staticmethod
    def _before(dialect: Any, name: str, note: Callable[..., None]) -> None:
        done = getattr(dialect, name)

        def noted(*given: Any) -> Any:
            note(*given)
            return done(*given)

        setattr(dialect, name, noted)

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

    def _add_each(self, _cursor: Any, statement: str, each: Any, _context: Any) -> None:
        for parameters in each:
            self._add(statement, parameters)

    def _add_rollback(self) -> None:
        if self._calls and self._calls[-1][0] != "COMMIT":  # the pool says it as well, where nothing is open
            self._add("ROLLBACK", None)

    def _add(self, statement: str, parameters: Any) -> None:
        self._calls.append((statement, parameters))


def _begin_of(connection: Any, is_sqlite: bool) -> str:
    if is_sqlite:
        return f"BEGIN {begin_mode(connection)}"
    return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.read_only else "BEGIN"
