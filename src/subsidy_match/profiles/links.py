# ruff: noqa: S608 - names of tables and columns come from this module and the catalogue, never from a file that is read
"""How firms hang together: parents of branches, predecessors, moves, and who bears a name in which district.

All of it is shown and nothing of it is merged: a branch keeps its rows, and a firm that was an individual business before
keeps its own. Only what would become a false "never" is withheld: see :func:`doubt_inherited`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from subsidy_match.profiles.assembly import Assembly
from subsidy_match.profiles.exact_identity import RegisterTables
from subsidy_match.profiles.names import name_key
from subsidy_match.profiles.regions import Regions
from subsidy_match.profiles.uscc import is_organisation_code

__all__ = ["doubt_inherited", "place_by_district", "store_links"]

# what a firm could otherwise leave behind by turning from an individual business into a company
_INHERITED = ("subsidy_history", "barrings")
# lists to which this system adds rows of its own after the snapshot: an empty one proves nothing
_GROWING = frozenset({"subsidy_history"})
_TABLES = """
CREATE TABLE old_id (uscc VARCHAR, id VARCHAR);
CREATE TABLE link (uscc VARCHAR, kind VARCHAR, other VARCHAR, name VARCHAR, place VARCHAR, day DATE, batch INTEGER);
"""
# kind, then the columns for the other firm's code and name, the place and the day
_NONE = "NULL::VARCHAR"
_KINDS = (
    ("parent", "parent_uscc", "parent_name", _NONE, "NULL::DATE"),
    ("predecessor", "predecessor_uscc", _NONE, _NONE, "NULL::DATE"),
    ("moved_in", _NONE, _NONE, "moved_from", "moved_in_on"),
    ("moved_out", _NONE, _NONE, "moved_to", "moved_out_on"),
)
# What is not the code of a registered firm: an id of before 2015, or only a name.
_UNNAMED = """
SELECT DISTINCT other, name FROM link WHERE coalesce(other, name) IS NOT NULL AND other NOT IN (SELECT uscc FROM known) IS NOT FALSE
"""
# As identities are decided: one firm alone, and beside an old id no name but one of that firm's.
_NAME_OTHERS = """
WITH claimed AS (
    SELECT u.*, n.uscc FROM unnamed u JOIN names n ON n.name_key = u.key ANTI JOIN broken b ON b.name_key = u.key
    WHERE u.other IS NULL
    UNION SELECT u.*, o.uscc FROM unnamed u JOIN old_ids o ON o.other_id = u.other
    UNION SELECT u.*, r.uscc FROM unnamed u JOIN registered r ON substring(r.uscc, 9, 9) = u.holds
), one AS (
    SELECT other, name, key, any_value(uscc) AS uscc FROM claimed GROUP BY ALL HAVING count(*) = 1
)
UPDATE link SET other = one.uscc FROM one
WHERE link.other IS NOT DISTINCT FROM one.other AND link.name IS NOT DISTINCT FROM one.name
    AND (one.key = '' OR EXISTS (SELECT 1 FROM names n WHERE n.uscc = one.uscc AND n.name_key = one.key))
"""
# UNION, not UNION ALL: two firms that name each other as predecessors must not go round for ever.
_DOUBT = """
INSERT INTO disputed WITH RECURSIVE before (uscc, other) AS (
    SELECT uscc, other FROM link WHERE kind = 'predecessor' AND other <> uscc
    UNION SELECT b.uscc, l.other FROM before b JOIN link l ON l.uscc = b.other AND l.kind = 'predecessor'
)
SELECT DISTINCT b.uscc, '{collection}' FROM before b
WHERE {always} OR b.other NOT IN (SELECT uscc FROM known)
    OR b.other IN (SELECT uscc FROM list_{collection})
    OR b.other IN (SELECT uscc FROM disputed WHERE collection = '{collection}')
