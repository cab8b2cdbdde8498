"""Items of the payment ledger that no reviewed word links to a policy: how often they stand there, and what they may mean.

Until somebody adds the word to ``mappings/finance.yml``, whether such a payment was for a policy stays open for its firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
from rapidfuzz import fuzz, process

from subsidy_match.profiles.mapping import Mappings

__all__ = ["Unlinked", "policy_words", "unlinked_items"]

_COLLECTION, _FIELD = "subsidy_history", "policy"
_LIKELY = 60


@dataclass(frozen=True, slots=True)
class Unlinked:
    """One item as the ledger writes it, on how many rows, and the likeliest word with its policy and score, if any."""

    item: str
    rows: int
    word: str | None = None
    policy: str | None = None
    score: int = 0

    def __str__(self) -> str:
        guess = f" → {self.policy}? ({self.word} {self.score})" if self.policy else ""
        return f"{self.item} ×{self.rows}{guess}"


def policy_words(mappings: Mappings) -> dict[str, str]:
    """The reviewed words of all ledgers, each with its policy."""
    return {
        word: policy
        for spec in mappings.lists.values()
        if spec.collection == _COLLECTION
        for column in spec.columns
        if column.field == _FIELD
        for word, policy in column.words.items()
    }


def unlinked_items(con: duckdb.DuckDBPyConnection, words: Mapping[str, str]) -> list[Unlinked]:
    """What is not linked, the most rows first.

    Args:
        con: a snapshot.
        words: reviewed word → policy, to guess from.
    """
    rows = con.execute(
        "SELECT row.item, count(*) FROM (SELECT unnest(subsidy_history) AS row FROM firm)"
        " WHERE row.policy IS NULL AND row.item IS NOT NULL GROUP BY row.item ORDER BY count(*) DESC, row.item"
    ).fetchall()
    return [_guessed(item, count, words) for item, count in rows]


def _guessed(item: str, count: int, words: Mapping[str, str]) -> Unlinked:
    best = process.extractOne(item, sorted(words), scorer=fuzz.WRatio, score_cutoff=_LIKELY)
    return Unlinked(item, count, best[0], words[best[0]], round(best[1])) if best else Unlinked(item, count)
