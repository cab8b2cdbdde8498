"""Lets all engines of a test process share what SQLAlchemy compiled: most tests open a store of their own, and send
the statements that the test before sent."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from subsidy_match.store import engine as opening

_COMPILED: Any = LRUCache(5000)
_FIRST: dict[str, Engine] = {}


def share_compiled() -> None:
    """Give every engine opened from now on the dialect of the first of its kind, by which compiled statements are known."""
    opening.create_engine = _create_engine  # type: ignore[attr-defined]


def _create_engine(*given: Any, **named: Any) -> Engine:
    engine = sqlalchemy.create_engine(*given, **named)
    engine.update_execution_options(compiled_cache=_COMPILED)
    first = _FIRST.get(engine.dialect.name)
    if first is None or first.dialect.server_version_info is None:  # it learns of the server when it first connects
        _FIRST[engine.dialect.name] = engine
    else:
        engine.dialect = first.dialect
    return engine


__all__ = ["share_compiled"]
