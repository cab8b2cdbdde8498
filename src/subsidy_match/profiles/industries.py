"""The table of industries (GB/T 4754-2017): what the product ships, or the full table that an office has imported.

Shipped are the 20 sections, the 97 divisions and the classes that the samples use; with those alone a code is only known to
lie in a division. The full table is not ours to give away: an office imports it once (``profiles codes import``), and from
then on a code that is not in it is refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.cells import plain

__all__ = ["Industries", "load_industries", "read_table", "shipped_industries", "table_text"]

_SHIPPED = Path(__file__).parent / "industries.csv"
_HEADER = ["code", "name"]


@dataclass(frozen=True)
class Industries:
    """Codes with their Chinese names; ``complete`` says that a code that is not among them does not exist."""

    names: Mapping[str, str]
    complete: bool = False

    def has(self, code: str) -> bool:
        """Whether there may be such a code: it is in the table or, while the table is not complete, its division is."""
        return code in self.names if self.complete else code[:2] in self.names

    def called(self, name: str) -> frozenset[str]:
        """The codes of a name; a group with one class shares its name with it."""
        return self._by_name.get(plain(name).upper(), frozenset())

    @cached_property
    def digest(self) -> str:
        """Changes with any code or name."""
        return hashlib.sha256(table_text(self.names).encode()).hexdigest()

    @cached_property
    def _by_name(self) -> Mapping[str, frozenset[str]]:
        codes: dict[str, set[str]] = {}
        for code, name in self.names.items():
            codes.setdefault(plain(name).upper(), set()).add(code)
        return {name: frozenset(found) for name, found in codes.items()}


@cache
def shipped_industries() -> Industries:
    """The sections, divisions and the few classes that come with the product."""
    return Industries(read_table(_SHIPPED.read_text("utf-8")))


def load_industries(path: Path) -> Industries:
    """The table that an office has imported, or the shipped one where there is none.

    Raises:
        InputError: the imported table is damaged: going on without it would let codes through that it refuses.
    """
    if not path.exists():
        return shipped_industries()
    try:
        return Industries(read_table(path.read_text("utf-8")), complete=True)
    except (OSError, ValueError) as error:
        zh, en = f"行业代码表已损坏:{error}", f"the table of industry codes is damaged: {error}"
        hint = "subsidy-match profiles codes import"
        raise InputError("profiles.codes.damaged", zh, en, Location(str(path)), hint) from error


def read_table(text: str) -> dict[str, str]:
    """Codes and names out of the text of a kept table.

    Raises:
        ValueError: it is no such text.
    """
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or rows[0] != _HEADER or any(len(row) != len(_HEADER) for row in rows):
        raise ValueError("code,name")
    return {code: name for code, name in rows[1:]}


def table_text(names: Mapping[str, str]) -> str:
    """The table as it is kept, in the order of codes, so that the same table is the same text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows(sorted(names.items()))
    return text.getvalue()
