"""One enterprise against the policies: the interactive path of the API and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.truth import Verdict

__all__ = ["match_one", "ranked"]

_ORDER = (Verdict.ELIGIBLE, Verdict.TO_CONFIRM, Verdict.UNKNOWN, Verdict.INELIGIBLE)


def match_one(
    policies: PolicySet,
    enterprise: Enterprise,
    as_of: date,
    *,
    policy_ids: Sequence[str] | None = None,
    payments: Sequence[Payment] = (),
) -> list[Match]:
    """Match one enterprise against all policies in force on ``as_of``, or against some.

    Raises:
        NotFound: a policy named is unknown or not in force.
    """
    evaluator = Evaluator(policies, with_payments(enterprise, payments), as_of)
    if policy_ids is None:
        return list(evaluator.match_all())
    return [match for policy_id in policy_ids for match in evaluator.match(policies.get(policy_id, as_of))]


def ranked(matches: Sequence[Match]) -> list[Match]:
    """Best news first: by verdict, then by the most that could be paid."""
    return sorted(matches, key=lambda m: (_ORDER.index(m.verdict), -(m.amount.hi if m.amount else 0), m.policy.id))
