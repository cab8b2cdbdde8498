"""The bodies of events in the OpenAPI document: a choice by event, and what it says of a payload is what the server does."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import ApiWorld
from jsonschema import Draft202012Validator

from subsidy_api.schemas import DESK_EVENTS
from subsidy_match.claims.payload import parse_payload, payload_schema
from subsidy_match.claims.states import Event
from subsidy_match.claims.table import TRANSITIONS
from subsidy_match.claims.transition import Door
from subsidy_match.errors import InputError

DUE = {"due_on": "2026-07-01", "amount": 100}
# event, payload, whether it is one
PAYLOADS: tuple[tuple[Event, Any, bool], ...] = (
    (Event.ACCEPT, {}, True),
    (Event.ACCEPT, {"papers_seen": ["m1"]}, True),
    (Event.ACCEPT, {"papers_seen": []}, True),
    (Event.ACCEPT, {"papers_seen": "m1"}, False),
    (Event.ACCEPT, {"amount": 1}, False),
    (Event.REFUSE, {}, False),
    (Event.REFUSE, {"reason_code": "wrong_office"}, True),
    (Event.REFUSE, {"reason_code": "overpaid"}, False),
    (
        Event.SUBMIT,
        {"amount": 1, "account_id": 7, "materials": {"m1": "sha256:0"}, "deferred_until": "2026-07-01"},
        True,
    ),
    (Event.SUBMIT, {"amount": 0}, False),
    (Event.SUBMIT, {"amount": "1"}, False),
    (Event.SUBMIT, {"amount": True}, False),
    (Event.SUBMIT, {"amount": 10**15 + 1}, False),
    (Event.SUBMIT, {"materials": {"m1": ""}}, False),
    (Event.SUBMIT, {"note": "字" * 2001}, False),
    (Event.REQUEST_CORRECTION, {"items": ["发票"], "due_on": "2026-07-01"}, True),
    (Event.REQUEST_CORRECTION, {"items": [], "due_on": "2026-07-01"}, False),
    (Event.REQUEST_CORRECTION, {"items": ["发票"]}, False),
    (Event.ANSWER_TASK, {"task": 1, "result": "favourable", "opinion": "同意"}, True),
    (Event.ANSWER_TASK, {"task": 1, "result": "perhaps", "opinion": "同意"}, False),
    (Event.RECEIVE_RECOVERY, {"amount": 1, "reference": "R" * 201, "received_on": "2026-07-01"}, False),
    (
        Event.PROPOSE_RECOVERY,
        {"amount": 1, "returns_to": "fund", "reason_code": "overpaid", "note": "多付", "plan": [DUE]},
        True,
    ),
    (
        Event.PROPOSE_RECOVERY,
        {"amount": 1, "returns_to": "me", "reason_code": "overpaid", "note": "多付", "plan": [DUE]},
        False,
    ),
    (
        Event.PROPOSE_RECOVERY,
        {"amount": 1, "returns_to": "fund", "reason_code": "overpaid", "note": "多付", "plan": [DUE | {"more": 1}]},
        False,
    ),
)


@pytest.mark.parametrize(("event", "payload", "fits"), PAYLOADS)
def test_the_schema_of_a_payload_and_the_desk_say_the_same(event: Event, payload: Any, fits: bool):
    assert Draft202012Validator(payload_schema(event)).is_valid(payload) is fits
    row = next(row for row in TRANSITIONS if row.event is event and row.door is Door.DESK)
    if fits:
        assert set(parse_payload(row, payload)) == set(payload)
    else:
        with pytest.raises(InputError):
            parse_payload(row, payload)


def test_every_field_of_every_row_is_told_and_only_what_all_rows_need_is_asked_for():
    for row in TRANSITIONS:
        if row.door is Door.DESK and row.sources:
            schema = payload_schema(row.event)
            assert {*row.needs, *row.takes} <= set(schema["properties"]), row.event
            assert set(schema["required"]) <= set(row.needs), row.event
            Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("name", "more"), [("NewEvent", set()), ("NewBulkItem", {"claim_id", "version"})], ids=["one", "bulk"]
)
def test_a_body_is_chosen_by_its_event(api: ApiWorld, name: str, more: set[str]):
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    choice = schemas[name]
    mapping = choice["discriminator"]["mapping"]
    assert [one["$ref"] for one in choice["oneOf"]] == list(mapping.values())
    assert list(mapping) == DESK_EVENTS
    for event, ref in mapping.items():
        body = schemas[ref.rpartition("/")[2]]
        assert body["properties"]["event"]["const"] == event
        assert set(body["properties"]) == {"event", "payload"} | more
        payload = schemas[body["properties"]["payload"]["$ref"].rpartition("/")[2]]
        assert ("payload" in body["required"]) is bool(payload["required"]), event


def test_what_the_document_does_not_tell_is_still_refused_by_the_desk_with_its_own_codes(api: ApiWorld):
    claim = api.walk("ACCEPTED")
    unknown = api.fire(claim, "fly", "lead")
    missing = api.fire(claim, "hold", "supervisor")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "event_unknown")
    assert (missing.status_code, missing.json()["code"]) == (422, "field_missing")
    assert api.fire(claim, "assign", "lead", assignee="reviewer", colour="red").json()["code"] == "field_unknown"
