# ruff: noqa: S608 - the names of tables are those of this package
"""The firms of rows about which there is nothing to decide, found by joins; the register in tables rather than in memory.

A row is its firm's without question where its code is registered and its name is one of that firm's, or is blank, and where it
has no code and its name belongs to one firm alone, entries under broken codes counted. All else goes to
:func:`~subsidy_match.profiles.resolve.identify` with as much of the register as it may ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.profiles.name_index import NameIndex
from subsidy_match.profiles.names import name_core, name_key
from subsidy_match.profiles.resolve import Register
from subsidy_match.profiles.uscc import check_uscc, is_organisation_code
from subsidy_match.profiles.uscc_bulk import valid_codes

__all__ = ["RegisterTables", "StoredRegister"]


@dataclass(slots=True)
class RegisterTables:
    """The register as tables: ``registered`` codes, their ``names``, ``broken`` names, and the ``exact`` identities."""

    con: duckdb.DuckDBPyConnection
    accepted_codes: frozenset[str]
    _codes: list[str] | None = None
    _index: NameIndex | None = None

    @property
    def codes(self) -> Sequence[str]:
        """All codes in order; read when first asked for."""
        if self._codes is None:
            self._codes = _texts(self.con, "SELECT uscc AS text FROM registered ORDER BY uscc").to_pylist()
        return self._codes

    @property
    def index(self) -> NameIndex:
        """All names by what tells them apart; read when first asked for."""
        if self._index is None:
            names = _texts(self.con, "SELECT DISTINCT name_key AS text FROM names ORDER BY name_key").to_pylist()
            self._index = NameIndex.of({name: name_core(name) for name in names})
        return self._index

    def owners(self, key: str) -> set[str]:
        """The firms that have or had a name."""
        return {uscc for (uscc,) in self.con.execute("SELECT uscc FROM names WHERE name_key = ?", [key]).fetchall()}

    def holders(self, other_id: str) -> set[str]:
        """The firms that have an id of before 2015; :meth:`Register.holders` says which."""
        query = "SELECT uscc FROM old_ids WHERE other_id = ?"
        if is_organisation_code(other_id):
            query += " UNION SELECT uscc FROM registered WHERE substring(uscc, 9, 9) = ?"
        return {uscc for (uscc,) in self.con.execute(query, [other_id] * query.count("?")).fetchall()}

    def shared_names(self) -> dict[str, set[str]]:
        """The names that several firms have or had, with those firms."""
        self.con.execute("SELECT name_key, list(uscc) FROM names GROUP BY name_key HAVING count(*) > 1")
        return {key: set(owners) for key, owners in self.con.fetchall()}

    def fill(self, stages: Sequence[str]) -> None:
        """Make the tables from the staged registers."""
        self._grade(stages)
        self._name(stages)
        self._old_ids(stages)
        self.con.execute(
            "CREATE TEMP TABLE exact AS SELECT uscc AS uscc_given, name_key, uscc FROM names"
            " UNION ALL SELECT uscc, '', uscc FROM registered"
            " UNION ALL SELECT '', name_key, any_value(uscc) FROM names ANTI JOIN broken USING (name_key)"
            " GROUP BY name_key HAVING count(*) = 1"
        )

    def part(self, pairs: Iterable[tuple[str, str]], firms: Iterable[str]) -> StoredRegister:
        """The register as far as these pairs of code and name key, and these firms, ask for it.

        Every other firm that may be similar is read when it is needed.
        """
        codes, keys = map(set, zip(*pairs, strict=True)) if (pairs := list(pairs)) else (set(), set())
        likely = {suggestion for code in codes if (suggestion := check_uscc(code).suggestion)}
        register = StoredRegister(tables=self, accepted_codes=self.accepted_codes)
        self._put("asked", pa.table({"text": pa.array(sorted({*codes, *likely, *firms, *keys}), pa.string())}))
        self.con.execute(
            "SELECT uscc, list(name_key ORDER BY name_key) FROM names WHERE uscc IN (SELECT uscc FROM names n JOIN asked a"
            " ON n.name_key = a.text UNION SELECT text FROM asked) GROUP BY uscc"
            " UNION ALL SELECT uscc, [] FROM registered SEMI JOIN asked ON uscc = text"
        )
        for uscc, names in self.con.fetchall():
            register.add(uscc, names)
        self.con.execute("SELECT name_key FROM broken SEMI JOIN asked ON name_key = text")
        register.broken.update(key for (key,) in self.con.fetchall())
        self.con.unregister("asked")
        return register

    def _grade(self, stages: Sequence[str]) -> None:
        rows = " UNION ALL ".join(f"SELECT uscc_given FROM {stage} WHERE fault IS NULL" for stage in stages)
        codes = _texts(self.con, f"SELECT DISTINCT uscc_given AS text FROM ({rows})") if rows else _NONE
        accepted = pa.array(sorted(self.accepted_codes), pa.string())
        valid = pc.or_(valid_codes(codes), pc.is_in(codes, accepted))
        self._put("graded", pa.table({"uscc": codes.filter(valid)}))
        self.con.execute("CREATE TEMP TABLE registered AS SELECT uscc FROM graded")
        self.con.unregister("graded")

    def _name(self, stages: Sequence[str]) -> None:
        rows = " UNION ALL ".join(
            f"SELECT uscc_given AS uscc, name_key, former_names FROM {stage} WHERE fault IS NULL" for stage in stages
        )
        rows = (
            rows
            or "SELECT NULL::VARCHAR AS uscc, NULL::VARCHAR AS name_key, NULL::VARCHAR[] AS former_names WHERE false"
        )
        former = f"SELECT uscc, unnest(former_names) AS former FROM ({rows}) SEMI JOIN registered USING (uscc)"
        self.con.execute(f"CREATE TEMP TABLE former AS {former}")
        texts = _texts(self.con, "SELECT DISTINCT former AS text FROM former")
        keys = pa.array([name_key(text) for text in texts.to_pylist()], pa.string())
        self._put("keyed", pa.table({"former": texts, "name_key": keys}))
        self.con.execute(
            "CREATE TEMP TABLE names AS SELECT DISTINCT uscc, name_key FROM ("
            f" SELECT uscc, name_key FROM ({rows}) SEMI JOIN registered USING (uscc)"
            " UNION ALL SELECT uscc, name_key FROM former JOIN keyed USING (former)) WHERE name_key <> ''"
        )
        self.con.execute(
            f"CREATE TEMP TABLE broken AS SELECT DISTINCT name_key FROM ({rows}) ANTI JOIN registered USING (uscc)"
            " WHERE name_key <> ''"
        )
        self.con.unregister("keyed")

    def _old_ids(self, stages: Sequence[str]) -> None:
        rows = " UNION ALL ".join(
            f"SELECT uscc_given AS uscc, unnest(other_ids) AS other_id FROM {stage} WHERE fault IS NULL"
            for stage in stages
        )
        rows = rows or "SELECT NULL::VARCHAR AS uscc, NULL::VARCHAR AS other_id WHERE false"
        self.con.execute(
            f"CREATE TEMP TABLE old_ids AS SELECT DISTINCT uscc, other_id FROM ({rows}) SEMI JOIN registered USING (uscc)"
        )

    def _put(self, name: str, table: pa.Table) -> None:
        self.con.register(name, table)


@dataclass(slots=True)
class StoredRegister(Register):
    """A part of the register; all names and codes are at hand where something similar is looked for."""

    tables: RegisterTables | None = None

    def known_codes(self) -> Sequence[str]:
        """All codes, in order."""
        return self.tables.codes if self.tables else ()

    def name_index(self) -> NameIndex:
        """All names by what tells them apart."""
        return self.tables.index if self.tables else NameIndex.of({})

    def holders(self, other_id: str) -> set[str]:
        """The firms that have an id of before 2015, also those outside this part."""
        return self.tables.holders(other_id) if self.tables else set()

    def owners_of(self, key: str) -> set[str]:
        """The firms that have or had a name, also those outside this part."""
        return self.tables.owners(key) if self.tables else set()


_NONE = pa.array([], pa.string())


def _texts(con: duckdb.DuckDBPyConnection, query: str) -> pa.StringArray:
    column = con.sql(query).to_arrow_table().column("text").combine_chunks()
    return column.cast(pa.string()) if column.type != pa.string() else column
