"""Many events in one request: each is its own transaction, with its own version check, audit and idempotent answer.

The key of the request stands for the whole; under it every item has a key of its own, so that a request that was cut off
in the middle goes on where it stopped when it is sent again.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from subsidy_api.bodies.bulk import BulkAnswer, BulkRefusal, BulkResult, NewBulk, NewBulkItem
from subsidy_api.bodies.claims import ClaimBody
from subsidy_api.claims import fire
from subsidy_api.context import Moment, PinnedDep, Today
from subsidy_api.idempotency import Keep, Once, OnceDep
from subsidy_api.problems import responses, status_of
from subsidy_api.schemas import FindingBody, NewEvent
from subsidy_api.security import Caller
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.errors import RetryableError, SubsidyError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor

__all__ = ["router"]

router = APIRouter(prefix="/v1/claims", tags=["claims"])


@router.post("/bulk", response_model=BulkAnswer, responses=responses(400, 401, 403, 409, 413, 422, 503))
def fire_events(body: NewBulk, pinned: PinnedDep, actor: Caller, today: Today, at: Moment, once: OnceDep) -> Response:
    """批量办理:逐件办理、逐件回告 / Many events, each done or refused by itself, with a result for each."""
    desk = pinned.desk()

    def work(keep: Keep) -> None:
        results = [
            _one(desk, index, item, replace(once, key=_key_of(once, index), at=at), actor, today)
            for index, item in enumerate(body.items)
        ]
        done = sum(result.refusal is None for result in results)
        answer = BulkAnswer(done=done, refused=len(results) - done, results=results).model_dump_json().encode()
        in_unit(desk.engine, lambda session: keep(session, answer))

    return once.run(200, work)


def _one(desk: ClaimDesk, index: int, item: NewBulkItem, once: Once, actor: Actor, today: date) -> BulkResult:
    event = NewEvent(event=item.event, payload=item.payload)
    try:
        answer = once.run(200, lambda keep: fire(desk, item.claim_id, event, item.version, actor, once.at, today, keep))
    except RetryableError:
        if once.key is not None:
            raise  # sent again with its key the request goes on from here; without a key the others are still told
        return _refused(
            index, item, RetryableError("store_busy", "系统繁忙,请稍后重试", "the store is busy, try again")
        )
    except SubsidyError as error:
        return _refused(index, item, error)
    claim = ClaimBody.model_validate_json(bytes(answer.body))
    return BulkResult(index=index, claim_id=item.claim_id, status=200, claim=claim)


def _refused(index: int, item: NewBulkItem, error: SubsidyError) -> BulkResult:
    findings = [FindingBody.model_validate(finding.to_dict()) for finding in error.findings]
    refusal = BulkRefusal(code=error.code, zh=error.zh, en=error.en, hint=error.hint, findings=findings)
    return BulkResult(index=index, claim_id=item.claim_id, status=status_of(error), refusal=refusal)


def _key_of(once: Once, index: int) -> str | None:
    if once.key is None:
        return None
    return f"bulk:{hashlib.sha256(once.key.encode()).hexdigest()}:{index}"
