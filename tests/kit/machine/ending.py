"""Withdrawn, held, unheld; and attempts made before the last step."""

from __future__ import annotations

from datetime import timedelta

from hypothesis.stateful import rule

from machine.base import CLAIMS, Base, tried
from machine.model import Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.clock import TOLERANCE
from subsidy_match.claims.transition import Transition


class Ending(Base):
    """Somebody's clock runs behind."""

    @rule(claim_id=CLAIMS)
    def hold_before_the_last_step(self, claim_id: int):
        desk, supervisor = self.world.desk, self.world.people["supervisor"]
        at = desk.claim(claim_id).updated_at - TOLERANCE - timedelta(microseconds=1)
        payload = {"reason_code": "other"}
        moved, _ = tried(lambda: desk.fire(claim_id, "hold", actor=supervisor, at=at, payload=payload))
        assert moved is None


def _hold(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.is_held = row.event == "hold"


def _release(model: Model, claim: ModelClaim) -> None:
    claim.money, claim.is_waiting = {}, False


TOPIC = Topic(
    guards={
        "not_held": lambda model, claim, attempt: not claim.is_held,
        "held": lambda model, claim, attempt: claim.is_held,
    },
    apply={"hold": _hold, "unhold": _hold},
    money={"release": _release},
    dead=frozenset({"WITHDRAWN"}),
)
