"""Every ✗ of the duties table, attempted over HTTP by somebody with every role there is: refused, audited, undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import pytest
from api_world import GIVEN, ApiWorld

from subsidy_match.claims.duties import FORBIDDEN, Duty

TWIN = "everything"
ORDER = list(Duty)
PAIRS = sorted((tuple(sorted(p, key=ORDER.index)) for p in FORBIDDEN), key=lambda p: [ORDER.index(d) for d in p])
USUAL: Mapping[Duty, str] = {
    Duty.FILER: "applicant",
    Duty.CLERK: "clerk",
    Duty.REVIEWER: "reviewer",
    Duty.RECHECKER: "rechecker",
    Duty.APPROVER: "approver",
    Duty.MAKER: "maker",
    Duty.CHECKER: "checker",
}
Act = Callable[[ApiWorld, int, str], httpx2.Response]


def _review(api: ApiWorld, claim: int, who: str) -> httpx2.Response:
    assigned = api.fire(claim, "assign", "lead", assignee=who)
    return assigned if assigned.status_code != 200 else api.fire(claim, "pass", who)


def _approve_batch(api: ApiWorld, claim: int, who: str) -> httpx2.Response:
    (batch,) = [b for b in api.get("/v1/payouts", "checker").json()["items"] if b["lines"][0]["claim_id"] == claim]
    return api.post(f"/v1/payouts/{batch['id']}/approve", who)


STEPS: Mapping[Duty, Act] = {
    Duty.FILER: lambda api, claim, who: api.fire(claim, "submit", who, materials=GIVEN),
    Duty.CLERK: lambda api, claim, who: api.fire(claim, "accept", who),
    Duty.REVIEWER: _review,
    Duty.RECHECKER: lambda api, claim, who: api.fire(claim, "pass", who),
    Duty.APPROVER: lambda api, claim, who: api.fire(claim, "approve", who),
    Duty.MAKER: lambda api, claim, who: api.post("/v1/payouts", who, {"claim_ids": [claim]}),
    Duty.CHECKER: _approve_batch,
}


def bring(api: ApiWorld, twin: Duty, before: Duty) -> int:
    """A claim that waits for the duty ``before``, with the person of all roles in the duty ``twin``."""
    api.give_account()
    who = dict(USUAL) | {twin: TWIN}
    claim = int(api.draft(by=who[Duty.FILER]).json()["id"])
    for duty in ORDER[: ORDER.index(before)]:
        assert STEPS[duty](api, claim, who[duty]).status_code in (200, 201), duty
        if duty is Duty.APPROVER:
            _clear(api, claim)
    return claim


def _clear(api: ApiWorld, claim: int) -> None:
    api.publish(claim)
    api.wait(8)
    api.clear(claim)


def seen(api: ApiWorld, claim: int) -> dict[str, Any]:
    body = api.get(f"/v1/claims/{claim}", "supervisor").json()
    return {name: body[name] for name in ("amount", "funds", "paid", "account_id")}


def test_all_seventeen_are_tried():
    assert len(PAIRS) == 17


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_cross_is_refused_over_http_and_audited(api: ApiWorld, first: Duty, second: Duty):
    claim = bring(api, first, second)
    before = seen(api, claim)
    answer = STEPS[second](api, claim, TWIN)
    body = answer.json()
    assert answer.status_code == 403
    assert "duty_conflict" in {body["code"], *(finding["code"] for finding in body["findings"])}
    assert seen(api, claim) == before
    last = api.audit(f"claim:{claim}")[-1]
    assert (last.outcome, '"code":"duty_conflict"' in last.detail) == ("refused", True)
    timeline = api.get(f"/v1/claims/{claim}/timeline", "supervisor").json()
    assert not [step for step in timeline if step["actor"] == TWIN and step["duty"] == second]
