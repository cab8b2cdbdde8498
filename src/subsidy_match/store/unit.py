"""The one transaction boundary: nothing else in the library commits or rolls back.

Only a lock or serialization failure is ever retried, because only then is it certain that nothing was done.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from subsidy_match.errors import RetryableError
from subsidy_match.store.engine import BUSY_SECONDS, ImmediateDialect, deferred

__all__ = ["in_unit", "unit_of_work"]

Result = TypeVar("Result")

_BUSY = "store_busy"
_ATTEMPTS = 6
_FIRST_PAUSE = 0.02
# serialization failure, deadlock, lock not available
_POSTGRESQL_BUSY = frozenset({"40001", "40P01", "55P03"})
# undefined table, undefined column
_POSTGRESQL_UNKNOWN = frozenset({"42P01", "42703"})
_SQLITE_UNKNOWN = ("no such table", "no such column", "has no column named")
_SQLITE_BUSY = ("database is locked", "database table is locked")
_open_here = threading.local()


@contextmanager
def unit_of_work(engine: Engine, *, immediate: bool = True) -> Iterator[Session]:
    """Open one transaction and commit it at the end, or roll it back on any error.

    Args:
        engine: the store.
        immediate: take the write lock at once; ``False`` for reading one consistent state.

    Raises:
        RetryableError: ``store_busy``, another transaction holds a lock or every connection is taken;
            ``store_not_migrated``, a table or column of this version is not there. Nothing was done.
        AssertionError: this thread holds a unit of the store already, whose session is to be passed on.
    """
    try:
        with (
            _only_one(engine),
            _turn(engine, immediate=immediate),
            _connection(engine, immediate=immediate) as connection,
            Session(bind=connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
    except PoolTimeout as error:
        raise _busy() from error
    except DBAPIError as error:
        if _is_unmigrated(error):
            zh, en = "数据库尚未升级到当前结构", "the store is not at the schema of this version"
            raise RetryableError("store_not_migrated", zh, en, hint="subsidy-match db upgrade") from error
        if not _is_busy(error):
            raise
        raise _busy() from error


def in_unit(engine: Engine, work: Callable[[Session], Result], *, immediate: bool = True) -> Result:
    """Do ``work`` in one transaction, again from its beginning a few times where only a lock stood in the way.

    ``work`` must touch nothing outside the session: no file, no network.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with unit_of_work(engine, immediate=immediate) as session:
                return work(session)
        except RetryableError as error:
            if error.code != _BUSY or attempt == _ATTEMPTS - 1 or isinstance(error.__cause__, PoolTimeout):
                raise  # who waited for a connection has waited as long as for a lock
            time.sleep(_FIRST_PAUSE * 2**attempt * (1 + random.random()))  # noqa: S311  # spreads rivals, no secret
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def _only_one(engine: Engine) -> Iterator[None]:
    """Refuse a second unit within one: as many threads as there are connections would each wait for one more."""
    held: set[Engine] = _open_here.__dict__.setdefault("engines", set())
    if engine in held:
        raise AssertionError("this thread holds a unit of this store: pass its session on")
    held.add(engine)
    try:
        yield
    finally:
        held.discard(engine)


@contextmanager
def _turn(engine: Engine, *, immediate: bool) -> Iterator[None]:
    """Wait for the other writing threads of this process; rival processes are the store's own matter."""
    if not (immediate and isinstance(engine.dialect, ImmediateDialect)):
        yield
        return
    if not engine.dialect.writer.acquire(timeout=BUSY_SECONDS):
        raise _busy()
    try:
        yield
    finally:
        engine.dialect.writer.release()


def _busy() -> RetryableError:
    return RetryableError(_BUSY, "系统繁忙,请稍后重试", "the store is busy, try again")


def _connection(engine: Engine, *, immediate: bool) -> Connection:
    connection = engine.connect()
    if immediate:
        return connection
    if engine.dialect.name == "sqlite":
        deferred(connection)
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _is_busy(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _POSTGRESQL_BUSY:
        return True
    return any(sign in str(error.orig) for sign in _SQLITE_BUSY)


def _is_unmigrated(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _POSTGRESQL_UNKNOWN:
        return True
    return any(sign in str(error.orig) for sign in _SQLITE_UNKNOWN)
