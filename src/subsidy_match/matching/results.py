"""The shape of match results: one row for each enterprise, policy and subject that is not refused, and counts of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from subsidy_match.rules.reasons import Match
from subsidy_match.rules.truth import Verdict

__all__ = ["FAVOURABLE", "SCHEMA", "BlockResult", "Progress", "from_matches"]

Progress = Callable[[int, int], None]  # done, total
FAVOURABLE = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM)
SCHEMA = pa.schema(
    [
        pa.field("uscc", pa.string(), nullable=False),
        pa.field("policy_id", pa.string(), nullable=False),
        pa.field("policy_version", pa.date32(), nullable=False),
        pa.field("period", pa.string(), nullable=False),
        pa.field("subject", pa.string()),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("amount_min", pa.int64()),  # 分
        pa.field("amount_max", pa.int64()),  # 分; null where nothing bounds it
        pa.field("automatic", pa.bool_(), nullable=False),
    ]
)


@dataclass(slots=True)
class BlockResult:
    """What a block of firms came to.

    ``favourable`` and ``unknown`` are tables of :data:`SCHEMA`, texts perhaps as dictionaries; ``unknown`` has no rows
    unless they were asked for. ``counts`` has every verdict of every policy, refusals included.
    """

    number: int
    firms: int
    favourable: pa.Table
    unknown: pa.Table
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def from_matches(
    number: int, firms: int, matches: Iterable[Match], policies: Sequence[str], *, unknowns: bool
) -> BlockResult:
    """The matches of some firms, worked out one by one."""
    counts = {policy: {verdict.value: 0 for verdict in Verdict} for policy in policies}
    rows: dict[bool, list[dict[str, object]]] = {True: [], False: []}
    for match in matches:
        counts[match.policy.id][match.verdict.value] += 1
        if match.verdict in FAVOURABLE or (unknowns and match.verdict is Verdict.UNKNOWN):
            rows[match.verdict in FAVOURABLE].append(_row(match))
    favourable, unknown = (pa.Table.from_pylist(rows[kind], schema=SCHEMA) for kind in (True, False))
    return BlockResult(number, firms, favourable, unknown, counts)


def _row(match: Match) -> dict[str, object]:
    ends = (None, None) if match.amount is None else (match.amount.lo, match.amount.hi)
    low, high = (None if end is None or isinstance(end, float) else int(end) for end in ends)
    return {
        "uscc": match.uscc,
        "policy_id": match.policy.id,
        "policy_version": match.policy.start,
        "period": match.period.id,
        "subject": match.subject,
        "verdict": match.verdict.value,
        "amount_min": low,
        "amount_max": high,
        "automatic": match.is_automatic,
    }
