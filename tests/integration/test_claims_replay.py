"""A real claim's pins, read back from either store, replay to the same verdict, the same amount and the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from claims_world import CALENDAR, _people
from small_city import AS_OF, City
from sqlalchemy import Engine, func, select

from subsidy_match.claims.documents import DocumentRoom
from subsidy_match.claims.evidence_records import PinnedText
from subsidy_match.claims.matched import MatchingAssessor
from subsidy_match.claims.records import ClaimPin
from subsidy_match.claims.service import ClaimDesk
from subsidy_match.cli.staging import open_funds
from subsidy_match.platform import Platform
from subsidy_match.rules.replay import replay
from subsidy_match.store.sealing import load_sealer
from subsidy_match.store.unit import in_unit

AT = datetime.combine(AS_OF, time(2), UTC)
POLICY = "huaian-green-factory"


@pytest.fixture(scope="module")
def wired(city: City) -> Iterator[Platform]:
    platform = Platform(city.settings)
    yield platform
    platform.close()


def test_pins_of_a_claim_replay_byte_for_byte(engine: Engine, wired: Platform, city: City, tmp_path: Path):
    assessor = MatchingAssessor(wired.policies, wired.snapshot, lambda _: ())
    desk = ClaimDesk(engine, assessor, CALENDAR, load_sealer(tmp_path / "key"))
    people, uscc = in_unit(engine, _people), city.demo_uscc
    people["applicant"] = replace(people["applicant"], firms=frozenset({uscc}))
    open_funds(engine, wired.policies(), AS_OF, at=AT)
    name = wired.snapshot().enterprise(uscc).name
    desk.register_account(
        uscc=uscc, holder=name, bank_name="示例银行", number="62220000001", actor=people["applicant"], at=AT
    )
    claim = desk.create_draft(uscc=uscc, policy_id=POLICY, period="2026", actor=people["applicant"], at=AT)
    given = DocumentRoom(engine, tmp_path / "documents").add(
        b"%PDF-1.7\n1", name="材料.pdf", uscc=uscc, actor=people["applicant"], at=AT
    )
    papers = {"materials": {f"m{n}": f"sha256:{given.sha256}" for n in range(1, 9)}}
    # a policy of one post (即申即享): what is certain goes straight to approval, and comes back from there to be reviewed
    for event, by, payload in (
        ("submit", "applicant", papers),
        ("return", "approver", {"reason_code": "other", "note": "请补正"}),
        ("assign", "lead", {"assignee": "reviewer"}),
        ("request_correction", "reviewer", {"items": ["证明"], "due_on": date(2026, 7, 10)}),
        ("resubmit", "applicant", {}),
        ("pass", "reviewer", {}),
        ("pass", "rechecker", {}),
        ("approve", "approver", {}),
    ):
        claim = desk.fire(claim.id, event, actor=people[by], at=AT, payload=payload)
    with engine.connect() as connection:
        pins = connection.execute(select(ClaimPin).order_by(ClaimPin.version)).all()
        texts = connection.execute(select(func.count()).select_from(PinnedText)).scalar_one()
    assert [pin.event for pin in pins] == ["submit", "resubmit", "approve"]
    for pin in pins:
        whole = desk.evidence(claim.id, pin.version)
        pinned = json.loads(whole)
        assert len(pinned["files"]) == texts
        assert len(pin.evidence) * 3 < len(whole)
        again = replay(pinned)
        assert again.differences == ()
        assert again.match.verdict.value == pin.verdict
        assert again.again["amount"] == {"min": pin.amount_min, "max": pin.amount_max}
        of_the_set = {key: pinned[key] for key in ("snapshot", "policy_set", "parameters_hash")}
        content = {**again.again, **of_the_set}
        assert json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == whole
