"""What is new for each firm: the favourable results of a run less what the firm was told already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa

__all__ = ["FirmNews", "Told", "favourable", "news_by_firm"]

ANNOUNCED = ("eligible", "to_confirm")
Key = tuple[str, str, str]  # policy, period, subject


@dataclass(frozen=True, slots=True)
class Told:
    """One result as a firm is told it; amounts in 分."""

    policy_id: str
    period: str
    subject: str
    verdict: str
    amount_min: int | None
    amount_max: int | None
    automatic: bool = False

    @property
    def key(self) -> Key:
        """What the result is about."""
        return self.policy_id, self.period, self.subject

    def is_news_after(self, before: Told | None) -> bool:
        """Whether this says something that ``before`` did not: a better verdict, or another amount."""
        if before is None:
            return True
        if before.verdict == "eligible" and self.verdict == "to_confirm":
            return False
        return (self.verdict, self.amount_min, self.amount_max) != (
            before.verdict,
            before.amount_min,
            before.amount_max,
        )


@dataclass(frozen=True, slots=True)
class FirmNews:
    """Everything favourable that a run found for one firm."""

    uscc: str
    results: tuple[Told, ...]

    def after(self, before: Mapping[Key, Told]) -> tuple[Told, ...]:
        """The results that the firm was not told yet."""
        return tuple(result for result in self.results if result.is_news_after(before.get(result.key)))


def favourable(table: pa.Table) -> Iterator[tuple[str, Told]]:
    """Results that are announced, each with its firm, from the rows of a match run."""
    columns = ("uscc", "policy_id", "period", "subject", "verdict", "amount_min", "amount_max", "automatic")
    for batch in table.select(columns).to_batches():
        for uscc, policy, period, subject, verdict, low, high, automatic in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            if verdict in ANNOUNCED:
                yield uscc, Told(policy, period, subject or "", verdict, low, high, automatic)


def news_by_firm(results: Iterable[tuple[str, Told]]) -> Iterator[FirmNews]:
    """Group results by firm, firms in the order of their codes."""
    ordered = sorted(results, key=lambda pair: (pair[0], pair[1].key))
    for uscc, group in groupby(ordered, key=lambda pair: pair[0]):
        yield FirmNews(uscc, tuple(told for _, told in group))
