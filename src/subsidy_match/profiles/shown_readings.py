"""Readings that contradict each other as people see them: in 元, per cent and words, with who gave them; and back again.

The stored form, 分 and codes, stays in the file of decisions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from subsidy_match.money import yuan_text
from subsidy_match.profiles.catalogue import Catalogue, ValueType, fact_columns
from subsidy_match.profiles.cells import MONEY_UNITS, RATIO_UNITS, parse_number, plain
from subsidy_match.profiles.problems import CellProblem
from subsidy_match.profiles.reading import ReviewItem
from subsidy_match.profiles.regions import Regions, load_regions
from subsidy_match.rules.enterprise import Source

__all__ = ["ReadingForms", "load_forms"]

_TRUTHS = {"true": "是", "false": "否"}
_PER_CENT = -4  # ratios are stored in millionths
_SPREADSHEET = re.compile(r"\.0$|00:00:00$")  # what a spreadsheet adds to a number and to a day


@dataclass(frozen=True, slots=True)
class ReadingForms:
    """Shows stored readings, and finds the one that a shown form means."""

    catalogue: Catalogue
    regions: Regions

    def shown(self, target: str, reading: str) -> str:
        """A reading of a fact, or of a field of a list, as people write it."""
        type_ = self._type(target)
        match type_.kind if type_ else "text":
            case "money":
                return yuan_text(int(reading))
            case "ratio":
                return f"{Decimal(reading).scaleb(_PER_CENT).normalize():f}%"
            case "bool":
                return _TRUTHS.get(reading, reading)
            case "region":
                region = self.regions.by_code.get(reading)
                return region.zh if region else reading
            case "enum" | "enums":
                words = _words(type_)
                return "、".join(words.get(code, code) for code in reading.strip("[]").split(", "))
            case "count" | "quantity":
                return f"{reading}{(type_ and type_.unit) or ''}"
            case _:
                return reading

    def meant(self, target: str, written: str, readings: Iterable[str]) -> str | None:
        """The one reading that a person means; ``None`` where it is none or not clear, as is money without its unit."""
        forms = {reading: self.shown(target, reading) for reading in readings}
        exact = [reading for reading, form in forms.items() if form == written.strip()]
        same = exact or [reading for reading, form in forms.items() if self._same(target, written, reading, form)]
        return same[0] if len(same) == 1 else None

    def values(self, target: str, readings: Sequence[str]) -> str:
        """All readings in one line."""
        return " | ".join(self.shown(target, reading) for reading in readings)

    def sources(self, item: ReviewItem) -> str:
        """All readings in one line, each with the department, day and file that it is from."""
        target = item.target or ""
        return " | ".join(f"{self.shown(target, r.text)} ({self._source(r.source)})" for r in item.readings)

    def _source(self, source: Source) -> str:
        department = self.catalogue.departments.get(source.department)
        return f"{department.zh if department else source.department} {source.as_of} {source.batch}"

    def _type(self, target: str) -> ValueType | None:
        name, is_field, field = target.partition(".")
        if is_field:
            collection = self.catalogue.collections.get(name)
            return collection.fields.get(field) if collection else None
        fact = self.catalogue.facts.get(name) or self.catalogue.facts.get(name.rpartition("_")[0])
        return fact.type if fact else None

    def _same(self, target: str, written: str, reading: str, form: str) -> bool:
        type_ = self._type(target)
        match type_.kind if type_ else "text":
            case "money":
                return _number(written, MONEY_UNITS, money=True) == int(reading)
            case "ratio":
                return _number(written, RATIO_UNITS, money=False) == int(reading)
            case _:
                return _SPREADSHEET.sub("", _folded(written)) in (_folded(form), _folded(reading))


def load_forms(policies: Path) -> ReadingForms:
    """Read what is needed from a policy folder.

    Raises:
        AuthorError: the catalogue or the table of regions cannot be read.
    """
    return ReadingForms(fact_columns(policies), load_regions(policies))


def _words(type_: ValueType | None) -> dict[str, str]:
    words = (type_ and type_.codes) or {}
    return {code: word for word, code in words.items() if word != code}


def _number(written: str, units: Mapping[str, int], *, money: bool) -> int | None:
    """A number with its unit; without one nobody can say whether 元 or 万元 is meant, or per cent or a fraction."""
    try:
        return parse_number(written, None, units, money=money)
    except CellProblem:
        return None


def _folded(text: str) -> str:
    return plain(text).casefold()
