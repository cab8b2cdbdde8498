"""The one place where everything is wired: settings, published policies, snapshot in force, store, claims desk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy.engine import Engine

from subsidy_match.calendar import WorkingCalendar, load_calendar
from subsidy_match.claims.assessment import Assessor
from subsidy_match.claims.documents import DocumentRoom
from subsidy_match.claims.matched import MatchingAssessor
from subsidy_match.claims.payment.payments import payments_of
from subsidy_match.claims.risk.qa_sample import Sampling
from subsidy_match.claims.sealed import has_sealed
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.errors import RetryableError
from subsidy_match.matching.history import Payment
from subsidy_match.matching.overview import Overview, look_over
from subsidy_match.matching.plans import Plans
from subsidy_match.matching.single import match_one
from subsidy_match.profiles.publishing import Shelf
from subsidy_match.profiles.reading import Snapshot, open_snapshot
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.publishing import current_revision, published_policies
from subsidy_match.rules.reasons import Match
from subsidy_match.settings import Settings
from subsidy_match.store.engine import is_made, open_engine
from subsidy_match.store.sealing import Sealer, load_sealer
from subsidy_match.store.unit import in_unit

__all__ = ["Platform"]


@dataclass(slots=True)
class Platform:
    """What a process works with. Safe for threads; a request that began on one snapshot or policy set ends on it."""

    settings: Settings
    engine: Engine = field(init=False)
    calendar: WorkingCalendar = field(init=False)
    desk: ClaimDesk = field(init=False)
    plans: Plans = field(default_factory=Plans)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _policies: tuple[str, PolicySet] | None = None
    _snapshot: Snapshot | None = None

    def __post_init__(self) -> None:
        _ = self.sampling  # refused here, at the start, rather than at the first submission
        self.engine = open_engine(self.settings.url)
        self.calendar = load_calendar(self.settings.policies / "parameters" / "calendar")
        assessor = self.assessor(self.policies, self.snapshot)
        tolerance = timedelta(seconds=self.settings.clock_tolerance)
        self.desk = ClaimDesk(self.engine, assessor, self.calendar, self._sealer(), tolerance)

    def _sealer(self) -> Sealer:
        """The sealer; a key is made only while nothing is sealed, for then none can have been lost."""
        path = self.settings.account_key
        return load_sealer(path, create=path.exists() or not self._has_sealed())

    def _has_sealed(self) -> bool:
        if not is_made(self.settings.url):
            return False
        try:
            return in_unit(self.engine, has_sealed, immediate=False)
        except RetryableError as error:
            if error.code == "store_not_migrated":
                return False
            raise

    @property
    def sampling(self) -> Sampling:
        """Which claims are drawn for re-examination."""
        return Sampling(self.settings.qa_percent, self.settings.qa_percents, self.settings.qa_seed)

    @property
    def documents(self) -> DocumentRoom:
        """The documents that firms hand in."""
        return DocumentRoom(self.engine, self.settings.documents)

    def assessor(self, policies: Callable[[], PolicySet], snapshot: Callable[[], Snapshot]) -> Assessor:
        """What assesses claims, by the policy set and the snapshot of whoever asks."""
        return MatchingAssessor(policies, snapshot, self.payments, self.sampling)

    def policies(self) -> PolicySet:
        """The policy set that is published now, loaded once a revision.

        Raises:
            NotFound: nothing has been published.
        """
        revision = current_revision(self.settings.published)
        with self._lock:
            if self._policies is None or self._policies[0] != revision:
                self._policies = revision, published_policies(self.settings.published, revision)
            return self._policies[1]

    def snapshot(self) -> Snapshot:
        """The snapshot in force, opened once; an older one stays readable for whoever still holds it.

        Raises:
            NotFound: nothing has been imported.
        """
        wanted = Shelf(self.settings.home).find(None)
        with self._lock:
            if self._snapshot is None or self._snapshot.id != wanted:
                self._snapshot = open_snapshot(self.settings.home)  # by now perhaps a newer one
            return self._snapshot

    def payments(self, uscc: str) -> Sequence[Payment]:
        """What this system has paid to a firm."""
        return payments_of(self.engine, uscc)

    def match(self, uscc: str, as_of: date, *, policy_ids: Sequence[str] | None = None) -> list[Match]:
        """Match one firm of the snapshot against the published policies."""
        enterprise = self.snapshot().enterprise(uscc)
        return match_one(self.policies(), enterprise, as_of, policy_ids=policy_ids, payments=self.payments(uscc))

    def overview(self, uscc: str, as_of: date) -> Overview:
        """All verdicts and amounts of one firm of the snapshot."""
        policies, snapshot = self.policies(), self.snapshot()
        enterprise = snapshot.enterprise(uscc)
        payments = self.payments(enterprise.uscc)
        return look_over(self.plans.get(policies, as_of), enterprise, payments=payments, snapshot_id=snapshot.id)

    def close(self) -> None:
        """Let go of files and connections."""
        self.engine.dispose()
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.close()
                self._snapshot = None
