"""Brings a store to the newest schema, or back, with the Alembic scripts beside this module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from subsidy_match.errors import Conflict
from subsidy_match.store.engine import close_to_others, open_engine

__all__ = ["current_revision", "downgrade", "head_revision", "upgrade"]

_SCRIPTS = Path(__file__).parent / "migrations"
# Any number will do as long as every process uses the same.
_ADVISORY_LOCK = 7_204_118


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the store at ``url`` up to ``revision``, all or nothing; safe to call from several processes."""
    close_to_others(url)
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Migrate the store at ``url`` down to ``revision``, all or nothing."""
    _run(url, lambda config: command.downgrade(config, revision))


def current_revision(url: str) -> str | None:
    """Read which revision the store at ``url`` is at; ``None`` where it was never migrated."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def head_revision() -> str:
    """Name the newest revision of this version of the software."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise Conflict("S030", "没有迁移脚本", "there are no migration scripts")
    return head


def _run(url: str, step: Callable[[Config], None]) -> None:
    # Tables are rebuilt on SQLite, which enforced foreign keys would not let happen; they are checked at the end.
    engine = open_engine(url, enforce_foreign_keys=False)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            config = _config()
            config.attributes["connection"] = connection
            step(config)
            _check_foreign_keys(connection)
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise Conflict("S031", f"迁移后外键不符:{broken[0]}", f"foreign keys do not hold after migration: {broken[0]}")
