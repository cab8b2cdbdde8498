# ruff: noqa: S608 - names of tables and columns come from the catalogue and the mappings, never from a file that is read
"""Facts about which there is nothing to decide: one source, and one row of the firm in it.

Such values are read from the rows themselves. Only the *exceptional* firms of a source, which have several rows there, or whose
name in it is a former one, go through the deciding of facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from subsidy_match.profiles.assembly import Assembly, Placed

__all__ = ["Exceptions"]


@dataclass(slots=True)
class Exceptions:
    """The rows of exceptional firms of each source that is the only one of some fact."""

    assembly: Assembly
    _counts: dict[int, int] = field(default_factory=dict)

    def note(self, sources: Iterable[Placed]) -> None:
        """Find the exceptional firms of these sources."""
        for source in sources:
            if source.batch.number not in self._counts:
                self._counts[source.batch.number] = self._find(source)

    def table(self, source: Placed) -> str:
        """The table of the rows of exceptional firms of a source."""
        return f"exceptional_{source.batch.number}"

    def any(self, source: Placed) -> bool:
        """Whether a source has exceptional firms."""
        return self._counts[source.batch.number] > 0

    def plain_rows(self, source: Placed) -> str:
        """The rows of all other firms: one each."""
        without = f" WHERE uscc NOT IN (SELECT uscc FROM {self.table(source)})" if self.any(source) else ""
        return f"(SELECT * FROM {source.good}{without})"

    def _find(self, source: Placed) -> int:
        self.assembly.con.execute(
            f"CREATE TEMP TABLE {self.table(source)} AS SELECT * FROM {source.good} SEMI JOIN ("
            f" SELECT uscc FROM {source.good} GROUP BY uscc HAVING count(*) > 1"
            f" UNION SELECT uscc FROM {source.good} SEMI JOIN (FROM alias WHERE NOT current) USING (uscc, name_key)"
            ") USING (uscc)"
        )
        return self.assembly.number(f"SELECT count(*) FROM {self.table(source)}")
