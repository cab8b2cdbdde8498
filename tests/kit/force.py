"""What somebody could do who may change the schema: take the bar off a table, change rows, put it back."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from subsidy_match.store.append_only import barring, unbarring


def by_force(table: str, change: Callable[[Session], object]) -> Callable[[Session], None]:
    """Make ``change`` to an append-only table although the database bars it."""

    def forced(session: Session) -> None:
        dialect = session.get_bind().dialect.name
        for statement in unbarring(table, dialect):
            session.execute(text(statement))
        change(session)
        for statement in barring(table, dialect):
            session.execute(text(statement))

    return forced
