# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""One firm one row: the decided facts and lists of every firm of the register, and beside it the batches they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from subsidy_match.errors import SubsidyError
from subsidy_match.profiles.assembly import Assembly, Placed, quote
from subsidy_match.profiles.facts import Target
from subsidy_match.profiles.straight import Exceptions

__all__ = ["Firms", "check_alignment"]


_TOLD = """
CREATE TABLE firm_told AS SELECT o.uscc, coalesce(t.told, []) AS told FROM firm o LEFT JOIN (
    SELECT uscc, list({target: target, department: department, value: value, batch: batch} ORDER BY target, department) AS told
    FROM told GROUP BY uscc
) t USING (uscc) ORDER BY o.district_code NULLS LAST, o.uscc
"""


_MISALIGNED = """
SELECT count(*) FROM firm f POSITIONAL JOIN firm_batch b POSITIONAL JOIN firm_told t
WHERE f.uscc IS DISTINCT FROM b.uscc OR f.uscc IS DISTINCT FROM t.uscc
"""


def check_alignment(con: duckdb.DuckDBPyConnection) -> None:
    """Check that values, batches and what others told stand in one order: readers put them side by side by position.

    Raises:
        SubsidyError: they do not.
    """
    ((rows,),) = con.execute(_MISALIGNED).fetchall()
    if rows:
        zh, en = f"档案与来源有 {rows} 行错位", f"values and sources differ in {rows} rows"
        raise SubsidyError("profiles.misaligned", zh, en)


@dataclass(slots=True)
class Firms:
    """Writes the tables ``firm``, ``firm_batch`` and ``firm_told``, in the order of district and code.

    Each source is joined once for all facts that come straight from it, and columns that nobody fills are not sorted.
    """

    assembly: Assembly
    targets: Sequence[Target]
    exceptions: Exceptions

    def write(self) -> None:
        """Write all three tables.

        Raises:
            SubsidyError: they are not of one order; nothing built like that may be published.
        """
        self._order()
        self._write_values()
        self._write_batches()
        self.assembly.con.execute(_TOLD)
        check_alignment(self.assembly.con)

    def _order(self) -> None:
        registers = [p.good for p in self.assembly.placed if p.layout.spec.register_of_firms]
        rows = " UNION ALL ".join(
            ["SELECT NULL::VARCHAR AS uscc WHERE false", *(f"SELECT uscc FROM {good}" for good in registers)]
        )
        self.assembly.con.execute(f"CREATE TEMP TABLE known AS SELECT DISTINCT uscc FROM ({rows})")

    def _write_values(self) -> None:
        filled = [target for target in self.targets if target.sources]
        loaded = [name for name, has_rows in self._lists().items() if has_rows]
        columns = [f"{self._value(target)} AS {quote(target.name)}" for target in filled]
        columns += [f"list_{name}.value AS {quote(name)}" for name in loaded]
        joins = [self._source_join(source) for source in self._straight_sources().values()]
        joins += [_join(t.table) for t in filled if self._is_decided(t)] + [_join(f"list_{name}") for name in loaded]
        self.assembly.con.execute(
            f"CREATE TABLE firm AS SELECT uscc, {', '.join(self._every_value())} FROM ("
            f"SELECT {', '.join(['o.uscc', *columns])} FROM known o {' '.join(joins)} ORDER BY {self._order_of_values()})"
        )

    def _every_value(self) -> list[str]:
        """All columns in the order of the catalogue, those that nobody fills too."""
        facts = [quote(t.name) if t.sources else f"NULL::{t.fact.type.sql} AS {quote(t.name)}" for t in self.targets]
        lists = [
            f"coalesce({quote(name) if has_rows else f'(SELECT value FROM list_{name} WHERE false)'}, []) AS {quote(name)}"
            for name, has_rows in self._lists().items()
        ]
        return facts + lists

    def _write_batches(self) -> None:
        """The batches: where a fact has one source, its value says whether that is it."""
        lists = self._lists()
        columns = [f"{self._batch(target)} AS {quote(target.name)}" for target in self.targets]
        columns += [
            f"coalesce({f'list_{name}.batch' if has_rows else 'NULL::INTEGER[]'}, []) AS {quote(name)}"
            for name, has_rows in lists.items()
        ]
        joins = [_join(target.table) for target in self.targets if len(target.sources) > 1]
        joins += [_join(f"list_{name}") for name, has_rows in lists.items() if has_rows]
        order = "ORDER BY o.district_code NULLS LAST, o.uscc" if joins else ""
        self.assembly.con.execute(
            f"CREATE TABLE firm_batch AS SELECT o.uscc, {', '.join(columns)} FROM firm o {' '.join(joins)} {order}"
        )

    def _value(self, target: Target) -> str:
        if not target.straight:
            return f"{target.table}.value"
        column = f"source_{target.sources[0].batch.number}.{quote(target.name)}"
        return f"coalesce({column}, {target.table}.value)" if self._is_decided(target) else column

    def _batch(self, target: Target) -> str:
        known = f"CASE WHEN o.{quote(target.name)} IS NOT NULL THEN"
        if len(target.sources) > 1:
            return f"{known} {target.table}.batch END"
        return f"{known} {target.sources[0].batch.number} END" if target.sources else "NULL::INTEGER"

    def _is_decided(self, target: Target) -> bool:
        return not target.straight or self.exceptions.any(target.sources[0])

    def _order_of_values(self) -> str:
        district = next(target for target in self.targets if target.name == "district_code")
        return f"{self._value(district)} NULLS LAST, o.uscc" if district.sources else "o.uscc"

    def _straight_sources(self) -> Mapping[int, Placed]:
        return {t.sources[0].batch.number: t.sources[0] for t in self.targets if t.straight}

    def _source_join(self, source: Placed) -> str:
        name = f"source_{source.batch.number}"
        return _join(f"{self.exceptions.plain_rows(source)} {name}", name)

    def _lists(self) -> dict[str, bool]:
        """The collections, and whether anything is in them."""
        return {
            name: self.assembly.number(f"SELECT count(*) FROM list_{name}") > 0
            for name in self.assembly.catalogue.collections
        }


def _join(table: str, name: str | None = None) -> str:
    return f"LEFT JOIN {table} ON {name or table}.uscc = o.uscc"
