"""Drawn policies and firms as an exported snapshot, and ways to harm it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from drawn_language import draw_policies, load_drawn, population
from snapshots import write_snapshot

from subsidy_match.matching.history import Payment
from subsidy_match.matching.runs import Run
from subsidy_match.profiles.exported import MANIFEST, Exported, open_exported
from subsidy_match.profiles.exporting import export_parquet
from subsidy_match.profiles.reading import Snapshot, open_snapshot
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import PolicySet

AS_OF = date(2026, 6, 30)


@dataclass(frozen=True)
class DrawnExport:
    """A snapshot, open, and its export."""

    policies: PolicySet
    firms: list[Enterprise]
    snapshot: Snapshot
    exported: Exported

    @property
    def payments(self) -> dict[str, list[Payment]]:
        """Payments of our own to every seventh firm; some are in the history already, and of some a part came back."""
        paid: dict[str, list[Payment]] = {}
        for number, firm in enumerate(self.firms[::7]):
            mine = [Payment(f"C{number}", f"grant{number % 5}", None, 100 * number, date(2026, 3, 1))]
            mine += [Payment(f"B{number}", f"grant{number % 3}", None, 7 * (number % 2), date(2026, 3, 2), 7_000)]
            known = (
                r for r in firm.collections["subsidy_history"].rows[:1] if r["policy"] and r["amount"] and r["paid_on"]
            )
            mine += [
                Payment(f"D{number}", row["policy"], None, *_rest(row["amount"], number, row["paid_on"]))
                for row in known
            ]  # type: ignore[arg-type]
            paid[firm.uscc] = mine
        return paid


def _rest(amount: int, number: int, day: date) -> tuple[int, date, int | None]:
    """What is left of a payment, its day, and the whole: every third was recovered in part or whole."""
    return (amount, day, None) if number % 3 else (number % 2 * (amount // 2), day, amount)


@contextmanager
def drawn_export(
    folder: Path, seed: int = 5, *, policies: int = 30, firms: int = 500, size: int = 128
) -> Iterator[DrawnExport]:
    """Draw, publish and export."""
    rnd = random.Random(seed)
    some = load_drawn(folder / "policies", draw_policies(folder / "policies", rnd, policies))
    people = population(rnd, firms)
    write_snapshot(folder / "home", people, some.catalogue)
    with open_snapshot(folder / "home") as snapshot:
        yield DrawnExport(some, people, snapshot, export_parquet(snapshot, folder / "export", firms_a_file=size))


def rows(run: Run) -> list[tuple[object, ...]]:
    """Everything that a run holds, in an order of its own."""
    found = [*run.table().to_pylist(), *run.unknown().to_pylist()]
    return sorted((tuple(row.values()) for row in found), key=repr)


def rewrite(exported: Exported, alter: Callable[[pa.Table], pa.Table], number: int = 1) -> Exported:
    """Another table in a file, with a manifest that says the file is as it should be."""
    path = exported.folder / exported.files[number].name
    pq.write_table(alter(pq.read_table(path)), path, store_schema=False)
    return vouch(exported, number)


def vouch(exported: Exported, number: int = 1) -> Exported:
    """A manifest that says a file is as it should be."""
    digest = hashlib.sha256((exported.folder / exported.files[number].name).read_bytes()).hexdigest()

    def own(node: dict[str, Any]) -> None:
        node["files"][number]["sha256"] = digest

    return edited(exported, own)


def edited(exported: Exported, edit: Callable[[dict[str, Any]], None]) -> Exported:
    """Change the manifest, and open it again."""
    path = exported.folder / MANIFEST
    node = json.loads(path.read_text("utf-8"))
    edit(node)
    path.write_text(json.dumps(node), encoding="utf-8")
    return open_exported(exported.folder)


def scratch(path: Path) -> None:
    """Turn over some bytes in the middle of the data of a Parquet file; its footer stays."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") + 8
    for place in range(64, len(content) - footer, 257):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))
