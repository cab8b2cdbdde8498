"""The report on one enterprise that the command line and the API both give: the same words, the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from subsidy_match import __version__
from subsidy_match.rules.explanation import explain
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match

__all__ = ["report"]


def report(
    matches: Sequence[Match],
    policies: PolicySet,
    *,
    uscc: str | None,
    as_of: date,
    snapshot_id: str | None,
    lang: str = "zh",
) -> dict[str, Any]:
    """Matches with every reason, and what they were worked out from; money in 分."""
    return {
        "uscc": uscc,
        "as_of": as_of.isoformat(),
        "policy_set": policies.hash,
        "snapshot": snapshot_id,
        "engine_version": __version__,
        "matches": [explain(match, policies, lang) for match in matches],
    }
