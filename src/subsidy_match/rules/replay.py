"""Working out a pinned decision again, from nothing but what was pinned, and saying where it comes out otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from subsidy_match.errors import InputError, SubsidyError
from subsidy_match.rules.catalogue import Catalogue
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Quality, Scalar, Source
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.library import load_policies
from subsidy_match.rules.pinning import Reading, pin
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.tree import Kind, Type

__all__ = ["Replay", "replay"]

# what must come out the same; the explanation's wording and the engine's version may have moved on
_COMPARED = (
    ("policy_hash", "政策文本", "text of the policy"),
    ("period", "申报期", "period"),
    ("verdict", "结论", "verdict"),
    ("amount", "金额", "amount"),
)


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision worked out again; ``differences`` says in Chinese and English what came out otherwise.

    ``again`` is the decision pinned anew: within one engine version it is what was pinned, but for the hash of the whole set.
    """

    policies: PolicySet
    match: Match
    engine_version: str  # of the engine that decided at the time
    differences: tuple[tuple[str, str], ...]
    again: Mapping[str, Any]


def replay(pinned: Mapping[str, Any]) -> Replay:
    """Evaluate the pinned texts over the pinned values.

    Raises:
        InputError: ``evidence_broken``, this is not a pinned decision, or its texts no longer load.
    """
    try:
        return _replayed(pinned)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, OSError) as error:
        zh, en = "留存的依据不完整,无法重算", f"what was pinned is incomplete and cannot be replayed: {error!r}"
        raise InputError("evidence_broken", zh, en) from error


def _replayed(pinned: Mapping[str, Any]) -> Replay:
    if pinned.get("format") != 1:
        raise ValueError(f"format {pinned.get('format')!r}")
    policies = _library(pinned["files"])
    policy = next(policy for policy in policies.policies if policy.key == pinned["policy"])
    reading = Reading.of(_enterprise(pinned, policies.catalogue))
    matches = Evaluator(policies, reading.enterprise, date.fromisoformat(pinned["as_of"])).match(policy)
    match = next(match for match in matches if match.subject == pinned["subject"])
    amount = pinned["amount"]
    if amount is not None and {type(amount["min"]), type(amount["max"])} - {int, type(None)}:
        raise ValueError(f"amount {amount!r}")
    again = pin(policies, match, reading)
    return Replay(policies, match, str(pinned["engine_version"]), tuple(_differences(pinned, again)), again)


def _differences(pinned: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, zh, en in _COMPARED:
        if pinned[key] != again[key]:
            yield f"{zh}:原 {pinned[key]},现 {again[key]}", f"{en}: was {pinned[key]}, is {again[key]}"
    unread = sorted(set(again["values"]) - set(pinned["values"]))
    unread += sorted(set(again["collections"]) - set(pinned["collections"]))
    if unread:
        names = ", ".join(unread)
        yield f"现在读取了当时未读取的指标:{names}", f"reads what was not read then: {names}"


def _library(files: Mapping[str, str]) -> PolicySet:
    with tempfile.TemporaryDirectory(prefix="subsidy-replay-") as scratch:
        folder = Path(scratch) / "policies"
        for name, text in files.items():
            parts = PurePosixPath(name).parts
            if PurePosixPath(name).is_absolute() or ".." in parts:
                raise ValueError(f"a file outside the library: {name}")
            path = folder.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        try:
            return load_policies(folder)
        except SubsidyError as error:
            zh, en = f"留存的文本无法载入:{error.zh}", f"the pinned texts cannot be loaded: {error.en}"
            raise InputError("evidence_broken", zh, en) from error


# --- the enterprise as it was read ---


def _enterprise(pinned: Mapping[str, Any], catalogue: Catalogue) -> Enterprise:
    values = {
        key: Known(_scalar(entry["value"], _type_of(key, catalogue)), _source(entry["source"]))
        for key, entry in pinned["values"].items()
        if entry is not None
    }
    collections = {
        name: _collection(entry, catalogue.collections[name].fields)
        for name, entry in pinned["collections"].items()
        if entry is not None
    }
    return Enterprise(pinned["uscc"], pinned["name"], values, collections)


def _type_of(key: str, catalogue: Catalogue) -> Type:
    fact = catalogue.facts.get(key) or catalogue.facts[key.rpartition("_")[0]]
    return fact.type


def _collection(entry: Mapping[str, Any], fields: Mapping[str, Any]) -> Collection:
    rows = tuple(
        {name: None if value is None else _scalar(value, fields[name].type) for name, value in row.items()}
        for row in entry["rows"]
    )
    loaded = {department: date.fromisoformat(day) for department, day in entry["loaded"].items()}
    return Collection(rows, loaded, bool(entry["disputed"]), _source(entry["source"]))


def _scalar(value: Any, type_: Type) -> Scalar:
    match type_.kind:
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.CODES:
            return tuple(str(code) for code in value)
        case Kind.BOOL if isinstance(value, bool):
            return value
        case Kind.NUMBER if isinstance(value, int) and not isinstance(value, bool):
            return value
        case Kind.CODE | Kind.TEXT if isinstance(value, str):
            return value
        case _:
            raise ValueError(f"{value!r} is not {type_}")


def _source(entry: Mapping[str, Any] | None) -> Source | None:
    if entry is None:
        return None
    day = date.fromisoformat(entry["as_of"]) if entry["as_of"] else None
    return Source(entry["department"], day, entry["batch"], Quality(entry["quality"]))
