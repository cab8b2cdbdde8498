"""What every table of the transactional store shares: the metadata, its naming, and the column types.

Money is ``BIGINT`` 分, moments are aware UTC, structured content is canonical JSON text so that it can be hashed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from subsidy_match.errors import InputError

__all__ = ["Base", "Id", "Money", "UtcDateTime", "canonical_json", "one_of", "require_utc"]

# SQLite numbers rows by itself only where the key is called INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")
Money = BigInteger


class Base(DeclarativeBase):
    """Declarative base of every table; constraints are named so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database, on stores with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without zone and bring any other to UTC."""
        return None if value is None else require_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware UTC moment, also where the store forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def require_utc(moment: datetime) -> datetime:
    """Bring an aware ``moment`` to UTC.

    Raises:
        InputError: ``S001``, the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise InputError("S001", f"时间没有时区:{moment}", f"the moment {moment} has no time zone")
    return moment.astimezone(UTC)


def canonical_json(content: Mapping[str, Any]) -> str:
    """Write ``content`` as JSON in the one form that is hashed and compared: sorted keys, no spaces, UTF-8."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def one_of(column: str, names: Iterable[str]) -> str:
    """The condition of a CHECK that lets a column have known names only, in the order of their enumeration."""
    known = ", ".join(f"'{name}'" for name in names)
    return f"{column} IN ({known})"
