# ruff: noqa: S608 - names of tables and columns come from snapshots, and there from the catalogue
"""Two snapshots side by side: worked out inside DuckDB, so that memory grows with what differs and not with the city.

A value counts as changed when it reads differently; the same value from a newer file is no change. The values of a firm that
came or went are not told one by one: the firm is the change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from subsidy_match.errors import Conflict
from subsidy_match.profiles.assembly import quote
from subsidy_match.profiles.differences import (
    Counts,
    Dispute,
    FactCount,
    ListCount,
    Loading,
    OwnerCount,
    RowChange,
    ValueChange,
)
from subsidy_match.profiles.reading import open_snapshot
from subsidy_match.rules.enterprise import Source

__all__ = ["Comparison", "compare", "compare_files"]

_SIDES = ("before", "after")
_PARTS = ("value", "batch")
_BLOCK = 4096
_SCHEMA = """
CREATE TABLE value_change (uscc VARCHAR, place INTEGER, fact VARCHAR, old VARCHAR, old_batch INTEGER, new VARCHAR,
    new_batch INTEGER);
CREATE TABLE row_change (uscc VARCHAR, place INTEGER, collection VARCHAR, added BOOLEAN, content VARCHAR, batch INTEGER);
CREATE TABLE came AS SELECT uscc, coalesce(name, uscc) AS name FROM after.firm ANTI JOIN before.firm USING (uscc);
CREATE TABLE went AS SELECT uscc, coalesce(name, uscc) AS name FROM before.firm ANTI JOIN after.firm USING (uscc);
CREATE TABLE dispute AS
    SELECT uscc, collection, true AS disputed FROM (FROM after.disputed EXCEPT FROM before.disputed)
    UNION ALL SELECT uscc, collection, false FROM (FROM before.disputed EXCEPT FROM after.disputed);
CREATE TABLE loading AS SELECT collection, department, b.as_of AS old, a.as_of AS new
    FROM before.list_loaded b FULL JOIN after.list_loaded a USING (collection, department)
    WHERE b.as_of IS DISTINCT FROM a.as_of;
