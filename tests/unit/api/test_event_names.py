"""The API description names the events that can be fired, as the transition table has them."""

from __future__ import annotations

from subsidy_api.schemas import NewEvent


def test_the_events_of_a_claim_are_named_those_of_other_doors_are_not():
    named = set(NewEvent.model_json_schema()["properties"]["event"]["enum"])
    assert {"submit", "accept", "approve", "withdraw", "answer_task"} <= named
    assert named.isdisjoint({"draft", "settle", "publish", "allot", "rehome"})
