# ruff: noqa: S608 - names of tables and columns come from the catalogue, never from a file that is read
"""How good the data of a snapshot are, department by department: what is covered, what is stale, what looks wrong.

All figures but those of what waits for a person are of active firms; they are counted inside DuckDB. Nothing here changes a value: what looks wrong stays as the
department wrote it until the department writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from subsidy_match.money import yuan_text
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.unlinked import unlinked_items
from subsidy_match.rules.catalogue import BaseFact, Catalogue
from subsidy_match.rules.tree import Kind
from subsidy_match.units import MONEY

__all__ = ["Coverage", "Doubt", "Doubted", "ListState", "Quality", "measure_quality"]

_YEARS_BACK = 2  # policies ask for the last fiscal year and compare it with the one before
_JUMP = 10
_UNIT, _NEAR = 10_000, 2  # 元 for 万元 and back; a year of growth may hide it by this factor
_EXAMPLES = 3


class Doubt(StrEnum):
    """Why values of a fact are doubted.

    Identities are rows whose firm a person must say, unlinked ones are payments that no reviewed word links to a policy.
    """

    OUT_OF_RANGE = "out_of_range"
    UNIT = "unit"
    JUMP = "jump"
    CONTRADICTION = "contradiction"
    IDENTITY = "identity"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True)
class Coverage:
    """For how many of the active firms a department's value of one fact counts; ``year`` is None for facts without years.

    ``known`` includes ``stale`` ones, which policies treat as unknown; ``elsewhere`` are firms whose value another department
    gave.
    """

    department: str
    fact: str
    year: int | None
    firms: int
    known: int
    stale: int
    elsewhere: int

    @property
    def share(self) -> float:
        """The share of active firms with a known and fresh value of this department, 0 to 1."""
        return (self.known - self.stale) / self.firms if self.firms else 0.0


@dataclass(frozen=True, slots=True)
class ListState:
    """A list that a department owes: of which day it is (None: not loaded), and how many firms' rows are in dispute."""

    department: str
    collection: str
    as_of: date | None
    stale: bool
    disputed: int


@dataclass(frozen=True, slots=True)
class Doubted:
    """One sort of doubt about one fact of a department, with its number and the first examples."""

    department: str
    doubt: Doubt
    target: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """The report on one snapshot on a day."""

    snapshot_id: str
    as_of: date
    firms: int
    coverage: tuple[Coverage, ...]
    lists: tuple[ListState, ...]
    doubts: tuple[Doubted, ...]

    @property
    def is_clean(self) -> bool:
        """Whether no department has anything to mend: nothing stale and nothing doubted."""
        return not (self.doubts or any(c.stale for c in self.coverage) or any(s.stale for s in self.lists))

    def of(self, department: str) -> Quality:
        """The part of one department."""
        mine = (
            tuple(entry for entry in entries if entry.department == department)
            for entries in (self.coverage, self.lists, self.doubts)
        )
        return Quality(self.snapshot_id, self.as_of, self.firms, *mine)  # type: ignore[arg-type]


