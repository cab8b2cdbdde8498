"""What result tables say of policies, as short columns that rows point to."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from subsidy_match.matching.vector.plan import Plan

__all__ = ["Texts"]


@dataclass(frozen=True, slots=True)
class Texts:
    """Id, first day and claim period of every policy of a plan, in its order."""

    ids: pa.Array
    starts: pa.Array
    periods: pa.Array

    @classmethod
    def of(cls, plan: Plan) -> Texts:
        """Those of a plan."""
        policies = [one.policy for one in plan.lowered]
        return cls(
            pa.array([policy.id for policy in policies], pa.string()),
            pa.array([policy.start for policy in policies], pa.date32()),
            pa.array([policy.period(plan.as_of).id for policy in policies], pa.string()),
        )
