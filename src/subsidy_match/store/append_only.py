"""Tables whose rows are never changed and never deleted: the database itself bars it, whoever asks.

A mistake in such a table is mended by a new row that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Connection, FromClause, Table, event, text

__all__ = [
    "FROZEN",
    "FUNCTION",
    "append_only",
    "barring",
    "barring_emptying",
    "fixed_columns",
    "freezing",
    "unbarring",
    "unbarring_emptying",
    "unfreezing",
]

FUNCTION = """
CREATE OR REPLACE FUNCTION bar_change() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME; END$$""".strip()
"""What the triggers of PostgreSQL call."""
FROZEN = """
CREATE OR REPLACE FUNCTION bar_other_value() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '% of % never change', TG_ARGV[0], TG_TABLE_NAME; END$$""".strip()
"""What the triggers of fixed columns call on PostgreSQL."""
_OPERATIONS = ("update", "delete")


def append_only(mapped: FromClause) -> None:
    """Let a table have its triggers wherever it is created from the metadata."""
    event.listen(cast("Table", mapped), "after_create", _create)


def fixed_columns(mapped: FromClause, *columns: str) -> None:
    """Let some columns of a table keep the value with which a row was inserted."""

    def create(target: Table, connection: Connection, **_: Any) -> None:
        if connection.dialect.name != "sqlite":
            connection.execute(text(FROZEN))
        connection.execute(text(freezing(target.name, columns, connection.dialect.name)))

    event.listen(cast("Table", mapped), "after_create", create)


def freezing(table: str, columns: Sequence[str], dialect: str) -> str:
    """Give the statement that bars another value in ``columns`` of ``table``."""
    names = ", ".join(columns)
    head = f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OF {names} ON {table} FOR EACH ROW"
    if dialect == "sqlite":
        other = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
        return f"{head} WHEN {other} BEGIN SELECT RAISE(ABORT, '{names} of {table} never change'); END"
    other = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
    return f"{head} WHEN ({other}) EXECUTE FUNCTION bar_other_value('{names}')"


def unfreezing(table: str, dialect: str) -> str:
    """Give the statement that takes the trigger of fixed columns away again."""
    return f"DROP TRIGGER IF EXISTS {table}_fixed" + ("" if dialect == "sqlite" else f" ON {table}")


def barring(table: str, dialect: str) -> Iterator[str]:
    """Give the statements that bar changing and deleting rows of ``table``."""
    for operation in _OPERATIONS:
        name = f"{table}_no_{operation}"
        head = f"CREATE TRIGGER {name} BEFORE {operation.upper()} ON {table}"
        if dialect == "sqlite":
            said = f"rows of {table} are never changed or deleted"
            yield f"{head} BEGIN SELECT RAISE(ABORT, '{said}'); END"
        else:
            yield f"{head} FOR EACH ROW EXECUTE FUNCTION bar_change()"


def unbarring(table: str, dialect: str) -> Iterator[str]:
    """Give the statements that take the triggers away again, for a migration that must rewrite rows."""
    for operation in _OPERATIONS:
        where = "" if dialect == "sqlite" else f" ON {table}"
        yield f"DROP TRIGGER IF EXISTS {table}_no_{operation}{where}"


def barring_emptying(table: str, dialect: str) -> Iterator[str]:
    """Give the statements that bar emptying ``table`` at one stroke, which PostgreSQL asks no trigger of rows about."""
    if dialect != "sqlite":
        head = f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        yield f"{head} FOR EACH STATEMENT EXECUTE FUNCTION bar_change()"


def unbarring_emptying(table: str, dialect: str) -> Iterator[str]:
    """Give the statements that let ``table`` be emptied again."""
    if dialect != "sqlite":
        yield f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}"


def _create(target: Table, connection: Connection, **_: Any) -> None:
    dialect = connection.dialect.name
    if dialect != "sqlite":
        connection.execute(text(FUNCTION))
    for statement in (*barring(target.name, dialect), *barring_emptying(target.name, dialect)):
        connection.execute(text(statement))
