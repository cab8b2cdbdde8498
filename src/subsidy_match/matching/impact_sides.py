"""The two sides of a comparison: which version on which day within which set, and a population evaluated under both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from subsidy_match.errors import NotFound
from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.matching.impact import Firm, Pair, Standing
from subsidy_match.matching.results import Progress
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.codes import industry_prefixes
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.evaluator import Evaluator
from subsidy_match.rules.policy import Period, Policy, PolicySet
from subsidy_match.rules.reasons import Match

__all__ = ["Side", "day_within", "firm_of", "matches_of", "pairs", "standings", "version_near"]

Payments = Mapping[str, Sequence[Payment]]

_BLOCK = 100
_SECTION_OF = {prefix: letter for letter in "ABCDEFGHIJKLMNOPQRST" for prefix in industry_prefixes(letter)}


@dataclass(frozen=True, slots=True)
class Side:
    """One version of a policy, the set that it is read within, and the day on which it is evaluated.

    ``origin`` says where the set comes from: published, configured, or the path that was given.
    """

    policies: PolicySet
    policy: Policy
    as_of: date
    origin: str

    @property
    def period(self) -> Period:
        """The period of claims that the day falls in."""
        return self.policy.period(self.as_of)


def version_near(policies: PolicySet, policy_id: str, day: date) -> Policy:
    """The version of a policy in force on ``day``, else the next to begin, else the last that was.

    Raises:
        NotFound: there is no such policy, or the text of none of its versions is at hand.
    """
    versions = [policy for policy in policies.policies if policy.id == policy_id and not policy.needs_source]
    if not versions:
        return policies.get(policy_id, day)
    coming = [policy for policy in versions if policy.end >= day]
    return min(coming, key=lambda policy: policy.start) if coming else max(versions, key=lambda policy: policy.start)


def day_within(policy: Policy, day: date) -> date:
    """The day nearest to ``day`` on which a version is in force.

    Raises:
        NotFound: the text of the version is not at hand, so that it decides nothing.
    """
    if policy.needs_source:
        zh, en = f"{policy.key} 的文本尚未录入", f"the text of {policy.key} is not at hand"
        raise NotFound("policy_needs_source", zh, en)
    return max(policy.start, min(day, policy.end))


def firm_of(enterprise: Enterprise) -> Firm:
    """What the report says of a firm."""
    district, industry, size = (
        _code(enterprise, fact) for fact in ("district_code", "industry_code", "enterprise_size")
    )
    section = _SECTION_OF.get(industry[:2]) if industry else None
    return Firm(enterprise.uscc, enterprise.name, district, section, size)


def matches_of(side: Side, enterprise: Enterprise, payments: Sequence[Payment] = ()) -> list[Match]:
    """One firm under one version, with every reason."""
    return Evaluator(side.policies, with_payments(enterprise, payments), side.as_of).match(side.policy)


def standings(matches: Sequence[Match]) -> tuple[Standing, ...]:
    """The same without the reasons; an amount is at least nothing."""
    return tuple(_standing(match) for match in matches)


def pairs(
    old: Side | None, new: Side, snapshot: Snapshot, payments: Payments, progress: Progress | None = None
) -> Iterator[Pair]:
    """Every firm of a snapshot under both versions, streamed."""
    total, done = snapshot.count(), 0
    for done, enterprise in enumerate(snapshot.enterprises(), start=1):
        paid = payments.get(enterprise.uscc, ())
        before, after = (standings(matches_of(side, enterprise, paid)) if side else () for side in (old, new))
        yield Pair(firm_of(enterprise), before, after)
        if progress is not None and done % _BLOCK == 0:
            progress(done, total)
    if progress is not None:
        progress(done, total)


def _standing(match: Match) -> Standing:
    if match.amount is None:
        return Standing(match.subject, match.verdict)
    low, high = match.amount.lo, match.amount.hi
    least = 0 if isinstance(low, float) else max(0, int(low))
    return Standing(match.subject, match.verdict, least, None if isinstance(high, float) else max(0, int(high)))


def _code(enterprise: Enterprise, fact: str) -> str | None:
    known = enterprise.values.get(fact)
    return known.value if known and isinstance(known.value, str) and known.value else None
