"""Which claims are drawn for re-examination whatever their policy's chain says: a percentage, the same on every run.

The draw is a hash of the claim's id and a seed: nobody can choose, and anybody who knows the seed can check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from subsidy_match.claims.evidence_records import QaSample
from subsidy_match.claims.occasion import Occasion
from subsidy_match.errors import InputError

__all__ = ["Sampling", "draw", "is_drawn", "take_sample"]

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many of a hundred claims of each policy are drawn; ``percent`` where a policy has no number of its own."""

    percent: int = 0
    by_policy: Mapping[str, int] = field(default_factory=dict)
    seed: str = ""

    def __post_init__(self) -> None:
        """Refuse a draw that everybody can work out beforehand.

        Raises:
            InputError: ``qa_seed_missing``.
        """
        if not self.seed and any(percent > 0 for percent in (self.percent, *self.by_policy.values())):
            zh = "设置了抽查比例就必须设置抽查种子,否则申报人可以算出谁被抽中"
            en = "a percentage is drawn but no seed is set: whoever files could work out which claims are drawn"
            raise InputError("qa_seed_missing", zh, en, hint="SUBSIDY_QA_SEED")

    def percent_of(self, policy_id: str) -> int:
        """The percentage of one policy."""
        return min(max(self.by_policy.get(policy_id, self.percent), 0), _HUNDRED)


def draw(claim_id: int, seed: str) -> str:
    """The digest that decides whether a claim is drawn."""
    return hashlib.sha256(f"{seed}:{claim_id}".encode()).hexdigest()


def is_drawn(claim_id: int, seed: str, percent: int) -> bool:
    """Whether a claim is among the ``percent`` of a hundred."""
    return int(draw(claim_id, seed), 16) * _HUNDRED < percent << 256


def take_sample(occasion: Occasion) -> None:
    """Draw the claim, or not, when it is submitted; one that is drawn has a re-examination from then on."""
    claim, assessment = occasion.claim, occasion.require_assessment()
    if not is_drawn(claim.id, assessment.qa_seed, assessment.qa_percent):
        return
    claim.with_recheck = True
    drawn = draw(claim.id, assessment.qa_seed)
    occasion.session.add(QaSample(claim_id=claim.id, percent=assessment.qa_percent, drawn=drawn, drawn_at=occasion.at))
