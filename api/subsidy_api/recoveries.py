"""Recoveries of a claim: proposed, approved by another, received by instalments, written off by two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import Field, StrictInt, StringConstraints
from sqlalchemy.orm import Session
from starlette.responses import Response

from subsidy_api.bodies.recoveries import RecoveryBody
from subsidy_api.context import Moment, PinnedDep, PlatformDep, Today
from subsidy_api.idempotency import Keep, Once, OnceDep
from subsidy_api.problems import responses
from subsidy_api.schemas import Body, Id, Line
from subsidy_api.security import Caller, Officer, is_outsider
from subsidy_match.claims.reading import visible_row
from subsidy_match.claims.recovery import Recovery, recoveries_of
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.claims.states import Event
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["router"]

router = APIRouter(prefix="/v1/claims/{claim_id}/recoveries", tags=["recoveries"])
ClaimId = Annotated[Id, Path()]
RecoveryId = Annotated[Id, Path()]
Amount = Annotated[StrictInt, Field(ge=1, le=10**15)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_WRITES = (400, 401, 403, 404, 409, 413, 422, 503)


class Instalment(Body):
    """What is due by which day."""

    due_on: date
    amount: Amount


class NewRecovery(Body):
    """Money to be demanded back; ``returns_to`` is ``fund`` or ``treasury``, the instalments add up to ``amount``."""

    amount: Amount
    returns_to: Annotated[str, StringConstraints(pattern="^(fund|treasury)$")]
    reason_code: Line
    note: Note
    plan: Annotated[list[Instalment], Field(min_length=1, max_length=120)]


class NewRecoveryReceipt(Body):
    """Money that came back; a ``reference`` is entered once."""

    amount: Amount
    reference: Line
    received_on: date


class NewWriteOff(Body):
    """Why the rest is given up."""

    reason_code: Line
    note: Note


class Opinion(Body):
    """What is said with a decision."""

    note: Note


class Deed:
    """Who does what to which recovery, when."""

    def __init__(self, desk: ClaimDesk, actor: Actor, at: datetime, today: date, once: Once) -> None:
        """Keep what every write of this module has in common."""
        self.desk, self.actor, self.at, self.today, self.once = desk, actor, at, today, once

    def fire(self, status: int, claim_id: int, event: Event, payload: Mapping[str, Any]) -> Response:
        """Let an event happen and answer with the recovery that it is about."""

        def work(keep: Keep) -> None:
            self.desk.fire(
                claim_id,
                event,
                actor=self.actor,
                at=self.at,
                payload=payload,
                also=lambda session, claim: keep(session, self._answer(session, claim.id)),
            )

        return self.once.run(status, work)

    def _answer(self, session: Session, claim_id: int) -> bytes:
        newest = recoveries_of(session, claim_id)[-1]
        return _body(newest, self.today, self.actor).model_dump_json().encode()


async def _deed(pinned: PinnedDep, actor: Officer, at: Moment, today: Today, once: OnceDep) -> Deed:
    return Deed(pinned.desk(), actor, at, today, once)


DeedDep = Annotated[Deed, Depends(_deed)]


@router.get("", response_model=list[RecoveryBody], responses=responses(401, 404, 422, 503))
def list_recoveries(claim_id: ClaimId, platform: PlatformDep, actor: Caller, today: Today) -> list[RecoveryBody]:
    """一个办件的追回,由旧到新 / The recoveries of a claim, oldest first; a firm sees those of its own."""

    def read(session: Session) -> list[RecoveryBody]:
        claim = visible_row(session, claim_id, actor)
        return [_body(found, today, actor) for found in recoveries_of(session, claim.id)]

    return in_unit(platform.engine, read, immediate=False)


@router.post("", status_code=201, response_model=RecoveryBody, responses=responses(*_WRITES))
def propose_recovery(claim_id: ClaimId, body: NewRecovery, deed: DeedDep) -> Response:
    """提出追回:不超过已付未追回的金额 / Propose a recovery of no more than was paid and has not come back."""
    plan = [{"due_on": due.due_on.isoformat(), "amount": due.amount} for due in body.plan]
    return deed.fire(201, claim_id, Event.PROPOSE_RECOVERY, body.model_dump() | {"plan": plan})


@router.post("/{recovery_id}/approve", response_model=RecoveryBody, responses=responses(*_WRITES))
def approve_recovery(claim_id: ClaimId, recovery_id: RecoveryId, deed: DeedDep) -> Response:
    """批准追回:须由未经办本件的人员 / Approve a recovery, as somebody new to the claim."""
    return deed.fire(200, claim_id, Event.APPROVE_RECOVERY, {"recovery": recovery_id})


@router.post("/{recovery_id}/refuse", response_model=RecoveryBody, responses=responses(*_WRITES))
def refuse_recovery(claim_id: ClaimId, recovery_id: RecoveryId, body: Opinion, deed: DeedDep) -> Response:
    """不同意追回 / Refuse a recovery that was proposed."""
    return deed.fire(200, claim_id, Event.REFUSE_RECOVERY, {"recovery": recovery_id, "note": body.note})


@router.post("/{recovery_id}/receipts", status_code=201, response_model=RecoveryBody, responses=responses(*_WRITES))
def receive_recovery(claim_id: ClaimId, recovery_id: RecoveryId, body: NewRecoveryReceipt, deed: DeedDep) -> Response:
    """登记追回到账,收齐即办结 / Enter money that came back; with the last of it the recovery is closed."""
    return deed.fire(201, claim_id, Event.RECEIVE_RECOVERY, body.model_dump() | {"recovery": recovery_id})


@router.post("/{recovery_id}/write-off", status_code=201, response_model=RecoveryBody, responses=responses(*_WRITES))
def propose_write_off(claim_id: ClaimId, recovery_id: RecoveryId, body: NewWriteOff, deed: DeedDep) -> Response:
    """提出核销余款 / Propose to give up the rest."""
    return deed.fire(201, claim_id, Event.PROPOSE_WRITE_OFF, body.model_dump() | {"recovery": recovery_id})


@router.post("/{recovery_id}/write-off/approve", response_model=RecoveryBody, responses=responses(*_WRITES))
def approve_write_off(claim_id: ClaimId, recovery_id: RecoveryId, deed: DeedDep) -> Response:
    """批准核销(提出人不得批准)/ Approve the write-off, as another person than who proposed it."""
    return deed.fire(200, claim_id, Event.APPROVE_WRITE_OFF, {"recovery": recovery_id})


@router.post("/{recovery_id}/write-off/refuse", response_model=RecoveryBody, responses=responses(*_WRITES))
def refuse_write_off(claim_id: ClaimId, recovery_id: RecoveryId, body: Opinion, deed: DeedDep) -> Response:
    """不同意核销 / Refuse the write-off: the rest is still to come back."""
    return deed.fire(200, claim_id, Event.REFUSE_WRITE_OFF, {"recovery": recovery_id, "note": body.note})


def _body(recovery: Recovery, today: date, viewer: Actor) -> RecoveryBody:
    """A recovery as ``viewer`` sees it: who decided and what they wrote is the office's own."""
    shown = {name: getattr(recovery, name) for name in RecoveryBody.model_fields if name != "overdue"}
    body = RecoveryBody.model_validate({**shown, "overdue": recovery.overdue_on(today)}, from_attributes=True)
    if not is_outsider(viewer):
        return body
    receipts = [receipt.model_copy(update={"actor": None}) for receipt in body.receipts]
    people = {"note": None, "proposed_by": None, "decided_by": None}
    return body.model_copy(update={**people, "receipts": receipts, "write_offs": []})
