"""The shape of match results: one row for each enterprise, policy and subject."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from subsidy_match.rules.reasons import Match

__all__ = ["SCHEMA", "to_batch"]

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
        pa.field("missing", pa.list_(pa.string()), nullable=False),
    ]
)


def to_batch(matches: Iterable[Match]) -> pa.RecordBatch:
    """Matches as one Arrow record batch."""
    return pa.RecordBatch.from_pylist([_row(match) for match in matches], schema=SCHEMA)


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
        "missing": list(match.missing),
    }
