"""The read side: enterprise documents out of a published snapshot, each value with its source.

A snapshot never changes once it is published, so any number of threads and processes may read while the next one is built.
Every call works on a cursor of its own.
"""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.errors import InputError, Location, NotFound, RetryableError
from subsidy_match.profiles.assembly import quote
from subsidy_match.profiles.names import name_key
from subsidy_match.profiles.places import Places
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.snapshot import SCHEMA_VERSION
from subsidy_match.profiles.uscc import normalise_uscc
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Row, Scalar, Source, told_key

__all__ = ["Alternative", "District", "Link", "Reading", "ReviewItem", "Snapshot", "open_snapshot"]

_BLOCK = 4096
_LOOKS = 5
_CODE_START = 8


@dataclass(frozen=True, slots=True)
class District:
    """A district with the number of its firms; the code is ``None`` for firms whose district is unknown."""

    code: str | None
    zh: str | None
    firms: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One of several values that contradict each other, in its stored form, and where it is from."""

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Something that a person must decide: whose a row is, or which of two values holds.

    ``kind`` is identity or value; ``candidates`` are (code, name, score), best first, ``readings`` contradict
    each other; ``place`` is the first of ``rows``.
    """

    id: str
    kind: str
    department: str
    uscc: str | None
    target: str | None
    uscc_given: str
    name_key: str
    name: str | None
    district: str | None
    code: str
    zh: str
    en: str
    rows: int
    place: str
    candidates: tuple[tuple[str, str, int], ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """The readings in their stored form, each once."""
        return tuple(dict.fromkeys(reading.text for reading in self.readings))

    @property
    def sources(self) -> tuple[str, ...]:
        """The departments and days that the readings are from."""
        return tuple(sorted({f"{r.source.department} {r.source.as_of}" for r in self.readings}))


@dataclass(frozen=True, slots=True)
class Alternative:
    """A value that did not count: it lost to a better source (``outranked``) or to none (``tie``)."""

    target: str
    value: str
    outcome: str
    source: Source


@dataclass(frozen=True, slots=True)
class Link:
    """Something that ties a firm to another, or to another place; nothing of the other firm is merged into it.

    ``kind`` is parent, branch, predecessor, successor, moved_in or moved_out; ``uscc`` and ``name`` are those of the other
    firm, ``place`` is where a firm came from or went to.
    """

    kind: str
    uscc: str | None
    name: str | None
    place: str | None
    day: date | None
    source: Source


def open_snapshot(home: Path, snapshot_id: str | None = None) -> Snapshot:
    """Open the snapshot in force, or a certain one.

    Raises:
        NotFound: there is none.
        InputError: it is damaged, or was written by a version with another layout.
        RetryableError: imports replace it again and again.
    """
    shelf = Shelf(home)
    for _ in range(_LOOKS):  # an import may put another one in force, and delete this one, after it was found
        wanted = shelf.find(snapshot_id)
        path = shelf.file(wanted)
        try:
            return _opened(wanted, path)
        except duckdb.Error as error:
            if path.exists():
                zh, en = f"快照无法打开:{error}", f"the snapshot cannot be opened: {error}"
                raise InputError("profiles.snapshot_damaged", zh, en, Location(str(path))) from error
    zh, en = "企业档案正在频繁更新,请稍后再试", "the profiles keep changing: try again later"
    raise RetryableError("profiles.snapshot_changing", zh, en, Location(str(shelf.folder)))


def _opened(snapshot_id: str, path: Path) -> Snapshot:
    con = duckdb.connect(str(path), read_only=True)
    try:
        return Snapshot(snapshot_id, path, con)
    except BaseException:
        con.close()
        raise


class Snapshot:
    """One published snapshot; close it, or use it in a ``with``."""

    def __init__(self, snapshot_id: str, path: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.id = snapshot_id
        self.path = path
        self._con = con
        self._check_version()
        self._batches = {
            number: (Source(owner, as_of, title), title) for number, owner, as_of, title in self._rows(_BATCHES)
        }
        columns = self._rows("SELECT column_name, column_type FROM (DESCRIBE firm)")
        # a list of structs is a collection, a list of words one value of a fact
        self._lists = [name for name, kind in columns if kind.startswith("STRUCT") and kind.endswith("[]")]
        self._scalars = [name for name, _ in columns if name not in ("uscc", *self._lists)]
        self._types = dict(columns)
        self._known = frozenset((*self._scalars, *self._lists))
        self._places = Places(con)
        self._loaded = self._loaded_lists()
        self._disputed = frozenset(self._rows("SELECT collection, uscc FROM disputed"))

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._con.close()

    def count(self) -> int:
        """How many firms there are."""
        return int(self._rows("SELECT count(*) FROM firm")[0][0])

    def enterprise(self, uscc: str) -> Enterprise:
        """The document of one firm.

        Raises:
            NotFound: no firm has this code.
        """
        code = normalise_uscc(uscc)
        for place in self._places.candidates(code):
            # the three tables are of one order, and a row is found at once by its place
            rows = self._rows("SELECT * FROM firm WHERE rowid = ?", [place])[0]
            if rows[0] == code:
                break
        else:
            zh, en = f"没有统一社会信用代码为 {code} 的企业", f"no firm has the code {code}"
            raise NotFound("profiles.no_firm", zh, en)
        batches = self._rows("SELECT * FROM firm_batch WHERE rowid = ?", [place])[0]
        ((other, told),) = self._rows("SELECT uscc, told FROM firm_told WHERE rowid = ?", [place])
        if not batches[0] == other == code:
            raise self._mixed_up()
        names = ["uscc", *self._scalars, *self._lists]
        return self._document(dict(zip(names, rows, strict=True)), dict(zip(names, batches, strict=True)), told)

    def enterprises(self) -> Iterator[Enterprise]:
        """All documents in the order of districts, streamed: memory does not grow with their number."""
        with (
            closing(self._stream("firm")) as firms,
            closing(self._stream("firm_batch")) as batches,
            closing(self._stream("firm_told")) as others,
        ):
            for firm, batch, told in zip(firms, batches, others, strict=True):
                if not firm["uscc"] == batch["uscc"] == told["uscc"]:
                    raise self._mixed_up()
                yield self._document(firm, batch, told["told"])

    @property
    def loaded(self) -> Mapping[str, Mapping[str, date]]:
        """Which departments' lists were imported, and of which day, by collection."""
        return self._loaded

    @property
    def disputed(self) -> frozenset[tuple[str, str]]:
        """(collection, code) wherever a row of the list may be that firm's and waits for a person."""
        return self._disputed

    @property
    def facts(self) -> Sequence[str]:
        """The facts that it has a column for, yearly ones by year."""
        return self._scalars

    @property
    def lists(self) -> Sequence[str]:
        """The lists that it has a column for."""
        return self._lists

    def givers(self) -> dict[str, set[str]]:
        """The departments that gave values of each fact, also such as did not count."""
        numbers = ", ".join(f"list(DISTINCT {quote(name)})" for name in self._scalars)
        (given,) = self._rows(f"SELECT {numbers} FROM firm_batch")  # noqa: S608 - named by the catalogue, and quoted
        found = {
            name: {self._batches[number][0].department for number in batches or () if number is not None}
            for name, batches in zip(self._scalars, given, strict=True)
        }
        told = "SELECT DISTINCT x.target, x.department FROM (SELECT unnest(told) AS x FROM firm_told)"
        for fact, department in self._rows(told):
            found.setdefault(fact, set()).add(department)
        return found

    def tables(
        self, columns: Sequence[str], aging: Sequence[str], size: int, firms: AnyOf[str] | None = None
    ) -> Iterator[pa.Table]:
        """Some columns of all firms as Arrow tables of at most ``size`` firms, in the order of the snapshot.

        Args:
            columns: facts and lists; those that the snapshot has not are left out.
            aging: facts of which ``as_of fact`` is to say from which day each value is.
            size: firms a table.
            firms: codes of the firms that are wanted; all where not given.
        """
        known, dated = self._kept(columns), self._kept(aging)
        query = self._tables_query(known, dated)
        with self._damage_told(), closing(self._con.cursor()) as cursor:
            if firms is not None:
                cursor.register("wanted_firms", pa.table({"uscc": pa.array(sorted(firms), pa.string())}))
                query = f"FROM ({query}) SEMI JOIN wanted_firms USING (uscc)"
            for batch in cursor.sql(query).to_arrow_reader(size):
                yield _with_days(pa.Table.from_batches([batch]), dated, self._days)

    def table(self, columns: Sequence[str], aging: Sequence[str], first: int, last: int) -> pa.Table:
        """Some columns of the firms ``first … last - 1`` in the order of the snapshot; the same columns as :meth:`tables`."""
        known, dated = self._kept(columns), self._kept(aging)
        with self._damage_told(), closing(self._con.cursor()) as cursor:
            found = cursor.sql(self._tables_query(known, dated, (first, last - 1))).to_arrow_table()
        return _with_days(found, dated, self._days)

    def _kept(self, columns: Sequence[str]) -> list[str]:
        return [name for name in columns if name.partition("@")[0] in self._known]

    @property
    def _days(self) -> dict[int, date | None]:
        return {number: source.as_of for number, (source, _) in self._batches.items()}

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """A file that breaks off or holds nonsense somewhere is damaged, wherever that is noticed."""
        try:
            yield
        except (duckdb.IOException, duckdb.InternalException, duckdb.SerializationException, pa.ArrowInvalid) as error:
            zh, en = f"快照已损坏:{error}", f"the snapshot is damaged: {error}"
            raise InputError("profiles.snapshot_damaged", zh, en, Location(str(self.path))) from error

    def effective_query(self, columns: Sequence[str], oldest: Mapping[str, date], schema: str) -> str:
        """SQL for the values of all firms as they count: those older than ``oldest`` are none, columns that are missing too."""
        parts, told = [], any("@" in name for name in columns)
        aged = False
        for name in columns:
            value = self._part(name, "f") if name.partition("@")[0] in self._known else "NULL"
            if name in oldest and value != "NULL":
                stale = [
                    str(n) for n, (s, _) in self._batches.items() if s.as_of is not None and s.as_of < oldest[name]
                ]
                if stale:
                    aged = True
                    value = f"CASE WHEN {self._part(name, 'b')} IN ({', '.join(stale)}) THEN NULL ELSE {value} END"
            parts.append(f"{value} AS {quote(name)}")
        tables = f"{schema}.firm f"
        tables += f" POSITIONAL JOIN {schema}.firm_batch b" if aged or told else ""
        tables += f" POSITIONAL JOIN {schema}.firm_told t" if told else ""
        return f"SELECT {', '.join(['f.uscc', *parts])} FROM {tables}"  # noqa: S608 - named by the catalogue, and quoted

    def days_in_use(self, columns: Sequence[str]) -> dict[str, frozenset[date]]:
        """From which days the values of some facts are, over all firms."""
        dated = [name for name in columns if name.partition("@")[0] in self._known]
        if not dated:
            return {}
        parts = ", ".join(f"list(DISTINCT {quote(f'as_of {name}')})" for name in dated)
        with self._damage_told():
            (found,) = self._rows(f"SELECT {parts} FROM ({self._tables_query([], dated)})")  # noqa: S608 - quoted
        sources = {number: source.as_of for number, (source, _) in self._batches.items()}
        days = [frozenset(filter(None, map(sources.get, numbers or ()))) for numbers in found]
        return dict(zip(dated, days, strict=True))

    def aged(self, before: Mapping[str, date], after: Mapping[str, date]) -> frozenset[str]:
        """The firms with a value that was not too old once (facts and their first fresh day), and is now."""
        names = [name for name in after if name in before and name.partition("@")[0] in self._known]
        numbers = {name: self._between(before[name], after[name]) for name in names}
        crossed = [name for name in names if numbers[name]]
        if not crossed:
            return frozenset()
        tests = " OR ".join(f"{quote(f'as_of {name}')} IN ({numbers[name]})" for name in crossed)
        query = f"SELECT uscc FROM ({self._tables_query([], crossed)}) WHERE {tests}"  # noqa: S608 - quoted
        with self._damage_told():
            return frozenset(uscc for (uscc,) in self._rows(query))

    def _between(self, first: date, last: date) -> str:
        """The batches of some days, the last one not included."""
        return ", ".join(str(number) for number, day in self._days.items() if day is not None and first <= day < last)

    def _tables_query(self, columns: Sequence[str], dated: Sequence[str], rows: tuple[int, int] | None = None) -> str:
        """Values and, of some, the number of their batch; ``fact@department`` is what that department gave."""
        where = "" if rows is None else f" WHERE rowid BETWEEN {rows[0]} AND {rows[1]}"
        parts = [f"{self._part(name, 'f')} AS {quote(name)}" for name in columns]
        parts += [f"{self._part(name, 'b')} AS {quote(f'as_of {name}')}" for name in dated]
        tables = [f"(FROM firm{where}) f"]
        tables += [f"(FROM firm_batch{where}) b"] if dated or any("@" in name for name in columns) else []
        tables += [f"(FROM firm_told{where}) t"] if any("@" in name for name in (*columns, *dated)) else []
        # columns are named by the catalogue, and quoted
        return f"SELECT {', '.join(['f.uscc', *parts])} FROM {' POSITIONAL JOIN '.join(tables)}"  # noqa: S608

    def _part(self, name: str, table: str) -> str:
        fact, _, department = name.partition("@")
        if not department:
            return f"{table}.{quote(fact)}"
        batches = [str(n) for n, (source, _) in self._batches.items() if source.department == department]
        mine = f"b.{quote(fact)} IN ({', '.join(batches)})" if batches else "false"
        told = f"list_filter(t.told, lambda x: x.target = '{fact}' AND x.department = '{department}')[1]"
        other = f"({told}).batch" if table == "b" else f"({told}).value::{self._types[fact]}"
        return f"CASE WHEN {mine} THEN {table}.{quote(fact)} ELSE {other} END"

    def search(self, text: str, limit: int = 20) -> list[tuple[str, str]]:
        """Firms by part of a present or former name, the beginning of a code, or a code or id they had before.

        Returns:
            (code, present name), best first.
        """
        key, code = name_key(text), normalise_uscc(text)
        if not key:
            return []
        prefix = code if len(code) >= _CODE_START else "\0"
        values = [key, prefix, code, limit]
        return [(uscc, name) for uscc, name, *_ in self._rows(_SEARCH, values)]

    def districts(self) -> list[District]:
        """Districts in the order of their codes, those of unknown district last."""
        return [District(*row) for row in self._rows(_DISTRICTS)]

    def reviews(self) -> list[ReviewItem]:
        """What waits for a person: identities with the best candidates first, then values that differ."""
        names = dict(
            self._rows("SELECT uscc, name FROM firm WHERE uscc IN (SELECT unnest(candidates).uscc FROM review)")
        )
        return [self._review(row, names) for row in self._rows(_REVIEWS)]

    def alternatives(self, uscc: str) -> list[Alternative]:
        """The values of a firm that did not count."""
        query = "SELECT target, value, outcome, batch FROM conflict WHERE uscc = ? ORDER BY ALL"
        rows = self._rows(query, [normalise_uscc(uscc)])
        return [Alternative(target, value, outcome, self._batches[batch][0]) for target, value, outcome, batch in rows]

    def former_names(self, uscc: str) -> list[str]:
        """The former names of a firm."""
        query = "SELECT DISTINCT name FROM alias WHERE uscc = ? AND NOT current ORDER BY name"
        return [name for (name,) in self._rows(query, [normalise_uscc(uscc)])]

    def links(self, uscc: str) -> list[Link]:
        """The parent and the branches of a firm, what it was before and became, and its moves."""
        code = normalise_uscc(uscc)
        rows = self._rows(_LINKS, [code, code])
        return [
            Link(kind, other, name, place, day, self._batches[batch][0])
            for kind, other, name, place, day, batch in rows
        ]

    def old_ids(self, uscc: str) -> list[str]:
        """The ids of before 2015 that the register gives for a firm."""
        return [
            id_ for (id_,) in self._rows("SELECT id FROM old_id WHERE uscc = ? ORDER BY id", [normalise_uscc(uscc)])
        ]

    def _document(
        self, firm: Mapping[str, Any], batch: Mapping[str, Any], told: Sequence[Mapping[str, Any]]
    ) -> Enterprise:
        values = {
            name: Known(_frozen(value), self._batches[batch[name]][0])
            for name in self._scalars
            if (value := firm[name]) is not None
        }
        for entry in told:
            key = told_key(entry["target"], entry["department"])
            value = _typed(entry["value"], self._types[entry["target"]])
            values[key] = Known(value, self._batches[entry["batch"]][0])
        uscc = firm["uscc"]
        collections = {name: self._collection(uscc, name, firm[name], batch[name]) for name in self._lists}
        return Enterprise(uscc, firm["name"] or self._any_name(uscc), values, collections)

    def _collection(
        self, uscc: str, name: str, rows: Sequence[Mapping[str, Any]], batches: Sequence[int]
    ) -> Collection:
        loaded, disputed = self._loaded.get(name, {}), (name, uscc) in self._disputed
        return Collection(tuple(map(_row, rows)), loaded, disputed, self._source(batches))

    def _source(self, batches: Sequence[int]) -> Source | None:
        numbers = sorted(set(batches))
        if len(numbers) < 2:
            return self._batches[numbers[0]][0] if numbers else None
        sources = [self._batches[number][0] for number in numbers]
        oldest = min(source.as_of for source in sources if source.as_of)
        departments = sorted({source.department for source in sources})
        return Source("+".join(departments), oldest, "; ".join(self._batches[number][1] for number in numbers))

    def _any_name(self, uscc: str) -> str:
        rows = self._rows("SELECT min(name) FROM alias WHERE uscc = ? AND current", [uscc])
        return str(rows[0][0] or uscc)

    def _review(self, row: Sequence[Any], names: Mapping[str, str]) -> ReviewItem:
        batch, line, candidates, readings = row[-4:]
        place = f"{self._batches[batch][1]}{f':{line}' if line else ''}"
        ranked = tuple((c["uscc"], names.get(c["uscc"]) or c["uscc"], c["score"]) for c in candidates or ())
        given = tuple(Reading(r["text"], self._batches[r["batch"]][0]) for r in readings or ())
        fields = dict(zip(_REVIEW_FIELDS, row, strict=False))
        return ReviewItem(**fields, place=place, candidates=ranked, readings=given)

    def _loaded_lists(self) -> dict[str, dict[str, date]]:
        loaded: dict[str, dict[str, date]] = {}
        for collection, department, as_of in self._rows(
            "SELECT collection, department, as_of FROM list_loaded ORDER BY ALL"
        ):
            loaded.setdefault(collection, {})[department] = as_of
        return loaded

    def _mixed_up(self) -> InputError:
        zh, en = "快照的来源表与档案表不一致", "values and sources of the snapshot do not match"
        return InputError("profiles.snapshot_damaged", zh, en, Location(str(self.path)))

    def _check_version(self) -> None:
        version = self._rows("SELECT value FROM meta WHERE key = 'schema_version'")
        if version != [(str(SCHEMA_VERSION),)]:
            zh, en = "快照由另一版本写成,请重新导入", "the snapshot was written by another version: import again"
            raise InputError("profiles.snapshot_version", zh, en, Location(str(self.path)))

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with closing(self._con.cursor()) as cursor:
            return cursor.execute(query, list(values)).fetchall()

    def _stream(self, table: str) -> Generator[dict[str, Any]]:
        with closing(self._con.cursor()) as cursor:
            for block in cursor.sql(f"FROM {table}").to_arrow_reader(_BLOCK):
                yield from block.to_pylist()


_BATCHES = "SELECT number, department, as_of, file || CASE WHEN sheet = '' THEN '' ELSE '!' || sheet END FROM batch"
_SEARCH = """
WITH before AS (SELECT uscc FROM old_id WHERE id = $3 UNION SELECT uscc FROM link WHERE kind = 'predecessor' AND other = $3)
SELECT f.uscc, coalesce(f.name, min(a.name)) AS shown,
    min(CASE WHEN a.name_key = $1 THEN 0 WHEN starts_with(a.name_key, $1) THEN 1 ELSE 2 END) AS distance
FROM firm f LEFT JOIN alias a USING (uscc)
WHERE contains(a.name_key, $1) OR starts_with(f.uscc, $2) OR f.uscc = $2 OR f.uscc IN (FROM before)
GROUP BY f.uscc, f.name ORDER BY distance, shown, f.uscc LIMIT $4
"""
# Each link once, as the newest register gives it: from the firm that has it, and from the other one.
_LINKS = """
WITH newest AS (
    SELECT l.* FROM link l JOIN batch b ON b.number = l.batch
    QUALIFY b.as_of = max(b.as_of) OVER (PARTITION BY l.uscc, l.kind)
)
SELECT kind, other, coalesce(f.name, n.name), place, day, min(batch) FROM newest n LEFT JOIN firm f ON f.uscc = n.other
WHERE n.uscc = ? GROUP BY ALL
UNION ALL
SELECT CASE kind WHEN 'parent' THEN 'branch' ELSE 'successor' END, n.uscc, f.name, place, day, min(batch)
FROM newest n JOIN firm f ON f.uscc = n.uscc WHERE n.other = ? GROUP BY ALL
ORDER BY ALL
"""
_DISTRICTS = """
SELECT f.district_code, r.zh, count(*) FROM firm f LEFT JOIN region r ON r.code = f.district_code
GROUP BY ALL ORDER BY f.district_code NULLS LAST
"""
_REVIEW_FIELDS = (
    "id", "kind", "department", "uscc", "target", "uscc_given", "name_key", "name", "district", "code", "zh", "en", "rows",
)  # fmt: skip
# One identity may stand in several lists of a department; it is one item, at its first place.
_REVIEWS = """
SELECT id, kind, any_value(department), any_value(uscc), any_value(target), coalesce(any_value(uscc_given), ''),
    coalesce(any_value(name_key), ''),
    min(name), min(district), any_value(code), any_value(zh), any_value(en), sum("rows")::BIGINT, min(batch),
    arg_min("row", batch), any_value(candidates), any_value(readings)
FROM review GROUP BY id, kind
ORDER BY kind, coalesce(any_value(candidates)[1].score, 0) DESC, any_value(department), min(name), id
"""


def _with_days(table: pa.Table, dated: Sequence[str], days: Mapping[int, date | None]) -> pa.Table:
    numbers, values = pa.array(days.keys(), pa.int32()), pa.array(days.values(), pa.date32())
    for name in dated:
        place = table.schema.get_field_index(f"as_of {name}")
        found = values.take(pc.index_in(table.column(place).combine_chunks().cast(pa.int32()), numbers))
        table = table.set_column(place, f"as_of {name}", found)
    return table


def _row(row: Mapping[str, Any]) -> Row:
    return {name: None if value is None else _frozen(value) for name, value in row.items()}


def _typed(text: str, kind: str) -> Scalar:
    match kind:
        case "BIGINT":
            return int(text)
        case "DATE":
            return date.fromisoformat(text)
        case "BOOLEAN":
            return text == "true"
        case _:
            return text


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