"""


def store_links(assembly: Assembly) -> None:
    """Write the tables of old ids and of links; a parent given by name is found by its exact name."""
    con = assembly.con
    con.execute(_TABLES)
    for placed in (p for p in assembly.placed if p.layout.spec.register_of_firms):
        con.execute(f"INSERT INTO old_id SELECT DISTINCT uscc, unnest(other_ids) FROM {placed.good} ORDER BY ALL")
        for kind, other, name, place, day in _KINDS:
            con.execute(
                f"INSERT INTO link SELECT DISTINCT uscc, '{kind}', {other}, {name}, {place}, {day}, {placed.batch.number}"
                f" FROM {placed.good} WHERE coalesce({other}, {name}, {place}, {day}::VARCHAR) IS NOT NULL"
                f" AND {other} IS DISTINCT FROM uscc ORDER BY ALL"
            )
    _name_others(assembly)


def _name_others(assembly: Assembly) -> None:
    """Find the other firm where it is given by its name or by an id of before 2015: exactly, or not at all."""
    con = assembly.con
    given = con.sql(_UNNAMED).to_arrow_table()
    keys = [name_key(name or "") for name in given["name"].to_pylist()]
    given = given.append_column("key", pa.array(keys, pa.string()))
    holds = [other if is_organisation_code(other or "") else None for other in given["other"].to_pylist()]
    given = given.append_column("holds", pa.array(holds, pa.string()))
    con.register("unnamed", given)
    con.execute(_NAME_OTHERS)
    con.unregister("unnamed")


def doubt_inherited(assembly: Assembly) -> None:
    """Withhold "never paid" and "not barred" from a firm whose predecessor may have a record.

    Whether what an individual business got, or did, counts against the company that it became is for the policy and a person
    to say. So the predecessor's rows are neither added nor passed over: the successor's list is in dispute, which leaves
    "none" open. Only a registered predecessor that is on no list of firms barred leaves no doubt about that list.
    """
    for collection in _INHERITED:
        if collection in assembly.catalogue.collections:
            always = collection in _GROWING
            assembly.con.execute(_DOUBT.format(collection=collection, always=always))


def place_by_district(assembly: Assembly, register: RegisterTables, regions: Regions) -> None:
    """Note to whom rows of a name that several firms bear now belong: to the only one in the row's district.

    Only present names count, only where the district of every bearer is known, and only where no other bearer came from that
    district or left for it: else the row waits for a person. A decision about the name is about such rows, and takes none away
    that the district has placed.
    """
    bearers = _bearers(assembly, register, regions)
    places: list[tuple[int, str, str, str]] = []
    for placed in assembly.placed:
        if not bearers or placed.layout.spec.register_of_firms or placed.layout.role("district") is None:
            continue
        rows = assembly.con.execute(
            f"SELECT DISTINCT name_key, district FROM {placed.stage} WHERE uscc_given = '' AND district <> '' ORDER BY ALL"
        ).fetchall()
        for key, district in rows:
            uscc = bearers.get(key, {}).get(regions.find(district) or "")
            if uscc:
                places.append((placed.batch.number, key, district, uscc))
    assembly.place(places)


def _bearers(assembly: Assembly, register: RegisterTables, regions: Regions) -> dict[str, dict[str, str]]:
    """For each name that several firms bear at present and none had formerly: the firm of each district."""
    shared = register.shared_names()
    found: dict[str, dict[str, dict[str, None]]] = {}
    elsewhere: dict[str, dict[str, set[str]]] = {}
    for key, uscc, district, *moves in _present(assembly) if shared else ():
        if key in shared:
            found.setdefault(key, {}).setdefault(uscc, {})[district or ""] = None
            for place in filter(None, moves):
                elsewhere.setdefault(key, {}).setdefault(uscc, set()).update(_districts(place, regions))
    return {
        key: _unmoved(_one_each(places), elsewhere.get(key, {}))
        for key, places in found.items()
        if set(places) == shared[key]
    }


def _districts(place: str, regions: Regions) -> set[str]:
    """The unit that a place is, or those that a longer address names."""
    code = regions.find(place)
    return {code} if code else {region.code for region in regions.by_code.values() if region.zh in place}


def _unmoved(firms: Mapping[str, str], elsewhere: Mapping[str, set[str]]) -> dict[str, str]:
    """The districts in which no other bearer was before or is by now: the row may be of another day than the register."""
    return {
        district: uscc
        for district, uscc in firms.items()
        if not any(district in places for other, places in elsewhere.items() if other != uscc)
    }


def _present(assembly: Assembly) -> Iterator[tuple[str, str, str | None, str | None, str | None]]:
    for placed in assembly.placed:
        if placed.layout.spec.register_of_firms and "district_code" in placed.targets:
            yield from assembly.con.execute(
                f"SELECT name_key, uscc_given, district_code, moved_from, moved_to FROM {placed.stage} WHERE fault IS NULL"
                " AND name_key IN (SELECT name_key FROM names GROUP BY name_key HAVING count(*) > 1)"
            ).fetchall()


def _one_each(places: dict[str, dict[str, None]]) -> dict[str, str]:
    sure = [(next(iter(districts)), uscc) for uscc, districts in places.items() if len(districts) == 1]
    districts = [district for district, _ in sure]
    if len(sure) < len(places) or "" in districts:
        return {}
    return {district: uscc for district, uscc in sure if districts.count(district) == 1}
