"""What is measured: which engine on which workload, for whatever sizes were asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass

from engine.compiling import compiler
from engine.measure import Order

# engine -> the package it needs, beyond our own dependencies
ENGINES = {
    "ours": None, "duckdb_sql": None, "polars_frames": "polars", "openfisca": "openfisca_core", "zen": "zen",
    "jsonlogic": "json_logic", "compiled": None,
}  # fmt: skip
PACKAGES = {
    "duckdb_sql": "duckdb", "polars_frames": "polars", "openfisca": "OpenFisca-Core", "zen": "zen-engine",
    "jsonlogic": "panzi-json-logic",
}  # fmt: skip
ROW_ENGINES = ("zen", "jsonlogic")
SMALL = 3_000, 60
_ROWS = 500, 50  # for engines that look at one firm after another
_LARGE = 5_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """The sizes, and how to measure."""

    firms: int
    policies: int
    threads: int
    repeat: int
    data: str
    large: bool = False

    def order(self, engine: str, firms: int, policies: int, **more: int | bool) -> Order:
        """One measurement."""
        told = {"threads": self.threads, "repeat": self.repeat, **more}
        return Order(engine, firms, policies, data=self.data, **told)  # type: ignore[arg-type]


def at_hand(engine: str) -> bool:
    """Whether an engine can be measured on this machine."""
    if engine == "compiled":
        return compiler() is not None
    package = ENGINES[engine]
    return package is None or importlib.util.find_spec(package) is not None


def small_orders(asked: Asked) -> list[Order]:
    """All engines on one tiny workload, every pair compared, results in Parquet too."""
    found = [asked.order(engine, *SMALL, exact=True, repeat=1) for engine in ENGINES]
    return found + [asked.order(engine, *SMALL, written=True, repeat=1) for engine in _WRITERS]


def full_orders(asked: Asked) -> list[Order]:
    """Everything that is reported, each measurement once."""
    parts = (_flat(asked), _rich(asked), _one_thread(asked), _by_row(asked), _growth(asked), _written(asked))
    return list(dict.fromkeys(order for part in parts for order in part))


_WRITERS = ("ours", "duckdb_sql", "polars_frames")


def _flat(asked: Asked) -> Iterator[Order]:
    for policies in (asked.policies, asked.policies // 4):
        for engine in (*_WRITERS, "compiled"):
            yield asked.order(engine, asked.firms, policies)


def _rich(asked: Asked) -> Iterator[Order]:
    yield asked.order("ours", asked.firms, asked.policies, rich=True)


def _one_thread(asked: Asked) -> Iterator[Order]:
    for engine in ("ours", "openfisca", "compiled"):
        yield asked.order(engine, asked.firms // 10, asked.policies // 4, threads=1)


def _by_row(asked: Asked) -> Iterator[Order]:
    for engine in ("ours", *ROW_ENGINES):
        yield asked.order(engine, *_ROWS, threads=1)


def _growth(asked: Asked) -> Iterator[Order]:
    for firms in (asked.firms // 2, asked.firms, asked.firms * 2):
        yield asked.order("ours", firms, asked.policies // 4)
    for policies in (asked.policies // 4, asked.policies // 2, asked.policies):
        yield asked.order("ours", asked.firms, policies)


def _written(asked: Asked) -> Iterator[Order]:
    for engine in _WRITERS:
        yield asked.order(engine, asked.firms, asked.policies // 4, written=True)
    if asked.large:
        yield asked.order("ours", _LARGE, asked.policies, written=True, repeat=1)
