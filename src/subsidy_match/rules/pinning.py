"""A decision kept so that it can be worked out again: the texts, the tables, and every value that was read.

A pinned decision is plain data for canonical JSON. It stands alone: nothing of the library, the snapshot or the store that it
came from is needed to replay it (``rules.replay``). Money is 分; dates are ISO texts; an absent value is null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from subsidy_match import __version__
from subsidy_match.rules import source
from subsidy_match.rules.enterprise import Collection, Enterprise, Known, Scalar, Source
from subsidy_match.rules.explanation import explain
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.span import Bound
from subsidy_match.rules.tree import PaidUnder, Status
from subsidy_match.rules.walking import nodes_below

__all__ = ["Reading", "pin"]

_T = TypeVar("_T")
_FORMAT = 1


class _Recorded(Mapping[str, _T], Generic[_T]):
    """A mapping that remembers which keys were asked for, those that are absent included."""

    def __init__(self, of: Mapping[str, _T]) -> None:
        self._of = of
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> _T:
        self.asked.add(key)
        return self._of[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)


@dataclass(frozen=True, slots=True)
class Reading:
    """An enterprise that is being evaluated: hand ``enterprise`` to the evaluator, then pin what was read of it."""

    enterprise: Enterprise
    values: _Recorded[Known]
    collections: _Recorded[Collection]

    @classmethod
    def of(cls, enterprise: Enterprise) -> Reading:
        """Begin to read an enterprise; one with bounds stands for many and is nobody's decision."""
        if enterprise.bounds:
            raise ValueError("a decision is about one enterprise, not about bounds")
        values, collections = _Recorded(enterprise.values), _Recorded(enterprise.collections)
        return cls(Enterprise(enterprise.uscc, enterprise.name, values, collections), values, collections)


def pin(policies: PolicySet, match: Match, reading: Reading) -> dict[str, Any]:
    """Keep a decision with everything it rests on."""
    low, high = (match.amount.lo, match.amount.hi) if match.amount is not None else (None, None)
    return {
        "format": _FORMAT,
        "engine_version": __version__,
        "policy_set": policies.hash,
        "parameters_hash": policies.parameters_hash,
        "policy": match.policy.key,
        "policy_hash": match.policy.hash,
        "uscc": match.uscc,
        "name": reading.enterprise.name,
        "as_of": match.as_of.isoformat(),
        "period": match.period.id,
        "subject": match.subject,
        "verdict": match.verdict.value,
        "amount": None if match.amount is None else {"min": _end(low), "max": _end(high)},
        "files": dict(_files(policies, match.policy)),
        "values": {key: _known(reading.values.get(key)) for key in sorted(reading.values.asked)},
        "collections": {key: _list(reading.collections.get(key)) for key in sorted(reading.collections.asked)},
        "explanation": explain(match, policies),
    }


def _files(policies: PolicySet, policy: Policy) -> Iterator[tuple[str, str]]:
    """The files that the policy means anything by: catalogue, clauses, tables, and the policies that it asks about."""
    wanted = _asked_about(policies, policy)
    paths = {p.path.partition("/")[2]: p.id for p in policies.policies}
    for name, text in sorted(policies.files.items()):
        if (name not in paths and not name.startswith("parameters/calendar/")) or paths.get(name) in wanted:
            yield name, text


def _asked_about(policies: PolicySet, policy: Policy) -> set[str]:
    """The policy, those whose status it asks for or whose payments it counts, and what they ask about in turn."""
    found: set[str] = set()
    waiting = [policy.id, *_named_by_derived(policies)]  # every derived fact is read when the files are loaded
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += [name for p in policies.policies if p.id == current for name in _named(p)]
    return found


def _named_by_derived(policies: PolicySet) -> Iterator[str]:
    """The policies of every group whose payments a derived fact counts."""
    groups = {text for node in policies.catalogue.derived.values() for text in _groups_below(node)}
    yield from (policy.id for policy in policies.policies if any(e.group in groups for e in policy.exclusive))


def _groups_below(node: source.Node) -> Iterator[str]:
    match node:
        case source.Mapped(entries=entries):
            for key, inner in entries.items():
                if key == "paid_under" and isinstance(inner, source.Scalar):
                    yield inner.text
                yield from _groups_below(inner)
        case source.Sequence(items=items):
            for item in items:
                yield from _groups_below(item)


def _named(policy: Policy) -> Iterator[str]:
    item_if = policy.for_each.item_if if policy.for_each is not None else None
    terms = (policy.amount.each, policy.amount.total, policy.amount.cap) if policy.amount is not None else ()
    for node in nodes_below(policy.condition, item_if, *terms):
        match node:
            case Status(granted_by=granting):
                yield from granting
            case PaidUnder(policies=paying):
                yield from paying


def _end(bound: Bound | None) -> int | None:
    return None if bound is None or isinstance(bound, float) else int(bound)


def _known(known: Known | None) -> dict[str, Any] | None:
    return None if known is None else {"value": _plain(known.value), "source": _source(known.source)}


def _list(found: Collection | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "rows": [{name: _plain(value) for name, value in row.items()} for row in found.rows],
        "loaded": {department: day.isoformat() for department, day in sorted(found.loaded.items())},
        "disputed": found.disputed,
        "source": _source(found.source),
    }


def _plain(value: Scalar | None) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _source(found: Source | None) -> dict[str, str | None] | None:
    if found is None:
        return None
    return {
        "department": found.department,
        "as_of": found.as_of.isoformat() if found.as_of else None,
        "batch": found.batch,
        "quality": found.quality.value,
    }
