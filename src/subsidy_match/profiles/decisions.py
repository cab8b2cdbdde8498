"""What people decided about rows that no rule could place, and about values that contradict each other.

A row is remembered per department and identity as written, a value by its review item, the readings it was chosen from and their sources.

The file is read by people too, so it keeps names and codes in full. A decision is never edited: the last one for an identity
counts. Codes that fail their check but are really in use are listed once as overrides.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from subsidy_match.errors import InputError, Location
from subsidy_match.profiles.uscc import normalise_uscc

__all__ = ["Decision", "Decisions", "Ruling", "load_decisions", "review_id", "save_decisions"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: the identity as a department writes it is the firm ``firm``, or none of ours (``None``)."""

    department: str
    uscc_given: str
    name_key: str
    firm: str | None
    by: str
    on: date

    @property
    def id(self) -> str:
        """The review item that this decides."""
        return review_id(self.department, self.uscc_given, self.name_key)


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision between readings that contradict each other: one of them, or that nobody can say (``None``).

    It holds as long as these very readings of these ``sources``, each a department and a day, stand against each other;
    ``uscc`` and ``target`` are for people who read the file.
    """

    item: str
    uscc: str
    target: str
    readings: tuple[str, ...]
    sources: tuple[str, ...]
    chosen: str | None
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Decisions:
    """All decisions in the order they were taken, and the codes accepted in spite of their check character."""

    taken: tuple[Decision, ...] = ()
    accepted_codes: frozenset[str] = field(default=frozenset())
    rulings: tuple[Ruling, ...] = ()

    @property
    def in_force(self) -> Mapping[str, Decision]:
        """The last decision of each review item."""
        return {decision.id: decision for decision in self.taken}

    @property
    def rulings_in_force(self) -> Mapping[str, Ruling]:
        """The last ruling on each review item."""
        return {ruling.item: ruling for ruling in self.rulings}

    @property
    def digest(self) -> str:
        """Changes with what the decisions say, not with who took them or when."""
        said = sorted((d.id, d.firm or "") for d in self.in_force.values())
        rulings = self.rulings_in_force.values()
        chosen = sorted((c.item, c.readings, c.sources, c.chosen is None, c.chosen or "") for c in rulings)
        return hashlib.sha256(repr((said, sorted(self.accepted_codes), chosen)).encode()).hexdigest()


def review_id(department: str, uscc_given: str, key: str) -> str:
    """The stable id of an identity that needs a decision."""
    return hashlib.sha256("\x1f".join((department, uscc_given, key)).encode()).hexdigest()[:12]


def load_decisions(path: Path) -> Decisions:
    """Read the decisions file; none is as good as an empty one.

    Raises:
        InputError: the file is damaged: going on without it would undo what people decided.
    """
    if not path.exists():
        return Decisions()
    try:
        node = yaml.safe_load(path.read_text("utf-8")) or {}
        taken = tuple(_decision(entry) for entry in node.get("decisions", ()))
        codes = frozenset(normalise_uscc(code) for code in node.get("accepted_codes", ()))
        return Decisions(taken, codes, tuple(_ruling(entry) for entry in node.get("rulings", ())))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        zh, en = f"核对决定文件已损坏:{error}", f"the file of review decisions is damaged: {error}"
        raise InputError("profiles.decisions", zh, en, Location(str(path))) from error


def save_decisions(path: Path, decisions: Decisions) -> None:
    """Write the file in one step, so that a crash leaves the old one."""
    node = {
        "decisions": [asdict(d) for d in decisions.taken],
        "accepted_codes": sorted(decisions.accepted_codes),
        "rulings": [{**asdict(c), "readings": list(c.readings), "sources": list(c.sources)} for c in decisions.rulings],
    }
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    waiting.write_text(yaml.safe_dump(node, allow_unicode=True, sort_keys=False), "utf-8")
    waiting.replace(path)


def _decision(entry: Mapping[str, Any]) -> Decision:
    fields: Sequence[str] = ("department", "uscc_given", "name_key", "firm", "by", "on")
    return Decision(**{name: entry[name] for name in fields})


def _ruling(entry: Mapping[str, Any]) -> Ruling:
    fields: Sequence[str] = ("item", "uscc", "target", "chosen", "by", "on")
    sources = tuple(entry.get("sources", ()))  # a ruling that names none is of before they counted, and holds no more
    return Ruling(readings=tuple(entry["readings"]), sources=sources, **{name: entry[name] for name in fields})
