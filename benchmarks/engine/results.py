"""What engines are asked for and what they give: pieces of eligible pairs, and how many pairs data leave open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from subsidy_match.rules.policy import PolicySet


@dataclass(frozen=True, slots=True)
class Task:
    """What to match: a snapshot's file against policies that are loaded already, with so many threads.

    ``out`` is a folder that does not exist yet, where the pairs are to be written as Parquet.
    """

    snapshot: Path
    policies: PolicySet
    threads: int
    out: Path | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some eligible pairs: codes of firms, policies (one id, or one each), amounts in 分 where the engine has them."""

    uscc: pa.Array
    policy: str | pa.Array
    amounts: pa.Array | None


Unknown = Mapping[str, int]  # policy id -> pairs that data leave open


@dataclass(slots=True)
class Tally:
    """Counts pairs and adds up their amounts; the pieces are let go."""

    _pairs: list[int] = field(default_factory=list)  # lists: appending is safe in threads
    _amounts: list[int] = field(default_factory=list)
    _is_paid: bool = True

    def take(self, piece: Piece) -> None:
        """Take one piece; several threads may do so at once."""
        self.add(len(piece.uscc), None if piece.amounts is None else pc.sum(piece.amounts, min_count=0).as_py())

    def add(self, pairs: int, amount: int | None) -> None:
        """Take the totals of what was written to files."""
        self._pairs.append(pairs)
        self._amounts.append(0 if amount is None else amount)
        self._is_paid = self._is_paid and amount is not None

    def join(self, other: Self) -> None:
        """Take what another one took."""
        self._pairs += other._pairs
        self._amounts += other._amounts
        self._is_paid = self._is_paid and other._is_paid

    @property
    def pairs(self) -> int:
        """How many."""
        return sum(self._pairs)

    @property
    def amount(self) -> int | None:
        """In 分; None where the engine gave none."""
        return sum(self._amounts) if self._is_paid else None


@dataclass(slots=True)
class Everything(Tally):
    """Keeps every pair as well, for an exact comparison of small runs."""

    _rows: list[tuple[str, str, int | None]] = field(default_factory=list)

    def take(self, piece: Piece) -> None:
        Tally.take(self, piece)
        firms = piece.uscc.to_pylist()
        policies = [piece.policy] * len(firms) if isinstance(piece.policy, str) else piece.policy.to_pylist()
        fen = [None] * len(firms) if piece.amounts is None else piece.amounts.to_pylist()
        self._rows.extend(zip(policies, firms, fen, strict=True))

    def join(self, other: Self) -> None:
        Tally.join(self, other)
        self._rows += other._rows

    @property
    def verdicts_digest(self) -> str:
        """The same for the same pairs."""
        return digest(sorted(row[:2] for row in self._rows))

    @property
    def amounts_digest(self) -> str | None:
        """The same for the same pairs with the same amounts."""
        return digest(sorted(self._rows)) if self._is_paid else None


def digest(content: object) -> str:
    """A short name of some content."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
