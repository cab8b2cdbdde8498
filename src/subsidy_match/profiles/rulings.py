# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""Values of equal trust and day that differ: what a person chose counts, what nobody chose goes to the review queue.

A ruling is by the readings as they were then, and by the departments and days that they were from. Where others stand against
each other now, it is open again: next year's contradiction is another one, even where the numbers are the same.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from subsidy_match.profiles.decisions import Decisions

__all__ = ["put_rulings", "settle"]

_COLUMNS = {
    "item": pa.string(),
    "readings": pa.list_(pa.string()),
    "sources": pa.list_(pa.string()),
    "chosen": pa.string(),
}


def put_rulings(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    """Make the table ``ruling`` of the rulings in force."""
    rulings = list(decisions.rulings_in_force.values())
    columns = [
        [c.item for c in rulings],
        [list(c.readings) for c in rulings],
        [list(c.sources) for c in rulings],
        [c.chosen for c in rulings],
    ]
    table = pa.table({name: pa.array(values, _COLUMNS[name]) for name, values in zip(_COLUMNS, columns, strict=True)})
    con.register("rulings_taken", table)
    con.execute("CREATE OR REPLACE TEMP TABLE ruling AS SELECT * FROM rulings_taken")
    con.unregister("rulings_taken")


def settle(
    con: duckdb.DuckDBPyConnection, table: str, value: str, target: str, words: tuple[str, str], *, moves_source: bool
) -> None:
    """Put what was chosen into a table of decided values, and the rest into the review queue.

    Args:
        con: the snapshot that is being built. Its temporary table ``tie`` has a line for every reading that stands against
            another: ``item``, ``uscc``, the reading as ``value``, as ``text``, and its ``batch``; all other columns are those
            that tell a row of ``table`` from others.
        table: the table of decided values.
        value: its column of values.
        target: the fact, or the list and its field.
        words: what to tell about an open one, in Chinese and English.
        moves_source: whether the line of ``table`` is that value alone, and so is from where the chosen reading is from.
    """
    keys = [name for (name,) in con.execute(_KEYS).fetchall()]
    same = " AND ".join(f't."{key}" IS NOT DISTINCT FROM d."{key}"' for key in keys)
    source = ", batch = d.batch" if moves_source else ""
    con.execute(_STANDING)
    con.execute(
        f"UPDATE {table} AS t SET {value} = d.value{source} FROM (SELECT tie.* FROM tie JOIN standing USING (item)"
        f" JOIN ruling c ON {_RULED} WHERE tie.text = c.chosen"
        f" QUALIFY row_number() OVER (PARTITION BY tie.item ORDER BY tie.batch) = 1) d WHERE {same}"
    )
    zh, en = words
    con.execute(
        "INSERT INTO review BY NAME SELECT standing.item AS id, 'value' AS kind, standing.uscc, ? AS target, 'value.tie' AS code,"
        " ? AS zh, ? AS en, len(standing.readings) AS rows, standing.batch, b.department, standing.given AS readings FROM standing"
        " JOIN batch b ON b.number = standing.batch"
        f" WHERE NOT EXISTS (SELECT 1 FROM ruling c WHERE {_RULED})",
        [target, zh, en],
    )


_KEYS = """
SELECT column_name FROM (DESCRIBE tie) WHERE column_name NOT IN ('item', 'value', 'text', 'batch')
"""
_STANDING = """
CREATE OR REPLACE TEMP TABLE standing AS
SELECT item, any_value(uscc) AS uscc, list_sort(list(DISTINCT text)) AS readings,
    list_sort(list(DISTINCT b.department || ' ' || b.as_of)) AS sources,
    list_sort(list(DISTINCT {text: text, batch: batch})) AS given, min(batch) AS batch
FROM tie JOIN batch b ON b.number = tie.batch GROUP BY item
"""
_RULED = "c.item = standing.item AND c.readings = standing.readings AND c.sources = standing.sources"
