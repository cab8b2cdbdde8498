"""What changes from one snapshot to another, in numbers and one by one, each side with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from subsidy_match.rules.enterprise import Source

__all__ = ["Counts", "Dispute", "FactCount", "ListCount", "Loading", "OwnerCount", "RowChange", "ValueChange"]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A fact of a firm before and after; ``None`` is unknown. Money is in 分, ratios in millionths, dates as ISO text."""

    uscc: str
    name: str
    fact: str
    old: Any
    old_source: Source | None
    new: Any
    new_source: Source | None


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row of a list that came (``added``) or went; a row that was rewritten is one of each. Units as in values."""

    uscc: str
    name: str
    collection: str
    added: bool
    row: Mapping[str, Any]
    source: Source


@dataclass(frozen=True, slots=True)
class Loading:
    """A list of a department whose day differs; ``None`` is not loaded, and then "no row" does not mean "none"."""

    collection: str
    department: str
    old: date | None
    new: date | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A list of a firm that became disputed, or is so no more."""

    uscc: str
    collection: str
    disputed: bool


@dataclass(frozen=True, slots=True)
class FactCount:
    """How many firms differ in a fact: known only now, unknown now, known with another value."""

    fact: str
    appeared: int
    vanished: int
    changed: int


@dataclass(frozen=True, slots=True)
class ListCount:
    """How many rows of a list came and went."""

    collection: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class OwnerCount:
    """What differs by the files of one department: that of the new value, or of the old one where none is left."""

    department: str
    values: int
    rows_added: int
    rows_removed: int


@dataclass(frozen=True, slots=True)
class Counts:
    """A comparison in numbers; the values and rows of firms that came or went are not counted beside the firms."""

    firms_came: int
    firms_went: int
    disputes: int
    loadings: int
    by_fact: tuple[FactCount, ...]
    by_list: tuple[ListCount, ...]
    by_department: tuple[OwnerCount, ...]

    @property
    def values(self) -> int:
        """How many values differ."""
        return sum(fact.appeared + fact.vanished + fact.changed for fact in self.by_fact)

    @property
    def rows_added(self) -> int:
        """How many rows of lists came."""
        return sum(line.added for line in self.by_list)

    @property
    def rows_removed(self) -> int:
        """How many rows of lists went."""
        return sum(line.removed for line in self.by_list)

    @property
    def is_nothing(self) -> bool:
        """Whether both snapshots say the same."""
        firms = self.firms_came + self.firms_went
        return not (firms or self.disputes or self.loadings or self.by_fact or self.by_list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self) | {"values": self.values, "rows_added": self.rows_added, "rows_removed": self.rows_removed}
