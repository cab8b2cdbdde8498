from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from subsidy_match.errors import InputError
from subsidy_match.store import engine as engines
from subsidy_match.store.engine import describe, open_engine


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'store.sqlite3'}"


def test_a_safe_sqlite_uses_wal(url: str):
    if engines.sqlite_module().sqlite_version_info < (3, 51, 3):
        pytest.skip("no safe SQLite here")
    engine = open_engine(url)
    info = describe(engine)
    engine.dispose()
    assert (info.kind, info.journal, info.note_en) == ("sqlite", "wal", "")


def test_an_unsafe_sqlite_uses_the_rollback_journal_and_says_so(url: str, monkeypatch, caplog):
    if sqlite3.sqlite_version_info >= (3, 51, 3):
        pytest.skip("this Python has a safe SQLite")
    monkeypatch.setattr(engines, "sqlite_module", lambda: sqlite3.dbapi2)
    with caplog.at_level(logging.WARNING):
        engine = open_engine(url)
    info = describe(engine)
    engine.dispose()
    assert info.journal == "delete"
    assert "WAL-reset bug" in info.note_en
    assert "回滚日志" in info.note_zh
    assert "WAL-reset bug" in caplog.text


def test_sqlite_is_durable_and_checks_foreign_keys(url: str):
    engine = open_engine(url)
    with engine.connect() as connection:
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")]
    engine.dispose()
    assert settings == [2, 1]


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_serve_is_refused(url: str):
    with pytest.raises(InputError) as caught:
        open_engine(url)
    assert caught.value.code in ("S010", "S011")


@pytest.mark.postgres
def test_postgresql_is_described(postgres_server: str):
    engine = open_engine(postgres_server)
    info = describe(engine)
    engine.dispose()
    assert info.kind == "postgresql"
