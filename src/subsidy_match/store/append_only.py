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
    "NAMES",
    "append_only",
    "barring",
    "barring_emptying",
    "fixed_columns",
    "freezing",
    "keeping_names",
    "recorded_names",
    "settled_columns",
    "settling",
    "unbarring",
    "unbarring_emptying",
    "unfreezing",
    "unkeeping_names",
    "unsettling",
]

FUNCTION = """
CREATE OR REPLACE FUNCTION bar_change() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME; END$$""".strip()
"""What the triggers of PostgreSQL call."""
FROZEN = """
CREATE OR REPLACE FUNCTION bar_other_value() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '% of % never change', TG_ARGV[0], TG_TABLE_NAME; END$$""".strip()
"""What the triggers of fixed columns call on PostgreSQL."""
_UNRECORDED = """NOT EXISTS (SELECT 1 FROM claim_amendments AS kept WHERE kept.claim_id = NEW.id
    AND kept.field = 'enterprise_name' AND kept.version > OLD.version AND kept.new_value = NEW.enterprise_name)""".strip()
_UNKEPT = "names of claims change by a recorded rename only"
NAMES = f"""
CREATE OR REPLACE FUNCTION bar_unrecorded_name() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF {_UNRECORDED} THEN RAISE EXCEPTION '{_UNKEPT}'; END IF; RETURN NEW; END$$""".strip()
"""What the trigger of the names of claims calls on PostgreSQL, whose conditions of triggers look into no other table."""
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


def settled_columns(mapped: FromClause, since: str, *columns: str) -> None:
    """Let some columns of a table keep their values once ``since``, one of them, has a value."""

    def create(target: Table, connection: Connection, **_: Any) -> None:
        if connection.dialect.name != "sqlite":
            connection.execute(text(FROZEN))
        connection.execute(text(settling(target.name, since, columns, connection.dialect.name)))

    event.listen(cast("Table", mapped), "after_create", create)


def settling(table: str, since: str, columns: Sequence[str], dialect: str) -> str:
    """Give the statement that bars another value in ``columns`` of ``table`` once ``since`` has one."""
    names = ", ".join(columns)
    head = f"CREATE TRIGGER {table}_settled BEFORE UPDATE OF {names} ON {table} FOR EACH ROW"
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    other = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in columns)
    other = f"OLD.{since} IS NOT NULL AND ({other})"
    if dialect == "sqlite":
        return f"{head} WHEN {other} BEGIN SELECT RAISE(ABORT, '{names} of {table} never change'); END"
    return f"{head} WHEN ({other}) EXECUTE FUNCTION bar_other_value('{names}')"


def unsettling(table: str, dialect: str) -> str:
    """Give the statement that takes the trigger of settled columns away again."""
    return f"DROP TRIGGER IF EXISTS {table}_settled" + ("" if dialect == "sqlite" else f" ON {table}")


def recorded_names(mapped: FromClause) -> None:
    """Let the names of claims change only by an amendment that is written down before."""

    def create(_: Table, connection: Connection, **__: Any) -> None:
        for statement in keeping_names(connection.dialect.name):
            connection.execute(text(statement))

    event.listen(cast("Table", mapped), "after_create", create)


def keeping_names(dialect: str) -> Iterator[str]:
    """Give the statements that bar a name of a claim of which no amendment tells."""
    head = "CREATE TRIGGER claims_named BEFORE UPDATE OF enterprise_name ON claims FOR EACH ROW"
    if dialect == "sqlite":
        other = f"OLD.enterprise_name IS NOT NEW.enterprise_name AND {_UNRECORDED}"
        yield f"{head} WHEN {other} BEGIN SELECT RAISE(ABORT, '{_UNKEPT}'); END"
    else:
        yield NAMES
        other = "OLD.enterprise_name IS DISTINCT FROM NEW.enterprise_name"
        yield f"{head} WHEN ({other}) EXECUTE FUNCTION bar_unrecorded_name()"


def unkeeping_names(dialect: str) -> str:
    """Give the statement that takes the trigger of names away again."""
    return "DROP TRIGGER IF EXISTS claims_named" + ("" if dialect == "sqlite" else " ON claims")


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
