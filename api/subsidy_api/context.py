"""What handlers work with: the platform, the time of the request, and one policy set and one snapshot for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from subsidy_match.claims.clock import business_day
from subsidy_match.claims.payment.payouts import PayoutOffice
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.platform import Platform
from subsidy_match.profiles.reading import Snapshot
from subsidy_match.rules.policy import PolicySet

__all__ = ["Context", "Moment", "Pinned", "PinnedDep", "PlatformDep", "Today"]


@dataclass(frozen=True, slots=True)
class Context:
    """What an app was made with."""

    platform: Platform
    clock: Callable[[], datetime]


@dataclass(slots=True)
class Pinned:
    """One policy set and one snapshot, taken when first asked for: a request that began on them ends on them."""

    platform: Platform
    _policies: PolicySet | None = None
    _snapshot: Snapshot | None = None

    def policies(self) -> PolicySet:
        """The policy set of this request.

        Raises:
            NotFound: nothing has been published.
        """
        if self._policies is None:
            self._policies = self.platform.policies()
        return self._policies

    def snapshot(self) -> Snapshot:
        """The snapshot of this request.

        Raises:
            NotFound: nothing has been imported.
        """
        if self._snapshot is None:
            self._snapshot = self.platform.snapshot()
        return self._snapshot

    def desk(self) -> ClaimDesk:
        """The claims desk, assessing by this policy set and this snapshot."""
        return replace(self.platform.desk, assessor=self.platform.assessor(self.policies, self.snapshot))

    def office(self) -> PayoutOffice:
        """The cashier's office over that desk."""
        return PayoutOffice(self.desk(), self.platform.settings.treasury)


# These ask nobody: as coroutines they need no thread of the pool, of which each would cost a hand-over. What the app was
# made with is taken from the request itself: FastAPI goes down to every dependant of a dependant each time it is named.
async def _platform(request: Request) -> Platform:
    return _context(request).platform


async def _moment(request: Request) -> datetime:
    return _context(request).clock()


async def _today(moment: Annotated[datetime, Depends(_moment)]) -> date:
    return business_day(moment)


async def _pinned(request: Request) -> Pinned:
    return Pinned(_context(request).platform)


def _context(request: Request) -> Context:
    return cast(Context, request.app.state.context)


PlatformDep = Annotated[Platform, Depends(_platform)]
PinnedDep = Annotated[Pinned, Depends(_pinned)]
"""Pinned once a request, whoever asks for it."""
Moment = Annotated[datetime, Depends(_moment)]
"""The time of the request, read once."""
Today = Annotated[date, Depends(_today)]
"""The day in China of the request."""
