"""What the evaluator is given about one enterprise: values with their source, and collections that may be incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TypeAlias

from subsidy_match.rules.span import Span

__all__ = ["Bounds", "Collection", "Enterprise", "Known", "Quality", "Row", "Scalar", "Source", "told_key"]

# 分, counts and millionths are int; code lists such as kinds of insurance are tuples of codes.
Scalar: TypeAlias = int | str | bool | date | tuple[str, ...]
# what an unknown value is known to be: a span of numbers or of ordinals of days, or some of the codes of its list
Bounds: TypeAlias = Span | frozenset[str]
Row: TypeAlias = Mapping[str, Scalar | None]


class Quality(Enum):
    """Who vouches for a value."""

    DEPARTMENT = "department"
    DECLARED = "declared"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: the department that owes it, the day it was true, and the file it came in."""

    department: str
    as_of: date | None
    batch: str | None = None
    quality: Quality = Quality.DEPARTMENT


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known, with its source."""

    value: Scalar
    source: Source | None = None

    def is_by(self, department: str) -> bool:
        """Whether it is a department's; a value without a department is somebody's word for any of them."""
        source = self.source
        return source is None or source.quality is not Quality.DEPARTMENT or source.department == department


@dataclass(frozen=True, slots=True)
class Collection:
    """The rows of one list about one enterprise.

    ``loaded`` names the departments whose list was imported, with its date: only when all that the catalogue asks for are
    there and fresh does "no row" mean "none". ``disputed`` says that a row of the list may be this firm's and waits for a
    person, so that the list is not complete for it.
    """

    rows: tuple[Row, ...] = ()
    loaded: Mapping[str, date] = field(default_factory=dict)
    disputed: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Enterprise:
    """One enterprise document (一企一档).

    ``values`` is keyed by fact name, yearly facts by name and year (``revenue_2025``). What another department than the one
    that counts gave is beside it (``revenue_2025@statistics``, see :func:`told_key`). What is absent is unknown; ``bounds``
    may say more of an unknown value than its catalogue does, which is how the analysis asks about many enterprises at once.
    """

    uscc: str
    name: str
    values: Mapping[str, Known]
    collections: Mapping[str, Collection] = field(default_factory=dict)
    bounds: Mapping[str, Bounds] = field(default_factory=dict)


def told_key(key: str, department: str) -> str:
    """The key of what a department gave for a fact where the value of another one counts."""
    return f"{key}@{department}"
