"""The two engines side by side on enterprises in memory: every verdict and every amount must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from subsidy_match.matching.vector.blocks import Dictionaries
from subsidy_match.matching.vector.evaluation import compile_plan, evaluate
from subsidy_match.matching.vector.one import BriefPlan
from subsidy_match.matching.vector.pairs import CODES
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.matching.vector.sources import Source, subjects_of, table_of
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.truth import Verdict

Result = tuple[str, int | None, int | None]  # verdict, bounds of the amount
Key = tuple[str, str, str | None]  # code, policy, subject

Results = list[Result]  # rows without a key cannot be told apart: several results of one key

_VERDICTS = {code: verdict.value for verdict, code in CODES.items()}


@dataclass(frozen=True)
class Twin:
    """What both engines say of some enterprises."""

    reference: Mapping[Key, Results]
    vector: Mapping[Key, Results]
    tallies: Mapping[tuple[str, str], tuple[int, int]]  # (policy, verdict) -> reference, vector

    @property
    def differences(self) -> list[tuple[Key, Results, Results]]:
        """Where they differ."""
        keys = self.reference.keys() | self.vector.keys()
        found = [
            (key, *(sorted(side.get(key, []), key=repr) for side in (self.reference, self.vector))) for key in keys
        ]
        return sorted((d for d in found if d[1] != d[2]), key=repr)


def compare_engines(policies: PolicySet, firms: Sequence[Enterprise], as_of: date, block: int = 1000) -> Twin:
    """Run both engines."""
    plan = make_plan(policies, as_of)
    compiled, dictionaries = compile_plan(plan), Dictionaries()
    vector: dict[Key, Results] = {}
    totals = {}
    for first in range(0, len(firms), block):
        some = firms[first : first + block]
        source = Source(plan, _loaded(some), _disputed(some), {}, dictionaries)
        here = source.block(table_of(some, plan))
        parts, tally = evaluate(compiled, here, unknowns=True)
        totals[first] = tally.closed()
        for pairs in parts:
            for n in range(len(pairs)):
                policy = plan.lowered[int(pairs.policies[n])].policy
                key = some[int(pairs.firms[n])].uscc, policy.id, _subject(here, policy, int(pairs.rows[n]))
                low = int(pairs.low[n]) if pairs.has_low[n] else None
                high = int(pairs.high[n]) if pairs.has_high[n] else None
                vector.setdefault(key, []).append((_VERDICTS[int(pairs.verdicts[n])], low, high))
    reference: dict[Key, Results] = {}
    counts: dict[tuple[str, str], int] = {}
    for firm in firms:
        for match in Evaluator(policies, firm, as_of).match_all():
            counts[match.policy.id, match.verdict.value] = counts.get((match.policy.id, match.verdict.value), 0) + 1
            if match.verdict is not Verdict.INELIGIBLE:
                ends = (None, None) if match.amount is None else (match.amount.lo, match.amount.hi)
                low, high = (None if end is None or isinstance(end, float) else int(end) for end in ends)
                key = firm.uscc, match.policy.id, match.subject
                reference.setdefault(key, []).append((match.verdict.value, low, high))
    tallies = {
        (one.policy.id, verdict.value): (
            counts.get((one.policy.id, verdict.value), 0),
            sum(int(total[place, CODES[verdict]]) for total in totals.values()),
        )
        for place, one in enumerate(plan.lowered)
        for verdict in Verdict
    }
    return Twin(reference, vector, tallies)


def briefly(policies: PolicySet, firms: Sequence[Enterprise], as_of: date) -> Mapping[Key, Results]:
    """What the interactive path says of each firm, refusals left out."""
    plan = BriefPlan(make_plan(policies, as_of))
    found: dict[Key, Results] = {}
    for firm in firms:
        for brief in plan.match(firm):
            if brief.verdict is not Verdict.INELIGIBLE:
                key = firm.uscc, brief.policy.id, brief.subject
                found.setdefault(key, []).append((brief.verdict.value, brief.low, brief.high))
    return found


def _loaded(firms: Sequence[Enterprise]) -> dict[str, Mapping[str, date]]:
    return {name: found.loaded for firm in firms[:1] for name, found in firm.collections.items()}


def _disputed(firms: Sequence[Enterprise]) -> dict[str, pa.Array]:
    found: dict[str, list[str]] = {}
    for firm in firms:
        for name, collection in firm.collections.items():
            if collection.disputed:
                found.setdefault(name, []).append(firm.uscc)
    return {name: pa.array(codes) for name, codes in found.items()}


def _subject(block: Any, policy: Any, row: int) -> str | None:
    return subjects_of(policy, block, np.array([row]))[0].as_py()  # type: ignore[no-any-return]
