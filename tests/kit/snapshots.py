"""Enterprises in memory as a published snapshot, with the tables that readers look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from subsidy_match.matching.vector.blocks import arrow_type
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.snapshot import SCHEMA_VERSION
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.enterprise import Enterprise

__all__ = ["write_snapshot"]

_TABLES = """
CREATE TABLE batch (number INTEGER, department VARCHAR, file VARCHAR, sheet VARCHAR, list VARCHAR, as_of DATE, sha256 VARCHAR);
CREATE TABLE disputed (uscc VARCHAR, collection VARCHAR);
CREATE TABLE list_loaded (collection VARCHAR, department VARCHAR, as_of DATE);
CREATE TABLE alias (uscc VARCHAR, name VARCHAR, name_key VARCHAR, current BOOLEAN);
CREATE TABLE meta (key VARCHAR, value VARCHAR);
"""


def write_snapshot(home: Path, firms: Sequence[Enterprise], catalogue: Catalogue, name: str = "drawn") -> None:
    """Publish them as the only snapshot of a home; its id is told apart from others by the folder it is in."""
    shelf = Shelf(home)
    path = shelf.file(f"{name}{abs(hash(str(home))) % 10**8}")
    path.parent.mkdir(parents=True)
    batches: dict[tuple[str, Any], int] = {("tax", None): 1}  # names are of the first batch
    tables = _tables(firms, catalogue, batches)
    with duckdb.connect(str(path)) as con:
        con.execute(_TABLES)
        con.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
        for table, rows in tables.items():
            con.register("rows_of", rows)
            con.execute(f"CREATE TABLE {table} AS FROM rows_of")
            con.unregister("rows_of")
        con.executemany(
            "INSERT INTO batch VALUES (?, ?, 'drawn', '', 'drawn', ?, '')",
            [(number, department, day) for (department, day), number in batches.items()],
        )
        for listed in firms[0].collections.items():
            for department, day in listed[1].loaded.items():
                con.execute("INSERT INTO list_loaded VALUES (?, ?, ?)", [listed[0], department, day])
        disputed = [(f.uscc, n) for f in firms for n, c in f.collections.items() if c.disputed]
        if disputed:
            con.executemany("INSERT INTO disputed VALUES (?, ?)", disputed)
    shelf.point(path.stem)


def _tables(
    firms: Sequence[Enterprise], catalogue: Catalogue, batches: dict[tuple[str, Any], int]
) -> dict[str, pa.Table]:
    def batch(known: Any) -> int | None:
        if known is None:
            return None
        return batches.setdefault((known.source.department, known.source.as_of), len(batches) + 1)

    names = sorted({name for firm in firms for name in firm.values if "@" not in name})
    values: dict[str, Any] = {"uscc": [firm.uscc for firm in firms], "name": [firm.name for firm in firms]}
    numbers: dict[str, Any] = {"uscc": values["uscc"], "name": pa.array([1] * len(firms), pa.int32())}
    for name in names:
        fact = catalogue.facts.get(name) or catalogue.facts[name.rpartition("_")[0]]
        known = [firm.values.get(name) for firm in firms]
        plain = [None if k is None else list(k.value) if isinstance(k.value, tuple) else k.value for k in known]
        values[name] = pa.array(plain, arrow_type(fact.type.kind))
        numbers[name] = pa.array([batch(k) for k in known], pa.int32())
    for name, spec in catalogue.collections.items():
        struct = pa.struct([(field, arrow_type(f.type.kind)) for field, f in spec.fields.items()])
        rows = [firm.collections[name].rows if name in firm.collections else () for firm in firms]
        values[name] = pa.array([[{f: r.get(f) for f in spec.fields} for r in some] for some in rows], pa.list_(struct))
        numbers[name] = pa.array([[1] * len(some) for some in rows], pa.list_(pa.int32()))
    told = [
        [
            {
                "target": key.partition("@")[0],
                "department": key.partition("@")[2],
                "value": str(k.value),
                "batch": batch(k),
            }
            for key, k in firm.values.items()
            if "@" in key
        ]
        for firm in firms
    ]
    entry = pa.struct(
        [("target", pa.string()), ("department", pa.string()), ("value", pa.string()), ("batch", pa.int32())]
    )
    others = pa.table({"uscc": values["uscc"], "told": pa.array(told, pa.list_(entry))})
    return {"firm": pa.table(values), "firm_batch": pa.table(numbers), "firm_told": others}
