"""A sheet → typed blocks with the identity as written, the values, and every cell that could not be read.

Nothing is resolved here: which firm a row means and which value counts is decided when all files are staged, so that no
order of files or rows can matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.profiles import bulk
from subsidy_match.profiles.blotting import identity_free
from subsidy_match.profiles.catalogue import Catalogue
from subsidy_match.profiles.cells import FOREVER, is_empty, plain
from subsidy_match.profiles.chunk_rows import read_records
from subsidy_match.profiles.columns import Cells, Cleaned, numbers_of, parser_of
from subsidy_match.profiles.industries import Industries
from subsidy_match.profiles.industry import with_name
from subsidy_match.profiles.layout import Bound, Layout, cell_name
from subsidy_match.profiles.mapping import End
from subsidy_match.profiles.names import display_name
from subsidy_match.profiles.persons import account_free, masked, number_free
from subsidy_match.profiles.problems import Problem
from subsidy_match.profiles.readers import Sheet
from subsidy_match.profiles.regions import Regions
from subsidy_match.profiles.register_columns import link_columns
from subsidy_match.profiles.rows import Block

__all__ = ["Batch", "Reject", "Staged", "Staging", "stage_sheet"]

_RAGGED = Problem("row.ragged", "单元格多于表头,各栏可能错位", "more cells than headers: the columns may be shifted")
_KEY = Problem("row.key", "关键栏为空", "a field that identifies the row is empty")
_SPREAD = Problem("cell.merged", "合并的数值单元格无法分摊到各行", "a merged number cannot be split among its rows")
_YEAR = Problem("row.year", "年度栏不是年份", "the year column holds no year")
_OTHER_YEAR = Problem(
    "row.other_year", "编号的年份与标题标明的日期不符", "the number is of another year than the date above the header"
)
_BEGINS_WITH_YEAR = re.compile(r"(?:[A-Z]{2})?(20\d{2})")  # GR2025…, and the eighteen digits of technology-based SMEs
_NUMERIC = frozenset({"money", "count", "quantity", "ratio"})
_MASK = "******"


@dataclass(frozen=True, slots=True)
class Batch:
    """One sheet of one file: what every value of a snapshot refers to as its source."""

    number: int
    department: str
    file: str
    sheet: str
    list_id: str
    as_of: date
    sha256: str

    @property
    def title(self) -> str:
        """``file!sheet``, as officers name it."""
        return f"{self.file}!{self.sheet}" if self.sheet else self.file


@dataclass(frozen=True, slots=True)
class Reject:
    """A cell or a row that could not be used. ``target`` is empty where the whole row is meant."""

    row: int
    cell: str
    target: str
    problem: Problem
    value: str


@dataclass(slots=True)
class Staged:
    """One block: an Arrow table with ``row``, the identity columns and one column a target, and what was left out.

    ``fault`` in the table is the code of the reason why a whole row cannot be used.
    """

    table: pa.Table
    rejects: list[Reject] = field(default_factory=list)
    ignored: list[tuple[int, str]] = field(default_factory=list)
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Staging:
    """What reading cells depends on besides the sheet itself."""

    catalogue: Catalogue
    regions: Regions
    person_key: bytes
    industries: Industries | None = None


def stage_sheet(sheet: Sheet, layout: Layout, staging: Staging) -> Iterator[Staged]:
    """Read a sheet block by block."""
    collection = staging.catalogue.collections.get(layout.spec.collection or "")
    keys = collection.key if collection else ()
    cells = {bound.target: _cells(bound, staging, keys) for bound in layout.values}
    for block in read_records(sheet, layout):
        yield _Stager(block, layout, staging, cells).staged()


def _cells(bound: Bound, staging: Staging, keys: Sequence[str]) -> Cells:
    if bound.type is None:
        raise AssertionError(bound.target)
    parse = parser_of(bound, staging.regions, staging.person_key, staging.industries, keys)
    return Cells(parse, bound.type.arrow, numbers_of(bound))


class _Stager:
    """Turns one block into a table; a class because cells, rows and years all add to the same rejects."""

    def __init__(self, block: Block, layout: Layout, staging: Staging, cells: Mapping[str, Cells]) -> None:
        self._block, self._layout, self._staging, self._cells = block, layout, staging, cells
        self._rejects: list[Reject] = []
        self._faults: dict[int, str] = {}

    def staged(self) -> Staged:
        """Clean all columns, then mark the rows that cannot be used."""
        columns = self._identity() | self._constants()
        years = self._years()
        if years is not None:
            columns["year"] = years
        for bound in self._layout.values:
            for target, cleaned in self._by_year(bound, self._clean(bound), years).items():
                columns[target] = cleaned.values
                self._report(bound, target, cleaned.problems)
        for target, end in self._layout.spec.ends.items():
            columns[target] = self._with_end(target, end, columns)
        self._check_rows(columns)
        columns["fault"] = _scattered(self._faults, len(self._block.rows))
        ignored = [(row + 1, reason) for row, reason in self._block.ignored]
        return Staged(pa.table(columns), self._rejects, ignored, self._block.seen)

    def _identity(self) -> dict[str, pa.Array]:
        code_free = partial(identity_free, key=self._staging.person_key)
        free = partial(number_free, key=self._staging.person_key)
        names = bulk.names(self._texts("name"), free)
        columns = {
            "row": pc.add(pa.array(self._block.rows, pa.int64()), 1),
            "uscc_given": bulk.codes(self._texts("uscc"), code_free),
            "name": names,
            "name_key": bulk.keys(names),
            "district": bulk.each_distinct(self._texts("district"), free, pa.string()),
        }
        if self._layout.spec.register_of_firms:
            former, type_ = self._texts("former_names"), pa.list_(pa.string())
            columns["former_names"] = bulk.each_distinct(former, lambda text: _split_names(free(text)), type_)
            columns |= link_columns(self._given, len(former), self._unusable, self._staging.person_key)
        return columns

    def _constants(self) -> dict[str, pa.Array]:
        size = len(self._block.rows)
        words = {name: pa.array([code] * size, pa.string()) for name, code in self._layout.spec.constants.items()}
        return words | {name: pa.array([day] * size, pa.date32()) for name, day in self._layout.stated.items()}

    def _with_end(self, target: str, end: End, columns: Mapping[str, pa.Array]) -> pa.Array:
        """End dates with the blank ones filled in as the list means them; an unreadable one stays unknown."""
        size = len(self._block.rows)
        given = columns.get(target, pa.nulls(size, pa.date32()))
        bound = next((bound for bound in self._layout.values if bound.target == target), None)
        texts = self._block.columns[bound.index] if bound else pa.array([""] * size, pa.string())
        starts = columns[end.of].to_pylist() if end.blank == "year_end" else []
        ends = [day and day.replace(month=12, day=31) for day in starts] or [FOREVER] * size
        return pc.if_else(bulk.empties(texts), pa.array(ends, pa.date32()), given)

    def _texts(self, role: str) -> pa.StringArray:
        bound = self._layout.role(role)
        return self._block.columns[bound.index] if bound else pa.array([""] * len(self._block.rows), pa.string())

    def _given(self, role: str) -> list[str]:
        """The texts of a role; none where there is no such column."""
        return self._texts(role).to_pylist() if self._layout.role(role) else []

    def _years(self) -> pa.Array | None:
        bound = self._layout.role("year")
        if bound is None:
            return None
        years = bulk.each_distinct(self._texts("year"), _year, pa.int64())
        for position in pc.indices_nonzero(years.is_null()).to_pylist():
            self._fault(position, bound, _YEAR)
        return years

    def _clean(self, bound: Bound) -> Cleaned:
        if bound.type is None:
            raise AssertionError(bound.target)
        texts = self._block.columns[bound.index]
        cleaned = self._cells[bound.target].clean(self._named(texts) if bound.type.kind == "industry" else texts)
        spread = {row: _SPREAD for row, index in self._block.spread if index == bound.index}
        if not spread or bound.type.kind not in _NUMERIC:
            return cleaned
        keep = pa.array([row not in spread for row in range(len(cleaned.values))])
        return Cleaned(pc.if_else(keep, cleaned.values, None), {**cleaned.problems, **spread})

    def _named(self, codes: pa.StringArray) -> pa.StringArray:
        """Industry codes with the names beside them, where the list has a column of such names."""
        if self._layout.role("industry_name") is None:
            return codes
        names = self._texts("industry_name")
        alone = pc.or_(bulk.empties(codes), bulk.empties(names))
        return pc.if_else(alone, codes, pc.binary_join_element_wise(codes, names, with_name("", "")))

    @staticmethod
    def _by_year(bound: Bound, cleaned: Cleaned, years: pa.Array | None) -> dict[str, Cleaned]:
        if bound.column.year != "row" or years is None:
            return {bound.target: cleaned}
        of_row = years.to_pylist()
        parts = {}
        for year in sorted({y for y in of_row if y is not None}):
            values = pc.if_else(pc.equal(years, year), cleaned.values, None)
            parts[f"{bound.target}_{year}"] = Cleaned(
                values, {i: p for i, p in cleaned.problems.items() if of_row[i] == year}
            )
        return parts

    def _report(self, bound: Bound, target: str, problems: Mapping[int, Problem]) -> None:
        for position, problem in problems.items():
            self._reject(position, bound, target, problem)

    def _check_rows(self, columns: Mapping[str, pa.Array]) -> None:
        for position in self._block.ragged:
            self._fault(position, self._layout.bound[0], _RAGGED)
        for name, day in self._layout.stated.items():
            self._check_stated(self._layout.spec.stated[name].year_of, day)
        collection = self._staging.catalogue.collections.get(self._layout.spec.collection or "")
        for bound in self._layout.values if collection else ():
            if collection and bound.target in collection.key:
                self._check_key(bound, columns[bound.target])

    def _check_stated(self, year_of: str, day: date) -> None:
        for bound in self._layout.values:
            numbers = self._block.columns[bound.index].to_pylist() if bound.target == year_of else ()
            for position, number in enumerate(numbers):
                found = _BEGINS_WITH_YEAR.match(plain(number).upper())
                if found is None or int(found[1]) != day.year:
                    self._fault(position, bound, _OTHER_YEAR)

    def _check_key(self, bound: Bound, values: pa.Array) -> None:
        for position in pc.indices_nonzero(values.is_null()).to_pylist():
            if is_empty(self._block.columns[bound.index][position].as_py()):
                self._fault(position, bound, _KEY)
            else:  # unreadable: the cell is reported already, the row falls with it
                self._faults.setdefault(position, _KEY.code)

    def _unusable(self, position: int, role: str, problem: Problem) -> None:
        if bound := self._layout.role(role):
            self._reject(position, bound, role, problem)

    def _fault(self, position: int, bound: Bound, problem: Problem) -> None:
        self._faults.setdefault(position, problem.code)
        self._reject(position, bound, "", problem)

    def _reject(self, position: int, bound: Bound, target: str, problem: Problem) -> None:
        row = self._block.rows[position]
        text = self._block.columns[bound.index][position].as_py()
        value = _MASK if bound.column.person else account_free(masked(text))[:120]
        self._rejects.append(Reject(row + 1, cell_name(row, bound.index), target, problem, value))


def _scattered(faults: Mapping[int, str], size: int) -> pa.StringArray:
    column = pa.nulls(size, pa.string())
    if not faults:
        return column
    mask = np.zeros(size, bool)
    mask[list(faults)] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array([faults[i] for i in sorted(faults)], pa.string()))


def _split_names(text: str) -> list[str]:
    for separator in "，,；;\n|":
        text = text.replace(separator, "、")
    return [part for part in (display_name(name) for name in text.split("、")) if not is_empty(part)]


def _year(text: str) -> int | None:
    digits = text.strip().removesuffix("度").removesuffix("年")
    return int(digits) if digits.isdecimal() and 1990 <= int(digits) <= 2100 else None
