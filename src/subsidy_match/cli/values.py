"""Values of profiles as commands show them: money in 元, lists joined, each source in one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from subsidy_match.claims.clock import business_day
from subsidy_match.money import yuan_text
from subsidy_match.profiles.catalogue import Catalogue
from subsidy_match.rules.enterprise import Scalar, Source

__all__ = ["ended_text", "kind_of", "plain", "shown", "source_dict", "source_text"]


def kind_of(name: str, catalogue: Catalogue) -> str:
    """The type of a fact, yearly or not; text where the catalogue no longer has it."""
    name = name.partition("@")[0]  # what another department gave is of the same type
    fact = catalogue.facts.get(name) or catalogue.facts.get(name.rpartition("_")[0])
    return fact.type.kind if fact else "text"


def shown(value: Scalar | None, kind: str) -> str:
    """A value to read: money in 元 or 万元, several codes joined."""
    if kind == "money" and isinstance(value, int):
        return yuan_text(value)
    return ",".join(value) if isinstance(value, tuple) else str(value)


def source_text(source: Source | None) -> str:
    """Department, day and sheet; nothing where no source is known."""
    return f"{source.department} {source.as_of} {source.batch}" if source else ""


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them: days as ISO text."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


class Ending(Protocol):
    """A record that may be ended, never overwritten."""

    @property
    def ended_by(self) -> str | None:
        """Who ended it."""

    @property
    def ended_at(self) -> datetime | None:
        """When."""


def ended_text(record: Ending) -> str:
    """Who ended a record and on which day; nothing while it holds."""
    return "" if record.ended_at is None else f"{record.ended_by} {business_day(record.ended_at)}"


def source_dict(source: Source | None) -> dict[str, Any]:
    """A source as plain data, for JSON; nothing where none is known."""
    if source is None:
        return {}
    known = {
        "department": source.department,
        "as_of": source.as_of,
        "batch": source.batch,
        "quality": source.quality.value,
    }
    return plain(known)
