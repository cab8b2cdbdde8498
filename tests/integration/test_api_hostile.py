"""Whatever is sent, the API answers as its document says, and never with an error of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from api_world import FIRM, OTHER, ApiWorld, api_home, build_api
from hypothesis import given, settings
from hypothesis import strategies as st

from subsidy_match.claims.states import Event

__all__ = ["api_home"]

ODD = ("", "\x00", "\uff10", "0000-00-00", "-1万元", "1e5元", "9" * 30 + "万亿元", "1/0元", "--", "x" * 201, "unknown")
KNOWN = (FIRM, OTHER, "demo-active", "P1", "2026", "active", "500万元", "30人", "2026-02-01", "true", "pension")
FACTS = ("revenue", "revenue@-1", "revenue@99", "reg_status", "founded_on", "staff_end", "industry_code", "nothing")
FIELDS = ("filing_no", "kind", "equipment_invoiced", "completed_on", "level", "insured_kinds", "amount", "repaired")
PAYLOAD = ("amount", "reason", "note", "account_id", "materials", "reason_code", "items", "due_on", "assignee", "x")
PEOPLE = ("applicant", "other_applicant", "clerk", "lead", "reviewer", "maker", "reconciler", "everything", None)

texts = st.one_of(st.text(max_size=20), st.sampled_from(ODD), st.sampled_from(KNOWN))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
profiles = st.fixed_dictionaries(
    {},
    optional={
        "year": st.integers(1990, 2110),
        "facts": st.dictionaries(st.sampled_from(FACTS), scalars, max_size=5),
        "collections": st.dictionaries(
            st.sampled_from(("projects", "honors", "hires", "nothing")),
            st.just("incomplete") | st.lists(st.dictionaries(st.sampled_from(FIELDS), scalars, max_size=4), max_size=3),
            max_size=3,
        ),
    },
)
people = st.sampled_from(PEOPLE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, api_home: Path, sqlite_template: Path) -> Iterator[ApiWorld]:
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(sqlite_template, folder / "store.sqlite3")
    world = build_api(folder, api_home, f"sqlite:///{folder / 'store.sqlite3'}")
    claim = world.walk("PAYABLE")
    world.post("/v1/payouts", "maker", {"claim_ids": [claim]})
    world.draft(policy_id="demo-projects", subject="P1")
    yield world
    world.client.close()
    world.platform.close()


def send(world: ApiWorld, path: str, by: str | None, body: Any) -> Any:
    headers = {"Content-Type": "application/json"}
    answer = world.ask("POST", path, by, headers=headers, content=json.dumps(body).encode())
    assert answer.status_code < 500, answer.text
    return answer


def claims_of(world: ApiWorld) -> list[int]:
    return [claim["id"] for claim in world.get("/v1/claims", "clerk", limit=200).json()["items"]]


def version_of(world: ApiWorld, claim: int) -> int:
    return int(world.get(f"/v1/claims/{claim}", "clerk").json()["version"])


@given(profile=profiles, as_of=st.dates().map(str) | texts)
@settings(deadline=None)
def test_any_profile(world: ApiWorld, profile: dict[str, Any], as_of: str):
    answer = send(world, "/v1/eligibility", None, {"profile": profile, "as_of": as_of})
    said = answer.json()
    if answer.status_code == 200:
        assert {match["policy_id"] for match in said["matches"]} <= {"demo-active", "demo-closed", "demo-projects"}
    else:
        assert (answer.status_code, bool(said["code"] and said["zh"] and said["en"])) == (422, True)


@given(uscc=texts, policy=texts, period=texts, subject=st.none() | texts, by=people)
@settings(deadline=None, max_examples=50)
def test_any_draft(world: ApiWorld, uscc: str, policy: str, period: str, subject: str | None, by: str | None):
    body = {"uscc": uscc, "policy_id": policy, "period": period, "subject": subject}
    before = claims_of(world)
    answer = send(world, "/v1/claims", by, body)
    made = [answer.json()["id"]] if answer.status_code == 201 else []
    assert answer.status_code in ((401,) if by is None else (201, 403, 404, 409, 422))
    assert claims_of(world) == [*before, *made]


@given(event=st.sampled_from(Event) | texts, payload=st.dictionaries(st.sampled_from(PAYLOAD), values), by=people)
@settings(deadline=None, max_examples=50)
def test_any_event(world: ApiWorld, event: str, payload: dict[str, Any], by: str | None):
    for claim in (1, 2):
        before = version_of(world, claim)
        answer = send(world, f"/v1/claims/{claim}/events", by, {"event": event, "payload": payload})
        assert answer.status_code in ((401,) if by is None else (200, 403, 404, 409, 422))
        after = version_of(world, claim)
        assert after == (answer.json()["version"] if answer.status_code == 200 else before)
        assert (after > before) is (answer.status_code == 200)


@given(body=values, text=texts, by=people)
@settings(deadline=None, max_examples=40)
def test_any_body_and_any_address(world: ApiWorld, body: Any, text: str, by: str | None):
    part = quote(text.encode("utf-8", "replace"), safe="") or "x"
    for path in ("/v1/payouts", f"/v1/enterprises/{part}/accounts", f"/v1/accounts/{part}/verify"):
        send(world, path, by, body)
    for path in (
        f"/v1/policies?as_of={part}&cursor={part}",
        f"/v1/claims?uscc={part}&cursor={part}",
        f"/v1/funds/{part}",
    ):
        assert world.ask("GET", path, by).status_code < 500


@given(content=st.binary(max_size=100) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
@settings(deadline=None, max_examples=50)
def test_any_receipt_file(world: ApiWorld, content: bytes):
    answer = world.ask(
        "POST", "/v1/payouts/1/receipts", "reconciler", headers={"Content-Type": "text/csv"}, content=content
    )
    assert answer.status_code == 422