"""


def compare(home: Path, before: str, after: str) -> Comparison:
    """Compare two snapshots of a home by their ids.

    Raises:
        NotFound: there is no such snapshot.
        Conflict: it is one and the same.
        InputError: one is damaged, or was written by a version with another layout.
    """
    if before == after:
        zh, en = f"两边是同一快照 {before}", f"both sides are the snapshot {before}"
        raise Conflict("profiles.same_snapshot", zh, en)
    with open_snapshot(home, before) as old, open_snapshot(home, after) as new:
        return compare_files(old.path, new.path)


def compare_files(before: Path, after: Path) -> Comparison:
    """Compare two snapshot files of the present layout; they are two files."""
    con = duckdb.connect(config={"memory_limit": "2GB"})
    try:
        con.execute("SET enable_progress_bar = false")
        for side, path in zip(_SIDES, (before, after), strict=True):
            con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {side} (READ_ONLY)")
        return Comparison(con)
    except BaseException:
        con.close()
        raise


class Comparison:
    """What differs between two snapshots; close it, or use it in a ``with``. Everything comes in a fixed order."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute(_SCHEMA)
        self._columns = {side: self._described(side) for side in _SIDES}
        differing = self._differing()
        self._pair([name for _, name in differing])
        for place, name in differing:
            if self._is_list(name):
                self._compare_list(place, name)
            else:
                self._compare_fact(place, name)
        self._sources = {side: self._batches(side) for side in _SIDES}

    def __enter__(self) -> Comparison:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let both files go."""
        self._con.close()

    def counts(self) -> Counts:
        """The comparison in numbers."""
        came, went, disputes, loadings = (self._number(table) for table in ("came", "went", "dispute", "loading"))
        return Counts(
            came,
            went,
            disputes,
            loadings,
            by_fact=tuple(FactCount(*row) for row in self._rows(_BY_FACT)),
            by_list=tuple(ListCount(*row) for row in self._rows(_BY_LIST)),
            by_department=tuple(OwnerCount(*row) for row in self._rows(_BY_DEPARTMENT)),
        )

    def came(self) -> list[tuple[str, str]]:
        """Firms that only the later snapshot has: (code, name)."""
        return self._rows("SELECT uscc, name FROM came ORDER BY uscc")

    def went(self) -> list[tuple[str, str]]:
        """Firms that only the earlier snapshot has: (code, name)."""
        return self._rows("SELECT uscc, name FROM went ORDER BY uscc")

    def values(self) -> Iterator[ValueChange]:
        """Every value that differs, by firm and then as the catalogue orders facts."""
        old_of, new_of = self._sources["before"], self._sources["after"]
        for uscc, name, fact, old, old_batch, new, new_batch in self._stream(_VALUES):
            yield ValueChange(
                uscc, name, fact, _read(old), old_of.get(old_batch), _read(new), new_of.get(new_batch)
            )  # fmt: skip

    def rows(self) -> Iterator[RowChange]:
        """Every row of a list that came or went, by firm and list, what went first."""
        for uscc, name, collection, added, content, batch in self._stream(_ROWS):
            source = self._sources["after" if added else "before"][batch]
            yield RowChange(uscc, name, collection, added, json.loads(content), source)

    def disputes(self) -> list[Dispute]:
        """Lists of firms that became disputed, or are so no more."""
        return [Dispute(*row) for row in self._rows("FROM dispute ORDER BY ALL")]

    def loadings(self) -> list[Loading]:
        """Lists of departments whose day differs."""
        return [Loading(*row) for row in self._rows("FROM loading ORDER BY ALL")]

    def _described(self, side: str) -> Mapping[str, str]:
        found = self._rows(f"SELECT column_name, column_type FROM (DESCRIBE {side}.firm)")
        return {name: kind for name, kind in found if name != "uscc"}

    def _names(self) -> Sequence[str]:
        old, new = (self._columns[side] for side in _SIDES)
        return [*new, *(name for name in old if name not in new)]

    def _is_list(self, name: str) -> bool:
        return any(self._columns[side].get(name, "").startswith("STRUCT(") for side in _SIDES)

    def _differing(self) -> list[tuple[int, str]]:
        """The columns in which any firm differs, with their place: one look at all firms; the rest is about few columns."""
        names = self._names()
        flags = ", ".join(f"bool_or({self._of('before', n)} IS DISTINCT FROM {self._of('after', n)})" for n in names)
        (found,) = self._rows(f"SELECT {flags} FROM before.firm before JOIN after.firm after USING (uscc)")
        return [(place, name) for place, name in enumerate(names) if found[place]]

    def _of(self, side: str, name: str) -> str:
        """A column as both sides can be compared: a missing one is unknown, two types are compared as text."""
        if name not in self._columns[side]:
            return "NULL"
        same = len({columns[name] for columns in self._columns.values() if name in columns}) == 1
        return f"{side}.{quote(name)}" if same else f"{side}.{quote(name)}::VARCHAR"

    def _pair(self, names: Sequence[str]) -> None:
        """The firms that both have, values and sources of both sides in one row."""
        columns = [
            f"{self._column(side, part, name)} AS {_paired(side, part, name)}"
            for side in _SIDES
            for part in _PARTS
            for name in names
        ]
        self._con.execute(
            f"CREATE TABLE pair AS SELECT {', '.join(['uscc', 'coalesce(after.name, uscc) AS shown', *columns])}"
            " FROM before.firm before JOIN after.firm after USING (uscc) JOIN before.firm_batch before_batch USING (uscc)"
            " JOIN after.firm_batch after_batch USING (uscc)"
        )

    def _column(self, side: str, part: str, name: str) -> str:
        table = side if part == "value" else f"{side}_batch"
        return f"{table}.{quote(name)}" if name in self._columns[side] else "NULL"

    def _compare_fact(self, place: int, name: str) -> None:
        old, old_batch, new, new_batch = (_paired(side, part, name) for side in _SIDES for part in _PARTS)
        self._con.execute(
            f"INSERT INTO value_change SELECT uscc, {place}, '{name}', {_written(old)}, {old_batch}, {_written(new)},"
            f" {new_batch} FROM pair WHERE {_written(old)} IS DISTINCT FROM {_written(new)}"
        )

    def _compare_list(self, place: int, name: str) -> None:
        for added, here, there in ((False, "before", "after"), (True, "after", "before")):
            self._con.execute(
                f"INSERT INTO row_change SELECT uscc, {place}, '{name}', {added}, content, batch"
                f" FROM ({self._unfolded(here, name)}) ANTI JOIN ({self._unfolded(there, name)}) USING (uscc, content)"
            )

    def _unfolded(self, side: str, name: str) -> str:
        """The rows of a list, each as JSON without unknown fields: a field that is new in the catalogue is no change."""
        if name not in self._columns[side]:
            return "SELECT NULL::VARCHAR AS uscc, NULL::VARCHAR AS content, 0 AS batch WHERE false"
        value, batch = (_paired(side, part, name) for part in _PARTS)
        lists = f"SELECT uscc, unnest({value}) AS item, unnest({batch}) AS batch FROM pair"
        return f"SELECT uscc, json_merge_patch('{{}}', to_json(item))::VARCHAR AS content, batch FROM ({lists})"

    def _batches(self, side: str) -> dict[int, Source]:
        query = f"SELECT number, department, as_of, file || CASE WHEN sheet = '' THEN '' ELSE '!' || sheet END FROM {side}.batch"
        return {number: Source(owner, as_of, title) for number, owner, as_of, title in self._rows(query)}

    def _number(self, table: str) -> int:
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._con.execute(query).fetchall()

    def _stream(self, query: str) -> Iterator[tuple[Any, ...]]:
        cursor = self._con.cursor()
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(_BLOCK):
                yield from rows
        finally:
            cursor.close()


_VALUES = """
SELECT uscc, p.shown, c.fact, c.old, c.old_batch, c.new, c.new_batch
FROM value_change c JOIN pair p USING (uscc) ORDER BY uscc, c.place
"""
_ROWS = """
SELECT uscc, p.shown, c.collection, c.added, c.content, c.batch
FROM row_change c JOIN pair p USING (uscc) ORDER BY uscc, c.place, c.added, c.content
"""
_BY_FACT = """
SELECT fact, count(*) FILTER (old IS NULL), count(*) FILTER (new IS NULL),
    count(*) FILTER (old IS NOT NULL AND new IS NOT NULL)
FROM value_change GROUP BY place, fact ORDER BY place
"""
_BY_LIST = """
SELECT collection, count(*) FILTER (added), count(*) FILTER (NOT added)
FROM row_change GROUP BY place, collection ORDER BY place
"""
_BY_DEPARTMENT = """
WITH change AS (
    SELECT coalesce(a.department, b.department) AS department, 1 AS changed, 0 AS added, 0 AS removed
    FROM value_change c LEFT JOIN after.batch a ON a.number = c.new_batch LEFT JOIN before.batch b ON b.number = c.old_batch
    UNION ALL SELECT department, 0, 1, 0 FROM row_change c JOIN after.batch a ON a.number = c.batch WHERE c.added
    UNION ALL SELECT department, 0, 0, 1 FROM row_change c JOIN before.batch b ON b.number = c.batch WHERE NOT c.added)
SELECT department, sum(changed)::BIGINT, sum(added)::BIGINT, sum(removed)::BIGINT
FROM change GROUP BY department ORDER BY department
"""


def _paired(side: str, part: str, name: str) -> str:
    return quote(f"{side} {part} {name}")


def _written(column: str) -> str:
    return f"CASE WHEN {column} IS NOT NULL THEN to_json({column})::VARCHAR END"


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
