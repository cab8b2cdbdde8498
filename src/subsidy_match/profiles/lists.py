# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""The lists of a firm: rows of all files together, each key once, the newest file first.

Rows of one key and one day complete each other; a field on which they differ is unknown until a person has chosen. A field that
cannot be read in one of them is unknown too: its twin may say something else, and what it says is kept as a reading that lost.
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
        unread = _unread(assembly, sources)
        assembly.con.execute(f"CREATE OR REPLACE TEMP TABLE item AS {_items(collection, sources, unread)}")
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


def _unread(assembly: Assembly, sources: Sequence[Placed]) -> set[tuple[int, str]]:
    """The batches with cells that could not be read, each with the field."""
    numbers = [source.batch.number for source in sources]
    rows = assembly.con.execute(
        "SELECT DISTINCT batch, target FROM reject WHERE target <> '' AND list_contains(?::INTEGER[], batch)", [numbers]
    )
    return {(number, target) for number, target in rows.fetchall()}


def _items(collection: Collection, sources: Sequence[Placed], unread: set[tuple[int, str]]) -> str:
    empty = ", ".join(
        f"NULL::{type_.sql} AS {quote(name)}, false AS {_flag(name)}" for name, type_ in collection.fields.items()
    )
    parts = [f"SELECT NULL::VARCHAR AS uscc, 0 AS batch, 0 AS place, {empty} WHERE false"]
    for source in sources:
        columns = ", ".join(
            f"{quote(name) if name in source.targets else f'NULL::{type_.sql}'}, {_is_unread(source, name, unread)}"
            for name, type_ in collection.fields.items()
        )
        parts.append(
            f"SELECT uscc, {source.batch.number}, {-source.batch.as_of.toordinal()}, {columns} FROM {source.good}"
        )
    return " UNION ALL ".join(parts)


def _flag(field: str) -> str:
    return quote(f"unread {field}")


def _is_unread(source: Placed, field: str, unread: set[tuple[int, str]]) -> str:
    """Whether the cell of a row could not be read, in SQL."""
    number = source.batch.number
    if (number, field) not in unread:
        return "false"
    return f"row IN (SELECT row FROM reject WHERE batch = {number} AND target = '{field}')"


def _merged(collection: Collection) -> str:
    key = ", ".join(map(quote, collection.key))
    fields = ", ".join(
        f"CASE WHEN count(DISTINCT {quote(f)}) = 1 AND NOT bool_or({_flag(f)}) THEN any_value({quote(f)}) END AS {quote(f)},"
        f" count(DISTINCT {quote(f)}) AS {quote(f'readings of {f}')}, bool_or({_flag(f)}) AS {_flag(f)}"
        for f in collection.fields
        if f not in collection.key
    )
    return (
        f"SELECT uscc, {key}, min(batch) AS batch{', ' if fields else ''}{fields} FROM {_newest(collection)}"
        f" GROUP BY uscc, {key}"
    )


def _newest(collection: Collection) -> str:
    """The rows of each item that are of its newest day."""
    key = ", ".join(map(quote, collection.key))
    return f"(SELECT * FROM item QUALIFY place = min(place) OVER (PARTITION BY uscc, {key}))"


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
    differ = f"(m.{readings} > 1 OR m.{_flag(field)})"
    if not assembly.number(f"SELECT count(*) FROM merged m WHERE {differ}"):
        return
    _settle(assembly, collection, field)
    assembly.con.execute(
        f"INSERT INTO conflict SELECT DISTINCT uscc, '{name}', i.{column}::VARCHAR, i.batch, 'tie' FROM {_newest(collection)} i"
        f" JOIN merged m USING (uscc, {key}) WHERE {differ} AND i.{column} IS NOT NULL"
        f" AND i.{column} IS DISTINCT FROM m.{column}"
    )


def _settle(assembly: Assembly, collection: Collection, field: str) -> None:
    name, key = f"{collection.name}.{field}", ", ".join(map(quote, collection.key))
    readings, column = quote(f"readings of {field}"), quote(field)
    keys = ", ".join(f"i.{quote(part)}" for part in collection.key)
    assembly.con.execute(
        f"CREATE OR REPLACE TEMP TABLE tie AS SELECT md5(concat_ws('|', i.uscc, '{name}', {keys}))[:12] AS item, i.uscc, {keys},"
        f" i.{column} AS value, i.{column}::VARCHAR AS text, i.batch FROM {_newest(collection)} i JOIN merged m USING (uscc, {key})"
        f" WHERE m.{readings} > 1 AND i.{column} IS NOT NULL"
    )
    settle(assembly.con, "merged", column, name, _WORDS, moves_source=False)  # one field of a row
