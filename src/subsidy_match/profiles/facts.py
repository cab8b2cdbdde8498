# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""Which of several values of one fact counts: the department trusted most, then the newest day.

Two values of equal trust and day that differ, or one that cannot be read, make the fact unknown, unless a
person has chosen between them; what lost is kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subsidy_match.profiles.assembly import Assembly, Placed, quote
from subsidy_match.profiles.catalogue import Catalogue, Fact
from subsidy_match.profiles.rulings import settle
from subsidy_match.profiles.straight import Exceptions

_WORDS = ("同级同日的两个数值不一致", "two values of equal trust and day differ")

__all__ = ["Target", "decide_facts", "fact_targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """One column of a snapshot: a fact, or a yearly fact in one year."""

    name: str
    fact: Fact
    sources: tuple[Placed, ...] = ()

    @property
    def table(self) -> str:
        """The table of the decided values."""
        return quote(f"fact_{self.name}")

    @property
    def straight(self) -> bool:
        """Whether it has one source: then only firms with several rows there leave anything to decide."""
        return len(self.sources) == 1


def fact_targets(catalogue: Catalogue, placed: Sequence[Placed]) -> list[Target]:
    """All columns of the snapshot in the order of the catalogue; yearly facts have one for every year that any file speaks of."""
    feeds: dict[str, list[Placed]] = {}
    for source in placed:
        for name in _fed_by(source):
            feeds.setdefault(name, []).append(source)
    years = sorted({int(name.rpartition("_")[2]) for name in feeds if name not in catalogue.facts})
    return [
        Target(name, fact, tuple(feeds.get(name, ())))
        for fact in catalogue.facts.values()
        for name in (
            [f"{fact.name}_{year}" for year in range(years[0], years[-1] + 1)]
            if fact.yearly and years
            else _single(fact)
        )
    ]


def decide_facts(assembly: Assembly, targets: Sequence[Target], exceptions: Exceptions) -> None:
    """Make one table a target with ``uscc``, ``value`` and ``batch``; losers go to ``conflict``, ties to ``review``.

    A straight target has a table only where its source has exceptional firms, and of those alone.
    """
    exceptions.note(target.sources[0] for target in targets if target.straight)
    for target in targets:
        if not target.sources or (target.straight and not exceptions.any(target.sources[0])):
            continue
        assembly.con.execute(f"CREATE OR REPLACE TEMP TABLE claim AS {_claims(target, exceptions)}")
        assembly.con.execute(
            f"CREATE TEMP TABLE {target.table} AS WITH best AS ("
            " SELECT * FROM claim QUALIFY place = min(place) OVER (PARTITION BY uscc))"
            " SELECT uscc, CASE WHEN count(*) = count(value) AND count(DISTINCT value) = 1 THEN any_value(value) END AS value,"
            " min(batch) AS batch, min(place) AS place, count(DISTINCT value) AS readings FROM best GROUP BY uscc"
        )
        _keep_losers(assembly, target)
        _keep_told(assembly, target)


def _single(fact: Fact) -> list[str]:
    return [] if fact.yearly else [fact.name]


def _fed_by(source: Placed) -> list[str]:
    spec = source.layout.spec
    if spec.collection is not None:
        return []
    facts = {bound.target for bound in source.layout.values}
    by_row = tuple(f"{bound.target}_" for bound in source.layout.values if bound.column.year == "row")
    fed = [
        name
        for name in source.targets
        if (name in facts and f"{name}_" not in by_row) or name.startswith(by_row or ("\0",))
    ]
    return [*(["name"] if spec.register_of_firms else []), *fed]


def _claims(target: Target, exceptions: Exceptions) -> str:
    places = _places(target)
    parts = [f"SELECT NULL::VARCHAR AS uscc, NULL::{target.fact.type.sql} AS value, 0 AS batch, 0 AS place WHERE false"]
    for source in target.sources:
        number, column = source.batch.number, quote(target.name)
        place = places[number]
        good = exceptions.table(source) if target.straight else source.good
        rows = f"{good} WHERE {column} IS NOT NULL" if target.name != "name" else _current_names(good)
        parts.append(f"SELECT uscc, {column}, {number}, {place} FROM {rows}")
        parts.append(
            f"SELECT uscc, NULL, {number}, {place} FROM {good} WHERE row IN"
            f" (SELECT row FROM reject WHERE batch = {number} AND target = '{target.name}')"
        )
    return " UNION ALL ".join(parts)


def _current_names(good: str) -> str:
    # A row under a name that another row of the same firm calls a former one speaks of the past. Spellings that are one name
    # count as one, by the greatest of them, so that no order of rows matters.
    return (
        f"(SELECT DISTINCT g.uscc, n.name FROM {good} g JOIN (SELECT uscc, name_key, max(name) AS name FROM alias"
        f" WHERE uscc IN (SELECT uscc FROM {good}) GROUP BY uscc, name_key HAVING bool_and(current)) n USING (uscc, name_key))"
    )


def _places(target: Target) -> Mapping[int, int]:
    """The order of trust: department by the catalogue, then newest first; equals share a place."""
    trust = {department: rank for rank, department in enumerate(target.fact.sources)}
    keys = {s.batch.number: (trust[s.batch.department], -s.batch.as_of.toordinal()) for s in target.sources}
    order = {key: place for place, key in enumerate(sorted(set(keys.values())))}
    return {number: order[key] for number, key in keys.items()}


def _keep_losers(assembly: Assembly, target: Target) -> None:
    if assembly.number(f"SELECT count(*) FROM {target.table} WHERE readings > 1"):
        _settle_ties(assembly, target)
    assembly.con.execute(
        f"INSERT INTO conflict SELECT DISTINCT c.uscc, '{target.name}', c.value::VARCHAR, c.batch,"
        " CASE WHEN c.place > f.place THEN 'outranked' ELSE 'tie' END"
        f" FROM claim c JOIN {target.table} f USING (uscc) WHERE c.value IS NOT NULL AND c.value IS DISTINCT FROM f.value"
    )


def _keep_told(assembly: Assembly, target: Target) -> None:
    """Keep what each department gave whose value does not count, for policies that trust that department alone."""
    if len({source.batch.department for source in target.sources}) < 2 or target.fact.type.kind == "enums":
        return
    assembly.con.execute(
        f"INSERT INTO told SELECT c.uscc, '{target.name}', c.department, any_value(c.value)::VARCHAR, min(c.batch)"
        " FROM (SELECT claim.*, b.department FROM claim JOIN batch b ON b.number = claim.batch"
        "  QUALIFY place = min(place) OVER (PARTITION BY uscc, department)) c"
        f" JOIN {target.table} f USING (uscc) JOIN batch w ON w.number = f.batch WHERE c.department <> w.department"
        " GROUP BY c.uscc, c.department HAVING count(*) = count(c.value) AND count(DISTINCT c.value) = 1"
    )


def _settle_ties(assembly: Assembly, target: Target) -> None:
    assembly.con.execute(
        f"CREATE OR REPLACE TEMP TABLE tie AS SELECT md5(concat_ws('|', c.uscc, '{target.name}'))[:12] AS item, c.uscc, c.value,"
        f" c.value::VARCHAR AS text, c.batch FROM claim c JOIN {target.table} f USING (uscc, place)"
        " WHERE f.readings > 1 AND c.value IS NOT NULL"
    )
    settle(assembly.con, target.table, "value", target.name, _WORDS, moves_source=True)
