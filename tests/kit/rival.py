"""A process that accepts every claim it can, racing others over one fund; it may be killed at any moment.

Arguments: the URL of the store, the folder of the sealing key, a number that shuffles the claims.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from claims_world import CALENDAR, MORNING, FakeAssessor

from subsidy_match.claims.service import ClaimDesk, ClaimFilter
from subsidy_match.errors import RetryableError, SubsidyError
from subsidy_match.store.engine import open_engine
from subsidy_match.store.sealing import load_sealer
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import user_by_login


def accept_all(url: str, home: str, number: str) -> None:
    engine = open_engine(url)
    desk = ClaimDesk(engine, FakeAssessor(), CALENDAR, load_sealer(Path(home) / "seal.key"))
    clerk = in_unit(engine, lambda session: user_by_login(session, "clerk"))
    waiting = [claim.id for claim in desk.list_claims(ClaimFilter(limit=1000))]
    random.Random(number).shuffle(waiting)
    for claim_id in waiting:
        while True:
            try:
                desk.fire(claim_id, "accept", actor=clerk, at=MORNING)
            except RetryableError:
                continue
            except SubsidyError as refusal:
                if refusal.code != "event_not_allowed":
                    raise
            break
    engine.dispose()


if __name__ == "__main__":
    accept_all(*sys.argv[1:])