def measure_quality(
    home: Path,
    catalogue: Catalogue,
    as_of: date,
    snapshot_id: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Quality:
    """Measure a snapshot.

    Args:
        home: the home folder.
        catalogue: the fact catalogue, which says who owes what and when it grows stale.
        as_of: the day on which a value counts as fresh or stale, and whose last two fiscal years are looked at.
        snapshot_id: another snapshot than the one in force.
        words: reviewed words of the payment ledger → policy, to guess what an item without a link may mean.

    Raises:
        NotFound: there is no such snapshot.
    """
    shelf = Shelf(home)
    wanted = shelf.find(snapshot_id)
    with duckdb.connect(str(shelf.file(wanted)), read_only=True) as con:
        return _Meter(con, catalogue, as_of, words or {}).quality(wanted)


class _Meter:
    """The queries; a class because all of them look at the same firms on the same day."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, catalogue: Catalogue, as_of: date, words: Mapping[str, str]
    ) -> None:
        self._con, self._catalogue, self._as_of, self._words = con, catalogue, as_of, words
        con.execute("CREATE TEMP VIEW active AS SELECT * FROM firm WHERE reg_status = 'active'")
        con.execute(
            "CREATE TEMP TABLE active_batch AS SELECT s.* FROM firm_batch s WHERE uscc IN (SELECT uscc FROM active)"
        )
        self._columns = {name for (name,) in self._rows("SELECT column_name FROM (DESCRIBE firm)")}
        self._firms = int(self._rows("SELECT count(*) FROM active_batch")[0][0])

    def quality(self, snapshot_id: str) -> Quality:
        doubts = [*self._rejected(), *self._leaps(), *self._waiting(), *self._unlinked()]
        order = list(Doubt)
        doubts.sort(key=lambda d: (d.department, order.index(d.doubt), -d.count, d.target))
        return Quality(
            snapshot_id, self._as_of, self._firms, tuple(self._coverage()), tuple(self._lists()), tuple(doubts)
        )

    def _coverage(self) -> Iterator[Coverage]:
        for fact in self._catalogue.facts.values():
            years = [self._as_of.year - back for back in range(1, _YEARS_BACK + 1)] if fact.yearly else [None]
            for year in years:
                name = fact.name if year is None else f"{fact.name}_{year}"
                known = self._known(name, fact)
                total = sum(count for count, _ in known.values())
                for department in fact.sources:
                    mine, stale = known.get(department, (0, 0))
                    yield Coverage(department, fact.name, year, self._firms, mine, stale, total - mine)

    def _known(self, column: str, fact: BaseFact) -> Mapping[str, tuple[int, int]]:
        """By department: how many firms have its value, and how many of these values are stale."""
        if column not in self._columns:
            return {}
        oldest = fact.stale_after.before(self._as_of) if fact.stale_after else date.min
        rows = self._rows(
            f"SELECT b.department, sum(n)::BIGINT, coalesce(sum(n) FILTER (b.as_of < ?), 0)::BIGINT FROM"
            f' (SELECT "{column}" AS number, count(*) AS n FROM active_batch GROUP BY ALL) JOIN batch b USING (number)'
            " GROUP BY b.department",
            [oldest],
        )
        return {department: (known, stale) for department, known, stale in rows}

    def _lists(self) -> Iterator[ListState]:
        loaded = {(c, d): day for c, d, day in self._rows("SELECT collection, department, as_of FROM list_loaded")}
        disputed = dict(self._rows("SELECT collection, count(DISTINCT uscc) FROM disputed GROUP BY collection"))
        for spec in self._catalogue.collections.values():
            oldest = spec.stale_after.before(self._as_of) if spec.stale_after else date.min
            for department in spec.complete_from:
                day = loaded.get((spec.name, department))
                yield ListState(
                    department, spec.name, day, day is not None and day < oldest, disputed.get(spec.name, 0)
                )

    def _rejected(self) -> Iterator[Doubted]:
        for department, target, count, examples in self._rows(_OUT_OF_RANGE):
            yield Doubted(department, Doubt.OUT_OF_RANGE, target, count, tuple(examples))

    def _leaps(self) -> Iterator[Doubted]:
        numbers = [fact for fact in self._catalogue.facts.values() if fact.yearly and fact.type.kind is Kind.NUMBER]
        for fact in numbers:
            years = sorted(int(name[-4:]) for name in self._columns if name[:-5] == fact.name and name[-4:].isdigit())
            for year in years[1:]:
                for row in self._rows(_LEAPS.format(before=f"{fact.name}_{year - 1}", after=f"{fact.name}_{year}")):
                    department, is_unit, count, examples = row
                    doubt = Doubt.UNIT if is_unit else Doubt.JUMP
                    shown = tuple(_leap(fact, **example) for example in examples)
                    yield Doubted(department, doubt, f"{fact.name}_{year}", count, shown)

    def _waiting(self) -> Iterator[Doubted]:
        for department, kind, target, count, examples in self._rows(_WAITING):
            doubt = Doubt.CONTRADICTION if kind == "value" else Doubt.IDENTITY
            yield Doubted(department, doubt, target, count, tuple(examples))

    def _unlinked(self) -> Iterator[Doubted]:
        """All of them are named: each is a word that an officer can add."""
        history = self._catalogue.collections.get("subsidy_history")
        items = unlinked_items(self._con, self._words) if history and history.complete_from else []
        if history and items:
            owner, count = history.complete_from[0], sum(item.rows for item in items)
            yield Doubted(owner, Doubt.UNLINKED, "subsidy_history.policy", count, tuple(map(str, items)))

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._con.execute(query, list(values)).fetchall()


def _leap(fact: BaseFact, uscc: str, before: int, after: int) -> str:
    earlier, later = (yuan_text(n) if fact.type.unit == MONEY else str(n) for n in (before, after))
    return f"{uscc} {earlier} → {later}"


_OUT_OF_RANGE = f"""
SELECT b.department, r.target, count(*), list(concat(b.file, '!', r.cell, ' ', r.value) ORDER BY r.batch, r."row")[:{_EXAMPLES}]
FROM reject r JOIN batch b ON b.number = r.batch WHERE r.code = 'cell.range' GROUP BY ALL ORDER BY ALL
"""
# Doubles only here, to compare: no amount is worked out with them.
_LEAPS = f"""
WITH leap AS (
    SELECT uscc, {{before}} AS before, {{after}} AS after, greatest({{before}} / {{after}}, {{after}} / {{before}}) AS times
    FROM active WHERE {{before}} > 0 AND {{after}} > 0
), found AS (
    SELECT b.department, l.times BETWEEN {_UNIT // _NEAR} AND {_UNIT * _NEAR} AS is_unit, l.*
    FROM leap l JOIN active_batch s USING (uscc) JOIN batch b ON b.number = s.{{after}} WHERE l.times > {_JUMP}
), placed AS (SELECT *, row_number() OVER (PARTITION BY department, is_unit ORDER BY times DESC, uscc) AS place FROM found)
SELECT department, is_unit, count(*),
    list({{{{uscc: uscc, before: before, after: after}}}} ORDER BY place) FILTER (place <= {_EXAMPLES})
FROM placed GROUP BY ALL ORDER BY ALL
"""
_WAITING = f"""
SELECT department, kind, coalesce(target, '') AS target, count(DISTINCT id),
    list(DISTINCT coalesce(uscc, nullif(name, ''), uscc_given) ORDER BY coalesce(uscc, nullif(name, ''), uscc_given))[:{_EXAMPLES}]
FROM review GROUP BY ALL ORDER BY ALL
"""
