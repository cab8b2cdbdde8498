# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""The snapshot file while it is being built: staged rows in, one firm one row out, everything else accounted for.

A pure function of the staged sheets, the register they contain and the decisions: rows are compared by content and by the
number of their batch, never by the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from subsidy_match.profiles.catalogue import Catalogue
from subsidy_match.profiles.decisions import Decisions, review_id
from subsidy_match.profiles.exact_identity import RegisterTables
from subsidy_match.profiles.layout import Layout, cell_name
from subsidy_match.profiles.resolve import Given, Match, Open, identify
from subsidy_match.profiles.staging import Batch, Staged

__all__ = ["Assembly", "Counts", "Placed", "quote"]

_SCHEMA = """
CREATE TABLE batch (number INTEGER PRIMARY KEY, department VARCHAR, file VARCHAR, sheet VARCHAR, list VARCHAR, as_of DATE,
    sha256 VARCHAR, rows_in BIGINT, accepted BIGINT, merged BIGINT, quarantined BIGINT, ignored BIGINT, bad_cells BIGINT);
CREATE TABLE reject (batch INTEGER, "row" BIGINT, cell VARCHAR, target VARCHAR, code VARCHAR, zh VARCHAR, en VARCHAR,
    value VARCHAR);
CREATE TABLE set_aside (batch INTEGER, "row" BIGINT, outcome VARCHAR, uscc VARCHAR, "into" BIGINT);
CREATE TABLE ignored (batch INTEGER, "row" BIGINT, reason VARCHAR);
CREATE TABLE review (id VARCHAR, kind VARCHAR, department VARCHAR, uscc VARCHAR, target VARCHAR, uscc_given VARCHAR,
    name_key VARCHAR, name VARCHAR, district VARCHAR, code VARCHAR, zh VARCHAR, en VARCHAR, "rows" BIGINT, batch INTEGER, "row" BIGINT,
    candidates STRUCT(uscc VARCHAR, score BIGINT)[], readings STRUCT(text VARCHAR, batch INTEGER)[]);
CREATE TABLE conflict (uscc VARCHAR, target VARCHAR, value VARCHAR, batch INTEGER, outcome VARCHAR);
CREATE TEMP TABLE told (uscc VARCHAR, target VARCHAR, department VARCHAR, value VARCHAR, batch INTEGER);
CREATE TABLE disputed (uscc VARCHAR, collection VARCHAR);
CREATE TABLE alias (uscc VARCHAR, name VARCHAR, name_key VARCHAR, current BOOLEAN);
CREATE TEMP TABLE place (batch INTEGER, name_key VARCHAR, district VARCHAR, uscc VARCHAR);
CREATE TEMP TABLE identity (batch INTEGER, uscc_given VARCHAR, name_key VARCHAR, uscc VARCHAR, code VARCHAR, zh VARCHAR,
    en VARCHAR);
"""
_NOT_FOR_REVIEW = frozenset({"identity.missing", "identity.refused"})
_CANDIDATES = pa.list_(pa.struct([("uscc", pa.string()), ("score", pa.int64())]))


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of one batch."""

    rows_in: int
    accepted: int
    merged: int
    quarantined: int
    ignored: int
    bad_cells: int

    @property
    def balances(self) -> bool:
        """Whether every row that came in is accounted for."""
        return self.rows_in == self.accepted + self.merged + self.quarantined + self.ignored


@dataclass(slots=True)
class Placed:
    """A batch with what is known of its columns."""

    batch: Batch
    layout: Layout
    targets: list[str] = field(default_factory=list)
    rows_in: int = 0

    @property
    def stage(self) -> str:
        """The table of its rows as read."""
        return f"stage_{self.batch.number}"

    @property
    def good(self) -> str:
        """Its rows that can be used and belong to a firm, under ``uscc``: a view."""
        return f"good_{self.batch.number}"

    @property
    def subject(self) -> str:
        """The column that tells several rows of one firm in one sheet apart, besides the key of a collection."""
        return "year" if self.layout.role("year") else ""


def quote(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


class Assembly:
    """Stages batches, finds the firm of every row and counts; values are decided by the modules facts and lists."""

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.placed: list[Placed] = []
        # Beside the file: what does not fit into memory goes to the same disk, and with a killed import it is found there.
        self.con = duckdb.connect(str(path), config={"memory_limit": "2GB", "temp_directory": f"{path}.tmp"})
        self.con.execute("SET enable_progress_bar = false")
        self.con.execute(_SCHEMA)

    def close(self) -> None:
        """Write everything to disk and let the file go."""
        self.con.execute("CHECKPOINT")
        self.con.close()

    def abandon(self) -> None:
        """Let the file go as it is."""
        self.con.close()

    def stage(self, batch: Batch, layout: Layout, blocks: Iterable[Staged]) -> None:
        """Take in one sheet."""
        placed = Placed(batch, layout)
        for block in blocks:
            self._append(placed, block.table)
            placed.rows_in += block.seen
            self._insert("reject", _rejects(batch.number, block))
            self._insert("ignored", _ignored(batch.number, block))
        if placed.targets:
            self.placed.append(placed)

    def register(self, decisions: Decisions) -> RegisterTables:
        """The firms that the staged registers name."""
        register = RegisterTables(self.con, decisions.accepted_codes)
        register.fill([placed.stage for placed in self.placed if placed.layout.spec.register_of_firms])
        return register

    def place(self, places: Sequence[tuple[int, str, str, str]]) -> None:
        """Note whose the rows without a code are: batch, key of the name, district as written, and firm."""
        names = ("batch", "name_key", "district", "uscc")
        columns = zip(*places, strict=True) if places else ([] for _ in names)
        types = (pa.int32(), *[pa.string()] * 3)
        arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)]
        self._insert("place", pa.table(dict(zip(names, arrays, strict=True))))

    def resolve(self, register: RegisterTables, decisions: Decisions) -> None:
        """Find the firm of every staged row; what stays open goes to the review queue."""
        for placed in self.placed:
            self._match_exactly(placed, decisions)
            self._identify(placed, register, decisions)
            self._quarantine(placed)
            self._set_aside(placed)

    def count(self, placed: Placed) -> Counts:
        """Count the rows of one batch, each outcome by a query of its own."""
        accepted = self.number(f"SELECT count(*) FROM (SELECT DISTINCT uscc{self._subject(placed)} FROM {placed.good})")
        good = self.number(f"SELECT count(*) FROM {placed.good}")
        quarantined = self.number(f"SELECT count(*) FROM {placed.stage} WHERE fault IS NOT NULL OR uscc IS NULL")
        number = placed.batch.number
        ignored = self.number(f"SELECT count(*) FROM ignored WHERE batch = {number}")
        cells = self.number(f"SELECT count(*) FROM reject WHERE batch = {number} AND target <> ''")
        return Counts(placed.rows_in, accepted, good - accepted, quarantined, ignored, cells)

    def number(self, query: str) -> int:
        """The single number that a query yields."""
        row = self.con.execute(query).fetchall()[0]
        return int(row[0])

    def _append(self, placed: Placed, table: pa.Table) -> None:
        self.con.register("block", table)
        try:
            if not placed.targets:
                self.con.execute(f"CREATE TEMP TABLE {placed.stage} AS SELECT * FROM block")
                placed.targets = list(table.column_names)
                return
            for name in [name for name in table.column_names if name not in placed.targets]:
                self.con.execute(f"ALTER TABLE {placed.stage} ADD COLUMN {quote(name)} {self._sql_type(name)}")
                placed.targets.append(name)
            self.con.execute(f"INSERT INTO {placed.stage} BY NAME SELECT * FROM block")
        finally:
            self.con.unregister("block")

    def _sql_type(self, target: str) -> str:
        # Only a year column makes columns that the first block may not have.
        return self.catalogue.facts[target.rpartition("_")[0]].type.sql

    def _insert(self, table: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        self.con.register("fresh", rows)
        self.con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM fresh")
        self.con.unregister("fresh")

    def _match_exactly(self, placed: Placed, decisions: Decisions) -> None:
        """Give the rows their firm where there is nothing to decide, and none where a person decided already."""
        self.con.execute(
            f"CREATE TEMP TABLE located AS SELECT coalesce(e.uscc, p.uscc) AS uscc, s.* FROM {placed.stage} s"
            " LEFT JOIN exact e ON e.uscc_given = s.uscc_given AND e.name_key = s.name_key"
            f" LEFT JOIN place p ON p.batch = {placed.batch.number} AND s.uscc_given = '' AND p.name_key = s.name_key"
            " AND p.district = s.district"
        )
        self.con.execute(f"DROP TABLE {placed.stage}")
        self.con.execute(f"ALTER TABLE located RENAME TO {placed.stage}")
        for decision in decisions.in_force.values():
            if decision.department == placed.batch.department:
                self.con.execute(
                    f"UPDATE {placed.stage} s SET uscc = NULL WHERE uscc_given = ? AND name_key = ? AND NOT EXISTS (SELECT 1"
                    f" FROM place p WHERE p.batch = {placed.batch.number} AND s.uscc_given = '' AND p.name_key = s.name_key"
                    " AND p.district = s.district)",
                    [decision.uscc_given, decision.name_key],
                )
        self.con.execute(
            f"CREATE TEMP VIEW {placed.good} AS SELECT * FROM {placed.stage} WHERE uscc IS NOT NULL AND fault IS NULL"
        )

    def _identify(self, placed: Placed, tables: RegisterTables, decisions: Decisions) -> None:
        query = f"SELECT DISTINCT uscc_given, name_key FROM {placed.stage} WHERE uscc IS NULL ORDER BY ALL"
        pairs = self.con.execute(query).fetchall()
        if not pairs:
            return
        found: list[tuple[Given, Match | Open]] = []
        in_force = decisions.in_force
        register = tables.part(pairs, {decision.firm for decision in in_force.values() if decision.firm})
        for code, key in pairs:
            given = Given(placed.batch.department, code, key)
            found.append((given, identify(given, register, in_force, review_id(given.department, code, key))))
        self._insert("identity", _identities(placed.batch.number, found))
        self.con.execute(
            f"UPDATE {placed.stage} AS s SET uscc = i.uscc FROM identity i WHERE {_same(placed)}"
            " AND i.uscc IS NOT NULL AND s.uscc IS NULL"
        )
        self._queue(placed, [(given, result) for given, result in found if isinstance(result, Open)])

    def _queue(self, placed: Placed, waiting: Sequence[tuple[Given, Open]]) -> None:
        items = [(given, result) for given, result in waiting if result.problem.code not in _NOT_FOR_REVIEW]
        columns: Mapping[str, list[object]] = {
            "id": [review_id(g.department, g.uscc, g.name_key) for g, _ in items],
            "uscc_given": [g.uscc for g, _ in items],
            "name_key": [g.name_key for g, _ in items],
            "code": [o.problem.code for _, o in items],
            "zh": [o.problem.zh for _, o in items],
            "en": [o.problem.en for _, o in items],
        }
        candidates = [[{"uscc": c.uscc, "score": c.score} for c in o.candidates] for _, o in items]
        table = pa.table(
            {
                **{n: pa.array(v, pa.string()) for n, v in columns.items()},
                "candidates": pa.array(candidates, _CANDIDATES),
            }
        )
        self.con.register("waiting", table)
        self.con.execute(
            f"INSERT INTO review BY NAME SELECT w.id, 'identity' AS kind, '{placed.batch.department}' AS department,"
            " w.uscc_given, w.name_key, min(s.name) AS name, min(s.district) AS district, w.code, w.zh, w.en, count(*) AS rows,"
            f" {placed.batch.number} AS batch, min(s.row) AS row, w.candidates"
            f" FROM waiting w JOIN {placed.stage} s USING (uscc_given, name_key) WHERE s.uscc IS NULL GROUP BY ALL"
        )
        if placed.layout.spec.collection:
            self.con.execute(
                f"INSERT INTO disputed SELECT DISTINCT c.uscc, '{placed.layout.spec.collection}'"
                " FROM (SELECT unnest(candidates) AS c FROM waiting)"
            )
        self.con.unregister("waiting")

    def _quarantine(self, placed: Placed) -> None:
        code, name = (placed.layout.role(role) for role in ("uscc", "name"))
        letters = [cell_name(0, bound.index)[:-1] if bound else "A" for bound in (code or name, name or code)]
        self.con.execute(
            f"INSERT INTO reject SELECT {placed.batch.number}, s.row,"
            f" CASE WHEN s.uscc_given <> '' THEN '{letters[0]}' ELSE '{letters[1]}' END || s.row,"
            " '', i.code, i.zh, i.en, concat_ws(' ', nullif(s.uscc_given, ''), s.name)"
            f" FROM {placed.stage} s JOIN identity i ON {_same(placed)} WHERE s.uscc IS NULL"
        )
        if placed.layout.spec.collection:
            self.con.execute(
                f"INSERT INTO disputed SELECT DISTINCT uscc, '{placed.layout.spec.collection}' FROM {placed.stage}"
                " WHERE uscc IS NOT NULL AND fault IS NOT NULL"
            )

    def _set_aside(self, placed: Placed) -> None:
        """Note the rows that are not simply taken: those that cannot be used, and those that repeat or complete a row."""
        number = placed.batch.number
        self.con.execute(
            f"INSERT INTO set_aside SELECT {number}, row, 'quarantined', NULL, NULL FROM {placed.stage}"
            " WHERE fault IS NOT NULL OR uscc IS NULL"
        )
        self.con.execute(
            f"INSERT INTO set_aside SELECT {number}, row, 'merged', uscc, first FROM (SELECT row, uscc,"
            f" min(row) OVER (PARTITION BY uscc{self._subject(placed)}) AS first FROM {placed.good}) WHERE row > first"
        )

    def _subject(self, placed: Placed) -> str:
        collection = self.catalogue.collections.get(placed.layout.spec.collection or "")
        columns = [*(collection.key if collection else ()), *([placed.subject] if placed.subject else [])]
        return "".join(f", {quote(column)}" for column in columns)


def _same(placed: Placed) -> str:
    return f"i.batch = {placed.batch.number} AND i.uscc_given = s.uscc_given AND i.name_key = s.name_key"


def _identities(batch: int, found: Sequence[tuple[Given, Match | Open]]) -> pa.Table:
    problems = [result.problem if isinstance(result, Open) else None for _, result in found]
    return pa.table(
        {
            "batch": pa.array([batch] * len(found), pa.int32()),
            "uscc_given": pa.array([given.uscc for given, _ in found], pa.string()),
            "name_key": pa.array([given.name_key for given, _ in found], pa.string()),
            "uscc": pa.array([r.uscc if isinstance(r, Match) else None for _, r in found], pa.string()),
            "code": pa.array([p.code if p else None for p in problems], pa.string()),
            "zh": pa.array([p.zh if p else None for p in problems], pa.string()),
            "en": pa.array([p.en if p else None for p in problems], pa.string()),
        }
    )


def _rejects(batch: int, block: Staged) -> pa.Table:
    found = block.rejects
    texts = {
        "cell": [r.cell for r in found],
        "target": [r.target for r in found],
        "code": [r.problem.code for r in found],
        "zh": [r.problem.zh for r in found],
        "en": [r.problem.en for r in found],
        "value": [r.value for r in found],
    }
    return pa.table(
        {
            "batch": pa.array([batch] * len(found), pa.int32()),
            "row": pa.array([r.row for r in found], pa.int64()),
            **{name: pa.array(values, pa.string()) for name, values in texts.items()},
        }
    )


def _ignored(batch: int, block: Staged) -> pa.Table:
    return pa.table(
        {
            "batch": pa.array([batch] * len(block.ignored), pa.int32()),
            "row": pa.array([row for row, _ in block.ignored], pa.int64()),
            "reason": pa.array([reason for _, reason in block.ignored], pa.string()),
        }
    )
