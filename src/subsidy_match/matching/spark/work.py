"""What a worker does with one file of an exported snapshot; nothing here knows of Spark."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from subsidy_match import __version__
from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.matching.history import Payment
from subsidy_match.matching.results import BlockResult
from subsidy_match.matching.vector.blocks import Dictionaries
from subsidy_match.matching.vector.evaluation import Compiled, compile_plan
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.matching.vector.sources import Source, whole
from subsidy_match.matching.vector.tables import block_result
from subsidy_match.profiles.exported import DISPUTED, Exported
from subsidy_match.rules.policy import PolicySet

__all__ = ["Order", "Worker", "outcome", "packed", "unpacked"]

_CODEC = "zstd"


@dataclass(frozen=True, slots=True)
class Order:
    """All that a worker needs besides the files; ``work`` is done with the result of each of them."""

    policies: PolicySet
    as_of: date
    exported: Exported
    work: Callable[[BlockResult], Any]
    payments: Mapping[str, Sequence[Payment]]
    unknowns: bool = False
    only: frozenset[str] | None = None
    version: str = __version__


class Worker:
    """An order made ready: planning is done once a process, and the names of codes are shared by its files."""

    def __init__(self, order: Order) -> None:
        if order.version != __version__:
            zh = f"集群上的版本是 {__version__},提交的机器上是 {order.version}"
            en = f"the workers have version {__version__}, the machine that asks has {order.version}"
            raise InputError("spark.version", zh, en)
        self._order = order
        self._compiled: Compiled = compile_plan(make_plan(order.policies, order.as_of, order.only))
        self._dictionaries = Dictionaries()

    def match(self, number: int) -> Any:
        """Match one file and do the work."""
        plan, exported = self._compiled.plan, self._order.exported
        table = exported.table(number, plan.facts | plan.lists, plan.aging)
        uscc = whole(table.column("uscc"))
        source = Source(plan, exported.loaded, _disputed(table), self._payments(uscc), self._dictionaries)
        block = source.block(table.drop_columns([DISPUTED]))
        return self._order.work(block_result(self._compiled, number, uscc, block, unknowns=self._order.unknowns))

    def _payments(self, uscc: pa.Array) -> dict[str, Sequence[Payment]]:
        """Our own payments to the firms of one file."""
        paid = self._order.payments
        return {code: paid[code] for code in uscc.to_pylist() if code in paid} if paid else {}


_READY: dict[str, Worker] = {}


def outcome(key: str, order: Callable[[], bytes], number: int) -> bytes:
    """What became of one file, as bytes; what we refuse comes back as it is, for no second attempt would help.

    Args:
        key: names the order; the last one stays ready in this process.
        order: gives the packed order.
        number: the file.
    """
    try:
        if key not in _READY:
            _READY.clear()
            _READY[key] = Worker(unpacked(order()))
        found = True, _READY[key].match(number)
    except SubsidyError as error:
        found = False, error
    return pickle.dumps(found)


def packed(order: bytes) -> bytes:
    """A pickled order made small, with its length before it."""
    return len(order).to_bytes(8, "big") + bytes(pa.compress(order, _CODEC, asbytes=True))


def unpacked(content: bytes) -> Order:
    """Read ``packed`` back."""
    plain = pa.decompress(content[8:], int.from_bytes(content[:8], "big"), _CODEC, asbytes=True)
    found: Order = pickle.loads(plain)  # noqa: S301 - written by the driver of the same job
    return found


def _disputed(table: pa.Table) -> dict[str, pa.Array]:
    """The firms of a file whose rows in a list may be more than were seen, by list."""
    known = table.select(["uscc", DISPUTED]).filter(table.column(DISPUTED).is_valid()).to_pylist()
    names = sorted({name for row in known for name in row[DISPUTED]})
    return {name: pa.array([row["uscc"] for row in known if name in row[DISPUTED]], pa.string()) for name in names}
