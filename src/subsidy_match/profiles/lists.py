# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""The lists of a firm: rows of all files together, each key once, the newest file first.

Rows of one key and one day complete each other; a field on which they differ is unknown until a person has chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from subsidy_match.profiles.assembly import Assembly, Placed, quote
from subsidy_match.profiles.catalogue import Collection
from subsidy_match.profiles.rulings import settle

_WORDS = ("同一事项的两行内容不一致", "two rows of one item differ")

__all__ = ["collect_lists", "loaded_lists"]


def collect_lists(assembly: Assembly) -> None:
    """Make one table a collection with ``uscc``, the list of rows and the list of their batches."""
    for collection in assembly.catalogue.collections.values():
        sources = [p for p in assembly.placed if p.layout.spec.collection == collection.name]
        assembly.con.execute(f"CREATE OR REPLACE TEMP TABLE item AS {_items(collection, sources)}")
        assembly.con.execute(f"CREATE OR REPLACE TEMP TABLE merged AS {_merged(collection)}")
        for field in collection.fields:
            if field not in collection.key:
                _keep_ties(assembly, collection, field)
        assembly.con.execute(f"CREATE TEMP TABLE list_{collection.name} AS {_gathered(collection)}")


def loaded_lists(assembly: Assembly, wanted: Sequence[tuple[str, str, str]]) -> None:
    """Note which lists are loaded, from which department and of which day.

    A department's list counts as loaded only when every sheet that the mappings know for it is there: a workbook without one
    of its sheets must not turn "no row" into "none". Its day is that of the oldest such sheet.

    Args:
        assembly: the snapshot that is being built.
        wanted: (collection, department, list id) of all mappings.
    """
    newest: dict[str, date] = {}
    for placed in assembly.placed:
        list_id, as_of = placed.batch.list_id, placed.batch.as_of
        newest[list_id] = max(as_of, newest.get(list_id, as_of))
    by_list: dict[tuple[str, str], list[str]] = {}
    for collection, department, list_id in wanted:
        by_list.setdefault((collection, department), []).append(list_id)
    assembly.con.execute("CREATE TABLE list_loaded (collection VARCHAR, department VARCHAR, as_of DATE)")
    for (collection, department), list_ids in sorted(by_list.items()):
        if all(list_id in newest for list_id in list_ids):
            day = min(newest[list_id] for list_id in list_ids)
            assembly.con.execute("INSERT INTO list_loaded VALUES (?, ?, ?)", [collection, department, day])


def _items(collection: Collection, sources: Sequence[Placed]) -> str:
    empty = ", ".join(f"NULL::{type_.sql} AS {quote(name)}" for name, type_ in collection.fields.items())
    parts = [f"SELECT NULL::VARCHAR AS uscc, 0 AS batch, 0 AS place, {empty} WHERE false"]
    for source in sources:
        columns = ", ".join(
            quote(name) if name in source.targets else f"NULL::{type_.sql} AS {quote(name)}"
            for name, type_ in collection.fields.items()
        )
        parts.append(
            f"SELECT uscc, {source.batch.number}, {-source.batch.as_of.toordinal()}, {columns} FROM {source.good}"
        )
    return " UNION ALL ".join(parts)


def _merged(collection: Collection) -> str:
    key = ", ".join(map(quote, collection.key))
    fields = ", ".join(
        f"CASE WHEN count(DISTINCT {quote(f)}) = 1 THEN any_value({quote(f)}) END AS {quote(f)}, count(DISTINCT {quote(f)}) AS"
        f" {quote(f'readings of {f}')}"
        for f in collection.fields
        if f not in collection.key
    )
    newest = f"SELECT * FROM item QUALIFY place = min(place) OVER (PARTITION BY uscc, {key})"
    return (
        f"SELECT uscc, {key}, min(batch) AS batch{', ' if fields else ''}{fields} FROM ({newest}) GROUP BY uscc, {key}"
    )


def _gathered(collection: Collection) -> str:
    struct = ", ".join(f"{quote(f)} := {quote(f)}" for f in collection.fields)
    order = ", ".join(quote(f) for f in (*collection.key, *(f for f in collection.fields if f not in collection.key)))
    return (
        f"SELECT uscc, list(struct_pack({struct}) ORDER BY {order}) AS value, list(batch ORDER BY {order}) AS batch"
        " FROM merged GROUP BY uscc"
    )


def _keep_ties(assembly: Assembly, collection: Collection, field: str) -> None:
    name, key = f"{collection.name}.{field}", ", ".join(map(quote, collection.key))
    readings, column = quote(f"readings of {field}"), quote(field)
    if not assembly.number(f"SELECT count(*) FROM merged WHERE {readings} > 1"):
        return
    keys = ", ".join(f"i.{quote(part)}" for part in collection.key)
    newest = f"(SELECT * FROM item QUALIFY place = min(place) OVER (PARTITION BY uscc, {key}))"
    assembly.con.execute(
        f"CREATE OR REPLACE TEMP TABLE tie AS SELECT md5(concat_ws('|', i.uscc, '{name}', {keys}))[:12] AS item, i.uscc, {keys},"
        f" i.{column} AS value, i.{column}::VARCHAR AS text, i.batch FROM {newest} i JOIN merged m USING (uscc, {key})"
        f" WHERE m.{readings} > 1 AND i.{column} IS NOT NULL"
    )
    settle(assembly.con, "merged", column, name, _WORDS, moves_source=False)  # one field of a row
    assembly.con.execute(
        f"INSERT INTO conflict SELECT DISTINCT uscc, '{name}', i.{column}::VARCHAR, i.batch, 'tie' FROM item i"
        f" JOIN merged m USING (uscc, {key}) WHERE m.{readings} > 1 AND i.{column} IS NOT NULL"
        f" AND i.{column} IS DISTINCT FROM m.{column}"
    )
