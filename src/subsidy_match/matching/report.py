"""The answer to "what is this firm entitled to?" as plain data: the same for the API and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from subsidy_match import __version__
from subsidy_match.matching.single import ranked
from subsidy_match.rules.explanation import explain
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match

__all__ = ["made_from", "report"]


def made_from(policies: PolicySet, snapshot_id: str | None) -> dict[str, str | None]:
    """What every answer carries: exactly which texts, tables, data and engine it was worked out from."""
    return {
        "policy_set": policies.hash,
        "parameters_hash": policies.parameters_hash,
        "snapshot": snapshot_id,
        "engine_version": __version__,
    }


def report(
    matches: Sequence[Match],
    policies: PolicySet,
    *,
    uscc: str | None,
    as_of: date,
    snapshot_id: str | None,
    lang: str = "zh",
) -> dict[str, Any]:
    """Explain all matches of one firm, best news first, with what they were worked out from.

    Args:
        matches: what ``match_one`` gave.
        policies: the policy set that was matched.
        uscc: the firm; ``None`` for a profile that somebody declared.
        as_of: the day of evaluation.
        snapshot_id: the snapshot that the profile is of; ``None`` for a declared one.
        lang: ``zh`` or ``en``, for the words of the explanations.
    """
    return {
        "uscc": uscc,
        "as_of": as_of.isoformat(),
        **made_from(policies, snapshot_id),
        "matches": [{**explain(match, policies, lang), "uscc": uscc} for match in ranked(matches)],
    }
