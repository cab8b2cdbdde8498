"""Opens the transactional store: SQLite beside the programme, or PostgreSQL for several nodes.

SQLite 3.7.0-3.51.2 can corrupt a WAL file when two connections write and checkpoint at once (sqlite.org/wal.html,
"walresetbug"), so below 3.51.3 the rollback journal is used and a warning says so. The ``pysqlite3`` wheel brings a
safe version where Python's own is old.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import ArgumentError

from subsidy_match.errors import InputError

__all__ = [
    "BUSY_SECONDS",
    "ImmediateDialect",
    "StoreInfo",
    "begin_mode",
    "close_to_others",
    "deferred",
    "describe",
    "is_made",
    "open_engine",
    "sqlite_module",
]

_log = logging.getLogger(__name__)
_SAFE_WAL = (3, 51, 3)
BUSY_SECONDS = 10
"""How long a transaction waits for another, or for a connection."""
_MODE = "begin_mode"
_IMMEDIATE = "IMMEDIATE"


class ImmediateDialect(SQLiteDialect_pysqlite):
    """SQLite that takes the write lock with the first word of a transaction, unless told that it only reads.

    Said by the dialect and not by a listener: one listener makes every statement call every hook.
    """

    supports_statement_cache = True

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.writer = threading.RLock()
        """Whoever writes, of the threads of this process: they take turns here, where SQLite would have them poll."""

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin as ``deferred`` says for this one transaction."""
        dbapi_connection.cursor().execute(f"BEGIN {dbapi_connection.info.pop(_MODE, _IMMEDIATE)}").close()


registry.register("sqlite.immediate", __name__, ImmediateDialect.__name__)


def deferred(connection: Connection) -> None:
    """Let the next transaction of a SQLite connection take no lock before it writes."""
    connection.info[_MODE] = "DEFERRED"


def begin_mode(connection: Connection) -> str:
    """How the next transaction of a SQLite connection begins."""
    return str(connection.info.get(_MODE, _IMMEDIATE))


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What store is in use; ``note_zh`` and ``note_en`` are empty where there is nothing to warn of."""

    kind: str
    version: str
    journal: str
    note_zh: str = ""
    note_en: str = ""


def open_engine(url: str, *, enforce_foreign_keys: bool = True) -> Engine:
    """Open the store at ``url`` (``sqlite:///path`` or ``postgresql://…``); nothing is created but the folder.

    Raises:
        InputError: ``S010``, the URL names neither SQLite nor PostgreSQL.
    """
    parsed = _parsed(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed, enforce_foreign_keys=enforce_foreign_keys)
        case "postgresql":
            return _open_postgresql(parsed)
        case other:
            raise InputError("S010", f"不支持的数据库:{other}", f"neither SQLite nor PostgreSQL: {other}")


def is_made(url: str) -> bool:
    """Whether there is a store at ``url`` to be asked: asking one of SQLite that is not there would make an empty file.

    Raises:
        InputError: ``S010``.
    """
    parsed = _parsed(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def close_to_others(url: str) -> None:
    """Let none but its owner read the file of a SQLite store, made here if it is not there; what lies beside it follows.

    Raises:
        InputError: ``S010``.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return
    path = Path(parsed.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for file in (path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal"))):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another's file is for its owner to close
            file.chmod(0o600)


def describe(engine: Engine) -> StoreInfo:
    """Say which store, version and journal are in use, and what is to be known about them."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            version = connection.exec_driver_sql("SHOW server_version").scalar_one()
            return StoreInfo("postgresql", str(version), "wal")
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    zh, en = ("", "") if journal == "wal" else _rollback_note(version)
    return StoreInfo("sqlite", version, journal, zh, en)


def sqlite_module() -> ModuleType:
    """Give the SQLite driver: ``pysqlite3`` where it is installed and newer, else Python's own."""
    own = importlib.import_module("sqlite3.dbapi2")
    try:
        bundled = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return own
    return bundled if bundled.sqlite_version_info >= own.sqlite_version_info else own


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise InputError("S010", "数据库地址无法识别", "the database URL cannot be read") from error


def _open_sqlite(url: URL, *, enforce_foreign_keys: bool) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise InputError("S011", "SQLite 须为文件", "SQLite must be a file: several processes share it")
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    module = sqlite_module()
    journal = "WAL" if module.sqlite_version_info >= _SAFE_WAL else "DELETE"
    if journal == "DELETE":
        _log.warning(_rollback_note(module.sqlite_version)[1])
    engine = create_engine(
        url.set(drivername="sqlite+immediate"),
        module=module,
        # The driver's own BEGIN comes too late for read-then-write; ours is in ImmediateDialect.
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},
        pool_timeout=BUSY_SECONDS,
    )
    event.listen(engine, "connect", _pragmas(journal, enforce_foreign_keys=enforce_foreign_keys))
    return engine


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"options": f"-c lock_timeout={round(BUSY_SECONDS * 1000)} -c timezone=UTC"},
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
    )


def _pragmas(journal: str, *, enforce_foreign_keys: bool) -> Any:
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")
        cursor.execute(f"PRAGMA journal_mode={journal}")
        cursor.execute("PRAGMA synchronous=FULL")  # a payment acknowledged must survive a power cut
        cursor.execute(f"PRAGMA foreign_keys={'ON' if enforce_foreign_keys else 'OFF'}")
        cursor.execute("PRAGMA recursive_triggers=ON")  # else REPLACE deletes rows past the triggers that bar it
        cursor.close()

    return on_connect


def _rollback_note(version: str) -> tuple[str, str]:
    zh = f"SQLite {version} 的 WAL 有已知损坏缺陷(3.51.3 修复),已改用回滚日志;请安装 pysqlite3 以提升并发"
    en = f"SQLite {version} has the WAL-reset bug (fixed in 3.51.3): using the rollback journal; install pysqlite3"
    return zh, en
