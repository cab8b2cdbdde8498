"""Plans for one firm after another, made once a process for a policy set and a day, and a few of them kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date

from subsidy_match.matching.vector.one import BriefPlan
from subsidy_match.matching.vector.plan import make_plan
from subsidy_match.rules.policy import PolicySet

__all__ = ["Plans"]

_KEPT = (
    3  # today's; yesterday's or those of the set before, for requests that began on them; one that somebody asked about
)


@dataclass(slots=True)
class Plans:
    """The plans used last. Safe for threads: a plan is made once, whoever else waits for it, and does not change."""

    kept: int = _KEPT
    _plans: OrderedDict[tuple[str, date], BriefPlan] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def get(self, policies: PolicySet, as_of: date) -> BriefPlan:
        """The plan of a policy set on a day; two sets of one hash are one set."""
        key = policies.hash, as_of
        found = self._find(key)
        if found is None:
            with self._making:  # one at a time: making a plan keeps a core busy
                found = self._find(key) or self._keep(key, BriefPlan(make_plan(policies, as_of)))
        return found

    def _find(self, key: tuple[str, date]) -> BriefPlan | None:
        with self._lock:
            found = self._plans.get(key)
            if found is not None:
                self._plans.move_to_end(key)
            return found

    def _keep(self, key: tuple[str, date], plan: BriefPlan) -> BriefPlan:
        with self._lock:
            self._plans[key] = plan
            while len(self._plans) > self.kept:
                self._plans.popitem(last=False)
        return plan
